/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The targets of a running context, in the kernel's order, and how to get from
 * one set to another by "commit" so that those who stay keep their regions.
 *
 * The kernel matches targets by index.  Linux 6.19 can drop one in the middle
 * ("obsolete_target"): the later ones move up.  Before that a slot in the middle
 * can only be pointed at another process.  A slot without use is then parked at
 * our own process until a new target needs it, because a process that is gone
 * fails the whole commit; slots at the end are cut off.
 */
#ifndef TS_DAMON_MEMBERS_H
#define TS_DAMON_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "damon/damon.h"

struct member {
	struct damon_target target; /* tgid 0: parked */
	struct damon_ranges ranges; /* as given to the kernel; nr 0: what is mapped */
	size_t index_before; /* MEMBER_NEW, or its index before the last commit */
	bool reused; /* took over another's index, and its regions until the next update */
	uint64_t since_ns; /* CLOCK_MONOTONIC; what is reported of it before is not about it */
};

#define MEMBER_NEW SIZE_MAX

struct members {
	struct member *list;
	size_t nr, capacity;
	/*
	 * When the last commit began and was done: reports from between have either
	 * numbering.  0: there was none.
	 */
	uint64_t commit_begin_ns, commit_end_ns;
};

/* What to write to targets/N before a commit. */
struct commit_target {
	pid_t pid;
	bool obsolete;
	const struct damon_ranges *ranges; /* borrowed from WANTED; NULL: as they are */
	bool in_pieces; /* new: nothing is known of its regions */
};

struct commit_plan {
	struct commit_target *targets;
	size_t nr, capacity;
	struct members after; /* the members once the commit is done; its times are the caller's to set */
	bool changes; /* false: nothing to commit */
};

/* 0 or -ENOMEM.  WANTED has no duplicates and no process that is gone; SELF is our own pid. */
int commit_plan_make(struct commit_plan *plan, const struct members *now, const struct damon_target *wanted,
		     size_t nr_wanted, bool can_obsolete, pid_t self);
void commit_plan_deinit(struct commit_plan *plan);

/* Which member does a report of target INDEX at TIME_NS mean?  MEMBER_NEW: none that is known. */
size_t members_find(const struct members *m, size_t index, uint64_t time_ns);

/* Room for NR; keeps contents.  0 or -ENOMEM. */
int members_reserve(struct members *m, size_t nr);
void members_deinit(struct members *m);

/* Is the process still there, the same one, and not a zombie? */
bool target_is_alive(const struct damon_target *target, const char *sysroot);

/*
 * From the text of /proc/PID/stat.  0, -EINVAL, or -ESRCH for one that has
 * exited and waits to be reaped.
 */
int target_parse_stat(uint64_t *start_time, const char *text);

#endif
