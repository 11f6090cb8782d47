/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who maps a page.  The kernel counts how many map it (/proc/kpagecount), and not who.  But
 * which page of memory lies at an address of a process can be asked (/proc/PID/pagemap).  So where
 * as many of the processes that we know of have it as map it, nobody else does.
 *
 * This is exact for each page, as of the moment of asking.  It takes a system call for each page
 * and one for each process.  Counting the mappings of a file would be cheaper, but the kernel shows
 * no such count.
 */
#ifndef TS_NUMA_MAPPERS_H
#define TS_NUMA_MAPPERS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Where somebody has the same memory. */
struct mapper {
	pid_t task;	/* a living thread of the process */
	uint64_t start; /* the address of the first page */
};

/* Of so many pages at a time: as much as a huge page has. */
#define MAPPERS_MAX_PAGES 512

/*
 * Fill KNOWN: of each of NR pages, do the MAPPERS alone map it?  False also where that cannot be
 * told.  NR is at most MAPPERS_MAX_PAGES.
 */
void mappers_know(bool *known, uint32_t nr, const struct mapper *mappers, uint32_t nr_mappers);

#endif
