/* SPDX-License-Identifier: GPL-2.0 */
/*
 * chase - load-to-use latency of memory, by a chain of dependent loads.
 *
 * Each line of a buffer on the memory node points to another; a thread on the CPU node follows.
 * Caches still hold the end of writing it, so a sweep over other memory goes before the first
 * round.
 *
 * Prints one JSON line: ns per load, the median of many rounds, and the smallest.  A round is
 * shorter than the kernel's tick is apart, so that most of them have none in it: an emulated tick
 * costs several percent of a CPU.
 */
#include <err.h>
#include <getopt.h>
#include <inttypes.h>
#include <numa.h>
#include <stdio.h>
#include <stdlib.h>

#include "chain.h"

enum { BATCH = 256, MAX_ROUNDS = 199 };

static void sweep_caches(int node, size_t bytes)
{
	char *other = memory_on(node, bytes);

	for (size_t i = 0; i < bytes; i += LINE_BYTES)
		(void)*(volatile char *)(other + i);
	numa_free(other, bytes);
}

static double round_ns(struct chain **at, uint64_t at_least_ns)
{
	const uint64_t start = now_ns();
	uint64_t loads = 0, took;

	do {
		*at = chain_follow(*at, BATCH);
		loads += BATCH;
		took = now_ns() - start;
	} while (took < at_least_ns);
	return (double)took / (double)loads;
}

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int usage(void)
{
	fprintf(stderr, "usage: chase --cpu-node C --mem-node N [--size 64M] [--rounds 149] "
			"[--round-ms 1] [--sweep 16M]\n");
	return 2;
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {
		{"cpu-node", required_argument, NULL, 'c'},
		{"mem-node", required_argument, NULL, 'm'},
		{"size", required_argument, NULL, 's'},
		{"rounds", required_argument, NULL, 'r'},
		{"round-ms", required_argument, NULL, 't'},
		{"sweep", required_argument, NULL, 'w'},
		{0},
	};
	size_t bytes = 64 << 20, sweep_bytes = 16 << 20;
	unsigned int rounds = 149, round_ms = 1;
	int cpu_node = -1, mem_node = -1, c;
	double ns[MAX_ROUNDS];
	struct chain *at;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) >= 0) {
		switch (c) {
		case 'c':
			cpu_node = (int)parse_number("cpu-node", optarg, 0, 1023);
			break;
		case 'm':
			mem_node = (int)parse_number("mem-node", optarg, 0, 1023);
			break;
		case 's':
			bytes = parse_size("size", optarg);
			break;
		case 'r':
			rounds = (unsigned int)parse_number("rounds", optarg, 1, MAX_ROUNDS);
			break;
		case 't':
			round_ms = (unsigned int)parse_number("round-ms", optarg, 1, 10000);
			break;
		case 'w':
			sweep_bytes = parse_size("sweep", optarg);
			break;
		default:
			return usage();
		}
	}
	if (optind < argc || cpu_node < 0 || mem_node < 0)
		return usage();
	if (!chain_fits(bytes))
		errx(2, "--size takes a power of two from 64K");
	if (numa_available() < 0)
		errx(1, "no NUMA in this kernel");
	run_on(cpu_node, 0);
	at = chain_make(mem_node, bytes);
	sweep_caches(cpu_node, sweep_bytes);
	for (unsigned int i = 0; i < rounds; i++)
		ns[i] = round_ns(&at, round_ms * 1000000ull);
	qsort(ns, rounds, sizeof(*ns), compare);
	printf("{\"chase\": {\"cpu_node\": %d, \"mem_node\": %d, \"bytes\": %zu, \"rounds\": %u, "
	       "\"ns\": %.1f, \"min_ns\": %.1f}}\n",
	       cpu_node, mem_node, bytes, rounds, ns[rounds / 2], ns[0]);
	return 0;
}
