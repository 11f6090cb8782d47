/* SPDX-License-Identifier: GPL-2.0 */
/*
 * CXL memory devices, regions and the nodes their memory becomes.  Two readers
 * give the same answer: libcxl for this machine, plain files for a recorded one
 * (libcxl knows no other root than /sys).
 *
 * Names here avoid cxl_*, which belongs to libcxl.
 */
#ifndef TS_NUMA_CXL_H
#define TS_NUMA_CXL_H

#include "numa/topology.h"

struct inventory_region {
	struct topology_region info;
	struct idlist mems; /* N of each memN behind it */
};

struct inventory {
	struct topology_memdev *memdevs; /* ascending */
	size_t nr_memdevs;
	struct inventory_region *regions; /* ascending */
	size_t nr_regions;
};

#define INVENTORY_INIT { NULL, 0, NULL, 0 }

/*
 * Fill OUT, the regions' access coordinates apart.  0, -ENOMEM, or for libcxl
 * another errno.  The caller frees OUT with inventory_deinit(), on failure too.
 */
int inventory_read_libcxl(struct inventory *out);
int inventory_read_sysfs(struct inventory *out, const char *sysroot);

/* For the readers.  Copies MEMDEV; takes REGION's mems over.  0 or -ENOMEM. */
int inventory_add_memdev(struct inventory *inventory, const struct topology_memdev *memdev);
int inventory_add_region(struct inventory *inventory, struct inventory_region *region);

/*
 * Read the inventory, access coordinates included, and note on every node of T
 * whether it is CXL memory, its devices and its attach node.  ATTACH is
 * [nr_nodes], empty sets: gets the node ids the memdevs behind each node report
 * as their own.  0 or -ENOMEM; T's memdevs and regions are filled on success.
 */
int inventory_read(struct topology *t, struct idlist *attach, const char *sysroot);

void inventory_deinit(struct inventory *inventory);

#endif
