/* SPDX-License-Identifier: GPL-2.0 */
/* What /proc says of a process, and of the machine. */
#ifndef TS_PROC_H
#define TS_PROC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define PROC_BOOT_ID_SIZE 64

/*
 * Names a process, or a thread, for good.  The kernel gives the pid to another one later, and that
 * has started later.
 */
struct process_id {
	pid_t pid;
	uint64_t start_time; /* clock ticks after boot */
};

bool process_is_same(struct process_id a, struct process_id b);

struct proc_stat {
	pid_t pid, ppid;
	char comm[16];
	char state;
	bool kernel_thread;
	uint64_t nr_threads; /* the first one counts until all have ended */
	uint64_t cpu_ticks;  /* used by all its threads, clock ticks */
	uint64_t vm_bytes;   /* of addresses */
	uint64_t start_time; /* clock ticks after boot */
	uint64_t rss_bytes;
};

/*
 * Parse the text of /proc/PID/stat.  The name may hold any byte, parentheses and newlines too.
 * 0 or -EINVAL.
 */
int proc_stat_parse(struct proc_stat *out, const char *text);

/* 0, -ESRCH when there is no such process, or another errno. */
int proc_stat_read(struct proc_stat *out, pid_t pid);

/* The resident memory of a process by kind, and whose it is. */
struct proc_memory {
	pid_t tgid;		/* of the process that it is, or is a thread of; 0: not known */
	uid_t uid;		/* the real one */
	uint64_t private_bytes; /* anonymous */
	uint64_t shared_bytes;	/* of files and shared memory; others may map it too */
	uint64_t hugetlb_bytes; /* not part of what stat calls resident */
};

/* Parse the text of /proc/PID/status.  A figure without a line is 0.  Returns 0 or -EINVAL. */
int proc_memory_parse(struct proc_memory *out, const char *text);

/* TASK is a process or a thread.  0, -ESRCH when there is none, or another errno. */
int proc_memory_read(struct proc_memory *out, pid_t task);

/* Does this machine have hugetlb pages?  False where that cannot be read. */
bool proc_has_hugetlb(void);

struct process_id proc_id(const struct proc_stat *p);

/*
 * Find a living thread of a process whose first thread has ended: HINT (0: none), if that lives.
 * *OUT is what its stat says: its id, its start, the memory of all.  0, or -ESRCH when all ended.
 */
int proc_living_thread(struct proc_stat *out, pid_t tgid, pid_t hint);

/*
 * The threads of a process, at most MAX of them.  Returns how many it has; -ESRCH when there is no
 * such process, or another errno.
 */
ssize_t proc_threads(pid_t *out, size_t max, pid_t tgid);

/* Clock ticks since boot, on the clock of start_time. */
uint64_t proc_uptime_ticks(void);

/* The age of a process, UPTIME_TICKS after boot. */
uint64_t proc_age_ticks(const struct proc_stat *p, uint64_t uptime_ticks);

/*
 * Does the process still exist, and does it belong to this user now?  A process that its user may
 * not look into (it was setuid) belongs to root.
 */
bool proc_is_of(const struct proc_stat *p, uid_t uid);

/* CPU time that all threads of a process have used, living and dead.  0 or -ESRCH. */
int proc_cpu_ns(uint64_t *out, pid_t tgid);

/* Path of the executable, or of the cgroup in the v2 tree ("/user.slice/..."). 0 or -errno. */
int proc_exe(char *out, size_t size, pid_t pid);
int proc_cgroup(char *out, size_t size, pid_t pid);

/* This boot's id.  0 or -errno. */
int proc_boot_id(char out[PROC_BOOT_ID_SIZE], const char *sysroot);

/*
 * Parse /proc/pressure/memory: in how many percent of the last ten seconds some task waited for
 * memory.  0 or -EINVAL.
 */
int proc_pressure_parse(double *out, const char *text);

/* The same, as it is now.  0, or -errno where the kernel does not count pressure. */
int proc_memory_pressure(double *out);

/*
 * The sum of all counters of /proc/vmstat whose names begin with PREFIX.
 * 0 or -ENOENT when it has none.
 */
int proc_vmstat_sum(uint64_t *out, const char *text, const char *prefix);

#endif
