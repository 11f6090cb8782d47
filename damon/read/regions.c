/* SPDX-License-Identifier: GPL-2.0 */
/* Arrays of regions: see regions.h. */
#include "damon/read/regions.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"

int regions_reset(struct regions *r, size_t nr_targets, size_t first, size_t nr_wanted)
{
	if (nr_targets > r->runs_capacity) {
		struct regions_run *runs = realloc(r->runs, nr_targets * sizeof(*runs));

		if (!runs)
			return -ENOMEM;
		r->runs = runs;
		r->runs_capacity = nr_targets;
	}
	if (nr_targets)
		memset(r->runs, 0, nr_targets * sizeof(*r->runs));
	for (size_t i = 0; i < MIN(nr_wanted, nr_targets); i++)
		r->runs[(first + i) % nr_targets].wanted = true;
	r->nr_runs = nr_targets;
	r->nr = 0;
	return 0;
}

int regions_add(struct regions *r, const struct damon_region *region)
{
	if (r->nr == r->capacity) {
		size_t capacity = MAX(256, r->capacity * 2);
		struct damon_region *all = realloc(r->all, capacity * sizeof(*all));

		if (!all)
			return -ENOMEM;
		r->all = all;
		r->capacity = capacity;
	}
	r->all[r->nr++] = *region;
	return 0;
}

static int by_start(const void *a, const void *b)
{
	const struct damon_region *left = a, *right = b;

	return (left->start > right->start) - (left->start < right->start);
}

void regions_sort(struct regions *r, const struct regions_run *run)
{
	if (!run->nr)
		return;
	qsort(r->all + run->first, run->nr, sizeof(*r->all), by_start);
}

void regions_reverse(struct regions *r, const struct regions_run *run)
{
	struct damon_region *low = r->all + run->first, *high = low + run->nr;

	while (low + 1 < high) {
		struct damon_region swap = *low;

		*low++ = *--high;
		*high = swap;
	}
}

void regions_deinit(struct regions *r)
{
	free(r->all);
	free(r->runs);
	*r = (struct regions){0};
}
