/* SPDX-License-Identifier: GPL-2.0 */
/* What /proc says of a process, and of the machine. */
#include "base/proc.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/sysfs.h"
#include "base/util.h"

/* include/linux/sched.h */
#define PF_KTHREAD 0x00200000
/* How many threads are looked at to find one that lives. */
#define MOST_THREADS 64

/* Read the number of the field at *AT.  Then move *AT to the NEXT-th field behind it. */
static bool take_number(uint64_t *out, const char **at, int next)
{
	char *end;

	errno = 0;
	*out = strtoull(*at, &end, 10); /* a negative number becomes its complement */
	if (end == *at || errno)
		return false;
	*at = sysfs_skip_fields(end, next);
	return *at != NULL;
}

int proc_stat_parse(struct proc_stat *out, const char *text)
{
	const char *open = strchr(text, '('), *close = strrchr(text, ')'), *at;
	uint64_t pid, ppid, flags, user_ticks, system_ticks, nr_threads, start_time, vm_bytes,
		rss_pages;
	size_t len;

	if (!open || !close || close < open || close[1] != ' ' || !close[2] || close[3] != ' ')
		return -EINVAL;
	/*
	 * fields 3 state, 4 ppid, 9 flags, 14 utime, 15 stime, 20 num_threads, 22 starttime,
	 * 23 vsize, 24 rss
	 */
	at = close + 4;
	if (!take_number(&pid, &text, 0) || !take_number(&ppid, &at, 5) ||
	    !take_number(&flags, &at, 5) || !take_number(&user_ticks, &at, 1) ||
	    !take_number(&system_ticks, &at, 5) || !take_number(&nr_threads, &at, 2) ||
	    !take_number(&start_time, &at, 1) || !take_number(&vm_bytes, &at, 1) ||
	    !take_number(&rss_pages, &at, 0))
		return -EINVAL;
	*out = (struct proc_stat){
		.pid = (pid_t)pid,
		.ppid = (pid_t)ppid,
		.state = close[2],
		.kernel_thread = flags & PF_KTHREAD,
		.nr_threads = nr_threads,
		.start_time = start_time,
		.cpu_ticks = user_ticks + system_ticks,
		.vm_bytes = vm_bytes,
		.rss_bytes =
			(int64_t)rss_pages > 0 ? rss_pages * (uint64_t)sysconf(_SC_PAGESIZE) : 0,
	};
	len = MIN((size_t)(close - open - 1), sizeof(out->comm) - 1);
	memcpy(out->comm, open + 1, len);
	return 0;
}

int proc_stat_read(struct proc_stat *out, pid_t pid)
{
	char text[1024];
	int r = sysfs_read(text, sizeof(text), NULL, "/proc/%d/stat", pid);

	if (r == -ENOENT)
		return -ESRCH;
	return r < 0 ? r : proc_stat_parse(out, text);
}

/* The number behind NAME at the start of a line.  False where no line begins with NAME. */
static bool line_number(uint64_t *out, const char *text, const char *name)
{
	size_t len = strlen(name);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		const char *at;

		line += *line == '\n';
		at = line + len;
		if (!strncmp(line, name, len))
			return take_number(out, &at, 0);
	}
	return false;
}

static uint64_t line_bytes(const char *text, const char *name)
{
	uint64_t kb;

	return line_number(&kb, text, name) && kb <= UINT64_MAX >> 10 ? kb << 10 : 0;
}

int proc_memory_parse(struct proc_memory *out, const char *text)
{
	uint64_t uid, tgid = 0;

	(void)line_number(&tgid, text, "Tgid:");
	if (!line_number(&uid, text, "Uid:") || uid > UINT32_MAX)
		return -EINVAL;
	*out = (struct proc_memory){
		.tgid = tgid <= INT32_MAX ? (pid_t)tgid : 0,
		.uid = (uid_t)uid,
		.private_bytes = line_bytes(text, "RssAnon:"),
		.shared_bytes = line_bytes(text, "RssFile:") + line_bytes(text, "RssShmem:"),
		.hugetlb_bytes = line_bytes(text, "HugetlbPages:"),
	};
	return 0;
}

int proc_memory_read(struct proc_memory *out, pid_t task)
{
	char text[8192];
	int r = sysfs_read(text, sizeof(text), NULL, "/proc/%d/status", task);

	if (r == -ENOENT)
		return -ESRCH;
	return r < 0 ? r : proc_memory_parse(out, text);
}

bool proc_has_hugetlb(void)
{
	char text[8192];

	return !sysfs_read(text, sizeof(text), NULL, "/proc/meminfo") &&
	       line_bytes(text, "Hugetlb:");
}

static bool is_alive(struct proc_stat *out, pid_t tgid, pid_t task)
{
	char text[1024];

	return task && task != tgid &&
	       !sysfs_read(text, sizeof(text), NULL, "/proc/%d/task/%d/stat", tgid, task) &&
	       !proc_stat_parse(out, text) && out->state != 'Z' && out->state != 'X';
}

static DIR *open_tasks(pid_t tgid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task", tgid);
	return opendir(path);
}

int proc_living_thread(struct proc_stat *out, pid_t tgid, pid_t hint)
{
	_cleanup_closedir_ DIR *tasks = NULL;
	struct dirent *entry;

	if (is_alive(out, tgid, hint))
		return 0;
	tasks = open_tasks(tgid);
	if (!tasks)
		return errno == ENOENT ? -ESRCH : -errno;
	/* a thread that ended leaves the list, unless a tracer keeps it: so look at a few */
	for (int looks = 0; looks < MOST_THREADS && (entry = readdir(tasks)); looks++)
		if (is_alive(out, tgid, atoi(entry->d_name)))
			return 0;
	return -ESRCH;
}

ssize_t proc_threads(pid_t *out, size_t max, pid_t tgid)
{
	_cleanup_closedir_ DIR *tasks = open_tasks(tgid);
	struct dirent *entry;
	size_t nr = 0;

	if (!tasks)
		return errno == ENOENT ? -ESRCH : -errno;
	while ((entry = readdir(tasks))) {
		pid_t thread = atoi(entry->d_name);

		/* "." and ".." are none */
		if (!thread)
			continue;
		if (nr < max)
			out[nr] = thread;
		nr++;
	}
	return (ssize_t)nr;
}

bool process_is_same(struct process_id a, struct process_id b)
{
	return a.pid == b.pid && a.start_time == b.start_time;
}

struct process_id proc_id(const struct proc_stat *p)
{
	return (struct process_id){p->pid, p->start_time};
}

uint64_t proc_uptime_ticks(void)
{
	return clock_ns(CLOCK_BOOTTIME) / (NSEC_PER_SEC / (uint64_t)sysconf(_SC_CLK_TCK));
}

uint64_t proc_age_ticks(const struct proc_stat *p, uint64_t uptime_ticks)
{
	/* it may have started after the clock was read */
	return uptime_ticks > p->start_time ? uptime_ticks - p->start_time : 0;
}

bool proc_is_of(const struct proc_stat *p, uid_t uid)
{
	struct proc_stat now;
	char path[32];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d", p->pid);
	/* the owner first: if it is still the same process afterwards, the owner is right */
	return !stat(path, &st) && st.st_uid == uid && !proc_stat_read(&now, p->pid) &&
	       process_is_same(proc_id(&now), proc_id(p));
}

int proc_cpu_ns(uint64_t *out, pid_t tgid)
{
	struct timespec ts;
	clockid_t clock;

	if (clock_getcpuclockid(tgid, &clock) || clock_gettime(clock, &ts))
		return -ESRCH;
	*out = (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
	return 0;
}

int proc_exe(char *out, size_t size, pid_t pid)
{
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	n = readlink(path, out, size - 1);
	if (n < 0)
		return -errno;
	out[n] = '\0';
	return 0;
}

int proc_cgroup(char *out, size_t size, pid_t pid)
{
	char text[4096], *line;
	int r = sysfs_read(text, sizeof(text), NULL, "/proc/%d/cgroup", pid);

	if (r < 0)
		return r;
	/* the v2 line is "0::/path", behind those of v1 hierarchies if there are any */
	for (line = text; strncmp(line, "0::", 3); line++) {
		line = strchr(line, '\n');
		if (!line)
			return -ENOENT;
	}
	line += 3;
	line[strcspn(line, "\n")] = '\0';
	if (strlen(line) >= size)
		return -ENAMETOOLONG;
	strcpy(out, line);
	return 0;
}

int proc_pressure_parse(double *out, const char *text)
{
	double percent;

	if (sscanf(text, "some avg10=%lf", &percent) != 1 || !(percent >= 0 && percent <= 100))
		return -EINVAL;
	*out = percent;
	return 0;
}

int proc_memory_pressure(double *out)
{
	char text[256];
	int r = sysfs_read(text, sizeof(text), NULL, "/proc/pressure/memory");

	return r < 0 ? r : proc_pressure_parse(out, text);
}

int proc_vmstat_sum(uint64_t *out, const char *text, const char *prefix)
{
	size_t len = strlen(prefix);
	uint64_t sum = 0;
	bool found = false;

	for (const char *line = text; line; line = strchr(line, '\n')) {
		uint64_t value;

		line += *line == '\n';
		if (strncmp(line, prefix, len) || sscanf(line, "%*[^ \n] %" SCNu64, &value) != 1)
			continue;
		sum += value;
		found = true;
	}
	if (!found)
		return -ENOENT;
	*out = sum;
	return 0;
}

int proc_boot_id(char out[PROC_BOOT_ID_SIZE], const char *sysroot)
{
	return sysfs_read(out, PROC_BOOT_ID_SIZE, sysroot, "/proc/sys/kernel/random/boot_id");
}
