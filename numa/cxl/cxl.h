/* SPDX-License-Identifier: GPL-2.0 */
/*
 * CXL memory devices, regions and the nodes of their memory.  Two readers give the same answer:
 * libcxl for this machine, and plain files for a recorded one.  (libcxl knows no other root than
 * /sys.)
 *
 * No name here begins with cxl_, because those belong to libcxl.
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

#define INVENTORY_INIT {NULL, 0, NULL, 0}

/*
 * Fill OUT, except for the access coordinates of the regions.  0, -ENOMEM, or another errno of
 * libcxl.  The caller frees OUT with inventory_deinit(), also on failure.
 */
int inventory_read_libcxl(struct inventory *out);
int inventory_read_sysfs(struct inventory *out, const char *sysroot);

/* For the readers.  MEMDEV is copied, and the mems of REGION are taken over.  0 or -ENOMEM. */
int inventory_add_memdev(struct inventory *inventory, const struct topology_memdev *memdev);
int inventory_add_region(struct inventory *inventory, struct inventory_region *region);

/*
 * Read the inventory with the access coordinates.  Note on every node of T whether it is CXL
 * memory, its devices and its attach node.  ATTACH is [nr_nodes], empty sets.  Each gets the node
 * ids that the memdevs behind this node report as their own.  0 or -ENOMEM.  On success the
 * memdevs and regions of T are filled.
 */
int inventory_read(struct topology *t, struct idlist *attach, const char *sysroot);

void inventory_deinit(struct inventory *inventory);

#endif
