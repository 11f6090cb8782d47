/* SPDX-License-Identifier: GPL-2.0 */
/* What /proc says of one process. */
#include "proc.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/sysfs.h"
#include "base/util.h"

/* include/linux/sched.h */
#define PF_KTHREAD 0x00200000

/* *AT at a field: a number follows, *AT is then at the NEXT field after it. */
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
	uint64_t pid, ppid, flags, start_time, rss_pages;
	size_t len;

	if (!open || !close || close < open || close[1] != ' ' || !close[2] || close[3] != ' ')
		return -EINVAL;
	/* fields 3 state, 4 ppid, 9 flags, 22 starttime, 24 rss */
	at = close + 4;
	if (!take_number(&pid, &text, 0) || !take_number(&ppid, &at, 5) ||
	    !take_number(&flags, &at, 13) || !take_number(&start_time, &at, 2) ||
	    !take_number(&rss_pages, &at, 0))
		return -EINVAL;
	*out = (struct proc_stat){
		.pid = (pid_t)pid,
		.ppid = (pid_t)ppid,
		.state = close[2],
		.kernel_thread = flags & PF_KTHREAD,
		.start_time = start_time,
		.rss_bytes = (int64_t)rss_pages > 0 ? rss_pages * (uint64_t)sysconf(_SC_PAGESIZE) : 0,
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

/* A line "KEY:  1234 kB" of /proc/PID/status. */
static int take_kilobytes(uint64_t *bytes, const char *text, const char *key)
{
	const char *line = strstr(text, key);
	char *end;

	if (!line || line == text || line[-1] != '\n')
		return -ENOENT;
	line += strlen(key);
	errno = 0;
	*bytes = strtoull(line, &end, 10) * 1024;
	return end == line || errno ? -EINVAL : 0;
}

int proc_resident(uint64_t *bytes, pid_t pid)
{
	uint64_t resident, huge = 0;
	char text[8192];
	int r = sysfs_read(text, sizeof(text), NULL, "/proc/%d/status", pid);

	if (r == -ENOENT)
		return -ESRCH;
	if (!r)
		r = take_kilobytes(&resident, text, "VmRSS:");
	if (r < 0)
		return r;
	/* a kernel without hugetlb has no such line */
	(void)take_kilobytes(&huge, text, "HugetlbPages:");
	*bytes = resident + huge;
	return 0;
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
		if (strncmp(line, prefix, len) ||
		    sscanf(line, "%*[^ \n] %" SCNu64, &value) != 1)
			continue;
		sum += value;
		found = true;
	}
	if (!found)
		return -ENOENT;
	*out = sum;
	return 0;
}
