/* SPDX-License-Identifier: GPL-2.0 */
/* What a plan computes with: pieces of ranges, and how far nodes are.  plan.h has the theory. */
#ifndef TS_TIER_PIECE_H
#define TS_TIER_PIECE_H

#include "tier/input.h"

struct shared_range;

#define PAGE_BYTES MODEL_PAGE_BYTES

/* What of a range lies on one node. */
struct piece {
	size_t process, range, node;
	uint64_t bytes; /* expected to lie there */
	uint64_t moved; /* of these, by this plan */
	double hz, life_s, remaining_s;
	double least_hz, most_hz; /* now, and over its life.  Which of two is hotter must be sure */
	/* What all who map it do.  NULL: it is of this process alone, or that is not known yet. */
	const struct shared_range *shared;
	int stays;    /* enum plan_why that keeps it, whatever it would gain; -1: none */
	double value; /* gain by cost, at the nearest node */
	int why;      /* enum plan_why: the rest of it stays; -1: no node is nearer */
};

/* The pieces of a process, the hottest first. */
struct slice {
	size_t process;
	struct piece *pieces;
	size_t nr;
	double bytes_hz;
	double part; /* each access that was seen counts for so many */
};

/* Cut its process into PIECES, of which there is room for one a range and node.  The rest is 0. */
void slice_fill(struct slice *slice, const struct plan_input *in);

/* The latency of memory N from C as loaded now, 0 unknown. */
double piece_latency_ns(const struct plan_input *in, size_t c, size_t n);

/*
 * What an access to the piece waits for on node N while its process runs at C: for memory that is
 * shared, by the mean of all who access it.  0 unknown.
 */
double piece_ns(const struct plan_input *in, const struct piece *piece, size_t c, size_t n);

/*
 * The nearest node to a piece of a process at C that is nearer than LIMIT_NS, but farther than
 * BEYOND_NS (0: any).  Of nodes at the same distance it is the one with more ROOM.  -1: there is
 * none.
 *
 * Of two nodes at the same distance only one is ever found.  The other one's turn comes with the
 * next plan, when the first has less room.
 */
int piece_next_nearest(const struct plan_input *in, const uint64_t *room, const struct piece *piece,
		       size_t c, double beyond_ns, double limit_ns);

/* What it costs to move a byte. */
static inline double piece_copy_ns(const struct plan_input *in, size_t from, size_t to)
{
	return in->copy_ns[from * in->machine->nr_mem_nodes + to];
}

/* Is a gain (ns per second) that lasts for SECONDS worth what the move costs? */
static inline bool piece_pays(double gain, double seconds, double cost_ns)
{
	return gain * seconds > cost_ns;
}

/* May it lie on node N, by the rules of all who map it? */
bool piece_may_lie(const struct plan_input *in, const struct piece *piece, size_t n);

/* Where a process shall run. */
struct place_room {
	uint64_t *claimed;    /* [mem node] room that hotter processes have left */
	uint64_t *trial;      /* [mem node] scratch */
	const uint64_t *none; /* [mem node] all 0 */
};

/*
 * The place of a process, MODEL_NO_NODE where latencies are not known.  The room that its pages
 * need there is taken from CLAIMED.
 */
int place_choose(const struct plan_input *in, const struct slice *slice,
		 const struct place_room *room);

#endif
