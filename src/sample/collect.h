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

#include <sys/types.h>

#include "damon/damon.h"
#include "sample/sample.h"
#include "sample/views.h"

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

#endif
