/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Measures the latency of memory: the CPUs of one node follow a chain of dependent loads over the
 * memory of another.
 */
#ifndef TS_NUMA_PROBE_H
#define TS_NUMA_PROBE_H

#include "numa/topology.h"

#define PROBE_BYTES (UINT64_C(64) << 20) /* of a node; also never more than 1/16 of it */
#define PROBE_NS (50 * NSEC_PER_MSEC)	 /* CPU time a pair, more where memory is slow */

/*
 * Measure from each node with CPUs to each node with memory.  LATENCY_NS is [nr_nodes * nr_nodes]
 * as T's links, in ns a load as the machine is loaded now.  It is 0 for a pair that could not be
 * measured, and that is logged.  This runs in a thread of its own at nice 10.  0, or -errno when
 * nothing can be measured.
 */
int probe_latencies(uint32_t *latency_ns, const struct topology *t);

#endif
