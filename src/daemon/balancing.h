/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's own NUMA balancing, kernel.numa_balancing: 0 is off, 1 moves pages to the tasks that
 * use them, 2 moves hot pages to faster memory tiers.
 *
 * The kernel does that for tasks of its own scheduler alone.  So it rests while ours has all tasks,
 * and goes on by itself afterwards: nothing is changed.  With --partial and --observe it would
 * move the same pages as we do.  There it is switched off while ours moves pages, and a small file
 * keeps what it was.
 */
#ifndef TS_BALANCING_H
#define TS_BALANCING_H

#include <stdint.h>

/* Where its setting is.  0, or a negative errno: -ENOENT where the kernel has none. */
int balancing_read(uint64_t *mode, const char *sysroot);

/*
 * Switch it off.  FILE keeps what it was.  Nothing is done where it is off already.  0 or a
 * negative errno, and then it is as it was.
 */
int balancing_switch_off(const char *file, const char *sysroot);

/*
 * Put back what FILE keeps, also for a run that was killed.  A setting that somebody has made since
 * then stays.  1: put back.  0: there was nothing to do.  Or a negative errno; then FILE stays for
 * the next time.
 */
int balancing_put_back(const char *file, const char *sysroot);

#endif
