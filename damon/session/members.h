/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The targets of a running context, in the kernel's order.  A "commit" leads from one set of
 * targets to another, and targets that stay keep their regions.
 *
 * The kernel matches targets by index.  Linux 6.19 can drop a target in the middle
 * ("obsolete_target"), and the later ones move up.  Before that, an index in the middle can only
 * be pointed at another process.  An index without use is parked then: it points at our own
 * process until a new target needs it.  It may not point at a process that is gone, because that
 * fails the whole commit.  Indices at the end are cut off.
 */
#ifndef TS_DAMON_MEMBERS_H
#define TS_DAMON_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "damon/damon.h"

struct member {
	struct damon_target target; /* tgid 0: parked */
	struct damon_ranges ranges; /* as given to the kernel; nr 0: all that is mapped */
	size_t index_before;	    /* its index before the last commit, or MEMBER_NEW */
	/* It has the index of another, and that one's regions until the next update. */
	bool reused;
	uint64_t since_ns; /* CLOCK_MONOTONIC; earlier reports are not about this process */
};

#define MEMBER_NEW SIZE_MAX

struct members {
	struct member *list;
	size_t nr, capacity;
	/*
	 * When the last commit began and was done.  A report from between may have the old
	 * indices or the new ones.  0: there was no commit.
	 */
	uint64_t commit_begin_ns, commit_end_ns;
};

/* What to write to targets/N before a commit. */
struct commit_target {
	pid_t pid;
	bool obsolete;
	const struct damon_ranges *ranges; /* borrowed from WANTED; NULL: as they are */
	bool in_pieces; /* cut the ranges: it is new, and nothing is known of its regions */
};

struct commit_plan {
	struct commit_target *targets;
	size_t nr, capacity;
	struct members after; /* the members after the commit; the caller sets its times */
	bool changes;	      /* false: nothing to commit */
};

/*
 * Plan the commit from NOW to WANTED, which has no duplicates and no process that is gone.  SELF
 * is our own pid.  0 or -ENOMEM.
 */
int commit_plan_make(struct commit_plan *plan, const struct members *now,
		     const struct damon_target *wanted, size_t nr_wanted, bool can_obsolete,
		     pid_t self);
void commit_plan_deinit(struct commit_plan *plan);

/* The member that a report of target INDEX at TIME_NS means.  MEMBER_NEW: not known. */
size_t members_find(const struct members *m, size_t index, uint64_t time_ns);

/* Make room for NR members, and keep what is there.  0 or -ENOMEM. */
int members_reserve(struct members *m, size_t nr);
void members_deinit(struct members *m);

/* Is the process still there, the same one, and not a zombie? */
bool target_is_alive(const struct damon_target *target, const char *sysroot);

/*
 * Take the start time from the text of /proc/PID/stat.  0, -EINVAL, or -ESRCH for a process that
 * has exited and waits to be reaped.
 */
int target_parse_stat(uint64_t *start_time, const char *text);

#endif
