/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tier step.
 *
 * A plan is made twice.  The first one knows no rules and not what each copy costs, because both
 * are expensive to find out: a process may have thousands of mappings, and a copy has to be made.
 * Where that plan would move something of a process, its rules are read, and those copies are
 * measured.  The second plan obeys and reckons.  A process that it moves nothing of is left in
 * peace for some seconds.
 */
#include "daemon/tiering.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/util.h"
#include "daemon/survey.h"
#include "numa/room.h"
#include "tier/copies.h"
#include "tier/obey.h"
#include "tier/plan.h"

/* Plans that are carried out, and plans that are only told. */
#define PLAN_NS NSEC_PER_SEC
#define ADVICE_NS (5 * NSEC_PER_SEC)
/* A new plan ends what is left of the last one, and looks at its pages again.  So it waits. */
#define CARRY_NS (4 * NSEC_PER_SEC)
/* The rules of a process that may not move are not asked for again before this. */
#define RULES_NS (5 * NSEC_PER_SEC)
/* No machine copies a page faster.  It stands for a cost that is not known, in the first plan. */
#define LEAST_COPY_NS 0.05

struct tiering {
	size_t nr_mem_nodes, max_processes;
	unsigned int *node_ids; /* [mem node] */
	struct survey *survey;
	struct obey *obey;     /* NULL: there are no rules */
	struct copies *copies; /* NULL: copy_ns is the test's */
	struct plan *plan;
	struct mover *mover; /* NULL: nothing moves */
	struct ledger *ledger;
	struct room room;
	struct tiering_machine machine;
	double *least_ns; /* [from][to] as copy_ns, with LEAST_COPY_NS where not known */
	uint64_t due_ns, given_ns;
	bool *asked; /* [process] this plan has read its rules */
	struct move_job jobs[PLAN_MAX_MOVES];
};

void tiering_free(struct tiering *t)
{
	if (!t)
		return;
	mover_free(t->mover);
	ledger_free(t->ledger);
	obey_free(t->obey);
	survey_free(t->survey);
	plan_free(t->plan);
	room_deinit(&t->room);
	free(t->node_ids);
	free(t->machine.room_bytes);
	free(t->machine.copy_ns);
	free(t->least_ns);
	copies_free(t->copies);
	free(t->asked);
	free(t);
}

static int init(struct tiering *t, const struct machine *m, const struct tiering_options *options)
{
	size_t nr = m->nr_mem_nodes;
	int r;

	t->node_ids = machine_memory_ids(m);
	t->plan = plan_new();
	t->machine.room_bytes = calloc(nr + 1, sizeof(uint64_t));
	t->machine.copy_ns = calloc(nr * nr + 1, sizeof(double));
	t->least_ns = calloc(nr * nr + 1, sizeof(double));
	t->asked = calloc(t->max_processes, sizeof(*t->asked));
	if (!t->node_ids || !t->plan || !t->machine.room_bytes || !t->machine.copy_ns ||
	    !t->least_ns || !t->asked)
		return -ENOMEM;
	for (size_t i = 0; i < nr * nr; i++)
		t->machine.copy_ns[i] = INFINITY;
	r = survey_new(&t->survey, m, t->node_ids, t->max_processes);
	if (!r && !options->is_test)
		r = obey_new(&t->obey, t->node_ids, nr);
	if (!r && !options->is_test)
		r = copies_new(&t->copies, t->node_ids, nr, NULL);
	if (!r && options->moves)
		r = ledger_new(&t->ledger, t->max_processes);
	if (!r && options->moves)
		r = mover_new(&t->mover, &options->move);
	return r;
}

int tiering_new(struct tiering **out, const struct machine *m, size_t max_processes,
		const struct tiering_options *options)
{
	struct tiering *t = calloc(1, sizeof(*t));
	int r;

	if (!t)
		return -ENOMEM;
	t->nr_mem_nodes = m->nr_mem_nodes;
	t->max_processes = max_processes;
	r = init(t, m, options);
	if (r < 0)
		tiering_free(t);
	else
		*out = t;
	return r;
}

struct tiering_machine *tiering_machine(struct tiering *t)
{
	return &t->machine;
}

/* The machine. */

static int read_room(struct tiering *t)
{
	int r = room_read(&t->room);

	for (size_t n = 0; n < t->nr_mem_nodes; n++) {
		uint64_t bytes = room_of(&t->room, t->node_ids[n]).bytes;

		t->machine.room_bytes[n] = bytes - MIN(bytes, ROOM_SPARE_BYTES);
	}
	return r;
}

/* Ask what the copies of the plan cost.  True: some of it will be known soon. */
static bool await_copies(struct tiering *t, uint64_t now_ns)
{
	size_t nr;
	const struct plan_move *moves = plan_moves(t->plan, &nr);
	bool awaits = false;

	for (size_t i = 0; t->copies && i < nr; i++)
		awaits |= copies_want(t->copies, moves[i].from, moves[i].to, now_ns);
	return awaits;
}

/* The plan. */

static int make_plan(struct tiering *t, const struct managed_set *set,
		     const struct plan_process *processes, const double *copy_ns)
{
	const struct model_machine machine = machine_for_model(set->machine);
	const struct plan_input input = {
		.machine = &machine,
		.room_bytes = t->machine.room_bytes,
		.copy_ns = copy_ns,
		.processes = processes,
		.nr_processes = set->nr,
		.max_bytes = UINT64_MAX,
	};

	return plan_make(t->plan, &input);
}

static bool moves_any(const struct plan_verdict *v)
{
	return v->bytes[PLAN_PROMOTE] || v->bytes[PLAN_DEMOTE];
}

/* Would a plan move some of it, or is there only no room for that? */
static bool is_wanted(const struct plan_verdict *v)
{
	return moves_any(v) || v->bytes[PLAN_NO_ROOM] || v->bytes[PLAN_LATER];
}

static void take_verdict(struct tiering *t, struct managed_set *set, size_t at, uint64_t now_ns)
{
	set->items[at].tier = plan_verdicts(t->plan)[at];
	set->items[at].tier_ns = now_ns;
}

static void ask(struct tiering *t, const struct managed *item, struct plan_process *process,
		size_t at)
{
	const struct obey_rules *rules;

	/* of a process whose rules nobody knows, nothing may move */
	if (obey_read(t->obey, item->choice.task.pid, &rules) < 0)
		process->nr_ranges = 0;
	else
		survey_obey(t->survey, at, rules);
}

/*
 * Read the rules of those that the plan wants to move.  The others stay in this second, and keep
 * their verdict if there is something of them to move.  So do all while the plan AWAITS what copies
 * cost.  Returns how many processes have rules now.
 */
static size_t ask_all(struct tiering *t, struct managed_set *set, struct plan_process *processes,
		      bool awaits, uint64_t now_ns)
{
	size_t nr = 0;

	for (size_t i = 0; i < set->nr; i++) {
		struct managed *item = &set->items[i];
		bool is_due = now_ns >= item->rules_due_ns;
		bool wanted = is_wanted(&plan_verdicts(t->plan)[i]);

		t->asked[i] = is_due && wanted && !awaits;
		if (t->asked[i]) {
			if (t->obey)
				ask(t, item, &processes[i], i);
			processes[i].max_bytes =
				tiering_budget(t, proc_id(&item->choice.proc), now_ns);
			item->rules_due_ns = now_ns + RULES_NS;
			nr++;
			continue;
		}
		if (!wanted)
			take_verdict(t, set, i, now_ns);
		processes[i].max_bytes = 0;
	}
	return nr;
}

static void give_jobs(struct tiering *t, const struct managed_set *set, uint64_t now_ns)
{
	size_t nr, nr_jobs = 0;
	const struct plan_move *moves = plan_moves(t->plan, &nr);

	for (size_t i = 0; i < nr; i++) {
		const struct choice *choice = &set->items[moves[i].process].choice;

		/* it would move where nobody has asked for rules */
		if (!t->asked[moves[i].process])
			continue;
		t->jobs[nr_jobs++] = (struct move_job){
			.process = proc_id(&choice->proc),
			.task = choice->task,
			.start = moves[i].start,
			.bytes = moves[i].bytes,
			.from = t->node_ids[moves[i].from],
			.to = t->node_ids[moves[i].to],
			.direction = moves[i].why == PLAN_DEMOTE ? MOVE_DEMOTE : MOVE_PROMOTE,
		};
	}
	/* without memory the last plan goes on */
	(void)mover_give(t->mover, t->jobs, nr_jobs);
	t->given_ns = now_ns;
}

int tiering_plan_processes(struct tiering *t, struct managed_set *set, uint64_t now_ns)
{
	struct plan_process *processes = survey_look(t->survey, set);
	int r;

	if (t->copies)
		copies_get(t->copies, t->machine.copy_ns);
	for (size_t i = 0; i < t->nr_mem_nodes * t->nr_mem_nodes; i++)
		t->least_ns[i] =
			isfinite(t->machine.copy_ns[i]) ? t->machine.copy_ns[i] : LEAST_COPY_NS;
	r = make_plan(t, set, processes, t->least_ns);
	if (r < 0)
		return r;
	if (ask_all(t, set, processes, await_copies(t, now_ns), now_ns)) {
		r = make_plan(t, set, processes, t->machine.copy_ns);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < set->nr; i++) {
		if (!t->asked[i])
			continue;
		take_verdict(t, set, i, now_ns);
		if (moves_any(&set->items[i].tier))
			set->items[i].rules_due_ns = now_ns;
	}
	return 0;
}

static void take_results(struct tiering *t)
{
	struct move_done done[16];
	size_t nr;

	do {
		nr = mover_take(t->mover, done, ARRAY_SIZE(done));
		for (size_t i = 0; i < nr; i++)
			(void)ledger_add(t->ledger, &done[i]);
	} while (nr == ARRAY_SIZE(done));
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
		take_results(t);
	if (now_ns < t->due_ns || (is_carrying(t) && now_ns - t->given_ns < CARRY_NS))
		return 0;
	t->due_ns = now_ns + (t->mover ? PLAN_NS : ADVICE_NS);
	r = read_room(t);
	if (r < 0)
		return r;
	r = tiering_plan_processes(t, set, now_ns);
	if (!r && t->mover)
		give_jobs(t, set, now_ns);
	return r;
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
	if (t->mover)
		mover_totals(t->mover, out);
	return t->mover != NULL;
}
