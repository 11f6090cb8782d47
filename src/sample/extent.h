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
 */
#ifndef TS_EXTENT_H
#define TS_EXTENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "damon/damon.h"
#include "sample/views.h"

struct extent;

/* Can this kernel tell?  Not before Linux 6.11 (PROCMAP_QUERY), nor without PROC_PAGE_MONITOR. */
bool extent_is_supported(void);

/* NULL without memory. */
struct extent *extent_new(void);
void extent_free(struct extent *e);

/*
 * Begin a look if it is time, or go on with the one that was begun.  Stop when it is done, or at
 * UNTIL_NS (CLOCK_MONOTONIC, as NOW_NS).  TASK is the process, or a living thread of it.
 * RSS_BYTES is its resident size now, roughly.  A look comes sooner when that changes.  Returns 1
 * when the ranges have changed, 0, or a negative errno.  On failure they stay as they are.
 */
int extent_look(struct extent *e, pid_t task, uint64_t now_ns, uint64_t until_ns,
		uint64_t rss_bytes);

/* The ranges, as of the last look that found them changed.  nr 0: none is known. */
const struct damon_ranges *extent_ranges(const struct extent *e);

/* Resident memory as of the last look.  Of several views one counts.  0: not known. */
uint64_t extent_resident_bytes(const struct extent *e);

const struct views *extent_views(const struct extent *e);

/* The pure part. */

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
