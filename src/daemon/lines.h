/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How many lines from memory an access that DAMON saw stands for.
 *
 * DAMON looks at a page now and then, and sees whether it was accessed since.  So a sweep over the
 * page is one access, and so are a thousand random ones between two looks.  And what the caches
 * have is accessed too, but nobody waits for it.  The CPUs count the lines that come from memory.
 * The ratio of the two, of a process for the same time, turns what DAMON saw into what its
 * accesses wait for.
 *
 * Counters make context switches slower.  So once the ratio is known there are ten seconds at least
 * between two counts.
 */
#ifndef TS_LINES_H
#define TS_LINES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "counters/figure.h"

struct misses;

/* Zeroed at first. */
struct lines {
	struct misses *count; /* one is under way; else NULL */
	uint64_t due_ns;      /* the next begins */
	struct metric per_s;  /* all lines of the process; unknown until they were counted */
	double per_access;    /* 0: not known */
};

void lines_deinit(struct lines *l);

/*
 * Begin a count of process TGID if it is time for one.  False: it is not.  Where CPUs have no
 * counters, nothing becomes known.
 */
bool lines_begin(struct lines *l, pid_t tgid, uint64_t now_ns);

/* The arithmetic of lines_end(): PER_S lines a second were counted.  Pure. */
void lines_take(struct lines *l, double per_s, double access_hz, uint64_t now_ns);

/* End it a while later, if one is under way.  DAMON saw ACCESS_HZ accesses a second. */
void lines_end(struct lines *l, double access_hz, uint64_t now_ns);

#endif
