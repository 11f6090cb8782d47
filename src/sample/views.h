/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Several views of the same memory: parts of one file that a process maps more
 * than once, as garbage collectors and databases do.  Each view has page tables
 * and thus access counts of its own; the memory behind is there once.  So what is
 * seen through a view is folded onto the addresses of the first, its original.
 * Pure: no I/O.
 */
#ifndef TS_VIEWS_H
#define TS_VIEWS_H

#include <stddef.h>
#include <stdint.h>

#include "damon/damon.h"

/* Part of a file as it is mapped: a VMA. */
struct view_mapping {
	uint64_t start, end; /* addresses, end exclusive */
	uint64_t offset;     /* in the file, of START */
	uint64_t device, inode;
};

/* START..END shows the memory that lies at ORIGINAL, too. */
struct view {
	uint64_t start, end, original;
};

/* In order of addresses; no original is in a view. */
struct views {
	struct view *list;
	size_t nr, capacity;
};

void views_deinit(struct views *v);

/* Find the views among NR mappings, which are put into another order.  0 or -ENOMEM. */
int views_find(struct views *v, struct view_mapping *mappings, size_t nr);

/* A region at its original's addresses. */
struct view_region {
	struct damon_region region;
	uint64_t seen_at; /* region.start in the view used most: there its pages can be asked for */
};

/* An array that grows. */
struct view_regions {
	struct view_region *list, *pieces;
	uint64_t *bounds;
	size_t nr, capacity;
};

void view_regions_deinit(struct view_regions *r);

/*
 * Fold NR regions, ascending and without overlap, by the views: the result is so,
 * too.  Accesses through several views add up, to MAX_NR_ACCESSES at most.  Of ages the
 * smallest counts.  0 or -ENOMEM.
 */
int views_fold(struct view_regions *out, const struct views *v, const struct damon_region *regions,
	       size_t nr, uint32_t max_nr_accesses);

#endif
