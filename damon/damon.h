/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A monitoring session with the kernel's DAMON, through its sysfs interface.
 *
 * The session claims one idle kdamond slot, keeps a set of processes (whole
 * address spaces, "vaddr") monitored in it, and returns what the last
 * aggregation interval saw, from DAMON's trace event where it can be used and
 * from tried_regions elsewhere.  It never touches a slot that somebody else uses,
 * and gives back what it changed on damon_close().  What it changed is also
 * kept in a journal file, so that the next start can put it back after a crash.
 *
 * Fatal trouble is a negative errno.  Situations that the caller must explain to
 * a person are positive DAMON_E_*, and damon_strerror() has the words.
 */
#ifndef TS_DAMON_DAMON_H
#define TS_DAMON_DAMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define DAMON_SYSFS "/sys/kernel/mm/damon"
#define DAMON_SAMPLES 20 /* in an aggregation interval: the ratio DAMON's maintainer recommends */

enum damon_error {
	DAMON_E_NONE = 0,
	DAMON_E_NO_SYSFS,    /* the kernel has no DAMON sysfs interface */
	DAMON_E_NO_VADDR,    /* no "vaddr" among avail_operations */
	DAMON_E_NO_REGIONS,  /* neither trace events nor schemes/N/tried_regions (before Linux 6.2) */
	DAMON_E_BUSY,        /* another user holds DAMON; damon_holder() names it */
	DAMON_E_PERMISSION,  /* not root */
};

/* Where the regions are read.  Both give the same figures; the trace event costs a fraction. */
enum damon_reader {
	DAMON_READER_AUTO,          /* trace event, else tried_regions */
	DAMON_READER_TRACE,         /* tracepoint damon:damon_aggregated through a perf event */
	DAMON_READER_TRIED_REGIONS, /* sysfs directories, one for each region */
};

struct damon_options {
	const char *sysroot; /* NULL: this machine */
	const char *journal; /* path of the journal file, in a directory that exists and that a reboot empties */
	uint64_t aggregation_us; /* e.g. 100000 */
	uint32_t samples; /* in each; the sampling interval is at least 1 us.  0: DAMON_SAMPLES */
	bool auto_intervals; /* let the kernel tune both (intervals_goal, Linux 6.15); an error where it can not */
	bool keep_stat; /* leave DAMON_STAT running, which always means DAMON_E_BUSY: it excludes every other user */
	enum damon_reader reader;
	bool by_ranges; /* monitor the ranges that targets come with; without it, or where the kernel has no "fvaddr", what is mapped */
};

enum damon_known { DAMON_UNKNOWN = -1, DAMON_NO, DAMON_YES };

/*
 * What a kernel's DAMON can do, and who uses it; for doctor.  The files that tell
 * appear with a configured slot only; without one the kernel's symbols are asked.
 */
struct damon_probe {
	bool sysfs;
	bool trace; /* damon_aggregated in tracefs, which only root may read */
	enum damon_known vaddr, tried_regions, auto_intervals, obsolete_target;
	bool stat_enabled, reclaim_enabled, lru_sort_enabled; /* modules that hold DAMON now */
	int nr_kdamonds; /* slots, -1 unknown */
	int nr_running; /* of them on */
};

#define DAMON_MAX_RANGES 64

struct damon_range {
	uint64_t start, end; /* virtual addresses, whole pages, end exclusive */
};

/* Ascending, without overlap. */
struct damon_ranges {
	size_t nr;
	struct damon_range list[DAMON_MAX_RANGES];
};

struct damon_target {
	pid_t tgid;
	uint64_t start_time; /* field 22 of /proc/TGID/stat, clock ticks: tells a reused pid from the old one */
	/*
	 * What to monitor of it, borrowed for a call; NULL in what the session returns.  A
	 * target without ranges, or with none in them, is left out where ranges are used.
	 */
	const struct damon_ranges *ranges;
};

struct damon_region {
	uint64_t start, end; /* virtual addresses, end exclusive */
	uint32_t nr_accesses; /* samples of the last aggregation that found the region accessed, 0..max */
	uint32_t age; /* aggregations since the access pattern changed much */
};

struct damon_snapshot {
	struct damon_target target;
	const struct damon_region *regions; /* ascending; valid until the next call on the session */
	size_t nr_regions; /* 0 is a fact: nothing known yet, or the process has just begun */
	uint32_t max_nr_accesses; /* aggregation / sampling interval of this snapshot */
	uint64_t aggregation_us;
	uint64_t time_ns; /* CLOCK_MONOTONIC of that aggregation's end; the same as last time: nothing new.  0 without regions */
};

struct damon;

/* Reads only.  What can not be read stays false, -1 or unknown.  0 or -ENOMEM. */
int damon_probe(struct damon_probe *out, const char *sysroot);

/*
 * Put back what a session that died has left, by its journal: stops the
 * kdamond if it is still ours, frees the slot, starts DAMON_STAT again.
 * Returns the number of things put back (0: nothing to do) or a negative errno.
 * The caller makes sure that no other session lives (see the daemon's lock).
 */
int damon_recover(const char *sysroot, const char *journal);

/*
 * Check the kernel, lift DAMON_STAT if it is in the way (one line of log), and
 * claim a slot.  Starts nothing yet: a kdamond without targets can not run.
 * Returns 0, a DAMON_E_*, or a negative errno; on failure everything is as before.
 */
int damon_open(struct damon **out, const struct damon_options *options);

/*
 * Monitor exactly these processes from now on, in any order.  Targets that stay
 * keep their regions and history, as far as they lie in their ranges; ones that are gone already are dropped
 * silently.  Does nothing when the set is as it was.
 *
 * The kernel refuses a set in which one process has died.  When that happens time and
 * again the youngest are left out, as those that live long seldom die.  Then, or when
 * nothing helps, the answer is -EAGAIN: what is monitored is fewer processes, or those
 * of before, and the caller tries again later.
 *
 * 0, -EAGAIN, a DAMON_E_* (BUSY when another user took DAMON meanwhile), or another
 * negative errno; with any of them what was monitored may be so still.
 */
int damon_set_targets(struct damon *d, const struct damon_target *targets, size_t nr);

/*
 * Take a snapshot of every target; where there are more than MAX, of so many, and calls go
 * round them.  Does not block with trace events; may block
 * for an aggregation interval with tried_regions, and for a sampling interval
 * with auto_intervals.  A target is without regions for the first second or so.
 * *OUT is an array of *NR, owned by the session, valid until its next call.
 * A target that has exited is left out, an aggregation later at most; with none
 * alive *NR is 0.
 * Returns 0, -EAGAIN when the kernel had no snapshot ready (try next tick),
 * -EBUSY when another user took DAMON (damon_holder()), or a negative errno.  If
 * the kdamond was stopped from outside it is started again, with one line of log
 * (but not more often than once a second).
 */
int damon_snapshot(struct damon *d, size_t max, const struct damon_snapshot **out, size_t *nr);

/* Thread id of the running kdamond for the session's own cost accounting, or 0. */
pid_t damon_kdamond_pid(const struct damon *d);

/*
 * The holder that made damon_open() or damon_set_targets() say DAMON_E_BUSY:
 * "DAMON_RECLAIM", "kdamond 0 (pid 123)".
 */
const char *damon_holder(void);

/* One line for a DAMON_E_*: what and what to do about it. */
const char *damon_strerror(int error);

/* Stop, give everything back, remove the journal, free.  NULL is fine. */
void damon_close(struct damon *d);

#endif
