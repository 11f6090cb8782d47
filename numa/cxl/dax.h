/* SPDX-License-Identifier: GPL-2.0 */
/* Dax devices: memory that firmware or a CXL region has set apart, and its use. */
#ifndef TS_NUMA_DAX_H
#define TS_NUMA_DAX_H

#include "numa/topology.h"

/*
 * Fill T's dax devices, in the order of their numbers.  Devices on an NFIT bus are left out: they
 * are persistent memory, and never CXL.  0 or -ENOMEM.
 */
int dax_read(struct topology *t, const char *sysroot);

#endif
