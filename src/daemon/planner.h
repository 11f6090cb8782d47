/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The planner makes plans (tier/plan.h) in a thread of its own, because what a plan has to know is
 * asked of the kernel: where pages lie, which policies hold, how much room there is, what a copy
 * costs.  Some of that waits for the lock of a process's address space, and such a process can
 * make it wait for long.  No tick does.
 *
 * A tick hands over what it knows of the processes, and takes the verdicts when they are there.
 */
#ifndef TS_PLANNER_H
#define TS_PLANNER_H

#include "daemon/managed.h"
#include "model/machine.h"
#include "tier/ledger.h"
#include "tier/move.h"
#include "tier/obey.h"

struct planner;

/* The signature of obey_read() behind its first parameter. */
typedef int planner_rules_fn(void *arg, pid_t task, const struct obey_rules **out);

/* What is looked at beside the processes. */
struct planner_machine {
	const uint64_t *room_bytes; /* [mem node] that may be filled */
	const double *copy_ns;	    /* [from][to] of a byte; INFINITY: not known */
};

struct planner_options {
	bool moves; /* plans are to be carried out, see planner_jobs() */
	/* for tests: all that the kernel would be asked beside the places of pages */
	const struct planner_machine *machine; /* borrowed; NULL: this machine */
	planner_rules_fn *rules;	       /* with MACHINE; NULL: there are no rules */
	void *arg;			       /* of RULES */
};

/*
 * For at most MAX_PROCESSES on the nodes of M.  The thread is started, at nice 0 or what is weaker
 * here, with all signals blocked.  0, -ENOMEM, an errno of obey_new(), or of pthread_create(3).
 */
int planner_new(struct planner **out, const struct machine *m, size_t max_processes,
		const struct planner_options *options);

/* Waits for the plan under way.  NULL is fine. */
void planner_free(struct planner *p);

/*
 * Begin a plan of the processes of SET, as of NOW_NS.  Their budgets are those of LEDGER (NULL:
 * there are none).  Pages were last moved at MOVED_NS (0: never).  False, and nothing is done,
 * while a plan is under way or its answer was not taken.
 */
bool planner_ask(struct planner *p, const struct managed_set *set, const struct ledger *ledger,
		 uint64_t moved_ns, uint64_t now_ns);

/*
 * Give the processes of SET their verdicts.  1: it is done; 0: there is no answer now; or the
 * negative errno for which there is no plan, and then the verdicts stay as they are.
 */
int planner_answer(struct planner *p, struct managed_set *set);

/* What the plan moves whose answer was taken, best first.  Valid until another one is begun. */
const struct move_job *planner_jobs(const struct planner *p, size_t *nr);

#endif
