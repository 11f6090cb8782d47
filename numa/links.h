/* SPDX-License-Identifier: GPL-2.0 */
/* The links from CPU nodes to memory nodes: which CPUs are near, and what an access costs. */
#ifndef TS_NUMA_LINKS_H
#define TS_NUMA_LINKS_H

#include "numa/topology.h"

/*
 * Fill links[] and every node's near_nodes and near_source from the SLIT, the
 * access classes and what T already knows of CXL regions.  ATTACH is
 * [nr_nodes]: the ids of the nodes each node's CXL devices hang on.
 * 0 or -ENOMEM.
 */
int links_read(struct topology *t, const struct idlist *attach, const char *sysroot);

#endif
