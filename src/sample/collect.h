/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The collector makes a sample of DAMON's snapshot of a process.  It folds views of the same
 * memory.  It asks on which node some pages of each region with accesses lie.  It reads CPU time.
 *
 * The last sample of each process is kept until its next one.  DAMON is asked for at most 3000
 * regions of all processes together, so samples are bounded too.  A region takes 40 bytes, and 4
 * for each memory node.  Arrays have at most four times the size that is needed, and room for 64
 * regions at least.
 */
#ifndef TS_COLLECT_H
#define TS_COLLECT_H

#include <stdbool.h>
#include <sys/types.h>

#include "damon/damon.h"
#include "sample/sample.h"

/* Several views of the same memory in one process. */
struct views;

/* Scratch memory for one process at a time. */
struct collector;

/* What was collected of one process, all 0 at first.  It owns what LAST points to. */
struct collected {
	struct sample last;
	struct sample_region *regions;
	uint32_t *pages; /* [region][mem node] */
	size_t capacity; /* regions */
	uint64_t cpu_ns; /* CPU time that the process had used at the last sample */
};

struct collect_source {
	pid_t tgid;
	pid_t task; /* the thread whose id stands for its memory */
	const struct damon_snapshot *snapshot;
	const struct views *views; /* NULL: none known */
	uint64_t resident_bytes;   /* 0 unknown */
	size_t nr_pages;	   /* look at about so many */
	uint64_t now_ns;	   /* CLOCK_MONOTONIC */
};

/* It counts pages on the nodes NODE_IDS, at most MAX_PAGES in a call.  0 or -ENOMEM. */
int collector_new(struct collector **out, const unsigned int *node_ids, size_t nr_mem_nodes,
		  size_t max_pages);
void collector_free(struct collector *c);

/*
 * Make a new sample of the process OF.  nr_migrations is left 0, and the caller counts them.  0,
 * -ESRCH when the process has ended, or -ENOMEM.  On failure the last sample stays.
 */
int collect(struct collector *c, struct collected *of, const struct collect_source *source);

void collected_deinit(struct collected *of);

/*
 * The extent of a process: which ranges of its addresses hold memory.  DAMON is given these, and
 * not what a program has reserved.  extent.h has the theory.
 */
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

#endif
