/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the clock is told: the machine, from its description in machines/ (clock.sh writes it), and
 * the knobs.
 *
 *   scale=N              guest nanoseconds per modelled one (8): emulation is slow, memory has to
 * be slow with it l2=SIZE  llc=SIZE    bytes, powers of two (1M of each vCPU, 4M shared by the
 * vCPUs of a node) overlap=NS           work that a core gets done beneath one miss (50)
 *   cpus=FIRST-LAST:NODE
 *   memory=START-END:NODE    physical addresses, END exclusive
 *   latency=CPUNODE:NS:NS... to memory node 0, 1, ...
 *   bandwidth=NODE:MBPS      of a memory node, in all (without: no limit)
 *   counts=FILE              JSON lines are appended here
 */
#ifndef LAB_CLOCK_SETTINGS_H
#define LAB_CLOCK_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	CLOCK_MAX_VCPUS = 256,
	CLOCK_MAX_NODES = 8,
	CLOCK_MAX_RANGES = 32,
	CLOCK_GRANULE_SHIFT = 21, /* memory belongs to nodes in pieces of 2 MB */
	CLOCK_MAX_SHIFT = 38,	  /* addresses below 256 GB: a line's number fits 32 bits */
};

struct settings {
	uint64_t scale;
	uint64_t l2_bytes;
	uint64_t llc_bytes;
	uint64_t overlap_ns;
	const char *counts_path; /* borrowed from the arguments; NULL: no counts */
	unsigned int nr_vcpus;
	unsigned int nr_nodes; /* of CPUs or memory: the largest number + 1 */
	uint8_t cpu_node[CLOCK_MAX_VCPUS];
	uint64_t latency_ns[CLOCK_MAX_NODES]
			   [CLOCK_MAX_NODES];	  /* [CPU node][memory node], not scaled */
	uint64_t bandwidth_mbps[CLOCK_MAX_NODES]; /* 0: no limit */
	struct {
		uint64_t start;
		uint64_t end;
		unsigned int node;
	} range[CLOCK_MAX_RANGES];
	unsigned int nr_ranges;
};

/* Fills @out.  On failure false, with a line for people in @why. */
bool settings_parse(struct settings *out, int argc, char **argv, char *why, size_t why_size);

#endif
