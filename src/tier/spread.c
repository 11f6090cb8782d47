/* SPDX-License-Identifier: GPL-2.0 */
/* Loads of memory nodes.  spread.h has the theory. */
#include "tier/spread.h"

#include <string.h>

#include "base/util.h"
#include "tier/piece.h"

/* No node is busier.  Beyond it a wait says little. */
#define MOST_USE 0.999
/* So often is the way halved in the search for where two nodes are as far, and for the answer. */
#define NR_HALVES 14
/* Who waits less accesses more, up to so many times. */
#define MOST_GROWTH 2.0

static double use_of(const struct machine_memory *memory)
{
	double wait_ns = memory->wait_ns, latency_ns = memory->nearest_ns;

	return memory->wait_known && latency_ns > 0
		       ? MIN(wait_ns / (wait_ns + latency_ns), MOST_USE)
		       : 0;
}

static double wait_of(const struct machine_memory *memory, double use)
{
	use = MIN(MAX(use, 0.0), MOST_USE);
	return memory->nearest_ns * use / (1 - use);
}

bool spread_is_due(const struct model_machine *m)
{
	for (size_t n = 0; n < m->nr_mem_nodes; n++)
		if (use_of(&m->memory[n]) >= SPREAD_LEAST_USE)
			return true;
	return false;
}

/* What an access takes at the busiest node, for each ns of its latency.  0: none is busy. */
static double busiest_take(struct spread_node *nodes, const struct plan_input *in)
{
	double most_use = 0, take = 0;

	for (size_t n = 0; n < in->machine->nr_mem_nodes; n++) {
		const struct machine_memory *memory = &in->machine->memory[n];

		if (!nodes[n].is_probed || nodes[n].use < MAX(SPREAD_LEAST_USE, most_use))
			continue;
		most_use = nodes[n].use;
		take = most_use / nodes[n].hz / memory->nearest_ns;
	}
	return take;
}

void spread_begin(struct spread_node *nodes, const struct plan_input *in,
		  const struct piece *pieces, size_t nr)
{
	size_t nr_nodes = in->machine->nr_mem_nodes;
	double hz = 0, take;

	memset(nodes, 0, nr_nodes * sizeof(*nodes));
	for (size_t i = 0; i < nr; i++) {
		double of_piece = pieces[i].hz * (double)pieces[i].bytes / PAGE_BYTES;

		nodes[pieces[i].node].hz += of_piece;
		hz += of_piece;
	}
	for (size_t n = 0; n < nr_nodes; n++) {
		nodes[n].use = use_of(&in->machine->memory[n]);
		nodes[n].began_ns = in->machine->memory[n].wait_ns;
		nodes[n].is_probed = hz > 0 && nodes[n].hz >= SPREAD_LEAST_SHARE * hz;
	}
	take = busiest_take(nodes, in);
	for (size_t n = 0; n < nr_nodes; n++) {
		const struct machine_memory *memory = &in->machine->memory[n];

		if (take <= 0 || !memory->wait_known)
			continue;
		nodes[n].take = take * memory->nearest_ns * (nodes[n].is_probed ? 1 : 2);
		if (nodes[n].is_probed)
			nodes[n].take = MAX(nodes[n].take, nodes[n].use / nodes[n].hz);
	}
}

/* Two nodes between which accesses move. */
struct pair {
	const struct machine_memory *from, *to;
	double from_ns, to_ns; /* latencies from the place, without load */
	double from_hz, to_hz;
	double from_use, to_use;
	bool from_counts, to_counts; /* its load does.  Else its wait stays */
};

static struct pair pair_of(const struct spread_node *nodes, const struct plan_input *in, size_t c,
			   size_t from, size_t to, double hz)
{
	const struct machine_link *links = &in->machine->links[c * in->machine->nr_mem_nodes];

	return (struct pair){
		.from = &in->machine->memory[from],
		.to = &in->machine->memory[to],
		.from_ns = links[from].latency_ns,
		.to_ns = links[to].latency_ns,
		.from_hz = nodes[from].hz - hz,
		.to_hz = nodes[to].hz + hz,
		.from_use = nodes[from].use - nodes[from].take * hz,
		.to_use = nodes[to].use + nodes[to].take * hz,
		.from_counts = nodes[from].take > 0,
		.to_counts = nodes[to].take > 0,
	};
}

/* Latencies as loaded when there are GROWTH times as many accesses. */
static double from_loaded_ns(const struct pair *p, double growth)
{
	return p->from_ns +
	       (p->from_counts ? wait_of(p->from, p->from_use * growth) : p->from->wait_ns);
}

static double to_loaded_ns(const struct pair *p, double growth)
{
	return p->to_ns + (p->to_counts ? wait_of(p->to, p->to_use * growth) : p->to->wait_ns);
}

static double all_wait_ns(const struct pair *p, double growth)
{
	return p->from_hz * from_loaded_ns(p, growth) + p->to_hz * to_loaded_ns(p, growth);
}

/*
 * How many times as many accesses there are after the move, if BEFORE was the pair before it.  They
 * grow by the root of what the latency falls: half way between programs that wait for nothing but
 * memory, and those that have a rate of their own.
 */
static double growth_of(const struct pair *before, const struct pair *after)
{
	double least = 1 / MOST_GROWTH, most = MOST_GROWTH, waited = all_wait_ns(before, 1);

	for (int i = 0; i < NR_HALVES; i++) {
		double growth = (least + most) / 2;

		if (growth * growth * all_wait_ns(after, growth) < waited)
			least = growth;
		else
			most = growth;
	}
	return least;
}

/* How much farther FROM is than TO when HZ have gone there, ns. */
static double gap_ns(const struct spread_node *nodes, const struct plan_input *in, size_t c,
		     size_t from, size_t to, double hz)
{
	const struct pair before = pair_of(nodes, in, c, from, to, 0),
			  after = pair_of(nodes, in, c, from, to, hz);
	double growth = hz > 0 ? growth_of(&before, &after) : 1;

	return from_loaded_ns(&after, growth) - to_loaded_ns(&after, growth);
}

/* The gap at which moves end: none, or a part of that at which the plan began. */
static double end_of(const struct spread_node *nodes, const struct plan_input *in, size_t c,
		     size_t from, size_t to)
{
	size_t nr = in->machine->nr_mem_nodes;
	const struct machine_link *links = &in->machine->links[c * nr];
	double began_ns = links[from].latency_ns + nodes[from].began_ns -
			  (links[to].latency_ns + nodes[to].began_ns);

	return in->steps ? MAX(began_ns, 0.0) * in->steps[from * nr + to].stays : 0;
}

double spread_most(const struct spread_node *nodes, const struct plan_input *in, size_t c,
		   size_t from, size_t to, double hz)
{
	const struct machine_memory *memory = in->machine->memory;
	double most = hz, least = 0, end_ns;

	if (spread_is(in, c, from, to) && (!memory[from].wait_known || !memory[to].wait_known))
		return 0;
	if (nodes[from].take <= 0 && nodes[to].take <= 0)
		return hz;
	if (in->loads_are_old ||
	    gap_ns(nodes, in, c, from, to, 0) < SPREAD_GAP * piece_latency_ns(in, c, to))
		return 0;
	end_ns = end_of(nodes, in, c, from, to);
	if (gap_ns(nodes, in, c, from, to, 0) <= end_ns)
		return 0;
	/* as far as LEAST, and not as far as MOST */
	for (int i = 0; i < NR_HALVES && gap_ns(nodes, in, c, from, to, most) < end_ns; i++) {
		double middle = (least + most) / 2;

		if (gap_ns(nodes, in, c, from, to, middle) < end_ns)
			most = middle;
		else
			least = middle;
		if (i == NR_HALVES - 1)
			most = least;
	}
	return most;
}

void spread_take(struct spread_node *nodes, const struct plan_input *in,
		 struct machine_memory *memory, size_t c, size_t from, size_t to, double hz)
{
	const struct pair before = pair_of(nodes, in, c, from, to, 0),
			  after = pair_of(nodes, in, c, from, to, hz);
	double growth = 1;

	if (after.from_counts || after.to_counts)
		growth = growth_of(&before, &after);
	nodes[from].hz = after.from_hz;
	nodes[to].hz = after.to_hz;
	if (after.from_counts) {
		nodes[from].use = MAX(after.from_use * growth, 0.0);
		memory[from].wait_ns = (uint32_t)wait_of(&memory[from], nodes[from].use);
	}
	if (after.to_counts) {
		nodes[to].use = MAX(after.to_use * growth, 0.0);
		memory[to].wait_ns = (uint32_t)wait_of(&memory[to], nodes[to].use);
	}
}

/* The range with the most heat that can be cut.  NR: there is none. */
static size_t hottest(const struct plan_range *ranges, size_t nr)
{
	double most = 0;
	size_t found = nr;

	for (size_t i = 0; i < nr; i++) {
		double heat = (double)ranges[i].bytes * ranges[i].hz;

		if (ranges[i].bytes < 2 * SPREAD_PART_BYTES || heat <= most)
			continue;
		most = heat;
		found = i;
	}
	return found;
}

size_t spread_cut(struct plan_range *ranges, size_t nr, size_t max)
{
	while (nr < max) {
		size_t i = hottest(ranges, nr);
		uint64_t middle;

		if (i == nr)
			break;
		/* between two huge pages */
		middle = (ranges[i].start + ranges[i].bytes / 2) & ~(SPREAD_PART_BYTES - 1);
		memmove(&ranges[i + 1], &ranges[i], (nr - i) * sizeof(*ranges));
		ranges[i].bytes = middle - ranges[i].start;
		ranges[i + 1].start = middle;
		ranges[i + 1].bytes -= ranges[i].bytes;
		nr++;
	}
	return nr;
}
