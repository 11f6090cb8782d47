/* SPDX-License-Identifier: GPL-2.0 */
/* Memory blocks: which node has the memory at an address. */
#ifndef TS_NUMA_BLOCKS_H
#define TS_NUMA_BLOCKS_H

#include "numa/topology.h"

/*
 * The id of the node of T that has the memory from START on, BYTES long.  0;
 * -ENOENT when there is no memory at that address; -ENODATA when the files do
 * not tell (not recorded, of two nodes, or smaller than a block).
 */
int blocks_node(int *out, const struct topology *t, uint64_t start, uint64_t bytes,
		const char *sysroot);

#endif
