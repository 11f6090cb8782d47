/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory blocks (Documentation/admin-guide/mm/memory-hotplug.rst).  Block N is the memory from N
 * * block_size_bytes on.  nodeM/memoryN exists on the node that has it.  A block at the edge of a
 * range may be shared, so only whole blocks are asked.  The first and the last are enough,
 * because a range of one node has both.
 */
#include "numa/cxl/blocks.h"

#include <errno.h>
#include <stdlib.h>

#include "base/sysfs.h"

#define MEMORY_DIR "/sys/devices/system/memory"
#define NODE_DIR "/sys/devices/system/node"

/* The file is hexadecimal, without 0x.  0 when the size is not known. */
static uint64_t block_bytes(const char *sysroot)
{
	char text[32], *end;
	unsigned long long bytes;

	if (sysfs_read(text, sizeof(text), sysroot, MEMORY_DIR "/block_size_bytes") < 0)
		return 0;
	bytes = strtoull(text, &end, 16);
	return *end ? 0 : bytes;
}

static int block_node(const struct topology *t, uint64_t block, const char *sysroot)
{
	int found = -1;

	for (size_t i = 0; i < t->nr_nodes; i++) {
		if (!sysfs_exists(sysroot, NODE_DIR "/node%u/memory%llu", t->nodes[i].id,
				  (unsigned long long)block))
			continue;
		if (found >= 0)
			return -1;
		found = (int)t->nodes[i].id;
	}
	return found;
}

int blocks_node(int *out, const struct topology *t, uint64_t start, uint64_t bytes,
		const char *sysroot)
{
	uint64_t size = block_bytes(sysroot), first, last;
	int node;

	if (!size || start + bytes < start || start > UINT64_MAX - size)
		return -ENODATA;
	first = (start + size - 1) / size;
	last = (start + bytes) / size;
	if (first >= last)
		return -ENODATA;
	if (!sysfs_exists(sysroot, MEMORY_DIR "/memory%llu", (unsigned long long)first))
		return -ENOENT;
	node = block_node(t, first, sysroot);
	if (node < 0)
		return -ENODATA;
	if (sysfs_exists(sysroot, MEMORY_DIR "/memory%llu", (unsigned long long)last - 1) &&
	    block_node(t, last - 1, sysroot) != node)
		return -ENODATA;
	*out = node;
	return 0;
}
