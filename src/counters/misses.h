/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Lines that a process brings from memory, counted by its CPUs for a while: those that no cache
 * had.  The counters follow its threads, and the threads that those start.  They make context
 * switches of these threads slower, so nobody counts for long.
 *
 * What is counted are misses of the last-level cache by the kernel's generic event.  On AMD CPUs
 * this event means another cache.  There, from Zen 3 on, fills of data caches from DRAM and from
 * other memory are counted.
 *
 * A process with more than MISSES_MAX_THREADS is not counted: who of them works is not known.
 */
#ifndef TS_MISSES_H
#define TS_MISSES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define MISSES_MAX_THREADS 512

struct misses;

/*
 * Begin to count.  0; -ESRCH where there is no such process; -E2BIG for one with too many threads;
 * -ENOENT or another errno where there is no counter.
 */
int misses_begin(struct misses **out, pid_t tgid, uint64_t now_ns);

/*
 * Lines a second of all its threads since it began.  0, or -ENODATA where the counters shared
 * their hardware with too many others.
 */
int misses_rate(const struct misses *m, uint64_t now_ns, double *per_s);

void misses_free(struct misses *m); /* NULL is fine */

/* Pure.  Has a CPU of this vendor (by cpuid: "AuthenticAMD") and family the events of Zen 3? */
bool misses_are_fills(const char *vendor, unsigned int family);

#endif
