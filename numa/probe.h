/* SPDX-License-Identifier: GPL-2.0 */
/* Measures the latency of memory: a chain of dependent loads from the CPUs of one node over memory of another. */
#ifndef TS_NUMA_PROBE_H
#define TS_NUMA_PROBE_H

#include "numa/topology.h"

#define PROBE_BYTES (UINT64_C(64) << 20) /* a node, at most; at most 1/16 of it */
#define PROBE_NS (50 * NSEC_PER_MSEC)	 /* CPU time a pair */

/*
 * LATENCY_NS is [nr_nodes * nr_nodes] as T's links: filled in for each node with
 * CPUs and node with memory, ns a load as the machine is loaded now, 0 for a
 * pair that could not be measured (logged).  Runs in a thread of its own at
 * nice 10.  0, or -errno when nothing can be measured.
 */
int probe_latencies(uint32_t *latency_ns, const struct topology *t);

#endif
