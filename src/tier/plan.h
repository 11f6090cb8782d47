/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The plan: which pages of which process shall lie on another node.  Pure: no I/O, no clock, no
 * globals.  The same samples give the same plan.
 *
 * A range has pages on nodes n, and each page is accessed hz times a second.  While its process
 * runs at CPU node c, its accesses wait for
 *
 *   wait(c) = sum over n of hz x pages[n] x L(c, n)        ns per second
 *
 * where L is the latency as loaded now.  Where lines from memory are counted, hz is of these: each
 * access that was seen stands for so many.  But a process never waits for longer than it runs.
 * Where more accesses were seen, the CPU has several under way at a time, and each counts for less.
 * So what is idle is cold.  To move pages from one node to another gains
 *
 *   gain = hz x pages x (L(c, from) - L(c, to))            ns per second
 *
 * for as long as the heat lasts.  Nobody knows how long that is.  Heat that has lasted for a while
 * is expected to last as long again, if the process has shown no other so far (model/lives.h).  The
 * move costs the copy once.  So pages move where
 *
 *   gain x remaining life > cost
 *
 * Where nothing but the age is known, this is the ski-rental problem: the rent is the longer wait,
 * and the price is the copy.  Who buys when the rent so far has reached the price never pays more
 * than twice what is best in hindsight.  No rule without chance can promise less.
 *
 * Without room at the other node, colder pages have to leave it first.  Then the gain is less by
 * what their accesses wait longer, the cost is that of both copies, and the time is the shorter
 * one.
 *
 * Task and pages are decided together.  For each CPU node the plan asks what the accesses of the
 * process would wait for if it ran there and its pages lay as near as there is room.  The process
 * keeps its place unless another one is better by PLAN_PLACE_GAIN.  Pages go to the node nearest
 * to that place.  They never go to a node that is farther from there than the one that they are
 * on, except to make room for hotter ones.  The task follows its pages, because the model prefers
 * the place that is near them.
 *
 * Of memory that several processes map the accesses of all count (shared.h).  One of them has it in
 * the plan.  Places are chosen before that, each by what its own accesses wait for.
 *
 * The latency as loaded changes with the load that the plan itself brings.  So a node takes no more
 * than makes it as far as the one that the pages are on, and pages leave a near node for a farther
 * one where the near one is the bottleneck (spread.h).
 *
 * A latency or a share that is not known is never replaced by a guess.  Such pages stay.
 */
#ifndef TS_TIER_PLAN_H
#define TS_TIER_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tier/input.h"

/* A plan has no more moves than this. */
#define PLAN_MAX_MOVES 256

/* Why pages move, or stay where others would be nearer. */
enum plan_why {
	PLAN_PROMOTE,	  /* to a nearer node */
	PLAN_DEMOTE,	  /* to make room for hotter pages */
	PLAN_SPREAD,	  /* to a farther node, because nearer memory is the bottleneck */
	PLAN_TOO_NEW,	  /* it has not been hot for long enough to pay */
	PLAN_NO_ROOM,	  /* nearer nodes are full, of pages that are not much colder */
	PLAN_NOT_ALLOWED, /* they may not lie on nearer nodes */
	PLAN_BUSY,	  /* nearer memory is so busy that it would be no faster */
	PLAN_LATER,	  /* it is worth it, and this plan is full */
	PLAN_SHARED,	  /* a process decides that has more heat in the same memory */
	PLAN_FOREIGN,	  /* others may map them, and nobody knows how hot they are there */
	PLAN_NR_WHY,
};

/* The pages of a range that lie on FROM go to TO. */
struct plan_move {
	size_t process;
	uint64_t start, bytes; /* the addresses.  Not all of it need lie on FROM */
	uint64_t on_from;      /* bytes expected there */
	size_t from, to;       /* memory nodes */
	double gain;	       /* ns per second.  Of a demotion it is negative: a loss */
	double cost_ns;
	double pays_s;	   /* with what moves for it, or it for; INFINITY: never */
	enum plan_why why; /* PLAN_PROMOTE, PLAN_DEMOTE or PLAN_SPREAD */
};

/* What the plan says of one process. */
struct plan_verdict {
	int place;		     /* where it shall run; MODEL_NO_NODE: not known */
	uint64_t bytes[PLAN_NR_WHY]; /* by what happens to them; those already near are in none */
	double gain;		     /* ns per second, of what moves to nodes nearer as loaded */
	double cost_ns;		     /* of these moves, with the copies that make room */
	double pays_in_s; /* some of PLAN_TOO_NEW does if it stays as hot; INFINITY: there is none */
};

struct plan;

/* NULL without memory. */
struct plan *plan_new(void);
void plan_free(struct plan *p); /* NULL is fine */

/*
 * Make a plan.  A demotion stands before the moves that need its room.  0, or -ENOMEM, and then
 * there are no moves.
 */
int plan_make(struct plan *p, const struct plan_input *in);

/* The moves, best first.  Valid until the next plan. */
const struct plan_move *plan_moves(const struct plan *p, size_t *nr);

/* One for each process of the input, valid until the next plan. */
const struct plan_verdict *plan_verdicts(const struct plan *p);

#endif
