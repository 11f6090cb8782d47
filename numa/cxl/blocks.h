/* SPDX-License-Identifier: GPL-2.0 */
/* Memory blocks: which node has the memory at an address. */
#ifndef TS_NUMA_BLOCKS_H
#define TS_NUMA_BLOCKS_H

#include "numa/topology.h"

/*
 * *OUT is the id of the node of T that has the memory from START on, BYTES long.  Returns 0, or
 * -ENOENT when there is no memory at that address.  -ENODATA when the files do not tell: they are
 * not recorded, the memory is of two nodes, or it is smaller than a block.
 */
int blocks_node(int *out, const struct topology *t, uint64_t start, uint64_t bytes,
		const char *sysroot);

#endif
