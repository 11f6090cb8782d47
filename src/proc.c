/* SPDX-License-Identifier: GPL-2.0 */
/* What /proc says of one process. */
#include "proc.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/sysfs.h"
#include "base/util.h"

/* include/linux/sched.h */
#define PF_KTHREAD 0x00200000

int proc_stat_parse(struct proc_stat *out, const char *text)
{
	const char *open = strchr(text, '('), *close = strrchr(text, ')');
	struct proc_stat s = {0};
	unsigned int flags;
	long long rss_pages;
	size_t len;

	if (!open || !close || close < open)
		return -EINVAL;
	len = MIN((size_t)(close - open - 1), sizeof(s.comm) - 1);
	memcpy(s.comm, open + 1, len);
	if (sscanf(text, "%d ", &s.pid) != 1)
		return -EINVAL;
	/* fields 3 state, 4 ppid, 9 flags, 22 starttime, 24 rss */
	if (sscanf(close + 1,
		   " %c %d %*d %*d %*d %*d %u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d "
		   "%" SCNu64 " %*u %lld",
		   &s.state, &s.ppid, &flags, &s.start_time, &rss_pages) != 5)
		return -EINVAL;
	s.kernel_thread = flags & PF_KTHREAD;
	s.rss_bytes = rss_pages > 0 ? (uint64_t)rss_pages * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
	*out = s;
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
