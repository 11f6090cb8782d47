/* SPDX-License-Identifier: GPL-2.0 */
/* The memory that CPUs have of their own, as a measure for other memory. */
#ifndef TS_NUMA_DRAM_H
#define TS_NUMA_DRAM_H

#include "numa/topology.h"

/*
 * Does the kernel hold the memory at place AT for as fast as the slowest that
 * CPUs have of their own, or faster?  By HMAT where it states figures of both,
 * and by the memory tier.  *OUT is false where neither tells.  0 or -ENOMEM.
 */
int dram_is_as_fast(bool *out, const struct topology *t, size_t at, const char *sysroot);

#endif
