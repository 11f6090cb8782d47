/* SPDX-License-Identifier: GPL-2.0 */
/* From a snapshot to a sample. */
#include "sample/collect.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/proc.h"
#include "base/util.h"
#include "numa/residency.h"
#include "sample/views.h"

#define LEAST_CAPACITY 64 /* regions, which take a few KB */

/* It grows to the largest sample seen, and keeps that size. */
struct collector {
	struct residency *residency;
	struct view_regions folded;
	struct residency_range *ranges;
	size_t capacity; /* ranges */
	size_t nr_mem_nodes;
};

void collector_free(struct collector *c)
{
	if (!c)
		return;
	residency_free(c->residency);
	view_regions_deinit(&c->folded);
	free(c->ranges);
	free(c);
}

int collector_new(struct collector **out, const unsigned int *node_ids, size_t nr_mem_nodes,
		  size_t max_pages)
{
	struct collector *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	c->nr_mem_nodes = nr_mem_nodes;
	if (residency_new(&c->residency, node_ids, nr_mem_nodes, max_pages) < 0) {
		collector_free(c);
		return -ENOMEM;
	}
	*out = c;
	return 0;
}

void collected_deinit(struct collected *of)
{
	free(of->regions);
	free(of->pages);
	*of = (struct collected){0};
}

static int reserve_ranges(struct collector *c, size_t nr)
{
	size_t capacity = MAX(nr, 2 * c->capacity);
	struct residency_range *ranges;

	if (nr <= c->capacity)
		return 0;
	ranges = reallocarray(c->ranges, capacity, sizeof(*ranges));
	if (!ranges)
		return -ENOMEM;
	c->ranges = ranges;
	c->capacity = capacity;
	return 0;
}

/*
 * Make room for NR regions, and not for many more, because each process has its own.  Nothing is
 * copied: when the room changes, the last sample is lost.
 */
static int reserve_regions(struct collected *of, size_t nr, size_t nr_mem_nodes)
{
	size_t capacity = MAX(2 * nr, LEAST_CAPACITY);
	bool is_enough = nr <= of->capacity;
	struct sample_region *regions;
	uint32_t *pages;

	if (is_enough && of->capacity <= 2 * capacity)
		return 0;
	regions = calloc(capacity, sizeof(*regions));
	pages = calloc(capacity * nr_mem_nodes, sizeof(*pages));
	if (!regions || !pages) {
		free(regions);
		free(pages);
		return is_enough ? 0 : -ENOMEM;
	}
	free(of->regions);
	free(of->pages);
	of->regions = regions;
	of->pages = pages;
	of->capacity = capacity;
	of->last.regions = NULL;
	of->last.nr_regions = 0;
	return 0;
}

/*
 * Plan which pages to look at.  Their number is in proportion to heat.  Every region with heat has
 * at least one, so that the shares of the working set are known too.
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

static void fill_regions(const struct collector *c, struct collected *of)
{
	for (size_t i = 0; i < c->folded.nr; i++) {
		const struct damon_region *r = &c->folded.list[i].region;

		of->regions[i] = (struct sample_region){
			.start = r->start,
			.bytes = r->end - r->start,
			.nr_accesses = r->nr_accesses,
			.age = r->age,
			.pages = of->pages + i * c->nr_mem_nodes,
		};
	}
}

int collect(struct collector *c, struct collected *of, const struct collect_source *source)
{
	static const struct views no_views;
	const struct damon_snapshot *snapshot = source->snapshot;
	uint64_t cpu_ns, before_ns = of->last.now_ns;

	if (proc_cpu_ns(&cpu_ns, source->tgid) < 0)
		return -ESRCH;
	if (views_fold(&c->folded, source->views ? source->views : &no_views, snapshot->regions,
		       snapshot->nr_regions, snapshot->max_nr_accesses) < 0 ||
	    reserve_ranges(c, c->folded.nr) < 0 ||
	    reserve_regions(of, c->folded.nr, c->nr_mem_nodes) < 0)
		return -ENOMEM;
	plan_pages(c, source->nr_pages);
	if (residency_sample(c->residency, source->task, c->ranges, c->folded.nr, of->pages) < 0)
		memset(of->pages, 0, c->folded.nr * c->nr_mem_nodes * sizeof(*of->pages));
	fill_regions(c, of);
	of->last = (struct sample){
		.now_ns = source->now_ns,
		.seen_ns = snapshot->time_ns,
		.aggregation_ns = snapshot->aggregation_us * NSEC_PER_USEC,
		.max_nr_accesses = snapshot->max_nr_accesses,
		.regions = of->regions,
		.nr_regions = c->folded.nr,
		.resident_bytes = source->resident_bytes,
		.cpu_ns = before_ns ? cpu_ns - of->cpu_ns : 0,
		.wall_ns = before_ns ? source->now_ns - before_ns : 0,
	};
	of->cpu_ns = cpu_ns;
	return 0;
}
