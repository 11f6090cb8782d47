/* SPDX-License-Identifier: GPL-2.0 */
/* HMAT: what the kernel says of accesses to a node's memory from its nearest initiators. */
#ifndef TS_NUMA_HMAT_H
#define TS_NUMA_HMAT_H

#include <stdint.h>

#include "base/idlist.h"

/*
 * Figures beyond these are mistakes of firmware, and count as unknown.  (The kernel has filtered
 * ACPI's "not provided" values before.)
 */
#define HMAT_MAX_LATENCY_NS 1000000u

struct hmat {
	struct idlist initiators;     /* node ids with CPUs; empty when not stated */
	uint32_t read_latency_ns;     /* 0 unknown */
	uint32_t read_bandwidth_mbps; /* 0 unknown */
};

#define HMAT_INIT {IDLIST_INIT, 0, 0}

/*
 * Read nodeN/access1 (nearest CPUs).  Where there is only access0 (nearest initiator of any
 * kind), read that if it names CPUs.  CPU_NODES are the ids of nodes with CPUs.  What is missing
 * or odd is unknown.  0 or -ENOMEM.
 */
int hmat_read(struct hmat *out, const char *sysroot, unsigned int node,
	      const struct idlist *cpu_nodes);

/* Read a latency (ns) or bandwidth (MB/s) file.  0 where it is missing, garbage or too large. */
uint32_t hmat_read_latency(const char *sysroot, const char *dir);
uint32_t hmat_read_bandwidth(const char *sysroot, const char *dir);

void hmat_deinit(struct hmat *hmat);

#endif
