/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fills - tell lab_l3_pmu what fills of the last-level caches take in a machine of the memory clock.
 *
 * A CPU with that unit times a sample of its fills.  An emulated one has none, but it has memory
 * whose latency rises with its load.  So this program measures that, from CPUs next to each memory:
 * a few dependent loads, some times a second, ahead of all other work.  The unit has the mean of
 * about a second.  --cxl N --near M: node N is a CXL memory next to the CPUs of node M.
 *
 * It says "ready" when its chains are made, and goes on until it is killed.
 */
#include <err.h>
#include <getopt.h>
#include <inttypes.h>
#include <numa.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "chain.h"

enum {
	MAX_NODES = 8, /* of lab_l3_pmu */
	CHAIN_BYTES = 16 << 20,
	ROUNDS = 5, /* of which the median counts: the host may stop a CPU for long */
	ROUND_LOADS = 128,
	PERIOD_MS = 250,
	PERIODS = 4, /* in the mean */
};

#define PARAMETERS "/sys/module/lab_l3_pmu/parameters/"

/* A memory, and the CPUs next to it.  NEXT is NULL where there is none. */
struct memory {
	struct chain *next;
	int cpu_node;
	double ns[PERIODS];
};

static struct memory dram[MAX_NODES], cxl[MAX_NODES]; /* by node of the CPUs */

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double load_ns(struct memory *m)
{
	double ns[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		uint64_t start = now_ns();

		m->next = chain_follow(m->next, ROUND_LOADS);
		ns[i] = (double)(now_ns() - start) / ROUND_LOADS;
	}
	qsort(ns, ROUNDS, sizeof(*ns), compare);
	return ns[ROUNDS / 2];
}

/* Turns over all CPUs of the node, so that none has to wait for us more than others. */
static void look(struct memory *memories, unsigned int period)
{
	for (size_t i = 0; i < MAX_NODES; i++) {
		struct memory *m = &memories[i];

		if (!m->next)
			continue;
		run_on(m->cpu_node, period);
		m->ns[period % PERIODS] = load_ns(m);
	}
}

static double mean_ns(const struct memory *m)
{
	double sum = 0;

	for (size_t i = 0; i < PERIODS; i++)
		sum += m->ns[i];
	return sum / PERIODS;
}

/* One value for each node of CPUs. */
static void tell(const char *name, const struct memory *memories, bool is_rate)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), PARAMETERS "%s", name);
	f = fopen(path, "we");
	if (!f)
		err(1, "%s", path);
	for (size_t i = 0; i < MAX_NODES; i++) {
		const struct memory *m = &memories[i];
		double value = is_rate ? ROUNDS * ROUND_LOADS * 1000.0 / PERIOD_MS : mean_ns(m);

		fprintf(f, "%s%.0f", i ? "," : "", m->next ? value : 0);
	}
	if (fclose(f))
		err(1, "%s", path);
}

static void tell_all(bool is_rate)
{
	tell(is_rate ? "dram_fills_per_s" : "dram_latency_ns", dram, is_rate);
	tell(is_rate ? "fills_per_s" : "latency_ns", cxl, is_rate);
}

static void take(struct memory *memories, int cpu_node, int mem_node)
{
	memories[cpu_node].next = chain_make(mem_node, CHAIN_BYTES);
	memories[cpu_node].cpu_node = cpu_node;
}

static void take_all(int cxl_node, int near)
{
	struct bitmask *cpus = numa_allocate_cpumask();

	for (int node = 0; node < MAX_NODES && node <= numa_max_node(); node++)
		if (!numa_node_to_cpus(node, cpus) && numa_bitmask_weight(cpus))
			take(dram, node, node);
	numa_free_cpumask(cpus);
	if (near >= 0)
		take(cxl, near, cxl_node);
}

static void run(void)
{
	const struct sched_param first = {.sched_priority = 1};
	const struct timespec period = {.tv_nsec = PERIOD_MS * 1000000L};

	if (sched_setscheduler(0, SCHED_FIFO, &first))
		err(1, "cannot run ahead of others");
	printf("ready\n");
	fflush(stdout);
	for (unsigned int n = 0;; n++) {
		look(dram, n);
		look(cxl, n);
		if (n >= PERIODS - 1)
			tell_all(false);
		if (n == PERIODS - 1)
			tell_all(true); /* nothing was known before */
		nanosleep(&period, NULL);
	}
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {
		{"cxl", required_argument, NULL, 'c'}, {"near", required_argument, NULL, 'n'}, {0}};
	int cxl_node = -1, near = -1, c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) >= 0) {
		switch (c) {
		case 'c':
			cxl_node = (int)parse_number("cxl", optarg, 0, 1023);
			break;
		case 'n':
			near = (int)parse_number("near", optarg, 0, MAX_NODES - 1);
			break;
		default:
			return 2;
		}
	}
	if (optind < argc || (cxl_node < 0) != (near < 0)) {
		fprintf(stderr, "usage: fills [--cxl N --near M]\n");
		return 2;
	}
	if (numa_available() < 0)
		errx(1, "no NUMA in this kernel");
	take_all(cxl_node, near);
	run();
}
