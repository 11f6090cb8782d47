/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory that several processes map: who decides where its pages lie, and by what.  Pure: no I/O,
 * no clock.
 *
 * Each process s that maps the memory runs at some place c(s), and accesses a page of it hz(s)
 * times a second.  All of them wait for a page on node n, in ns a second:
 *
 *   wait(n) = sum over s of hz(s) x L(c(s), n)
 *
 * So to a plan such a page is one that is accessed sum of hz(s) times a second, with the latency
 * wait(n) / sum of hz(s).  Pages then go where all together wait least, though that may be farther
 * for some.  They may lie only where all who map them may have them.
 *
 * One process has the range in the plan: the one with most heat in all of that memory.  In the plan
 * of the others it stays, and so no page is moved twice.  Ranges of two processes need not begin
 * at the same page.  A range that overlaps one of a process with more heat stays as a whole.
 *
 * This knows of managed processes alone.  That nobody else maps a page is found out when it is to
 * move (numa/migrate.h).
 */
#ifndef TS_TIER_SHARED_H
#define TS_TIER_SHARED_H

#include "tier/input.h"

/* A range of a process. */
struct shared_range {
	size_t process, range;	/* which it is, for the caller */
	uint64_t memory;	/* not 0 */
	uint64_t offset, bytes; /* the part of it */
	double hz;		/* accesses of each page by this process */
	int place;		/* where it runs, or MODEL_NO_NODE: not known */
	const bool *may_lie;	/* [mem node] its pages may; NULL: on all */
	bool foreign;		/* see plan_range */
	/* What comes of it.  The arrays are the caller's. */
	bool owns;	/* else it stays */
	double all_hz;	/* accesses of each page by all, of one that owns */
	double *all_ns; /* [mem node] and their mean latency.  0: not known */
	bool *all_may;	/* [mem node] where all may have them */
};

/*
 * Fill in what comes of the NR ranges, in any order, and sort them by memory.  Of IN the machine
 * counts.  A range that overlaps none gets its own figures.
 */
void shared_join(struct shared_range *ranges, size_t nr, const struct plan_input *in);

#endif
