/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where a process shall run.  For each place: what its accesses wait for there when its pages lie
 * as near as there is room and as it pays, and what it costs to bring them there.
 */
#include <math.h>
#include <string.h>

#include "base/util.h"
#include "tier/piece.h"
#include "tier/shared.h"

double piece_latency_ns(const struct plan_input *in, size_t c, size_t n)
{
	const struct model_machine *m = in->machine;
	double without_load_ns = m->links[c * m->nr_mem_nodes + n].latency_ns;

	return without_load_ns > 0 ? without_load_ns + m->memory[n].wait_ns : 0;
}

double piece_ns(const struct plan_input *in, const struct piece *piece, size_t c, size_t n)
{
	return piece->shared && piece->shared->all_hz > 0 ? piece->shared->all_ns[n]
							  : piece_latency_ns(in, c, n);
}

bool piece_may_lie(const struct plan_input *in, const struct piece *piece, size_t n)
{
	const struct plan_range *range = &in->processes[piece->process].ranges[piece->range];

	if (piece->shared)
		return piece->shared->all_may[n];
	return !range->may_lie || range->may_lie[n];
}

int piece_next_nearest(const struct plan_input *in, const uint64_t *room, const struct piece *piece,
		       size_t c, double beyond_ns, double limit_ns)
{
	double best_ns = limit_ns;
	int best = -1;

	for (size_t n = 0; n < in->machine->nr_mem_nodes; n++) {
		double ns = piece_ns(in, piece, c, n);

		if (ns <= beyond_ns || ns >= limit_ns)
			continue;
		if (ns < best_ns || (best >= 0 && ns <= best_ns && room[n] > room[best])) {
			best_ns = ns;
			best = (int)n;
		}
	}
	return best;
}

/* What would be if a process ran at some place. */
struct offer {
	double wait_ns; /* a second, with its pages as near as there is room; < 0: not known */
	double cost_ns; /* of bringing them there */
	double lasts;	/* sum of what remains of its life, by heat */
	double heat;
};

/* How much of a piece may go to node TO, and is worth it. */
static double bytes_to(const struct plan_input *in, const struct piece *piece, double gain,
		       size_t to, double most)
{
	if (!piece_may_lie(in, piece, to) ||
	    !piece_pays(gain, piece->remaining_s, piece_copy_ns(in, piece->node, to)))
		return 0;
	return most;
}

/*
 * The latency of a piece at C if it lay on node TO.  What makes its own node busy may be itself.
 * So an offer takes its wait along, and does not promise that there will be less.
 */
static double offered_ns(const struct plan_input *in, const struct piece *piece, size_t c,
			 size_t to)
{
	const struct machine_memory *memory = in->machine->memory;
	double wait_ns = memory[to].wait_ns, here_ns = memory[piece->node].wait_ns;

	return piece_latency_ns(in, c, to) - wait_ns + MAX(wait_ns, here_ns);
}

/* Add a piece, and take the room that it needs from TRIAL. */
static void offer_piece(struct offer *offer, const struct plan_input *in, const struct piece *piece,
			uint64_t *trial, size_t c)
{
	double here_ns = piece_latency_ns(in, c, piece->node), beyond_ns = 0;
	double pages_hz = piece->hz / PAGE_BYTES, left = (double)piece->bytes;
	int to;

	if (here_ns <= 0) {
		offer->wait_ns = -1;
		return;
	}
	while (left > 0 &&
	       (to = piece_next_nearest(in, trial, piece, c, beyond_ns, here_ns)) >= 0) {
		double bytes, ns = offered_ns(in, piece, c, (size_t)to);

		beyond_ns = piece_latency_ns(in, c, (size_t)to);
		bytes = bytes_to(in, piece, pages_hz * (here_ns - ns), (size_t)to,
				 MIN(left, (double)trial[to]));
		trial[to] -= (uint64_t)bytes;
		left -= bytes;
		offer->wait_ns += bytes * pages_hz * ns;
		offer->cost_ns += bytes * piece_copy_ns(in, piece->node, (size_t)to);
	}
	offer->wait_ns += left * pages_hz * here_ns;
	offer->heat += (double)piece->bytes * piece->hz;
	offer->lasts += (double)piece->bytes * piece->hz * piece->remaining_s;
}

/*
 * What a second at place C costs: the wait, and what it costs to bring the pages there, spread
 * over what remains of the life of their heat.  Negative where a latency is not known.
 */
static double price(const struct plan_input *in, const struct slice *slice, uint64_t *trial,
		    size_t c)
{
	struct offer offer = {0};

	for (size_t i = 0; i < slice->nr && offer.wait_ns >= 0; i++)
		if (slice->pieces[i].hz > 0)
			offer_piece(&offer, in, &slice->pieces[i], trial, c);
	if (offer.wait_ns < 0 || offer.heat <= 0)
		return -1;
	if (offer.lasts <= 0)
		return offer.cost_ns > 0 ? INFINITY : offer.wait_ns;
	return offer.wait_ns + offer.cost_ns * offer.heat / offer.lasts;
}

/*
 * The cheapest place where there is ROOM, or BEFORE unless another one is cheaper by
 * PLAN_PLACE_GAIN.  MODEL_NO_NODE: not known.
 */
static int cheapest(const struct plan_input *in, const struct slice *slice, const uint64_t *room,
		    uint64_t *trial, int before)
{
	const struct plan_process *process = &in->processes[slice->process];
	double part = 1 - PLAN_PLACE_GAIN, best_price = -1;
	int best = MODEL_NO_NODE;

	for (size_t i = 0; i <= in->machine->nr_cpu_nodes; i++) {
		size_t c = i ? i - 1 : (size_t)before, size = in->machine->nr_mem_nodes;
		double its_price;

		/* the one before comes first, whether it is allowed or not: it is where it runs */
		if (i ? process->may_run && !process->may_run[c] : before < 0)
			continue;
		memcpy(trial, room, size * sizeof(*room));
		its_price = price(in, slice, trial, c);
		if (its_price < 0 || (best_price >= 0 && its_price >= part * best_price))
			continue;
		best_price = its_price;
		best = (int)c;
		part = i ? 1 : part;
	}
	return best;
}

int place_choose(const struct plan_input *in, const struct slice *slice,
		 const struct place_room *room)
{
	int place = in->processes[slice->process].place;

	/* the task goes by itself to the place that is best as its pages lie now; then both may */
	place = cheapest(in, slice, room->none, room->trial, place);
	if (place >= 0)
		place = cheapest(in, slice, room->claimed, room->trial, place);
	/* processes that are less hot have to do with less room */
	if (place >= 0)
		(void)price(in, slice, room->claimed, (size_t)place);
	return place;
}
