/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The planner.
 *
 * A plan is made twice.  The first one knows no rules and not what each copy costs, because both
 * are expensive to find out: a process may have thousands of mappings, and a copy has to be made.
 * Where that plan would move something of a process, its rules are read, and those copies are
 * measured.  Where some of it is shared, the rules of all are read, since others may map it too.
 * The second plan obeys and reckons.  A process that it moves nothing of is left in peace for some
 * seconds.
 *
 * The thread has lines from memory counted, too (lines.h): to open a counter takes the kernel tens
 * of milliseconds.  A count lasts from one plan to the next.
 *
 * The lock guards the turn alone.  All else belongs to the thread while it is the thread's turn,
 * and to the tick while it is not.
 */
#include "daemon/planner.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <string.h>

#include "base/clock.h"
#include "base/thread.h"
#include "base/util.h"
#include "daemon/lines.h"
#include "daemon/survey.h"
#include "numa/room.h"
#include "tier/copies.h"
#include "tier/plan.h"
#include "tier/turns.h"

/*
 * The rules of a process that may not move are not asked for again before this, or before a move
 * pays, whichever comes first.
 */
#define RULES_NS (5 * NSEC_PER_SEC)
/* No machine copies a page faster.  It stands for a cost that is not known, in the first plan. */
#define LEAST_COPY_NS 0.05
/* So many processes have their lines counted at a time. */
#define COUNTS_AT_A_TIME 4
/* So long after a move it is not known how long accesses wait at memory now. */
#define SETTLE_NS (2 * NSEC_PER_SEC)

enum turn {
	TURN_TICK,   /* it may ask */
	TURN_THREAD, /* a plan is under way */
	TURN_ANSWER, /* the tick may take it */
	TURN_END,
};

/* A process of the plan, in the order of the survey. */
struct planned {
	struct process_id process, task;
	uint64_t max_bytes;    /* a plan moves no more of it */
	uint64_t rules_due_ns; /* plans leave it alone before this */
	int runs_at;	       /* CPU node, or MODEL_NO_NODE */
	struct lines lines;
	double access_hz; /* of all its pages, as DAMON saw them, if its lines are counted */
	bool asked;	  /* this plan has read its rules */
	bool has_verdict;
	struct plan_verdict verdict;
};

struct planner {
	struct planner_options options;
	size_t nr_mem_nodes;
	unsigned int *node_ids; /* [mem node] */
	struct survey *survey;
	struct obey *obey;     /* NULL: options.rules, if any */
	struct copies *copies; /* NULL: options.machine */
	struct plan *plan;
	struct room room;
	uint64_t *room_bytes;	   /* [mem node] */
	double *least_ns;	   /* [from][to] of a copy, with LEAST_COPY_NS where not known */
	struct spread_step *steps; /* [from][to] */
	struct planned *planned;
	size_t nr;
	size_t count; /* index of the process whose lines are counted next */
	uint64_t now_ns, moved_ns;
	int error; /* of the plan */
	struct move_job jobs[PLAN_MAX_MOVES];
	size_t nr_jobs;
	pthread_t thread;
	bool has_thread;
	pthread_mutex_t lock;
	pthread_cond_t changed; /* the turn */
	enum turn turn;
};

/* The machine. */

static const double *copy_ns(const struct planner *p)
{
	return p->copies ? copies_ns(p->copies) : p->options.machine->copy_ns;
}

static int read_room(struct planner *p)
{
	int r;

	if (p->options.machine) {
		memcpy(p->room_bytes, p->options.machine->room_bytes,
		       p->nr_mem_nodes * sizeof(*p->room_bytes));
		return 0;
	}
	r = room_read(&p->room);
	for (size_t n = 0; n < p->nr_mem_nodes; n++) {
		uint64_t bytes = room_of(&p->room, p->node_ids[n]).bytes;

		p->room_bytes[n] = bytes - MIN(bytes, ROOM_SPARE_BYTES);
	}
	return r;
}

/* Measure the copies of the plan that nobody has measured yet. */
static void learn_copies(struct planner *p)
{
	size_t nr;
	const struct plan_move *moves = plan_moves(p->plan, &nr);

	for (size_t i = 0; p->copies && i < nr; i++)
		copies_learn(p->copies, moves[i].from, moves[i].to, p->now_ns);
}

/* The plan. */

static int make_plan(struct planner *p, const struct plan_process *processes, const double *copy)
{
	const struct plan_input input = {
		.machine = survey_machine(p->survey),
		.room_bytes = p->room_bytes,
		.copy_ns = copy,
		.processes = processes,
		.nr_processes = p->nr,
		.max_bytes = UINT64_MAX,
		.steps = p->steps,
		.loads_are_old = p->moved_ns && p->now_ns - p->moved_ns < SETTLE_NS,
	};

	return plan_make(p->plan, &input);
}

static bool moves_any(const struct plan_verdict *v)
{
	return v->bytes[PLAN_PROMOTE] || v->bytes[PLAN_DEMOTE] || v->bytes[PLAN_SPREAD];
}

/* Would a plan move some of it, or is there only no room for that? */
static bool is_wanted(const struct plan_verdict *v)
{
	return moves_any(v) || v->bytes[PLAN_NO_ROOM] || v->bytes[PLAN_LATER];
}

/* How long a process is left in peace after its second plan. */
static uint64_t pause_ns(const struct plan_verdict *v)
{
	if (moves_any(v))
		return 0;
	return (uint64_t)MIN(v->pays_in_s * (double)NSEC_PER_SEC, (double)RULES_NS);
}

static void take_verdict(struct planner *p, size_t at)
{
	p->planned[at].verdict = plan_verdicts(p->plan)[at];
	p->planned[at].has_verdict = true;
}

static int read_rules(struct planner *p, pid_t task, const struct obey_rules **out)
{
	if (p->obey)
		return obey_read(p->obey, task, out);
	*out = NULL;
	return p->options.rules ? p->options.rules(p->options.arg, task, out) : 0;
}

static void ask(struct planner *p, struct plan_process *process, size_t at)
{
	const struct obey_rules *rules;

	/* of a process whose rules nobody knows, nothing may move */
	if (read_rules(p, p->planned[at].task.pid, &rules) < 0)
		process->nr_ranges = 0;
	else if (rules)
		survey_obey(p->survey, at, rules);
	process->max_bytes = p->planned[at].max_bytes;
	p->planned[at].asked = true;
}

/*
 * Some of what is to move may be mapped by other processes, and their heat counts too.  Which these
 * are their rules tell, so all are asked.
 */
static void ask_sharers(struct planner *p, struct plan_process *processes)
{
	bool shares = false;

	for (size_t i = 0; i < p->nr; i++)
		shares |= p->planned[i].asked && survey_shares(p->survey, i);
	if (!shares)
		return;
	for (size_t i = 0; i < p->nr; i++)
		if (!p->planned[i].asked)
			ask(p, &processes[i], i);
	survey_find_foreign(p->survey);
}

/*
 * Read the rules of those that the plan wants to move.  The others stay in this second, and keep
 * their verdict if there is something of them to move.  Returns how many processes have rules now.
 */
static size_t ask_all(struct planner *p, struct plan_process *processes)
{
	size_t nr = 0;

	for (size_t i = 0; i < p->nr; i++) {
		struct planned *item = &p->planned[i];
		bool wanted = is_wanted(&plan_verdicts(p->plan)[i]);

		if (wanted && p->now_ns >= item->rules_due_ns) {
			ask(p, &processes[i], i);
			nr++;
			continue;
		}
		processes[i].max_bytes = 0;
		if (!wanted)
			take_verdict(p, i);
	}
	ask_sharers(p, processes);
	return nr;
}

static enum move_direction direction_of(enum plan_why why)
{
	switch (why) {
	case PLAN_DEMOTE:
		return MOVE_DEMOTE;
	case PLAN_SPREAD:
		return MOVE_SPREAD;
	default:
		return MOVE_PROMOTE;
	}
}

static void make_jobs(struct planner *p)
{
	size_t nr;
	const struct plan_move *moves = plan_moves(p->plan, &nr);

	for (size_t i = 0; i < nr; i++) {
		const struct planned *item = &p->planned[moves[i].process];
		struct move_job *job = &p->jobs[p->nr_jobs];

		/* it would move where nobody has asked for rules */
		if (!item->asked)
			continue;
		*job = (struct move_job){
			.process = item->process,
			.task = item->task,
			.start = moves[i].start,
			.bytes = moves[i].bytes,
			.from = p->node_ids[moves[i].from],
			.to = p->node_ids[moves[i].to],
			.direction = direction_of(moves[i].why),
			.gain = moves[i].gain / (double)MAX(moves[i].on_from, UINT64_C(1)),
			.pays_s = moves[i].pays_s,
		};
		job->nr_sharers =
			(uint32_t)survey_sharers(p->survey, job->sharers, MIGRATE_MAX_SHARERS,
						 moves[i].process, job->start, job->bytes);
		p->nr_jobs++;
	}
	/* a plan that was only the first of two moves nothing */
	turns_learn(p->steps, p->nr_mem_nodes, moves, p->nr_jobs ? nr : 0, p->now_ns);
}

/* What is not known costs the least: so the first plan finds all that may be worth a look. */
static const double *least_copy_ns(struct planner *p)
{
	for (size_t i = 0; i < p->nr_mem_nodes * p->nr_mem_nodes; i++)
		p->least_ns[i] = isfinite(copy_ns(p)[i]) ? copy_ns(p)[i] : LEAST_COPY_NS;
	return p->least_ns;
}

/* End the counts of the last plan, and begin others, in turns. */
static void count_lines(struct planner *p)
{
	size_t nr = 0;

	for (size_t i = 0; i < p->nr; i++)
		lines_end(&p->planned[i].lines, p->planned[i].access_hz, clock_ns(CLOCK_MONOTONIC));
	for (size_t i = 0; i < p->nr && nr < COUNTS_AT_A_TIME; i++) {
		struct planned *item = &p->planned[(p->count + i) % p->nr];

		nr += lines_begin(&item->lines, item->process.pid, clock_ns(CLOCK_MONOTONIC));
	}
	p->count += nr;
}

static int work(struct planner *p)
{
	struct plan_process *processes;
	int r;

	if (!p->options.machine)
		count_lines(p);
	processes = survey_look(p->survey);
	r = read_room(p);
	p->nr_jobs = 0;
	for (size_t i = 0; i < p->nr; i++) {
		processes[i].lines_per_access = p->planned[i].lines.per_access;
		p->planned[i].runs_at = processes[i].place;
	}
	if (!r)
		r = make_plan(p, processes, least_copy_ns(p));
	if (r < 0)
		return r;
	learn_copies(p);
	if (ask_all(p, processes)) {
		r = make_plan(p, processes, copy_ns(p));
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < p->nr; i++) {
		if (!p->planned[i].asked)
			continue;
		take_verdict(p, i);
		p->planned[i].rules_due_ns = p->now_ns + pause_ns(&p->planned[i].verdict);
	}
	if (p->options.moves)
		make_jobs(p);
	return 0;
}

/* The thread. */

static void *run(void *arg)
{
	struct planner *p = arg;

	thread_be_ordinary();
	pthread_mutex_lock(&p->lock);
	while (p->turn != TURN_END) {
		if (p->turn != TURN_THREAD) {
			pthread_cond_wait(&p->changed, &p->lock);
			continue;
		}
		pthread_mutex_unlock(&p->lock);
		p->error = work(p);
		pthread_mutex_lock(&p->lock);
		if (p->turn == TURN_THREAD)
			p->turn = TURN_ANSWER;
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

static enum turn turn_of(struct planner *p)
{
	enum turn turn;

	pthread_mutex_lock(&p->lock);
	turn = p->turn;
	pthread_mutex_unlock(&p->lock);
	return turn;
}

static void set_turn(struct planner *p, enum turn turn)
{
	pthread_mutex_lock(&p->lock);
	p->turn = turn;
	pthread_cond_signal(&p->changed);
	pthread_mutex_unlock(&p->lock);
}

void planner_free(struct planner *p)
{
	if (!p)
		return;
	if (p->has_thread) {
		set_turn(p, TURN_END);
		pthread_join(p->thread, NULL);
	}
	pthread_cond_destroy(&p->changed);
	pthread_mutex_destroy(&p->lock);
	for (size_t i = 0; i < p->nr; i++)
		lines_deinit(&p->planned[i].lines);
	obey_free(p->obey);
	survey_free(p->survey);
	plan_free(p->plan);
	room_deinit(&p->room);
	copies_free(p->copies);
	free(p->node_ids);
	free(p->room_bytes);
	free(p->least_ns);
	free(p->steps);
	free(p->planned);
	free(p);
}

static int init(struct planner *p, const struct machine *m, size_t max_processes)
{
	size_t nr = m->nr_mem_nodes;
	int r;

	p->nr_mem_nodes = nr;
	p->node_ids = machine_memory_ids(m);
	p->plan = plan_new();
	p->room_bytes = calloc(nr + 1, sizeof(*p->room_bytes));
	p->least_ns = calloc(nr * nr + 1, sizeof(*p->least_ns));
	p->steps = calloc(nr * nr + 1, sizeof(*p->steps));
	p->planned = calloc(max_processes, sizeof(*p->planned));
	if (!p->node_ids || !p->plan || !p->room_bytes || !p->least_ns || !p->steps || !p->planned)
		return -ENOMEM;
	r = survey_new(&p->survey, m, p->node_ids, max_processes);
	if (!r && !p->options.machine)
		r = obey_new(&p->obey, p->node_ids, nr);
	if (!r && !p->options.machine)
		r = copies_new(&p->copies, p->node_ids, nr, NULL);
	if (!r)
		r = thread_start(&p->thread, "tiersched-plan", run, p);
	p->has_thread = !r;
	return r;
}

int planner_new(struct planner **out, const struct machine *m, size_t max_processes,
		const struct planner_options *options)
{
	struct planner *p = calloc(1, sizeof(*p));
	int r;

	if (!p)
		return -ENOMEM;
	p->options = *options;
	/* with these attributes neither of them can fail */
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->changed, NULL);
	r = init(p, m, max_processes);
	if (r < 0)
		planner_free(p);
	else
		*out = p;
	return r;
}

/* The tick. */

bool planner_ask(struct planner *p, const struct managed_set *set, const struct ledger *ledger,
		 uint64_t moved_ns, uint64_t now_ns)
{
	if (turn_of(p) != TURN_TICK)
		return false;
	for (size_t i = 0; i < set->nr; i++) {
		struct managed *item = &set->items[i];
		struct process_id process = proc_id(&item->choice.proc);

		p->planned[i] = (struct planned){
			.process = process,
			.task = item->choice.task,
			.max_bytes =
				ledger ? ledger_budget(ledger, process, now_ns) : LEDGER_NO_LIMIT,
			.rules_due_ns = item->rules_due_ns,
			.lines = item->lines,
			.access_hz = item->lines.count ? model_access_hz(item->model) : 0,
		};
		item->lines.count = NULL;
	}
	p->nr = set->nr;
	p->now_ns = now_ns;
	p->moved_ns = moved_ns;
	survey_take(p->survey, set);
	set_turn(p, TURN_THREAD);
	return true;
}

/* Others may have been chosen meanwhile.  Most often it is where it was. */
static struct managed *find(const struct managed_set *set, size_t at, struct process_id process)
{
	for (size_t i = 0; i < set->nr; i++) {
		struct managed *item = &set->items[(at + i) % set->nr];

		if (process_is_same(proc_id(&item->choice.proc), process))
			return item;
	}
	return NULL;
}

int planner_answer(struct planner *p, struct managed_set *set)
{
	int r;

	if (turn_of(p) != TURN_ANSWER)
		return 0;
	r = p->error;
	for (size_t i = 0; i < p->nr; i++) {
		struct planned *planned = &p->planned[i];
		struct managed *item = find(set, i, planned->process);

		if (!item) {
			lines_deinit(&planned->lines);
			continue;
		}
		item->lines = planned->lines;
		planned->lines.count = NULL;
		if (r < 0)
			continue;
		item->rules_due_ns = planned->rules_due_ns;
		item->runs_at = planned->runs_at;
		if (!planned->has_verdict)
			continue;
		item->tier = planned->verdict;
		item->tier_ns = p->now_ns;
	}
	set_turn(p, TURN_TICK);
	return r < 0 ? r : 1;
}

const struct move_job *planner_jobs(const struct planner *p, size_t *nr)
{
	*nr = p->nr_jobs;
	return p->jobs;
}
