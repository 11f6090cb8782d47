/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Hit rate of the last-level caches, by the CPUs' own counters, summed over the CPUs of a node.
 * On a large node only some of its CPUs are read, evenly spread, because reading a counter
 * interrupts its CPU.
 */
#ifndef TS_METRICS_LLC_H
#define TS_METRICS_LLC_H

#include <stdbool.h>
#include <sys/types.h>

#include "counters/counter.h"
#include "numa/topology.h"

#define LLC_MAX_CPUS 16	    /* of a node */
#define LLC_MAX_COUNTERS 32 /* that are read together */

struct llc;

/* Counts of references to a last-level cache, and of those that missed. */
struct llc_reading {
	struct counter_reading references, misses;
};

/* The counters of a CPU, or of a thread and those that it will start. */
struct llc_counters {
	int references_fd, misses_fd; /* both open */
};

/* 0 or -errno. */
int llc_open_thread(struct llc_counters *out, pid_t tid);
void llc_close(struct llc_counters *counters);

/*
 * Read NR of them, at most LLC_MAX_COUNTERS.  Returns hits per thousand references since LAST,
 * which gets what is read now.  -1 unknown, as in llc_permille(), and the first time, while
 * PRIMED is false.
 */
int llc_read(const struct llc_counters *counters, struct llc_reading *last, size_t nr,
	     bool *primed);

/*
 * Open the counters of T, which is not kept.  The rate of a node without counters is unknown.  0
 * or -ENOMEM.
 */
int llc_new(struct llc **out, const struct topology *t);
void llc_free(struct llc *l);

/* The -errno for which counters of some node could not be opened.  0: all could. */
int llc_error(const struct llc *l);

/* Read all counters.  Once a second is often enough. */
void llc_update(struct llc *l);

/* Hits per thousand references by the CPUs of node ID since the update before, -1 unknown. */
int llc_hit_permille(const struct llc *l, unsigned int id);

/*
 * The arithmetic of that over NR CPUs.  Pure.  -1 in three cases: no CPU is known (counter.h),
 * there were less than a thousand references a second, or there were more misses than references.
 */
int llc_permille(const struct llc_reading *before, const struct llc_reading *after, size_t nr);

#endif
