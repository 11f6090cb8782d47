/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A monitoring session with the kernel's DAMON, through its sysfs interface.
 *
 * A slot is a directory of that interface, and may run one kdamond.  The session claims one idle
 * slot and keeps a set of processes monitored in it: their whole address spaces ("vaddr"), or
 * given ranges ("fvaddr").  It returns what the last aggregation interval saw.  It reads that
 * from DAMON's trace event where it can, and from tried_regions elsewhere.
 *
 * The session never touches a slot that somebody else uses.  damon_close() puts back what the
 * session has changed.  A journal file also has the changes, so that the next start can put them
 * back after a crash.
 *
 * Fatal trouble is a negative errno.  The caller must explain some situations to a person.  These
 * are positive DAMON_E_*, and damon_strerror() has the words.
 */
#ifndef TS_DAMON_DAMON_H
#define TS_DAMON_DAMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define DAMON_SYSFS "/sys/kernel/mm/damon"
/* In an aggregation interval: the ratio that DAMON's maintainer recommends. */
#define DAMON_SAMPLES 20

enum damon_error {
	DAMON_E_NONE = 0,
	DAMON_E_NO_SYSFS,   /* the kernel has no DAMON sysfs interface */
	DAMON_E_NO_VADDR,   /* no "vaddr" among avail_operations */
	DAMON_E_NO_REGIONS, /* no trace events, no schemes/N/tried_regions (before Linux 6.2) */
	DAMON_E_BUSY,	    /* another user holds DAMON; damon_holder() names it */
	DAMON_E_PERMISSION, /* not root */
};

/* Where regions are read.  Both ways give the same figures, and the trace event costs less. */
enum damon_reader {
	DAMON_READER_AUTO,	    /* trace event, else tried_regions */
	DAMON_READER_TRACE,	    /* tracepoint damon:damon_aggregated through a perf event */
	DAMON_READER_TRIED_REGIONS, /* sysfs directories, one for each region */
};

struct damon_options {
	const char *sysroot; /* NULL: this machine */
	/* Path of the journal file.  Its directory exists, and a reboot empties it. */
	const char *journal;
	uint64_t aggregation_us; /* e.g. 100000 */
	/* In an aggregation.  The sampling interval is at least 1 us.  0: DAMON_SAMPLES. */
	uint32_t samples;
	/* Let the kernel tune both (intervals_goal, Linux 6.15).  An error where it can not. */
	bool auto_intervals;
	/* Leave DAMON_STAT running.  It excludes every other user, so this means DAMON_E_BUSY. */
	bool keep_stat;
	enum damon_reader reader;
	/*
	 * Monitor the ranges that targets come with.  Without this, or where the kernel has no
	 * "fvaddr", monitor all that is mapped.
	 */
	bool by_ranges;
};

enum damon_known { DAMON_UNKNOWN = -1, DAMON_NO, DAMON_YES };

/*
 * What a kernel's DAMON can do, and who uses it, for doctor.  The files that tell it appear only
 * with a configured slot.  Without one the kernel's symbols tell it.
 */
struct damon_probe {
	bool sysfs;
	bool trace; /* damon_aggregated in tracefs, which only root may read */
	enum damon_known vaddr, tried_regions, auto_intervals, obsolete_target;
	bool stat_enabled, reclaim_enabled, lru_sort_enabled; /* modules that hold DAMON now */
	int nr_kdamonds;				      /* slots, -1 unknown */
	int nr_running;					      /* how many of these run */
};

#define DAMON_MAX_RANGES 64

struct damon_range {
	uint64_t start, end; /* virtual addresses, whole pages, END exclusive */
};

/* Ascending, without overlap. */
struct damon_ranges {
	size_t nr;
	struct damon_range list[DAMON_MAX_RANGES];
};

struct damon_target {
	pid_t tgid;
	/* Field 22 of /proc/TGID/stat, clock ticks.  It tells a reused pid from the old one. */
	uint64_t start_time;
	/*
	 * What to monitor of it, borrowed for a call.  NULL in what the session returns.  Where
	 * ranges are used, a target without any range is left out.
	 */
	const struct damon_ranges *ranges;
};

struct damon_region {
	uint64_t start, end;  /* virtual addresses, END exclusive */
	uint32_t nr_accesses; /* samples of the last aggregation that found it accessed, 0..max */
	uint32_t age;	      /* aggregations since the access pattern changed much */
};

struct damon_snapshot {
	struct damon_target target;
	/* Ascending.  Valid until the next call on the session. */
	const struct damon_region *regions;
	size_t nr_regions;	  /* 0: nothing is known yet, or the process has just begun */
	uint32_t max_nr_accesses; /* aggregation / sampling interval of this snapshot */
	uint64_t aggregation_us;
	/*
	 * CLOCK_MONOTONIC of that aggregation's end.  The same as last time means nothing new.  0
	 * without regions.
	 */
	uint64_t time_ns;
};

struct damon;

/* It reads only.  What can not be read stays false, -1 or unknown.  0 or -ENOMEM. */
int damon_probe(struct damon_probe *out, const char *sysroot);

/*
 * Put back what a dead session has left, by its journal.  It stops the kdamond if that is still
 * ours, frees the slot, and starts DAMON_STAT again.  Returns the number of things put back (0:
 * nothing to do) or a negative errno.  The caller makes sure that no other session lives (see the
 * daemon's lock).
 */
int damon_recover(const char *sysroot, const char *journal);

/*
 * Check the kernel, stop DAMON_STAT if it is in the way (one line of log), and claim a slot.
 * Nothing is started yet, because a kdamond without targets can not run.  Returns 0, a DAMON_E_*,
 * or a negative errno.  On failure everything is as before.
 */
int damon_open(struct damon **out, const struct damon_options *options);

/*
 * Monitor exactly these processes from now on, in any order.  Targets that stay keep their regions
 * and history, as far as these lie in their ranges.  Targets that are gone already are dropped
 * without a word.  Nothing is done when the set is as it was.
 *
 * The kernel refuses a set in which one process has died.  When that happens again and again, the
 * youngest are left out, because a process that has lived long seldom dies.  The answer is -EAGAIN
 * then, and also when nothing helps.  Fewer processes are monitored, or those of before, and the
 * caller tries again later.
 *
 * Returns 0, -EAGAIN, a DAMON_E_* (BUSY when another user took DAMON meanwhile), or another
 * negative errno.  After any failure the old set may still be monitored.
 */
int damon_set_targets(struct damon *d, const struct damon_target *targets, size_t nr);

/*
 * Take a snapshot of every target.  Where there are more than MAX targets, take MAX, and the next
 * call goes on with the others.  *OUT is an array of *NR.  The session owns it, and it is valid
 * until the next call on the session.
 *
 * A target has no regions for the first second or so.  A target that has exited is left out, an
 * aggregation later at most.  With none alive *NR is 0.
 *
 * With trace events this does not block.  With tried_regions it may block for an aggregation
 * interval, and with auto_intervals for a sampling interval.
 *
 * Returns 0, or -EAGAIN when the kernel had no snapshot ready (try at the next tick), -EBUSY when
 * another user took DAMON (damon_holder()), or another negative errno.  If the kdamond was stopped
 * from outside, it is started again with one line of log, but at most once a second.
 */
int damon_snapshot(struct damon *d, size_t max, const struct damon_snapshot **out, size_t *nr);

/* Thread id of the running kdamond, or 0.  It is for counting what the session costs. */
pid_t damon_kdamond_pid(const struct damon *d);

/*
 * The holder that made damon_open() or damon_set_targets() return DAMON_E_BUSY: "DAMON_RECLAIM",
 * "kdamond 0 (pid 123)".
 */
const char *damon_holder(void);

/* One line for a DAMON_E_*: what it is, and what to do about it. */
const char *damon_strerror(int error);

/* Stop, put everything back, remove the journal, free.  D may be NULL. */
void damon_close(struct damon *d);

#endif
