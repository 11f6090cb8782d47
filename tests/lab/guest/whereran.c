/* SPDX-License-Identifier: GPL-2.0 */
/*
 * whereran - on which NUMA nodes did a process spend its CPU time?
 *
 * Samples every thread's run time (/proc/PID/task/TID/schedstat, ns) and CPU
 * (stat, field 39) every 10 ms and books the difference on that CPU's node.
 * Knows nothing of any scheduler, so that all are measured alike.  Prints one
 * JSON line: run time by node, and how long after the start the share on the
 * nodes given by --near was first at least 90% for half a second.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	MAX_CPUS = 1024,
	MAX_NODES = 64,
	MAX_THREADS = 1024,
	SAMPLE_MS = 10,
	WINDOW = 50, /* samples: half a second */
	NEAR_PERCENT = 90,
};

struct thread {
	int tid;
	uint64_t run_ns;
	bool seen;
};

static int node_of_cpu[MAX_CPUS];
static struct thread threads[MAX_THREADS];
static size_t nr_threads;
static uint64_t run_ns[MAX_NODES];

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* node_of_cpu from /sys/devices/system/node/nodeN/cpuM */
static void read_nodes(void)
{
	for (int cpu = 0; cpu < MAX_CPUS; cpu++)
		for (int node = 0; node < MAX_NODES; node++) {
			char path[96];

			snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/cpu%d", node,
				 cpu);
			if (!access(path, F_OK))
				node_of_cpu[cpu] = node;
		}
}

static struct thread *find_thread(int tid)
{
	for (size_t i = 0; i < nr_threads; i++)
		if (threads[i].tid == tid)
			return &threads[i];
	if (nr_threads == MAX_THREADS)
		return NULL;
	threads[nr_threads] = (struct thread){.tid = tid};
	return &threads[nr_threads++];
}

static bool read_text(char *out, size_t size, const char *path)
{
	FILE *f = fopen(path, "r");
	size_t n;

	if (!f)
		return false;
	n = fread(out, 1, size - 1, f);
	fclose(f);
	out[n] = '\0';
	return n > 0;
}

static void sample_thread(int pid, int tid)
{
	struct thread *t = find_thread(tid);
	char path[64], text[1024];
	uint64_t ns;
	int cpu;

	if (!t)
		return;
	snprintf(path, sizeof(path), "/proc/%d/task/%d/schedstat", pid, tid);
	if (!read_text(text, sizeof(text), path) || sscanf(text, "%" SCNu64, &ns) != 1)
		return;
	if (t->seen && ns == t->run_ns)
		return;
	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", pid, tid);
	if (!read_text(text, sizeof(text), path) || !strrchr(text, ')'))
		return;
	/* field 3 is the first behind the name, field 39 the CPU */
	if (sscanf(strrchr(text, ')') + 1,
		   " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d"
		   " %*d %*u %*u %*d %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*d %d",
		   &cpu) != 1)
		return;
	if (cpu < 0 || cpu >= MAX_CPUS)
		return;
	if (t->seen)
		run_ns[node_of_cpu[cpu]] += ns - t->run_ns;
	t->run_ns = ns;
	t->seen = true;
}

/* False when the process has gone. */
static bool sample(int pid)
{
	struct dirent *entry;
	char path[64];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	if (!dir)
		return false;
	while ((entry = readdir(dir)))
		if (isdigit((unsigned char)entry->d_name[0]))
			sample_thread(pid, atoi(entry->d_name));
	closedir(dir);
	return true;
}

static uint64_t total_ns(const bool *only)
{
	uint64_t sum = 0;

	for (int node = 0; node < MAX_NODES; node++)
		if (!only || only[node])
			sum += run_ns[node];
	return sum;
}

static int usage(void)
{
	fprintf(stderr,
		"usage: whereran --pid PID [--near NODE]... [--skip SECONDS] --duration SECONDS\n");
	return 2;
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {
		{"pid", required_argument, NULL, 'p'},
		{"near", required_argument, NULL, 'n'},
		{"skip", required_argument, NULL, 's'},
		{"duration", required_argument, NULL, 'd'},
		{0},
	};
	uint64_t near_at[WINDOW] = {0}, total_at[WINDOW] = {0};
	uint64_t start, base_near = 0, base_total = 0;
	bool near[MAX_NODES] = {false};
	double duration_s = 0, skip_s = 0, settled_s = -1;
	bool skipped = false;
	int pid = 0, c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) >= 0) {
		if (c == 'p')
			pid = atoi(optarg);
		else if (c == 'n' && atoi(optarg) >= 0 && atoi(optarg) < MAX_NODES)
			near[atoi(optarg)] = true;
		else if (c == 's')
			skip_s = atof(optarg);
		else if (c == 'd')
			duration_s = atof(optarg);
		else
			return usage();
	}
	if (pid <= 0 || duration_s <= 0)
		return usage();
	read_nodes();
	start = now_ns();
	for (size_t i = 0; sample(pid); i++) {
		uint64_t near_ns = total_ns(near), all_ns = total_ns(NULL);
		double at_s = (double)(now_ns() - start) / 1e9;
		size_t slot = i % WINDOW;

		if (i >= WINDOW && settled_s < 0 && all_ns > total_at[slot] &&
		    (near_ns - near_at[slot]) * 100 >= (all_ns - total_at[slot]) * NEAR_PERCENT)
			settled_s = at_s - WINDOW * SAMPLE_MS / 1000.0;
		near_at[slot] = near_ns;
		total_at[slot] = all_ns;
		if (!skipped && at_s >= skip_s) {
			skipped = true;
			base_near = near_ns;
			base_total = all_ns;
		}
		if (at_s >= duration_s)
			break;
		usleep(SAMPLE_MS * 1000);
	}
	printf("{\"pid\": %d, \"seconds\": %.3f, \"run_ms\": {", pid,
	       (double)(now_ns() - start) / 1e9);
	for (int node = 0, nr = 0; node < MAX_NODES; node++)
		if (run_ns[node])
			printf("%s\"%d\": %" PRIu64, nr++ ? ", " : "", node,
			       run_ns[node] / 1000000);
	printf("}, ");
	if (total_ns(NULL) > base_total)
		printf("\"near_percent\": %.1f, ", 100.0 * (double)(total_ns(near) - base_near) /
							   (double)(total_ns(NULL) - base_total));
	else
		printf("\"near_percent\": null, ");
	if (settled_s >= 0)
		printf("\"settled_s\": %.2f}\n", settled_s < 0 ? 0 : settled_s);
	else
		printf("\"settled_s\": null}\n");
	return 0;
}
