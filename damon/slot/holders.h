/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The other users of DAMON: kernel modules with a DAMON of their own, and other users' kdamonds.
 *
 * damon_start() in the kernel takes an "exclusive" flag.  DAMON_STAT, DAMON_RECLAIM and
 * DAMON_LRU_SORT set it, and the sysfs interface does not.  So any of the three keeps every sysfs
 * kdamond from starting, and the other way round.  Sysfs kdamonds of many users run side by side.
 */
#ifndef TS_DAMON_HOLDERS_H
#define TS_DAMON_HOLDERS_H

#include <stdbool.h>
#include <stddef.h>

enum holder_module { HOLDER_STAT, HOLDER_RECLAIM, HOLDER_LRU_SORT };
#define NR_HOLDER_MODULES 3

/* Is that module's DAMON running now?  False where there is no such module. */
bool holder_runs(enum holder_module module, const char *sysroot);

/*
 * Stop or start DAMON_STAT.  0 or a negative errno.  It cannot start while any kdamond runs:
 * -EBUSY.
 */
int holder_stop_stat(const char *sysroot);
int holder_start_stat(const char *sysroot);

/* Name the first module that runs, for damon_holder().  False when none does. */
bool holder_name_module(const char *sysroot);

/* Name the kdamond that runs in a slot, for damon_holder(). */
void holder_name_kdamond(const char *sysroot, unsigned int slot);

/* The name that was set last, "unknown" before the first. */
const char *holder_name(void);

#endif
