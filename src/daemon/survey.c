/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Ranges come from the model of a process.  The nodes of their pages come from a sample of pages,
 * so they are estimates where pages of a range lie on several nodes.  Who moves pages asks for
 * each of them.
 */
#include "daemon/survey.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

#include "base/util.h"
#include "daemon/sharers.h"
#include "numa/residency.h"
#include "tier/spread.h"

enum {
	MODEL_RANGES = 64, /* of a process, as the model knows it */
	MAX_RANGES = 128,  /* of it, cut by its rules */
	ALL_PAGES = 2048,  /* looked at in a survey, over all processes ... */
	RANGE_PAGES = 16,  /* ... and at most so many of a range */
	MAX_CPUS = 4096,
};

struct survey {
	size_t nr_mem_nodes, nr_cpu_nodes;
	struct machine_memory *memory; /* [mem node] */
	struct machine_link *links;    /* [cpu node][mem node] */
	struct model_machine machine;  /* of these two */
	size_t nr_cpus;
	uint8_t places[MAX_CPUS]; /* [CPU] its CPU node, or TS_NO_NODE */
	size_t nr;		  /* processes */
	struct residency *residency;
	struct plan_process *processes; /* [process] */
	pid_t *tasks;			/* [process] the thread that stands for its memory */
	struct plan_range *ranges;	/* [process][MAX_RANGES] */
	double *shares;			/* [process][MAX_RANGES][mem node] */
	bool *may_lie;			/* [process][MAX_RANGES][mem node] */
	bool *may_run;			/* [process][cpu node] */
	struct sharers sharers;		/* of these */
	/* of one process at a time */
	struct plan_range uncut[MAX_RANGES];
	struct residency_range asked[MAX_RANGES];
	uint32_t *pages; /* [MAX_RANGES][mem node] */
};

void survey_free(struct survey *s)
{
	if (!s)
		return;
	residency_free(s->residency);
	free(s->memory);
	free(s->links);
	free(s->processes);
	free(s->tasks);
	free(s->ranges);
	free(s->shares);
	free(s->may_lie);
	free(s->may_run);
	free(s->sharers.items);
	free(s->pages);
	free(s);
}

int survey_new(struct survey **out, const struct machine *m, const unsigned int *node_ids,
	       size_t max_processes)
{
	struct survey *s = calloc(1, sizeof(*s));
	size_t nr = m->nr_mem_nodes, nr_ranges = max_processes * MAX_RANGES;

	if (!s)
		return -ENOMEM;
	s->nr_mem_nodes = nr;
	s->nr_cpu_nodes = m->nr_cpu_nodes;
	s->memory = calloc(nr + 1, sizeof(*s->memory));
	s->links = calloc(m->nr_cpu_nodes * nr + 1, sizeof(*s->links));
	s->processes = calloc(max_processes, sizeof(*s->processes));
	s->tasks = calloc(max_processes, sizeof(*s->tasks));
	s->ranges = calloc(nr_ranges, sizeof(*s->ranges));
	s->shares = calloc(nr_ranges * nr + 1, sizeof(*s->shares));
	s->may_lie = calloc(nr_ranges * nr + 1, sizeof(*s->may_lie));
	s->may_run = calloc(max_processes * m->nr_cpu_nodes + 1, sizeof(*s->may_run));
	s->pages = calloc(MAX_RANGES * nr + 1, sizeof(*s->pages));
	s->sharers = (struct sharers){
		.processes = s->processes,
		.tasks = s->tasks,
		.ranges = s->ranges,
		.stride = MAX_RANGES,
		.items = calloc(nr_ranges, sizeof(*s->sharers.items)),
	};
	if (!s->memory || !s->links || !s->sharers.items || !s->processes || !s->tasks ||
	    !s->ranges || !s->shares || !s->may_lie || !s->may_run || !s->pages ||
	    residency_new(&s->residency, node_ids, nr, MAX_RANGES * RANGE_PAGES) < 0) {
		survey_free(s);
		return -ENOMEM;
	}
	*out = s;
	return 0;
}

/* On which CPU nodes may it run?  NULL: on all, or not known. */
static const bool *read_may_run(struct survey *s, size_t at)
{
	bool *may_run = s->may_run + at * s->nr_cpu_nodes;
	cpu_set_t cpus[MAX_CPUS / CPU_SETSIZE];

	if (sched_getaffinity(s->tasks[at], sizeof(cpus), cpus))
		return NULL;
	memset(may_run, 0, s->nr_cpu_nodes * sizeof(*may_run));
	for (size_t cpu = 0; cpu < s->nr_cpus; cpu++)
		if (s->places[cpu] != TS_NO_NODE && CPU_ISSET_S(cpu, sizeof(cpus), cpus))
			may_run[s->places[cpu]] = true;
	return may_run;
}

/* The model does not know where it is allowed. */
static void look_where_it_runs(struct survey *s, size_t at)
{
	struct plan_process *p = &s->processes[at];

	p->may_run = read_may_run(s, at);
	if (p->place >= 0 && p->may_run && !p->may_run[p->place])
		p->place = MODEL_NO_NODE;
}

/* Where the pages of its ranges are.  What cannot be asked is not known. */
static void read_shares(struct survey *s, size_t at, size_t nr_pages)
{
	uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	struct plan_range *ranges = s->ranges + at * MAX_RANGES;
	size_t nr = s->processes[at].nr_ranges;
	bool known;

	for (size_t i = 0; i < nr; i++)
		s->asked[i] = (struct residency_range){
			ranges[i].start, ranges[i].start + ranges[i].bytes, (uint32_t)nr_pages};
	known = residency_sample(s->residency, s->tasks[at], s->asked, nr, s->pages) == 0;
	for (size_t i = 0; i < nr; i++) {
		uint64_t all = ranges[i].bytes / page_bytes;
		const uint32_t *pages = s->pages + i * s->nr_mem_nodes;
		double *share = s->shares + (at * MAX_RANGES + i) * s->nr_mem_nodes;
		double asked = (double)MIN(MAX(all, UINT64_C(1)), (uint64_t)nr_pages);

		/* pages that are not there count as none, and so the range counts for less */
		for (size_t n = 0; n < s->nr_mem_nodes; n++)
			share[n] = known ? MIN(pages[n] / asked, 1.0) : 0;
		ranges[i].share = share;
	}
}

static void take_machine(struct survey *s, const struct machine *m)
{
	memcpy(s->memory, m->memory, m->nr_mem_nodes * sizeof(*s->memory));
	memcpy(s->links, m->links, m->nr_cpu_nodes * m->nr_mem_nodes * sizeof(*s->links));
	s->nr_cpus = MIN(m->nr_cpus, (size_t)MAX_CPUS);
	for (size_t cpu = 0; cpu < s->nr_cpus; cpu++)
		s->places[cpu] = m->cpus[cpu].place;
	s->machine = machine_for_model(m);
	s->machine.memory = s->memory;
	s->machine.links = s->links;
}

static void take_process(struct survey *s, size_t at, const struct managed *item)
{
	const struct model_profile *f = model_profile(item->model);
	struct plan_range *ranges = s->ranges + at * MAX_RANGES;
	size_t nr = 0;

	if (item->sample.last.now_ns) {
		model_look_at_lives(item->model);
		nr = plan_ranges(ranges, MODEL_RANGES, item->model);
	}
	if (spread_is_due(&s->machine))
		nr = spread_cut(ranges, nr, MODEL_RANGES);
	s->tasks[at] = item->choice.task.pid;
	s->processes[at] = (struct plan_process){
		.ranges = ranges,
		.nr_ranges = nr,
		.place = f->preferred,
		.cpus = f->cpus,
		.max_bytes = UINT64_MAX,
	};
}

void survey_take(struct survey *s, const struct managed_set *set)
{
	take_machine(s, set->machine);
	for (size_t i = 0; i < set->nr; i++)
		take_process(s, i, &set->items[i]);
	s->nr = set->nr;
	s->sharers.nr = set->nr;
}

const struct model_machine *survey_machine(const struct survey *s)
{
	return &s->machine;
}

struct plan_process *survey_look(struct survey *s)
{
	size_t nr_ranges = 0, nr_pages;

	for (size_t i = 0; i < s->nr; i++)
		nr_ranges += s->processes[i].nr_ranges;
	nr_pages = ALL_PAGES / MAX(nr_ranges, (size_t)1);
	nr_pages = MAX(MIN(nr_pages, (size_t)RANGE_PAGES), (size_t)1);
	for (size_t i = 0; i < s->nr; i++) {
		look_where_it_runs(s, i);
		read_shares(s, i, nr_pages);
	}
	return s->processes;
}

/* The part of a range.  Its pages may lie on NODES; NULL: they stay. */
static void add_part(struct survey *s, size_t at, const struct plan_range *of,
		     const struct obey_range *part)
{
	size_t nr = s->processes[at].nr_ranges++, size = s->nr_mem_nodes * sizeof(*s->may_lie);
	bool *may_lie = s->may_lie + (at * MAX_RANGES + nr) * s->nr_mem_nodes;
	struct plan_range *range = &s->ranges[at * MAX_RANGES + nr];

	if (part->nodes)
		memcpy(may_lie, part->nodes, size);
	else
		memset(may_lie, 0, size);
	*range = *of;
	range->start = part->start;
	range->bytes = part->end - part->start;
	range->may_lie = may_lie;
	range->memory = part->memory;
	range->offset = part->offset;
}

/* Does the same hold for this part as for the last range? */
static bool goes_on(const struct survey *s, size_t at, const struct obey_range *part)
{
	const struct plan_range *last =
		&s->ranges[at * MAX_RANGES + s->processes[at].nr_ranges - 1];

	if (last->memory != part->memory ||
	    (part->memory && last->offset + (part->start - last->start) != part->offset))
		return false;
	for (size_t n = 0; n < s->nr_mem_nodes; n++)
		if (last->may_lie[n] != (part->nodes && part->nodes[n]))
			return false;
	return true;
}

static void cut(struct survey *s, size_t at, const struct obey_rules *rules)
{
	struct plan_process *process = &s->processes[at];
	struct plan_range *ranges = s->ranges + at * MAX_RANGES;
	size_t nr_uncut = process->nr_ranges;

	memcpy(s->uncut, ranges, nr_uncut * sizeof(*ranges));
	process->nr_ranges = 0;
	for (size_t i = 0; i < nr_uncut; i++) {
		struct obey_walk walk =
			obey_walk(rules, s->uncut[i].start, s->uncut[i].start + s->uncut[i].bytes);
		struct obey_range part;
		size_t first = process->nr_ranges;

		while (obey_next(&walk, &part)) {
			/* what lies between has no pages */
			if (process->nr_ranges > first && goes_on(s, at, &part)) {
				struct plan_range *last = &ranges[process->nr_ranges - 1];

				last->bytes = part.end - last->start;
				continue;
			}
			/* the rest is not planned for */
			if (process->nr_ranges == MAX_RANGES)
				return;
			add_part(s, at, &s->uncut[i], &part);
		}
	}
}

void survey_obey(struct survey *s, size_t at, const struct obey_rules *rules)
{
	cut(s, at, rules);
	read_shares(s, at, RANGE_PAGES);
}

size_t survey_sharers(const struct survey *s, struct mapper *out, size_t max, size_t at,
		      uint64_t start, uint64_t bytes)
{
	return sharers_of(&s->sharers, out, max, at, start, bytes);
}

bool survey_shares(const struct survey *s, size_t at)
{
	return sharers_may_share(&s->sharers, at);
}

void survey_find_foreign(struct survey *s)
{
	sharers_find_foreign(&s->sharers);
}
