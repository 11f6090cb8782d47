/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Hit rate of the last-level caches: what the CPUs' own counters say, summed
 * over the CPUs of a node.  Of a large node a sample of its CPUs, evenly spread,
 * speaks for all: reading a counter interrupts its CPU.
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

/* What counters said of references to a last-level cache, and of those that missed. */
struct llc_reading {
	struct counter_reading references, misses;
};

/* Of a CPU, or of a thread and those that it will start. */
struct llc_counters {
	int references_fd, misses_fd; /* both open */
};

/* 0 or -errno. */
int llc_open_thread(struct llc_counters *out, pid_t tid);
void llc_close(struct llc_counters *counters);

/*
 * Read NR of them, at most LLC_MAX_COUNTERS: hits per thousand references since LAST, which becomes what is read
 * now; -1 unknown, as for llc_permille() and at the first time, while PRIMED is false.
 */
int llc_read(const struct llc_counters *counters, struct llc_reading *last, size_t nr,
	     bool *primed);

/* Open the counters of T, which is not kept.  0 or -ENOMEM: a node without counters is unknown. */
int llc_new(struct llc **out, const struct topology *t);
void llc_free(struct llc *l);

/* Why counters of some node could not be opened, -errno; 0: all could. */
int llc_error(const struct llc *l);

/* Read all counters.  Often enough once a second. */
void llc_update(struct llc *l);

/* Hits per thousand references by the CPUs of node ID since the update before, -1 unknown. */
int llc_hit_permille(const struct llc *l, unsigned int id);

/*
 * The arithmetic of that, pure: over NR CPUs.  -1 where none is known (counter.h),
 * where there were less than a thousand references a second, or where misses were more than they.
 */
int llc_permille(const struct llc_reading *before, const struct llc_reading *after, size_t nr);

#endif
