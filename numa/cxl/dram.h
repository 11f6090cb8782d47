/* SPDX-License-Identifier: GPL-2.0 */
/* The memory that CPUs have of their own, as a measure for other memory. */
#ifndef TS_NUMA_DRAM_H
#define TS_NUMA_DRAM_H

#include "numa/topology.h"

/*
 * Does the kernel rank the memory at place AT as fast as the slowest memory that CPUs have of
 * their own, or faster?  Either HMAT's figures or the memory tier may say so.  *OUT is false where
 * neither does.  0 or -ENOMEM.
 */
int dram_is_as_fast(bool *out, const struct topology *t, size_t at, const char *sysroot);

#endif
