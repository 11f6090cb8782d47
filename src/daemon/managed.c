/* SPDX-License-Identifier: GPL-2.0 */
/* The processes under management. */
#include "daemon/managed.h"

#include <errno.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/util.h"

enum {
	TICK_PAGES = 512,    /* pages looked at in one tick, over all processes ... */
	PROCESS_PAGES = 128, /* ... and at most so many of one ... */
	LEAST_PAGES = 64,    /* ... but never fewer: a profile rests on them */
};

static int new_collector(struct managed_set *set, const struct machine *m)
{
	_cleanup_free_ unsigned int *ids = machine_memory_ids(m);

	return ids ? collector_new(&set->collector, ids, m->nr_mem_nodes, 4 * PROCESS_PAGES)
		   : -ENOMEM;
}

int managed_init(struct managed_set *set, const struct machine *m, size_t max_processes,
		 bool by_extent)
{
	*set = (struct managed_set){
		.machine = m, .capacity = max_processes, .by_extent = by_extent};
	set->items = calloc(max_processes, sizeof(*set->items));
	set->targets = calloc(max_processes, sizeof(*set->targets));
	if (!set->items || !set->targets || new_collector(set, m) < 0) {
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
	lines_deinit(&item->lines);
	collected_deinit(&item->sample);
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
					struct process_id id)
{
	for (size_t i = 0; i < nr; i++)
		if (process_is_same(proc_id(&chosen[i].proc), id))
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
		const struct choice *choice = find_choice(chosen, nr, proc_id(&item->choice.proc));

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
		struct process_id id = proc_id(&chosen[i].proc);
		bool known = false;

		for (size_t j = 0; j < set->nr && !known; j++)
			known = process_is_same(proc_id(&set->items[j].choice.proc), id);
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
		/* go on with the one that was not finished */
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
			item->llc_hits = process_llc_update(item->llc, now_ns);
		else if (r != -ESRCH)
			error = r;
	}
	return error;
}

static void collect_one(struct managed_set *set, struct managed *item,
			const struct damon_snapshot *snapshot, struct sched *s, uint64_t now_ns,
			size_t nr_pages)
{
	const struct collect_source source = {
		.tgid = item->choice.proc.pid,
		.task = item->choice.task.pid,
		.snapshot = snapshot,
		.views = item->extent ? extent_views(item->extent) : NULL,
		.resident_bytes = item->extent ? extent_resident_bytes(item->extent) : 0,
		.nr_pages = nr_pages,
		.now_ns = now_ns,
	};
	struct ts_usage usage = {0};
	int r = collect(set->collector, &item->sample, &source);

	item->gone |= r == -ESRCH;
	if (r < 0)
		return; /* this sample is lost; there may be memory for the next */
	if (s)
		(void)sched_usage(s, source.tgid, &usage);
	item->nr_regions = snapshot->nr_regions;
	item->sample.last.nr_migrations = usage_take(&item->usage, &usage, now_ns);
}

void managed_collect(struct managed_set *set, const struct damon_snapshot *snapshots, size_t nr,
		     struct sched *s, uint64_t now_ns)
{
	size_t budget = nr ? TICK_PAGES / nr : 0;

	budget = MAX(MIN(budget, (size_t)PROCESS_PAGES), (size_t)LEAST_PAGES);
	for (size_t i = 0; i < nr; i++) {
		const struct damon_snapshot *snapshot = &snapshots[i];
		struct process_id seen = {snapshot->target.tgid, snapshot->target.start_time};

		for (size_t j = 0; j < set->nr; j++) {
			struct managed *item = &set->items[j];

			if (process_is_same(item->choice.task, seen)) {
				collect_one(set, item, snapshot, s, now_ns, budget);
				break;
			}
		}
	}
}

void managed_model(struct managed_set *set, const struct model_options *options, uint64_t now_ns)
{
	const struct model_machine machine = machine_for_model(set->machine);

	for (size_t i = 0; i < set->nr; i++) {
		struct managed *item = &set->items[i];

		if (item->sample.last.now_ns == now_ns)
			model_update(item->model, &machine, options, &item->sample.last);
	}
}
