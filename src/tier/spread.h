/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How many accesses a node can take before its memory is no nearer than that of another one.  Pure.
 *
 * An access that waits at busy memory waits as long wherever it comes from (model.h).  With l as
 * the latency from the nearest CPUs, and u as the share of its time that the memory is in use:
 *
 *   wait = l x u / (1 - u)         so          u = wait / (wait + l)
 *
 * So the wait that was measured tells how busy the memory is, whatever has measured it.  Of these
 * accesses we know our share, hz.  An access a second takes u / hz of the node's time.  Of a node
 * that has few of them nobody can tell what one takes.  There it is l times what the busiest node
 * takes by its own l, and twice that to be careful.  That is the same queue with the latency as the
 * time to serve.
 *
 * A move of x accesses a second takes them from one node to another.  Then u falls at the one and
 * grows at the other, and with u the wait.  A plan keeps that up to date with each of its moves.
 * Pages move as long as the latency there, with their own load, is less than here.  So where a near
 * node is the bottleneck, pages go from it to a farther one until both are as far as loaded.  That
 * is called to spread.  When the load ends the near node is nearer again, and pages come back by
 * the same rule.  It stops where they would make it as far once more.
 *
 * Where others use a node too, one of our accesses seems to take more than it does.  That makes
 * moves smaller.  Who waits less accesses more.  Half of that is reckoned with.  So a program that
 * waits for nothing but memory comes to rest after some plans, and one with a rate of its own is
 * moved hardly too far.  Each plan measures what is left, and goes on from there.
 *
 * Three more things keep pages from going to and fro.  The latency as loaded has to be less by
 * SPREAD_GAP, in each direction.  Between two plans that move pages by it the waits have to be
 * measured anew.  And where the direction has turned, moves go half as far (turns.h).
 *
 * Where the wait at one of the two nodes is not known, nothing is spread.
 */
#ifndef TS_TIER_SPREAD_H
#define TS_TIER_SPREAD_H

#include "tier/input.h"

struct piece;

/* Of two nodes that are busy, one is nearer when its latency is less by so much. */
#define SPREAD_GAP 0.1
/* What an access takes is told by a node with so much of all accesses ... */
#define SPREAD_LEAST_SHARE 0.05
/* ... and below this use no node is busy. */
#define SPREAD_LEAST_USE 0.05
/* Parts into which memory is cut where nodes are busy are not smaller: some huge pages. */
#define SPREAD_PART_BYTES (UINT64_C(2) << 20)

/* A memory node. */
struct spread_node {
	double use;	 /* u above, less than 1 */
	double take;	 /* of that, for an access a second; 0: no load counts here */
	double hz;	 /* accesses a second, of all pieces here */
	double began_ns; /* wait when the plan began */
	bool is_probed;	 /* TAKE is its own, not made of another node's */
};

/* Fill NODES, one for each memory node, with what PIECES access. */
void spread_begin(struct spread_node *nodes, const struct plan_input *in,
		  const struct piece *pieces, size_t nr);

/* Would a move from FROM to TO be for the sake of load?  TO is farther from C without load. */
static inline bool spread_is(const struct plan_input *in, size_t c, size_t from, size_t to)
{
	const struct machine_link *links = &in->machine->links[c * in->machine->nr_mem_nodes];

	return links[to].latency_ns > links[from].latency_ns;
}

/*
 * How many of HZ accesses a second, from CPU node C, may go from FROM to TO.  IN has the waits as
 * of the last spread_take().
 */
double spread_most(const struct spread_node *nodes, const struct plan_input *in, size_t c,
		   size_t from, size_t to, double hz);

/* That many go.  MEMORY, which is that of the machine of IN, gets the new waits. */
void spread_take(struct spread_node *nodes, const struct plan_input *in,
		 struct machine_memory *memory, size_t c, size_t from, size_t to, double hz);

/* Is some memory busy, so that pages may have to be spread? */
bool spread_is_due(const struct model_machine *m);

/*
 * Cut the hottest of NR ranges until there are MAX, or parts are small.  Neighbours that are alike
 * have been joined, and then the nodes of their pages are known for all of them together only.
 * Returns how many there are.
 */
size_t spread_cut(struct plan_range *ranges, size_t nr, size_t max);

#endif
