/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The plan.  plan.h has the theory.
 *
 * All pages are cut into pieces: the part of a range that lies on one node.  Then each process
 * gets its place, the hottest process first.  Pieces for which another node is nearer are taken up
 * in the order of gain by cost.  Pieces that may have to leave are looked for node by node, from
 * the coldest on.  So a plan takes about as long as to sort the pieces.
 */
#include "tier/plan.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "tier/piece.h"
#include "tier/shared.h"
#include "tier/spread.h"

struct plan {
	struct piece *pieces;	     /* by process */
	struct piece **wanted;	     /* those for which another node is nearer, the best first */
	struct piece **leavers;	     /* all, by node, and there the coldest first */
	struct slice *slices;	     /* the hottest first */
	struct shared_range *shared; /* by memory */
	double *all_ns;		     /* [shared][mem node] */
	bool *all_may;		     /* [shared][mem node] */
	struct plan_verdict *verdicts;
	uint64_t *room;	   /* [mem node] what may still be filled */
	uint64_t *claimed; /* [mem node] the same, less what hotter processes shall have */
	uint64_t *trial;   /* [mem node] the same, while an offer is made */
	uint64_t *no_room; /* [mem node] all 0 */
	size_t *leaver;	   /* [mem node] index of the next leaver */
	/* [mem node] the memory as loaded when the moves so far are done */
	struct machine_memory *memory;
	struct spread_node *loads;
	size_t nr_pieces, nr_wanted, nr_moves;
	size_t max_pieces, max_processes, max_nodes;
	size_t nr_shared;
	uint64_t left_bytes; /* that this plan may still move */
	struct plan_move moves[PLAN_MAX_MOVES];
};

struct plan *plan_new(void)
{
	return calloc(1, sizeof(struct plan));
}

static void free_arrays(struct plan *p)
{
	free(p->pieces);
	free(p->wanted);
	free(p->leavers);
	free(p->slices);
	free(p->shared);
	free(p->all_ns);
	free(p->all_may);
	free(p->verdicts);
	free(p->room);
	free(p->claimed);
	free(p->trial);
	free(p->no_room);
	free(p->leaver);
	free(p->memory);
	free(p->loads);
}

void plan_free(struct plan *p)
{
	if (!p)
		return;
	free_arrays(p);
	free(p);
}

const struct plan_move *plan_moves(const struct plan *p, size_t *nr)
{
	*nr = p->nr_moves;
	return p->moves;
}

const struct plan_verdict *plan_verdicts(const struct plan *p)
{
	return p->verdicts;
}

/* Room for all that this input can need.  It grows for a while, and then it is enough. */
static int reserve(struct plan *p, const struct plan_input *in)
{
	size_t nodes = in->machine->nr_mem_nodes, processes = in->nr_processes, pieces = 0;

	for (size_t i = 0; i < processes; i++)
		pieces += in->processes[i].nr_ranges * nodes;
	if (pieces <= p->max_pieces && processes <= p->max_processes && nodes <= p->max_nodes)
		return 0;
	pieces = MAX(2 * pieces, p->max_pieces);
	processes = MAX(processes, p->max_processes);
	nodes = MAX(nodes, p->max_nodes);
	free_arrays(p);
	*p = (struct plan){
		.pieces = calloc(pieces + 1, sizeof(*p->pieces)),
		.wanted = calloc(pieces + 1, sizeof(*p->wanted)),
		.leavers = calloc(pieces + 1, sizeof(*p->leavers)),
		.slices = calloc(processes + 1, sizeof(*p->slices)),
		.shared = calloc(pieces + 1, sizeof(*p->shared)),
		.all_ns = calloc(pieces + 1, sizeof(*p->all_ns)),
		.all_may = calloc(pieces + 1, sizeof(*p->all_may)),
		.verdicts = calloc(processes + 1, sizeof(*p->verdicts)),
		.room = calloc(nodes + 1, sizeof(*p->room)),
		.claimed = calloc(nodes + 1, sizeof(*p->claimed)),
		.trial = calloc(nodes + 1, sizeof(*p->trial)),
		.no_room = calloc(nodes + 1, sizeof(*p->no_room)),
		.leaver = calloc(nodes + 1, sizeof(*p->leaver)),
		.memory = calloc(nodes + 1, sizeof(*p->memory)),
		.loads = calloc(nodes + 1, sizeof(*p->loads)),
		.max_pieces = pieces,
		.max_processes = processes,
		.max_nodes = nodes,
	};
	if (p->pieces && p->wanted && p->leavers && p->slices && p->shared && p->all_ns &&
	    p->all_may && p->verdicts && p->room && p->claimed && p->trial && p->no_room &&
	    p->leaver && p->memory && p->loads)
		return 0;
	/* the next plan tries again */
	free_arrays(p);
	*p = (struct plan){0};
	return -ENOMEM;
}

/* Pieces. */

static int by_node_coldest_first(const void *a, const void *b)
{
	const struct piece *x = *(struct piece *const *)a, *y = *(struct piece *const *)b;

	if (x->node != y->node)
		return x->node < y->node ? -1 : 1;
	if (x->most_hz < y->most_hz || x->most_hz > y->most_hz)
		return x->most_hz < y->most_hz ? -1 : 1;
	/* what stays cold for longer */
	return (x->remaining_s < y->remaining_s) - (x->remaining_s > y->remaining_s);
}

static int best_first(const void *a, const void *b)
{
	const struct piece *x = *(struct piece *const *)a, *y = *(struct piece *const *)b;

	return (x->value < y->value) - (x->value > y->value);
}

static int slice_hottest_first(const void *a, const void *b)
{
	const struct slice *x = a, *y = b;

	return (x->bytes_hz < y->bytes_hz) - (x->bytes_hz > y->bytes_hz);
}

static void cut(struct plan *p, const struct plan_input *in)
{
	p->nr_pieces = 0;
	for (size_t i = 0; i < in->nr_processes; i++) {
		p->slices[i] = (struct slice){.process = i, .pieces = p->pieces + p->nr_pieces};
		slice_fill(&p->slices[i], in);
		p->nr_pieces += p->slices[i].nr;
	}
	qsort(p->slices, in->nr_processes, sizeof(*p->slices), slice_hottest_first);
}

static void choose_places(struct plan *p, const struct plan_input *in)
{
	const struct place_room room = {p->claimed, p->trial, p->no_room};

	memcpy(p->claimed, in->room_bytes, in->machine->nr_mem_nodes * sizeof(*p->claimed));
	for (size_t i = 0; i < in->nr_processes; i++)
		p->verdicts[p->slices[i].process].place = place_choose(in, &p->slices[i], &room);
}

/* Shared memory. */

static void note_shared(struct plan *p, const struct plan_input *in, const struct slice *slice)
{
	const struct plan_process *process = &in->processes[slice->process];
	size_t nodes = in->machine->nr_mem_nodes;

	for (size_t r = 0; r < process->nr_ranges; r++) {
		const struct plan_range *range = &process->ranges[r];

		if (!range->memory || !range->bytes)
			continue;
		p->shared[p->nr_shared] = (struct shared_range){
			.process = slice->process,
			.range = r,
			.memory = range->memory,
			.offset = range->offset,
			.bytes = range->bytes,
			.hz = range->hz * slice->part,
			.place = p->verdicts[slice->process].place,
			.may_lie = range->may_lie,
			.foreign = range->foreign,
			.all_ns = p->all_ns + p->nr_shared * nodes,
			.all_may = p->all_may + p->nr_shared * nodes,
		};
		p->nr_shared++;
	}
}

/* From here on pieces of shared memory count for all who map it. */
static void share(struct plan *p, const struct plan_input *in)
{
	p->nr_shared = 0;
	for (size_t i = 0; i < in->nr_processes; i++)
		note_shared(p, in, &p->slices[i]);
	shared_join(p->shared, p->nr_shared, in);
	for (size_t i = 0; i < p->nr_shared; i++) {
		const struct shared_range *s = &p->shared[i];
		const struct slice *slice = p->slices;

		while (slice->process != s->process)
			slice++;
		for (size_t j = 0; j < slice->nr; j++) {
			struct piece *piece = &slice->pieces[j];

			if (piece->range != s->range)
				continue;
			if (!s->owns) {
				piece->stays = PLAN_SHARED;
				continue;
			}
			piece->hz = piece->least_hz = piece->most_hz = s->all_hz;
			piece->shared = s;
			piece->stays = s->foreign ? PLAN_FOREIGN : -1;
		}
	}
}

/* Moves. */

/* What its pages gain by a move, ns a second for each byte.  Of a leaver it is negative. */
static double gain_of(const struct plan *p, const struct plan_input *in, const struct piece *piece,
		      size_t to)
{
	size_t c = (size_t)p->verdicts[piece->process].place;

	return piece->hz / PAGE_BYTES *
	       (piece_ns(in, piece, c, piece->node) - piece_ns(in, piece, c, to));
}

/* Do others access it too, from other places?  Then load does not count, but their mean latency. */
static bool is_joint(const struct piece *piece)
{
	return piece->shared && piece->shared->all_hz > piece->shared->hz;
}

/* Would a node be nearer to C than N if none were busy? */
static bool is_nearest(const struct plan_input *in, size_t c, size_t n)
{
	for (size_t other = 0; other < in->machine->nr_mem_nodes; other++)
		if (piece_latency_ns(in, c, other) > 0 && spread_is(in, c, other, n))
			return false;
	return true;
}

/* Note those that another node is nearer for. */
static void want(struct plan *p, const struct plan_input *in)
{
	p->nr_wanted = 0;
	for (size_t i = 0; i < p->nr_pieces; i++) {
		struct piece *piece = &p->pieces[i];
		int c = p->verdicts[piece->process].place, to;

		p->leavers[i] = piece;
		if (piece->hz <= 0 || c < 0)
			continue;
		to = piece_next_nearest(in, p->room, piece, (size_t)c, 0,
					piece_ns(in, piece, (size_t)c, piece->node));
		if (to < 0 && !is_joint(piece) && !is_nearest(in, (size_t)c, piece->node))
			piece->why = PLAN_BUSY;
		if (to < 0)
			continue;
		piece->value = gain_of(p, in, piece, (size_t)to) /
			       piece_copy_ns(in, piece->node, (size_t)to);
		p->wanted[p->nr_wanted++] = piece;
	}
	qsort(p->wanted, p->nr_wanted, sizeof(struct piece *), best_first);
	qsort(p->leavers, p->nr_pieces, sizeof(struct piece *), by_node_coldest_first);
	for (size_t i = p->nr_pieces; i-- > 0;)
		p->leaver[p->leavers[i]->node] = i;
}

/* How much of a piece this plan may still move. */
static uint64_t may_move(const struct plan *p, const struct plan_input *in,
			 const struct piece *piece)
{
	const struct plan_verdict *v = &p->verdicts[piece->process];
	uint64_t used = v->bytes[PLAN_PROMOTE] + v->bytes[PLAN_DEMOTE] + v->bytes[PLAN_SPREAD];
	uint64_t most = in->processes[piece->process].max_bytes;

	if (piece->stays >= 0)
		return 0;
	return MIN(piece->bytes - piece->moved, MIN(p->left_bytes, most - MIN(used, most)));
}

/*
 * Add a move of BYTES of a piece.  The addresses are as large a part of the range.  PAYS_S: after
 * so long it was worth it.
 */
static void emit(struct plan *p, const struct plan_input *in, struct piece *piece, size_t to,
		 uint64_t bytes, double gain, double pays_s, enum plan_why why)
{
	const struct plan_range *range = &in->processes[piece->process].ranges[piece->range];
	struct plan_verdict *v = &p->verdicts[piece->process];
	double span = (double)range->bytes / (double)piece->bytes;
	uint64_t begin = (uint64_t)((double)piece->moved * span);
	uint64_t end = (uint64_t)((double)(piece->moved + bytes) * span);

	p->moves[p->nr_moves++] = (struct plan_move){
		.process = piece->process,
		.start = range->start + begin,
		.bytes = MIN(end, range->bytes) - begin,
		.on_from = bytes,
		.from = piece->node,
		.to = to,
		.gain = gain * (double)bytes,
		.cost_ns = piece_copy_ns(in, piece->node, to) * (double)bytes,
		.pays_s = pays_s,
		.why = why,
	};
	if (piece->hz > 0)
		spread_take(p->loads, in, p->memory, (size_t)v->place, piece->node, to,
			    piece->hz * (double)bytes / PAGE_BYTES);
	piece->moved += bytes;
	p->left_bytes -= bytes;
	v->bytes[why] += bytes;
}

/* Where a leaver goes: the nearest node to its place with room.  -1: nowhere. */
static int way_out(const struct plan *p, const struct plan_input *in, const struct piece *leaver)
{
	int c = p->verdicts[leaver->process].place, best = -1;
	double best_ns = 0;

	/* what is not accessed loses nothing, wherever it goes */
	if (c < 0 && leaver->hz > 0)
		return -1;
	for (size_t n = 0; n < in->machine->nr_mem_nodes; n++) {
		double ns = c < 0 ? 1 : piece_ns(in, leaver, (size_t)c, n);

		if (n == leaver->node || !p->room[n] || ns <= 0 || !piece_may_lie(in, leaver, n))
			continue;
		if (best < 0 || ns < best_ns) {
			best = (int)n;
			best_ns = ns;
		}
	}
	return best;
}

/* The next piece that may leave node N for HOTTER, and where it goes.  NULL: there is none. */
static struct piece *next_leaver(struct plan *p, const struct plan_input *in, size_t n,
				 const struct piece *hotter, int *to)
{
	for (; p->leaver[n] < p->nr_pieces; p->leaver[n]++) {
		struct piece *leaver = p->leavers[p->leaver[n]];

		if (leaver->node != n || leaver->most_hz * PLAN_HOTTER > hotter->least_hz)
			return NULL;
		if (!may_move(p, in, leaver))
			continue;
		*to = way_out(p, in, leaver);
		if (*to >= 0)
			return leaver;
	}
	return NULL;
}

/* Does it pay to move something of a process?  If not yet: note when it will. */
static bool pays(struct plan_verdict *v, double gain, double seconds, double cost_ns)
{
	if (piece_pays(gain, seconds, cost_ns))
		return true;
	if (gain > 0)
		v->pays_in_s = MIN(v->pays_in_s, cost_ns / gain - seconds);
	return false;
}

/*
 * How long a leaver stays colder than a piece.  What is cold does as long as the one stays hot and
 * the other cold.  Of two that are hot it is only known for how long both have been.
 */
static double stays_colder_s(const struct piece *leaver, const struct piece *piece)
{
	return leaver->hz > 0 ? MIN(piece->life_s, leaver->life_s)
			      : MIN(piece->remaining_s, leaver->remaining_s);
}

/*
 * Make room for up to BYTES of PIECE at node TO, where that pays.  Returns how much, and adds what
 * it costs.  WHY: there is no more.
 */
static uint64_t displace(struct plan *p, const struct plan_input *in, const struct piece *piece,
			 size_t to, uint64_t bytes, double *cost_ns, int *why)
{
	double gain = gain_of(p, in, piece, to), copy = piece_copy_ns(in, piece->node, to);
	struct piece *leaver;
	uint64_t done = 0;
	int out;

	*why = PLAN_NO_ROOM;
	/* leave a place for the move that this is for */
	while (done < bytes && p->nr_moves + 1 < PLAN_MAX_MOVES &&
	       (leaver = next_leaver(p, in, to, piece, &out))) {
		double loss = leaver->hz > 0 ? -gain_of(p, in, leaver, (size_t)out) : 0;
		double out_ns = piece_copy_ns(in, to, (size_t)out);
		/* half of what may move is left for those that come in */
		uint64_t part = MIN(MIN(bytes - done, p->room[out]),
				    MIN(may_move(p, in, leaver), p->left_bytes / 2));

		if (!part)
			break;
		if (!pays(&p->verdicts[piece->process], gain - loss, stays_colder_s(leaver, piece),
			  copy + out_ns)) {
			*why = gain > loss ? PLAN_TOO_NEW : PLAN_NO_ROOM;
			break;
		}
		emit(p, in, leaver, (size_t)out, part, -loss, (copy + out_ns) / (gain - loss),
		     PLAN_DEMOTE);
		p->room[out] -= part;
		p->room[to] += part;
		*cost_ns += out_ns * (double)part;
		done += part;
	}
	return done;
}

/* How much of BYTES of a piece node TO can take before it is no nearer. */
static uint64_t may_bring(const struct plan *p, const struct plan_input *in,
			  const struct piece *piece, size_t to, uint64_t bytes)
{
	const struct plan_range *range = &in->processes[piece->process].ranges[piece->range];
	size_t c = (size_t)p->verdicts[piece->process].place;
	double hz = piece->hz / PAGE_BYTES * (double)bytes,
	       most = spread_most(p->loads, in, c, piece->node, to, hz);

	if (most >= hz || is_joint(piece))
		return bytes;
	/* nobody knows which part of the addresses has the pages that are here */
	if (piece->bytes + (uint64_t)PAGE_BYTES <= range->bytes)
		return 0;
	bytes = (uint64_t)(most / hz * (double)bytes);
	return bytes - bytes % (uint64_t)PAGE_BYTES;
}

/*
 * Move as much of a piece to node TO as is worth it.  Returns why the rest stays; -1: it is as near
 * here as loaded.
 */
static int move_to(struct plan *p, const struct plan_input *in, struct piece *piece, size_t to)
{
	struct plan_verdict *v = &p->verdicts[piece->process];
	double gain = gain_of(p, in, piece, to), copy = piece_copy_ns(in, piece->node, to);
	double cost_ns = 0;
	uint64_t bytes = may_move(p, in, piece), most, room;
	bool spreads = !is_joint(piece) && spread_is(in, (size_t)v->place, piece->node, to);
	enum plan_why why = spreads ? PLAN_SPREAD : PLAN_PROMOTE;
	int busy = spreads ? -1 : PLAN_BUSY, full = PLAN_NO_ROOM;
	bool is_full, is_busy;

	if (piece->stays >= 0)
		return (enum plan_why)piece->stays;
	if (!piece_may_lie(in, piece, to))
		return PLAN_NOT_ALLOWED;
	if (!pays(v, gain, piece->remaining_s, copy))
		return PLAN_TOO_NEW;
	if (!bytes || p->nr_moves == PLAN_MAX_MOVES)
		return PLAN_LATER;
	most = may_bring(p, in, piece, to, bytes);
	is_busy = most < bytes;
	bytes = most;
	if (!bytes)
		return in->loads_are_old ? PLAN_LATER : busy;
	room = p->room[to];
	if (room < bytes)
		room += displace(p, in, piece, to, bytes - room, &cost_ns, &full);
	is_full = room < bytes;
	bytes = MIN(MIN(bytes, room), may_move(p, in, piece));
	if (!bytes)
		return is_full ? full : PLAN_LATER;
	emit(p, in, piece, to, bytes, gain, (copy + cost_ns / (double)bytes) / gain, why);
	p->room[to] -= bytes;
	/* on the way both nodes have become more alike */
	gain = (gain + gain_of(p, in, piece, to)) / 2;
	p->moves[p->nr_moves - 1].gain = gain * (double)bytes;
	v->gain += gain * (double)bytes;
	v->cost_ns += copy * (double)bytes + cost_ns;
	if (is_full)
		return full;
	return is_busy ? busy : PLAN_LATER;
}

/* Try the nodes that are nearer, the nearest first. */
static void promote(struct plan *p, const struct plan_input *in, struct piece *piece)
{
	struct plan_verdict *v = &p->verdicts[piece->process];
	double beyond_ns = 0;
	size_t c = (size_t)v->place;
	int to;

	while (piece->moved < piece->bytes &&
	       (to = piece_next_nearest(in, p->room, piece, c, beyond_ns,
					piece_ns(in, piece, c, piece->node))) >= 0) {
		double its_ns = piece_ns(in, piece, c, (size_t)to);
		int rest = move_to(p, in, piece, (size_t)to);

		/* what keeps it from the nearest one is the reason */
		piece->why = piece->why < 0 ? rest : piece->why;
		beyond_ns = its_ns;
	}
	/* others have gone there first */
	if (beyond_ns <= 0 && !is_joint(piece) && !is_nearest(in, c, piece->node))
		piece->why = PLAN_BUSY;
}

/* Plan with the memory as loaded by the moves so far. */
static void make(struct plan *p, const struct plan_input *in)
{
	for (size_t i = 0; i < in->nr_processes; i++)
		p->verdicts[i] = (struct plan_verdict){.pays_in_s = INFINITY};
	cut(p, in);
	spread_begin(p->loads, in, p->pieces, p->nr_pieces);
	choose_places(p, in);
	share(p, in);
	memcpy(p->room, in->room_bytes, in->machine->nr_mem_nodes * sizeof(*p->room));
	for (size_t n = 0; n < in->machine->nr_mem_nodes; n++)
		p->leaver[n] = SIZE_MAX;
	p->left_bytes = in->max_bytes;
	want(p, in);
	for (size_t i = 0; i < p->nr_wanted; i++)
		promote(p, in, p->wanted[i]);
	for (size_t i = 0; i < p->nr_pieces; i++) {
		const struct piece *piece = &p->pieces[i];

		if (piece->why >= 0)
			p->verdicts[piece->process].bytes[piece->why] +=
				piece->bytes - piece->moved;
	}
}

int plan_make(struct plan *p, const struct plan_input *in)
{
	struct model_machine machine = *in->machine;
	struct plan_input own = *in;
	int r = reserve(p, in);

	p->nr_moves = 0;
	if (r < 0)
		return r;
	memcpy(p->memory, machine.memory, machine.nr_mem_nodes * sizeof(*p->memory));
	machine.memory = p->memory;
	own.machine = &machine;
	make(p, &own);
	return 0;
}
