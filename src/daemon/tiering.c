/* SPDX-License-Identifier: GPL-2.0 */
/* The tier step. */
#include "daemon/tiering.h"

#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "daemon/waits.h"
#include "numa/room.h"
#include "tier/guard.h"

/* Plans that are carried out, and plans that are only told. */
#define PLAN_NS NSEC_PER_SEC
#define ADVICE_NS (5 * NSEC_PER_SEC)
/* A new plan ends what is left of the last one, and looks at its pages again.  So it waits. */
#define CARRY_NS (4 * NSEC_PER_SEC)

struct tiering {
	struct planner *planner;
	struct guard *guard; /* of the mover; NULL: there are no rules */
	struct mover *mover; /* NULL: nothing moves */
	struct ledger *ledger;
	uint64_t due_ns, given_ns;
	uint64_t moved_ns; /* something was moved; 0: never */
	int error;	   /* of the last plan */
	struct waits waits;
};

void tiering_free(struct tiering *t)
{
	if (!t)
		return;
	planner_free(t->planner);
	mover_free(t->mover);
	guard_free(t->guard);
	ledger_free(t->ledger);
	free(t);
}

/* What moves pages, and what it has to know of the rules. */
static int begin_moves(struct tiering *t, const struct machine *m, size_t max_processes,
		       const struct tiering_options *options)
{
	_cleanup_free_ unsigned int *node_ids = machine_memory_ids(m);
	struct move_options move = options->move;
	int r = node_ids ? ledger_new(&t->ledger, max_processes) : -ENOMEM;

	if (!r && !options->planner.machine)
		r = guard_new(&t->guard, node_ids, m->nr_mem_nodes, room_huge_page_bytes(NULL));
	move.guard = t->guard;
	return r ? r : mover_new(&t->mover, &move);
}

int tiering_new(struct tiering **out, const struct machine *m, size_t max_processes,
		const struct tiering_options *options)
{
	struct planner_options planner = options->planner;
	struct tiering *t = calloc(1, sizeof(*t));
	int r = 0;

	if (!t)
		return -ENOMEM;
	if (options->moves)
		r = begin_moves(t, m, max_processes, options);
	planner.moves = options->moves;
	if (!r)
		r = planner_new(&t->planner, m, max_processes, &planner);
	if (r < 0)
		tiering_free(t);
	else
		*out = t;
	return r;
}

static void take_results(struct tiering *t, uint64_t now_ns)
{
	struct move_done done[16];
	size_t nr;

	do {
		nr = mover_take(t->mover, done, ARRAY_SIZE(done));
		for (size_t i = 0; i < nr; i++) {
			(void)ledger_add(t->ledger, &done[i]);
			t->moved_ns = done[i].moved_bytes ? now_ns : t->moved_ns;
		}
	} while (nr == ARRAY_SIZE(done));
}

/* How long its accesses wait from where it runs. */
static const struct gain_look *look_at(struct tiering *t, const struct managed *item,
				       uint64_t now_ns)
{
	waits_look(&t->waits, item, item->runs_at >= 0 ? item->runs_at : item->tier.place, now_ns);
	return &t->waits.look;
}

/* What the moves so far have gained, where it is time to look. */
static void measure_gains(struct tiering *t, const struct managed_set *set, uint64_t now_ns)
{
	for (size_t i = 0; i < set->nr; i++) {
		const struct managed *item = &set->items[i];
		struct process_id id = proc_id(&item->choice.proc);

		if (item->tier_ns && ledger_wants_look(t->ledger, id, now_ns))
			ledger_look(t->ledger, id, look_at(t, item, now_ns));
	}
}

static bool has_job(const struct move_job *jobs, size_t nr, struct process_id process)
{
	for (size_t i = 0; i < nr; i++)
		if (process_is_same(jobs[i].process, process))
			return true;
	return false;
}

/* Carry the plan out.  Of those whose pages are to move it is noted what they wait for now. */
static void carry_out(struct tiering *t, const struct managed_set *set, uint64_t now_ns)
{
	size_t nr;
	const struct move_job *jobs = planner_jobs(t->planner, &nr);

	for (size_t i = 0; i < set->nr; i++) {
		const struct managed *item = &set->items[i];
		struct process_id id = proc_id(&item->choice.proc);

		if (has_job(jobs, nr, id))
			(void)ledger_begin(t->ledger, id, look_at(t, item, now_ns));
	}
	/* without memory the last plan goes on */
	(void)mover_give(t->mover, jobs, nr);
	t->given_ns = now_ns;
}

static bool is_carrying(const struct tiering *t)
{
	struct move_totals totals;

	return tiering_mover(t, &totals) && totals.nr_jobs_left > 0;
}

int tiering_plan(struct tiering *t, struct managed_set *set, uint64_t now_ns)
{
	int r;

	if (t->mover)
		take_results(t, now_ns);
	r = planner_answer(t->planner, set);
	if (r)
		t->error = MIN(r, 0);
	if (r > 0 && t->mover) {
		measure_gains(t, set, now_ns);
		carry_out(t, set, now_ns);
	}
	if (now_ns < t->due_ns || (is_carrying(t) && now_ns - t->given_ns < CARRY_NS))
		return t->error;
	if (planner_ask(t->planner, set, t->ledger, t->moved_ns, now_ns))
		t->due_ns = now_ns + (t->mover ? PLAN_NS : ADVICE_NS);
	return t->error;
}

/* What was moved. */

const struct ledger_totals *tiering_moved(const struct tiering *t)
{
	return t->ledger ? ledger_all(t->ledger) : NULL;
}

const struct ledger_totals *tiering_moved_of(const struct tiering *t, struct process_id process)
{
	return t->ledger ? ledger_of(t->ledger, process) : NULL;
}

uint64_t tiering_budget(const struct tiering *t, struct process_id process, uint64_t now_ns)
{
	return t->ledger ? ledger_budget(t->ledger, process, now_ns) : LEDGER_NO_LIMIT;
}

bool tiering_mover(const struct tiering *t, struct move_totals *out)
{
	if (!t->mover)
		return false;
	mover_totals(t->mover, out);
	return true;
}
