/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The extent of a process: which ranges of its addresses hold memory.
 *
 * Many programs reserve much more than they use: Go, Java, LMDB, tcmalloc.  DAMON's own rule
 * takes three areas, between the largest gaps.  Of a terabyte of addresses with 70 MB in them it
 * monitors the terabyte, and no sample ever hits the 70 MB.  So we give DAMON the ranges with
 * memory in them.
 *
 * A look asks the kernel for the first page that is present from an address on (PAGEMAP_SCAN,
 * Linux 6.7).  The next question starts one cell behind that page.  So a look costs a question a
 * cell, and the upper levels of page tables skip holes.  A cell is 2 MB.  It is larger where a
 * process has so much memory that there would be more than some hundreds of cells.  Runs of cells
 * are ranges.  Where there are more than DAMON takes, the smallest gaps are closed.
 *
 * Looks are repeated because heaps grow: a second later where something changed, and seldom where
 * nothing does.
 *
 * collect.h has the calls.  Here is the pure part.
 */
#ifndef TS_EXTENT_H
#define TS_EXTENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "damon/damon.h"

struct extent_runs {
	struct damon_range *list; /* ascending, GAP_BYTES or more between them */
	size_t nr, capacity;
	uint64_t gap_bytes; /* smaller gaps are closed */
};

#define EXTENT_MAX_RUNS 1024

/*
 * Add START..END, which does not start before the last run.  With more than EXTENT_MAX_RUNS,
 * gap_bytes grows.  0 or -ENOMEM.
 */
int extent_runs_add(struct extent_runs *runs, uint64_t start, uint64_t end);

/* Close the smallest gaps until there are at most MAX. */
void extent_runs_close(struct extent_runs *runs, size_t max);

/* Is NEXT so different from NOW that DAMON should be told? */
bool extent_differs(const struct damon_ranges *now, const struct damon_ranges *next);

#endif
