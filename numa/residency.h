/* SPDX-License-Identifier: GPL-2.0 */
/*
 * On which node do the pages of a process lie?  Samples addresses with
 * move_pages(2) in query mode, which moves nothing.
 */
#ifndef TS_NUMA_RESIDENCY_H
#define TS_NUMA_RESIDENCY_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct residency;

struct residency_range {
	uint64_t start, end; /* bytes, END exclusive; the sampler rounds to pages */
	uint32_t nr_wanted;  /* pages to look at; all of them when the range is smaller */
};

/*
 * NODE_IDS lists the nodes to count on, and is copied.  MAX_PAGES bounds one call.  Memory for it
 * is allocated here, so that sampling allocates nothing.  0 or -ENOMEM.
 */
int residency_new(struct residency **out, const unsigned int *node_ids, size_t nr_nodes,
		  size_t max_pages);

/*
 * Look at pages of each of the NR ranges of process TGID: up to nr_wanted of a range, spread at
 * random.  COUNTS is [nr][nr_nodes] and is overwritten by the pages found on each node.  Pages
 * that are not present (never touched, swapped, unmapped) count nowhere.  So a row may sum to
 * less than was asked, or to 0.
 *
 * Wanted pages beyond max_pages are scaled down evenly.
 *
 * Returns 0 or an errno of move_pages(2).  -ESRCH: the process or its memory is gone (a zombie),
 * or it never had any (a kernel thread, TGID below 1).  -EPERM: we may not read the process as
 * ptrace would (another user's, without CAP_SYS_PTRACE).  It costs about 0.5 us a page on real
 * hardware.
 */
int residency_sample(struct residency *r, pid_t tgid, const struct residency_range *ranges,
		     size_t nr, uint32_t *counts);

void residency_free(struct residency *r);

static inline void residency_freep(struct residency **r)
{
	residency_free(*r);
}

#endif
