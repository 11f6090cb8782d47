/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The processes of this machine, as /proc tells: one pass after another, one process at a
 * time, so that the caller may stop anywhere and go on in its next tick.
 *
 * What is read once is known again by its pid and the inode of its directory, which live as
 * long as it does.  Kernel threads never turn into anything else and are read once.  Of the
 * rest, those to be watched are read in each pass, the others by turns: so many in a pass that
 * on most machines it is all of them.
 */
#ifndef TS_SCAN_H
#define TS_SCAN_H

#include "base/proc.h"
#include "bpf/abi.h"

/* Read in one pass beside the new and the watched. */
#define SCAN_READS 256

struct process {
	struct proc_stat stat; /* as of the last read */
	ino_t inode;	       /* of /proc/PID */
	/*
	 * Whose id stands for the memory: the process, or where its first thread has ended one
	 * that lives.  Without any, TASK.pid is 0.
	 */
	struct scan_task {
		pid_t pid;
		uint64_t start_time;
	} task;
	uint64_t read_ns;  /* when that was */
	uint64_t busy_ns;  /* last seen to use a hundredth of a CPU, 0 never */
	uint64_t grown_ns; /* last seen larger by a quarter than at the read before, 0 never */
	bool fresh;	   /* read in this pass */
	/* The reader's own, kept as long as the process is known; all 0 at first. */
	struct scan_note {
		bool watch; /* read it in each pass */
		uint64_t details_ns;
		struct proc_memory memory;
		uint64_t cgroup;  /* a hash of its path, 0 unknown */
		uint64_t cold_ns; /* when it was last seen to use no memory, 0 never */
		int reason;
		enum ts_class class;
	} note;
};

struct scan;

/* 0, -ENOMEM, or why /proc can not be opened. */
int scan_new(struct scan **out);
void scan_free(struct scan *s);

/* The next pass begins. */
void scan_begin(struct scan *s);

/* It is NOW_NS (CLOCK_MONOTONIC, not 0) and so long after boot: once for many processes. */
void scan_set_time(struct scan *s, uint64_t now_ns, uint64_t uptime_ticks);

/*
 * The next process, by rising pid; kernel threads and this process itself are left out.  *OUT
 * is the scan's own; it may be noted on until the next call.
 * 1, 0 when the pass is over, -EAGAIN when there is none yet (a good place to stop), or another
 * -errno.
 */
int scan_next(struct scan *s, struct process **out);

/* Why a process could not be read in this pass, though it is there: the first -errno, or 0. */
int scan_error(const struct scan *s);

/* Among those that came already in this pass, or in the one before; NULL when it was not there. */
const struct process *scan_find(const struct scan *s, pid_t pid);

#endif
