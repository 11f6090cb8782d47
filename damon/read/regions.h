/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The regions of all targets at one time.  The arrays are filled again and again.  Once they have
 * grown, that allocates nothing.
 */
#ifndef TS_DAMON_REGIONS_H
#define TS_DAMON_REGIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "damon/damon.h"

/* The run of regions of one target. */
struct regions_run {
	size_t first, nr;
	uint64_t time_ns; /* CLOCK_MONOTONIC when the kernel reported it */
	bool known;	  /* false: no report of this target, NR is 0 */
	bool wanted;	  /* false: this target is not asked for this time */
};

struct regions {
	struct damon_region *all;
	size_t nr, capacity;
	struct regions_run *runs; /* by target index */
	size_t nr_runs, runs_capacity;
};

/*
 * Empty the arrays, and make NR_TARGETS unknown runs.  NR_WANTED of these from FIRST on are
 * wanted, or all if there are fewer.  After the last run comes the first.  0 or -ENOMEM.
 */
int regions_reset(struct regions *r, size_t nr_targets, size_t first, size_t nr_wanted);

/* 0 or -ENOMEM. */
int regions_add(struct regions *r, const struct damon_region *region);

/* Order the regions of a run by address.  Before, they may be in any order, or descend. */
void regions_sort(struct regions *r, const struct regions_run *run);
void regions_reverse(struct regions *r, const struct regions_run *run);

void regions_deinit(struct regions *r);

#endif
