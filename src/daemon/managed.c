/* SPDX-License-Identifier: GPL-2.0 */
/* The processes under management and the collector of their samples. */
#include "daemon/managed.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/util.h"
#include "numa/residency.h"

enum {
	TICK_PAGES = 512,    /* pages looked at in one tick, over all processes ... */
	PROCESS_PAGES = 128, /* ... and at most so many of one ... */
	LEAST_PAGES = 64,    /* ... but never fewer: a profile rests on them */
};

/* Scratch arrays, grown to the largest sample seen and kept. */
struct collector {
	struct residency *residency;
	struct view_regions folded; /* of one process */
	struct residency_range *ranges;
	struct model_region *regions;
	uint32_t *counts;
	size_t capacity; /* regions */
};

static void collector_free(struct collector *c)
{
	if (!c)
		return;
	residency_free(c->residency);
	view_regions_deinit(&c->folded);
	free(c->ranges);
	free(c->regions);
	free(c->counts);
	free(c);
}

int managed_init(struct managed_set *set, const struct machine *m, size_t max_processes,
		 bool by_extent)
{
	*set = (struct managed_set){
		.machine = m, .capacity = max_processes, .by_extent = by_extent};
	set->items = calloc(max_processes, sizeof(*set->items));
	set->targets = calloc(max_processes, sizeof(*set->targets));
	set->collector = calloc(1, sizeof(*set->collector));
	if (!set->items || !set->targets || !set->collector ||
	    residency_new(&set->collector->residency, m->mem_node_ids, m->nr_mem_nodes,
			  4 * PROCESS_PAGES) < 0) {
		managed_deinit(set);
		return -ENOMEM;
	}
	return 0;
}

static void end(struct managed *item)
{
	model_process_free(item->model);
	extent_free(item->extent);
	process_llc_free(item->llc);
}

void managed_deinit(struct managed_set *set)
{
	for (size_t i = 0; i < set->nr; i++)
		end(&set->items[i]);
	free(set->items);
	free(set->targets);
	collector_free(set->collector);
	*set = (struct managed_set){0};
}

static bool same_process(const struct proc_stat *a, const struct proc_stat *b)
{
	return a->pid == b->pid && a->start_time == b->start_time;
}

static int begin(struct managed_set *set, const struct choice *choice, uint64_t now_ns)
{
	struct managed item = {.choice = *choice, .since_ns = now_ns};

	item.model = model_process_new(set->machine->nr_cpu_nodes, set->machine->nr_mem_nodes);
	if (set->by_extent)
		item.extent = extent_new();
	if (!item.model || (set->by_extent && !item.extent)) {
		end(&item);
		return -ENOMEM;
	}
	set->items[set->nr++] = item;
	log_debug("managing %s (%d), by %s", choice->proc.comm, choice->proc.pid,
		  choose_reason_name(choice->reason));
	return 0;
}

static const struct choice *find_choice(const struct choice *chosen, size_t nr,
					const struct proc_stat *p)
{
	for (size_t i = 0; i < nr; i++)
		if (same_process(&chosen[i].proc, p))
			return &chosen[i];
	return NULL;
}

/* Drop what is no longer chosen, refresh what is. */
static bool keep_chosen(struct managed_set *set, const struct choice *chosen, size_t nr,
			struct sched *s)
{
	bool changed = false;
	size_t kept = 0;

	for (size_t i = 0; i < set->nr; i++) {
		struct managed *item = &set->items[i];
		const struct choice *choice = find_choice(chosen, nr, &item->choice.proc);

		if (choice) {
			changed |= item->choice.task.pid != choice->task.pid;
			item->choice = *choice;
			set->items[kept++] = *item;
			continue;
		}
		log_debug("no longer managing %s (%d)", item->choice.proc.comm,
			  item->choice.proc.pid);
		if (s)
			sched_drop(s, item->choice.proc.pid);
		end(item);
		changed = true;
	}
	set->nr = kept;
	return changed;
}

int managed_update(struct managed_set *set, const struct choice *chosen, size_t nr, struct sched *s,
		   uint64_t now_ns, bool *changed)
{
	int r = 0;

	*changed = keep_chosen(set, chosen, nr, s);
	for (size_t i = 0; !r && i < nr && set->nr < set->capacity; i++) {
		bool known = false;

		for (size_t j = 0; j < set->nr && !known; j++)
			known = same_process(&set->items[j].choice.proc, &chosen[i].proc);
		if (known)
			continue;
		r = begin(set, &chosen[i], now_ns);
		*changed |= !r;
	}
	for (size_t i = 0; i < set->nr; i++)
		set->targets[i] = (struct damon_target){
			.tgid = set->items[i].choice.task.pid,
			.start_time = set->items[i].choice.task.start_time,
			.ranges = set->by_extent ? extent_ranges(set->items[i].extent) : NULL,
		};
	return r;
}

bool managed_look(struct managed_set *set, uint64_t now_ns, uint64_t until_ns)
{
	bool moved = false;

	for (size_t i = 0; set->by_extent && i < set->nr; i++) {
		struct managed *item = &set->items[set->look % set->nr];

		if (extent_look(item->extent, item->choice.task.pid, now_ns, until_ns,
				item->choice.proc.rss_bytes) > 0)
			moved = true;
		/* the one that was not done with goes on */
		if (clock_ns(CLOCK_MONOTONIC) >= until_ns)
			break;
		set->look = (set->look + 1) % set->nr;
	}
	return moved;
}

int managed_count_hits(struct managed_set *set, uint64_t now_ns)
{
	int error = 0;

	for (size_t i = 0; i < set->nr; i++) {
		struct managed *item = &set->items[i];
		int r = item->llc ? 0 : process_llc_new(&item->llc, item->choice.proc.pid);

		if (!r)
			item->llc_hit_permille = process_llc_update(item->llc, now_ns);
		else if (r != -ESRCH)
			error = r;
	}
	return error;
}

static int reserve(struct collector *c, size_t nr_regions, size_t nr_mem_nodes)
{
	size_t capacity = MAX(nr_regions, 2 * c->capacity);
	struct residency_range *ranges;
	struct model_region *regions;
	uint32_t *counts;

	if (nr_regions <= c->capacity)
		return 0;
	ranges = reallocarray(c->ranges, capacity, sizeof(*ranges));
	if (ranges)
		c->ranges = ranges;
	regions = reallocarray(c->regions, capacity, sizeof(*regions));
	if (regions)
		c->regions = regions;
	counts = reallocarray(c->counts, capacity * nr_mem_nodes, sizeof(*counts));
	if (counts)
		c->counts = counts;
	if (!ranges || !regions || !counts)
		return -ENOMEM;
	c->capacity = capacity;
	return 0;
}

/*
 * Which pages to look at: in proportion to heat, and at least one of every
 * region that has some, so that the shares of the working set are known too.
 */
static void plan_pages(struct collector *c, size_t budget)
{
	double heat = 0;

	for (size_t i = 0; i < c->folded.nr; i++) {
		const struct damon_region *r = &c->folded.list[i].region;

		heat += (double)(r->end - r->start) * r->nr_accesses;
	}
	for (size_t i = 0; i < c->folded.nr; i++) {
		const struct damon_region *r = &c->folded.list[i].region;
		double share = heat > 0 ? (double)(r->end - r->start) * r->nr_accesses / heat : 0;
		uint64_t at = c->folded.list[i].seen_at;

		c->ranges[i] = (struct residency_range){
			at, at + (r->end - r->start),
			r->nr_accesses ? 1 + (uint32_t)(share * (double)budget) : 0};
	}
}

static void fill_regions(struct collector *c, size_t nr_mem_nodes)
{
	for (size_t i = 0; i < c->folded.nr; i++) {
		const struct damon_region *r = &c->folded.list[i].region;

		c->regions[i] = (struct model_region){
			.start = r->start,
			.bytes = r->end - r->start,
			.nr_accesses = r->nr_accesses,
			.age = r->age,
			.pages = c->counts + i * nr_mem_nodes,
		};
	}
}

/* What the scheduler has counted by NOW_NS.  One that is attached anew begins with all 0. */
static void note_usage(struct managed *item, const struct ts_usage *usage, uint64_t now_ns)
{
	bool halves = now_ns - item->class_halved_ns >= NSEC_PER_SEC;

	for (size_t c = 0; c < TS_NR_CLASSES; c++) {
		uint64_t was = item->usage.class_ns[c], is = usage->class_ns[c];

		item->class_ns[c] = is < was ? is : (item->class_ns[c] >> halves) + is - was;
	}
	if (halves)
		item->class_halved_ns = now_ns;
	item->usage = *usage;
}

enum ts_class managed_class(const struct managed *item)
{
	enum ts_class most = TS_CLASS_UNSET;

	for (size_t c = 0; c < TS_NR_CLASSES; c++)
		if (item->class_ns[c] > item->class_ns[most])
			most = (enum ts_class)c;
	return most;
}

static void collect_one(struct managed_set *set, struct managed *item,
			const struct damon_snapshot *snapshot, struct sched *s,
			const struct model_options *options, uint64_t now_ns, size_t budget)
{
	static const struct views no_views;
	struct collector *c = set->collector;
	size_t nr_mem_nodes = set->machine->nr_mem_nodes;
	pid_t tgid = item->choice.proc.pid;
	struct ts_usage usage = {0};
	struct model_sample sample = {
		.now_ns = now_ns,
		.seen_ns = snapshot->time_ns,
		.aggregation_ns = snapshot->aggregation_us * NSEC_PER_USEC,
		.max_nr_accesses = snapshot->max_nr_accesses,
		.resident_bytes = item->extent ? extent_resident_bytes(item->extent) : 0,
		.wall_ns = item->last_ns ? now_ns - item->last_ns : 0,
	};
	const struct views *views = item->extent ? extent_views(item->extent) : &no_views;
	uint64_t cpu_ns;

	if (proc_cpu_ns(&cpu_ns, tgid) < 0) {
		item->gone = true;
		return;
	}
	if (views_fold(&c->folded, views, snapshot->regions, snapshot->nr_regions,
		       snapshot->max_nr_accesses) < 0 ||
	    reserve(c, c->folded.nr, nr_mem_nodes) < 0)
		return; /* this sample is lost, the next may find memory */
	plan_pages(c, budget);
	if (residency_sample(c->residency, item->choice.task.pid, c->ranges, c->folded.nr,
			     c->counts) < 0)
		memset(c->counts, 0, c->folded.nr * nr_mem_nodes * sizeof(*c->counts));
	fill_regions(c, nr_mem_nodes);
	sample.regions = c->regions;
	sample.nr_regions = c->folded.nr;
	if (item->last_ns)
		sample.cpu_ns = cpu_ns - item->last_cpu_ns;
	if (s && sched_usage(s, tgid, &usage))
		sample.nr_migrations = (uint32_t)(usage.nr_node_moves - item->usage.nr_node_moves);
	model_update(item->model, &set->machine->model, options, &sample);
	note_usage(item, &usage, now_ns);
	item->last_ns = now_ns;
	item->last_cpu_ns = cpu_ns;
	item->nr_regions = snapshot->nr_regions;
}

void managed_collect(struct managed_set *set, const struct damon_snapshot *snapshots, size_t nr,
		     struct sched *s, const struct model_options *options, uint64_t now_ns)
{
	size_t budget = nr ? TICK_PAGES / nr : 0;

	budget = MAX(MIN(budget, (size_t)PROCESS_PAGES), (size_t)LEAST_PAGES);
	for (size_t i = 0; i < nr; i++) {
		const struct damon_snapshot *snapshot = &snapshots[i];

		for (size_t j = 0; j < set->nr; j++) {
			struct managed *item = &set->items[j];

			if (item->choice.task.pid == snapshot->target.tgid &&
			    item->choice.task.start_time == snapshot->target.start_time) {
				collect_one(set, item, snapshot, s, options, now_ns, budget);
				break;
			}
		}
	}
}
