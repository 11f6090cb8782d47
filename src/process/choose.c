/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which processes to manage: from those that scan.h shows to those that get a place.
 *
 * A pass keeps a bounded number of candidates.  When there are more, only the best for twice as
 * many places stay.  None of the others can win later.  A new candidate may push another back in
 * the order of turns, but never forward.  And the round of turns in which the places run out ends
 * within twice as many.
 */
#include "process/choose.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/util.h"

#define PASS_NS NSEC_PER_SEC
/* How often a process's kinds of memory are read, because that costs two more files. */
#define DETAILS_NS (8 * NSEC_PER_SEC)
/* A process that has used no CPU for so long is idle. */
#define IDLE_NS (30 * NSEC_PER_SEC)
/* A managed process that uses less is cold, and counts as cold for COLD_NS. */
#define LEAST_USED_BYTES (UINT64_C(1) << 20)
#define COLD_NS (300 * NSEC_PER_SEC)
/* A process is read in each pass while it is so young, and for so long after it has grown. */
#define YOUNG_SECONDS 3
#define GROWING_NS (3 * NSEC_PER_SEC)

/* A place in the managed set, by the last choice. */
struct place {
	struct process_id id;
	bool told, cold; /* its use of memory is known; it uses next to none */
};

struct chooser {
	const struct choose_options *options;
	struct scan *scan;
	bool under_way;		       /* a pass is under way */
	uint64_t begin_ns;	       /* when this pass, or the last one, began */
	uint64_t now_ns, uptime_ticks; /* the time of this step */
	bool hugetlb;		       /* the machine has hugetlb pages */
	struct candidate *candidates;
	size_t nr_candidates, capacity;
	struct place *places;
	struct choice *chosen; /* in the order of `places` */
	size_t nr_chosen;
};

const char *choose_reason_name(enum choose_reason reason)
{
	static const char *const names[] = {
		[CHOOSE_PID] = "pid",	[CHOOSE_RULE] = "rule", [CHOOSE_CHILD] = "child",
		[CHOOSE_NAME] = "name", [CHOOSE_SIZE] = "size", [CHOOSE_NOT] = "no",
	};

	return names[reason];
}

int chooser_new(struct chooser **out, const struct choose_options *options)
{
	struct chooser *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		return -ENOMEM;
	c->options = options;
	c->capacity = MAX(4 * options->max_processes, UINT64_C(256));
	c->candidates = calloc(c->capacity, sizeof(*c->candidates));
	c->places = calloc(options->max_processes, sizeof(*c->places));
	c->chosen = calloc(options->max_processes, sizeof(*c->chosen));
	r = c->candidates && c->places && c->chosen ? scan_new(&c->scan) : -ENOMEM;
	if (r < 0) {
		chooser_free(c);
		return r;
	}
	*out = c;
	return 0;
}

void chooser_free(struct chooser *c)
{
	if (!c)
		return;
	scan_free(c->scan);
	free(c->candidates);
	free(c->places);
	free(c->chosen);
	free(c);
}

static bool has_known_name(const struct choose_options *o, const char *comm)
{
	for (size_t i = 0; i < TS_MAX_NAMES; i++)
		if (o->names[i][0] &&
		    !strncmp(comm, o->names[i], strnlen(o->names[i], TS_NAME_LEN)))
			return true;
	return false;
}

static uint64_t resident_bytes(const struct process *p)
{
	return p->stat.rss_bytes + p->note.memory.hugetlb_bytes;
}

enum choose_reason choose_judge(const struct process *p, const struct choose_options *o,
				uint64_t uptime_ticks, bool chosen)
{
	uint64_t second_ticks = (uint64_t)sysconf(_SC_CLK_TCK);

	if (p->stat.kernel_thread || !p->task.pid || !resident_bytes(p))
		return CHOOSE_NOT;
	if (p->note.reason <= CHOOSE_RULE)
		return p->note.reason;
	if (!chosen && proc_age_ticks(&p->stat, uptime_ticks) < second_ticks)
		return CHOOSE_NOT;
	if (p->note.reason == CHOOSE_CHILD)
		return CHOOSE_CHILD;
	if (has_known_name(o, p->stat.comm))
		return CHOOSE_NAME;
	return resident_bytes(p) >= o->min_rss_bytes / (chosen ? 2 : 1) ? CHOOSE_SIZE : CHOOSE_NOT;
}

/* Candidates of the same tier compete with each other. */
static int tier(const struct candidate *c)
{
	return MIN(c->choice.reason, CHOOSE_NAME);
}

/*
 * How much a candidate is worth.  A name may lie, so it counts twice only.  Shared memory may be
 * counted many times, so it counts a quarter.  A change has its cost, so a place counts twice.
 */
static uint64_t worth(const struct candidate *c)
{
	uint64_t bytes = c->private_bytes + c->shared_bytes / 4;

	return bytes * (c->choice.reason == CHOOSE_NAME ? 2 : 1) * (c->chosen ? 2 : 1);
}

#define COMPARE(a, b) ((a) < (b) ? -1 : (a) > (b))

static int compare_worth(const struct candidate *x, const struct candidate *y)
{
	int r = COMPARE(x->idle, y->idle);

	if (!r)
		r = COMPARE(worth(y), worth(x));
	return r ? r : COMPARE(x->choice.proc.pid, y->choice.proc.pid);
}

static int compare_user(const struct candidate *x, const struct candidate *y)
{
	int r = COMPARE(tier(x), tier(y));

	return r ? r : COMPARE(x->uid, y->uid);
}

static int compare_cgroup(const struct candidate *x, const struct candidate *y)
{
	int r = compare_user(x, y);

	return r ? r : COMPARE(x->cgroup, y->cgroup);
}

static int by_cgroup(const void *a, const void *b)
{
	int r = compare_cgroup(a, b);

	return r ? r : compare_worth(a, b);
}

static int by_user(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;
	int r = compare_user(x, y);

	if (!r)
		r = COMPARE(x->turn, y->turn);
	return r ? r : compare_worth(x, y);
}

static int by_turn(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;
	int r = COMPARE(tier(x), tier(y));

	if (!r)
		r = COMPARE(x->turn, y->turn);
	return r ? r : compare_worth(x, y);
}

/* Sort ALL by ORDER, which begins with SAME.  Number the candidates that SAME calls the same. */
static void take_turns(struct candidate *all, size_t nr, int (*order)(const void *, const void *),
		       int (*same)(const struct candidate *, const struct candidate *))
{
	qsort(all, nr, sizeof(*all), order);
	for (size_t i = 0; i < nr; i++)
		all[i].turn = i && !same(&all[i - 1], &all[i]) ? all[i - 1].turn + 1 : 0;
}

/*
 * The first process of each user comes before the second of any.  So no user can have more without
 * another having less than he.  The order within a user goes by the turns of his cgroups.
 */
size_t choose_rank(struct candidate *all, size_t nr, size_t max)
{
	take_turns(all, nr, by_cgroup, compare_cgroup);
	take_turns(all, nr, by_user, compare_user);
	qsort(all, nr, sizeof(*all), by_turn);
	return MIN(nr, max);
}

static struct place *find_place(struct chooser *c, const struct proc_stat *p)
{
	for (size_t i = 0; i < c->nr_chosen; i++)
		if (process_is_same(c->places[i].id, proc_id(p)))
			return &c->places[i];
	return NULL;
}

void chooser_tell_used(struct chooser *c, const struct choice *choice, uint64_t bytes)
{
	struct place *place = find_place(c, &choice->proc);

	if (!place)
		return;
	place->told = true;
	place->cold = bytes < LEAST_USED_BYTES;
}

static bool named_by_pid(const struct choose_options *o, pid_t pid)
{
	for (size_t i = 0; i < o->nr_pids; i++)
		if (o->pids[i] == pid)
			return true;
	return false;
}

static const struct rule *matching_rule(const struct choose_options *o, const struct proc_stat *p)
{
	char value[PATH_MAX];

	for (size_t i = 0; i < o->nr_rules; i++) {
		const struct rule *rule = &o->rules[i];

		if (rule->field == RULE_COMM && rule_matches(rule, p->comm))
			return rule;
		if (rule->field == RULE_EXE && !proc_exe(value, sizeof(value), p->pid) &&
		    rule_matches(rule, value))
			return rule;
		if (rule->field == RULE_CGROUP && !proc_cgroup(value, sizeof(value), p->pid) &&
		    rule_matches(rule, value))
			return rule;
	}
	return NULL;
}

/* Take the reason and class that it has by itself, once it has been read again. */
static void match(const struct choose_options *o, struct process *p)
{
	const struct rule *rule = matching_rule(o, &p->stat);

	p->note.class = rule ? rule->class : TS_CLASS_UNSET;
	if (named_by_pid(o, p->stat.pid))
		p->note.reason = CHOOSE_PID;
	else
		p->note.reason = rule ? CHOOSE_RULE : CHOOSE_NOT;
}

/*
 * Take the reason and class by those of its parent.  The parent mostly comes before it in a pass.
 * If not, take what the parent was in the last pass.
 */
static void inherit(const struct chooser *c, struct process *p)
{
	const struct process *parent = NULL;

	if (p->note.reason <= CHOOSE_RULE || !(c->options->nr_pids || c->options->nr_rules))
		return;
	if (p->stat.ppid > 1)
		parent = scan_find(c->scan, p->stat.ppid);
	if (parent && (parent->stat.kernel_thread || parent->note.reason > CHOOSE_CHILD))
		parent = NULL;
	p->note.reason = parent ? CHOOSE_CHILD : CHOOSE_NOT;
	p->note.class = parent ? parent->note.class : TS_CLASS_UNSET;
}

/* FNV-1a */
static uint64_t hash(const char *text)
{
	uint64_t h = 0xcbf29ce484222325;

	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * 0x100000001b3;
	return h;
}

static void read_details(struct process *p, uint64_t now_ns)
{
	char path[PATH_MAX];

	if (p->note.details_ns && now_ns - p->note.details_ns < DETAILS_NS && p->grown_ns != now_ns)
		return;
	if (proc_memory_read(&p->note.memory, p->task.pid) < 0)
		return; /* the process is about to end */
	p->note.cgroup = proc_cgroup(path, sizeof(path), p->stat.pid) < 0 ? 0 : hash(path);
	p->note.details_ns = now_ns;
}

static bool within(uint64_t then_ns, uint64_t now_ns, uint64_t ns)
{
	return then_ns && now_ns - then_ns < ns;
}

/* Is it read in each pass?  That is so for all that may soon win or lose a place. */
static bool is_to_be_watched(const struct chooser *c, const struct process *p,
			     enum choose_reason reason, bool chosen)
{
	return chosen || reason <= CHOOSE_RULE ||
	       proc_age_ticks(&p->stat, c->uptime_ticks) <
		       YOUNG_SECONDS * (uint64_t)sysconf(_SC_CLK_TCK) ||
	       within(p->grown_ns, c->now_ns, GROWING_NS) ||
	       (reason != CHOOSE_NOT && within(p->busy_ns, c->now_ns, IDLE_NS));
}

static void compete(struct chooser *c, const struct process *p, enum choose_reason reason,
		    bool chosen)
{
	const struct proc_memory *memory = &p->note.memory;
	struct candidate *candidate;

	if (c->nr_candidates == c->capacity)
		c->nr_candidates =
			choose_rank(c->candidates, c->nr_candidates, 2 * c->options->max_processes);
	candidate = &c->candidates[c->nr_candidates++];
	*candidate = (struct candidate){
		.choice = {p->stat, p->task, reason, p->note.class},
		.uid = memory->uid,
		.cgroup = p->note.cgroup,
		.private_bytes = memory->private_bytes + memory->hugetlb_bytes,
		.shared_bytes = memory->shared_bytes,
		.chosen = chosen,
		.idle = !within(p->busy_ns, c->now_ns, IDLE_NS) ||
			within(p->note.cold_ns, c->now_ns, COLD_NS),
	};
	candidate->choice.proc.rss_bytes = resident_bytes(p);
}

static void consider(struct chooser *c, struct process *p)
{
	const struct place *place = p->note.details_ns ? find_place(c, &p->stat) : NULL;
	bool may_have_hugetlb = c->hugetlb && p->stat.vm_bytes >= c->options->min_rss_bytes;
	enum choose_reason reason;

	if (p->fresh)
		match(c->options, p);
	inherit(c, p);
	if (p->fresh && p->task.pid && may_have_hugetlb)
		read_details(p, c->now_ns);
	reason = choose_judge(p, c->options, c->uptime_ticks, place);
	if (p->fresh && reason != CHOOSE_NOT)
		read_details(p, c->now_ns);
	if (place && place->told)
		p->note.cold_ns = place->cold ? c->now_ns : 0;
	p->note.watch = is_to_be_watched(c, p, reason, place);
	if (reason != CHOOSE_NOT && p->note.details_ns)
		compete(c, p, reason, place);
}

static void begin(struct chooser *c)
{
	c->under_way = true;
	c->begin_ns = c->now_ns;
	c->nr_candidates = 0;
	c->hugetlb = proc_has_hugetlb();
	scan_begin(c->scan);
}

static void end(struct chooser *c)
{
	c->nr_chosen = choose_rank(c->candidates, c->nr_candidates, c->options->max_processes);
	for (size_t i = 0; i < c->nr_chosen; i++) {
		const struct choice *choice = &c->candidates[i].choice;

		c->chosen[i] = *choice;
		c->places[i] = (struct place){.id = proc_id(&choice->proc)};
	}
	c->under_way = false;
}

int chooser_error(const struct chooser *c)
{
	return scan_error(c->scan);
}

int chooser_step(struct chooser *c, uint64_t now_ns, uint64_t budget_ns, const struct choice **out,
		 size_t *nr)
{
	uint64_t until_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) + budget_ns;

	if (!c->under_way && within(c->begin_ns, now_ns, PASS_NS))
		return 0;
	c->now_ns = now_ns;
	c->uptime_ticks = proc_uptime_ticks();
	scan_set_time(c->scan, c->now_ns, c->uptime_ticks);
	if (!c->under_way)
		begin(c);
	for (;;) {
		struct process *p;
		int r = scan_next(c->scan, &p);

		if (!r)
			break;
		if (r < 0 && r != -EAGAIN)
			return r;
		if (r > 0)
			consider(c, p);
		/* a process that was not read costs less than asking for the time */
		if ((r < 0 || p->fresh) && clock_ns(CLOCK_THREAD_CPUTIME_ID) >= until_ns)
			return 0;
	}
	end(c);
	*out = c->chosen;
	*nr = c->nr_chosen;
	return 1;
}
