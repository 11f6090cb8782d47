/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tier step of the tick.  It makes a plan (tier/plan.h) of what is known of the managed
 * processes (survey.h), and leaves each of them its verdict.  With `moves` it does so once a
 * second, a thread carries the plan out (tier/move.h), and the ledger keeps what came of it.
 * Without, a plan is only told, and there is one in five seconds.
 */
#ifndef TS_TIERING_H
#define TS_TIERING_H

#include "daemon/managed.h"
#include "model/machine.h"
#include "tier/ledger.h"
#include "tier/move.h"

struct tiering;

struct tiering_options {
	bool moves;
	bool is_test; /* there are no rules, and what copies cost is in tiering_machine() */
	struct move_options move;
};

/* For at most MAX_PROCESSES.  0, -ENOMEM, or an errno of obey_new(). */
int tiering_new(struct tiering **out, const struct machine *m, size_t max_processes,
		const struct tiering_options *options);
void tiering_free(struct tiering *t); /* NULL is fine */

/*
 * Take what has been moved.  Make a plan if it is time.  The nodes of the set's machine are those
 * of tiering_new().  0, or a negative errno: then there is no plan, and the verdicts stay as they
 * are.
 */
int tiering_plan(struct tiering *t, struct managed_set *set, uint64_t now_ns);

/*
 * What is looked at beside the processes.  A test puts its own figures there, and then
 * tiering_plan_processes() makes a plan without looking.
 */
struct tiering_machine {
	uint64_t *room_bytes; /* [mem node] that may be filled */
	double *copy_ns;      /* [from][to] of a byte; INFINITY: not known */
};

struct tiering_machine *tiering_machine(struct tiering *t);

/* The plan itself, as of NOW_NS.  Errors as above. */
int tiering_plan_processes(struct tiering *t, struct managed_set *set, uint64_t now_ns);

/* What was moved.  NULL: nothing is moved here; of a process: nothing has been yet. */
const struct ledger_totals *tiering_moved(const struct tiering *t);
const struct ledger_totals *tiering_moved_of(const struct tiering *t, struct process_id process);

/* How many bytes of it a plan may move, LEDGER_NO_LIMIT where none came back of late. */
uint64_t tiering_budget(const struct tiering *t, struct process_id process, uint64_t now_ns);

/* The thread.  False: there is none. */
bool tiering_mover(const struct tiering *t, struct move_totals *out);

#endif
