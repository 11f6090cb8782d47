/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who maps the same memory: which of the processes of a survey, and whether others do.
 *
 * Whether others do is asked page by page, of the kernel (numa/mappers.h).  A few pages stand for a
 * range.  What is asked for one process holds for all that have the same memory.  The hottest
 * ranges are asked first, and once SHARERS_MAX_LOOKS pages have been looked at the rest counts as
 * not known.  So a database of a hundred processes costs no more than one of four.
 */
#ifndef TS_SHARERS_H
#define TS_SHARERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "numa/mappers.h"
#include "numa/migrate.h"
#include "tier/input.h"

/* Pages of a range that stand for it. */
#define SHARERS_PAGES 8
/* Of each page one look a process that maps it.  A look is one or two system calls. */
#define SHARERS_MAX_LOOKS 2048

/* The signature of mappers_know(), for tests. */
typedef void sharers_know_fn(bool *known, uint32_t nr, const struct mapper *mappers,
			     uint32_t nr_mappers);

/* A range of shared memory. */
struct sharers_item {
	size_t process;
	struct plan_range *range;
	double heat;
};

/* Processes with their rules.  All memory is the caller's. */
struct sharers {
	size_t nr;
	const struct plan_process *processes; /* [nr] */
	const pid_t *tasks;		      /* [nr] a thread that stands for its memory */
	struct plan_range *ranges;	      /* of process I from I * STRIDE on */
	size_t stride;
	struct sharers_item *items; /* [nr * stride] for sharers_find_foreign() */
	sharers_know_fn *know;	    /* NULL: the kernel's */
};

/*
 * Who else maps the memory at START..+BYTES of process AT, and where START is there.  That is in
 * one of its ranges.  Returns how many there are, at most MAX.
 */
size_t sharers_of(const struct sharers *s, struct mapper *out, size_t max, size_t at,
		  uint64_t start, uint64_t bytes);

/* Does a process access memory that others may map too? */
bool sharers_may_share(const struct sharers *s, size_t at);

/*
 * Set .foreign of all ranges: may others map it that are none of these processes?  It is set, too,
 * where more than MIGRATE_MAX_SHARERS of them do, because then nobody can tell.
 */
void sharers_find_foreign(struct sharers *s);

#endif
