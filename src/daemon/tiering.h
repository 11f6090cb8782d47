/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tier step of the tick.  It has a plan made (planner.h) of what is known of the managed
 * processes, and leaves each of them its verdict.  With `moves` there is one once a second, a
 * thread carries it out (tier/move.h), and the ledger keeps what came of it.  Without, a plan is
 * only told, and there is one in five seconds.
 */
#ifndef TS_TIERING_H
#define TS_TIERING_H

#include "daemon/managed.h"
#include "daemon/planner.h"
#include "model/machine.h"
#include "tier/ledger.h"
#include "tier/move.h"

struct tiering;

struct tiering_options {
	bool moves;
	struct move_options move;
	struct planner_options planner; /* all of it for tests, but for .moves, which is ours */
};

/* For at most MAX_PROCESSES.  0, or an errno of planner_new() or mover_new(). */
int tiering_new(struct tiering **out, const struct machine *m, size_t max_processes,
		const struct tiering_options *options);
void tiering_free(struct tiering *t); /* NULL is fine */

/*
 * Take what has been moved, and the verdicts of the last plan.  Have a plan made if it is time.
 * The nodes of the set's machine are those of tiering_new().  0, or the negative errno for which
 * there is no plan: then the verdicts stay as they are.
 */
int tiering_plan(struct tiering *t, struct managed_set *set, uint64_t now_ns);

/* What was moved.  NULL: nothing is moved here; of a process: nothing has been yet. */
const struct ledger_totals *tiering_moved(const struct tiering *t);
const struct ledger_totals *tiering_moved_of(const struct tiering *t, struct process_id process);

/* How many bytes of it a plan may move, LEDGER_NO_LIMIT where none came back of late. */
uint64_t tiering_budget(const struct tiering *t, struct process_id process, uint64_t now_ns);

/* The thread that moves pages.  False: there is none. */
bool tiering_mover(const struct tiering *t, struct move_totals *out);

#endif
