/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The ledger: what was moved of each process, in which direction, and what was refused.  Pure: no
 * I/O, no clock.  Times are those of the results that it is given.
 *
 * It also finds ping-pong.  Of each process it keeps the ranges that were moved within the last
 * LEDGER_WINDOW_NS, at most LEDGER_MAX_RANGES.  Bytes that a later move puts back on the node that
 * they left within that time are called returned.  What was worth its move by then has done what
 * it was moved for.  Of the others a few return always, because heat is only seen in samples.
 * Where it is more than LEDGER_RETURN_PERCENT of what was moved within that time, each plan that
 * returns some halves the budget of the process, which is what a plan may move of it.  It begins
 * with half of what was moved within the window.  Below LEDGER_LEAST_BYTES nothing moves.  After
 * each LEDGER_WINDOW_NS without a cut the budget doubles, until it is what it was cut from.  Then
 * there is none again.
 *
 * And it keeps what the moves were to gain, and what they have gained (gain.h).
 *
 * Not all pages of a range need have moved.  The ledger takes it that those that have are spread
 * evenly.  When there are too many ranges, neighbours that moved alike become one, with the time of
 * the later move.  So a return may then be found a little too late, or beside the place.  It is
 * never more than what the later move has moved, and no byte comes back more often than it left.
 */
#ifndef TS_TIER_LEDGER_H
#define TS_TIER_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tier/gain.h"
#include "tier/move.h"

#define LEDGER_WINDOW_NS (60 * NSEC_PER_SEC)
#define LEDGER_MAX_RANGES 64
#define LEDGER_RETURN_PERCENT 5
/* A huge page. */
#define LEDGER_LEAST_BYTES (UINT64_C(2) << 20)
#define LEDGER_NO_LIMIT UINT64_MAX

/* All but gains only grow. */
struct ledger_totals {
	uint64_t moved_bytes[MOVE_NR_DIRECTIONS];
	uint64_t returned_bytes;		 /* of those moved */
	uint64_t left_bytes[MIGRATE_NR_REASONS]; /* refused, and failed.  Each attempt counts */
	uint64_t nr_errors;			 /* jobs that ended with MOVE_ERROR */
	struct gain_totals gain;
};

struct ledger;

/*
 * A process takes 6 KB at most.  Of MAX_PROCESSES (1 or more) plus one, the one that has had no
 * move for longest is dropped.  0, or -ENOMEM.
 */
int ledger_new(struct ledger **out, size_t max_processes);
void ledger_free(struct ledger *l); /* NULL is fine */

/*
 * Add a result.  Results come in the order of their when_ns.  0, or -ENOMEM: it is in the totals,
 * but what comes back of it will not be found.
 */
int ledger_add(struct ledger *l, const struct move_done *done);

/* Pages of the process are about to move.  0, or -ENOMEM: their gain will not be known. */
int ledger_begin(struct ledger *l, struct process_id process, const struct gain_look *look);

/* Is a look at the process wanted, to know what its moves have gained? */
bool ledger_wants_look(const struct ledger *l, struct process_id process, uint64_t now_ns);
void ledger_look(struct ledger *l, struct process_id process, const struct gain_look *look);

/* How many bytes of the process a plan may move at NOW_NS (CLOCK_MONOTONIC). */
uint64_t ledger_budget(const struct ledger *l, struct process_id process, uint64_t now_ns);

/* Valid until the next call that changes L.  NULL: nothing is known of it. */
const struct ledger_totals *ledger_of(const struct ledger *l, struct process_id process);

/* Of all processes, with those that have been dropped. */
const struct ledger_totals *ledger_all(const struct ledger *l);

/* Forget a process. */
void ledger_drop(struct ledger *l, struct process_id process);

static inline void ledger_freep(struct ledger **l)
{
	ledger_free(*l);
}

#endif
