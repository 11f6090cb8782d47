/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The processes of this machine, as /proc tells.  There is one pass after another, one process at
 * a time.  So the caller may stop anywhere and go on in its next tick.
 *
 * A process that was read is known again by its pid and the inode of its directory, which live as
 * long as it does.  Kernel threads never turn into anything else, and are read once.  Processes
 * that are watched are read in each pass.  The others take turns, so many in a pass that on most
 * machines it is all of them.
 */
#ifndef TS_SCAN_H
#define TS_SCAN_H

#include "base/proc.h"
#include "bpf/abi.h"

/* So many are read in one pass beside the new and the watched ones. */
#define SCAN_READS 256

struct process {
	struct proc_stat stat; /* as of the last read */
	ino_t inode;	       /* of /proc/PID */
	/*
	 * The thread whose id stands for the memory.  It is the first one, or a living one when
	 * the first has ended.  TASK.pid is 0 if there is none.
	 */
	struct process_id task;
	uint64_t read_ns;  /* when it was read last */
	uint64_t busy_ns;  /* last seen to use a hundredth of a CPU, 0 never */
	uint64_t grown_ns; /* last seen larger by a quarter than at the read before, 0 never */
	bool fresh;	   /* read in this pass */
	/* For the reader.  It is kept as long as the process is known, and all 0 at first. */
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

/* 0, -ENOMEM, or the -errno for which /proc can not be opened. */
int scan_new(struct scan **out);
void scan_free(struct scan *s);

/* Begin the next pass. */
void scan_begin(struct scan *s);

/* Set the time, once for many processes.  NOW_NS is CLOCK_MONOTONIC, not 0. */
void scan_set_time(struct scan *s, uint64_t now_ns, uint64_t uptime_ticks);

/*
 * The next process, by rising pid.  Kernel threads and this process itself are left out.  The scan
 * owns *OUT, and the caller may write its note until the next call.  Returns 1, 0 when the pass is
 * over, -EAGAIN when there is none yet (a good place to stop), or another -errno.
 */
int scan_next(struct scan *s, struct process **out);

/*
 * The first -errno for which a process could not be read in this pass, though it is there.  Or 0.
 */
int scan_error(const struct scan *s);

/* The process of this pid if it came in this pass already, else in the one before.  Or NULL. */
const struct process *scan_find(const struct scan *s, pid_t pid);

#endif
