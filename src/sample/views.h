/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Several views of the same memory.  A process may map a part of a file more than once, as
 * garbage collectors and databases do.  Each such mapping is a view.  It has page tables of its
 * own, and so access counts of its own, but the memory behind is there once.  The first view is
 * the original.  The accesses that are seen through the others are folded onto its addresses.
 * Pure: no I/O.
 */
#ifndef TS_VIEWS_H
#define TS_VIEWS_H

#include <stddef.h>
#include <stdint.h>

#include "damon/damon.h"

/* Part of a file as it is mapped: a VMA. */
struct view_mapping {
	uint64_t start, end; /* addresses, END exclusive */
	uint64_t offset;     /* of START in the file */
	uint64_t device, inode;
};

/* START..END shows the same memory as the addresses from ORIGINAL on. */
struct view {
	uint64_t start, end, original;
};

/* Views are in order of addresses.  No original is in a view. */
struct views {
	struct view *list;
	size_t nr, capacity;
};

void views_deinit(struct views *v);

/* Find the views among NR mappings.  This changes the mappings' order.  0 or -ENOMEM. */
int views_find(struct views *v, struct view_mapping *mappings, size_t nr);

/* A region at its original's addresses. */
struct view_region {
	struct damon_region region;
	/* The address of region.start in the view with most accesses.  Ask for its pages there. */
	uint64_t seen_at;
};

/* An array that grows. */
struct view_regions {
	struct view_region *list, *pieces;
	uint64_t *bounds;
	size_t nr, capacity;
};

void view_regions_deinit(struct view_regions *r);

/*
 * Fold NR regions by the views.  They ascend and do not overlap, and so does the result.  Accesses
 * through several views add up, to MAX_NR_ACCESSES at most.  Of ages the smallest counts.  0 or
 * -ENOMEM.
 */
int views_fold(struct view_regions *out, const struct views *v, const struct damon_region *regions,
	       size_t nr, uint32_t max_nr_accesses);

#endif
