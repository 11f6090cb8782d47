/* SPDX-License-Identifier: GPL-2.0 */
/* Dax devices: memory set apart by firmware or by a CXL region, and what it is used as. */
#ifndef TS_NUMA_DAX_H
#define TS_NUMA_DAX_H

#include "numa/topology.h"

/*
 * Fill T's dax devices, in the order of their numbers.  Those on an NFIT bus
 * are left out: persistent memory, and never CXL.  0 or -ENOMEM.
 */
int dax_read(struct topology *t, const char *sysroot);

/* Has kmem made it memory of its target node? */
bool dax_is_memory(const struct topology_dax *dax);

#endif
