/* SPDX-License-Identifier: GPL-2.0 */
/* NUMA nodes as /sys/devices/system/node shows them, and the SLIT. */
#ifndef TS_NUMA_NODES_H
#define TS_NUMA_NODES_H

#include <stdint.h>

#include "numa/topology.h"

/*
 * Fill nodes[] with ids, CPUs, memory and tier.  The other fields say unknown.  A node that
 * vanishes while it is read is left out.  0, -ENOENT (no nodes) or -ENOMEM.
 */
int nodes_read(struct topology *t, const char *sysroot);

/* How many bytes of memory node ID has.  0 or a negative errno. */
int nodes_read_mem_bytes(uint64_t *out, unsigned int id, const char *sysroot);

/*
 * Read the SLIT.  OUT is [from * nr_nodes + to], 0 unknown.  The caller frees it.  Where one
 * direction is missing, the other one is taken.  The distance of a node to itself is 10 by
 * definition.  0 or -ENOMEM.
 */
int nodes_read_slit(uint32_t **out, const struct topology *t, const char *sysroot);

#endif
