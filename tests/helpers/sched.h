/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For tests: the loader's interface (sched/scheduler.h, sched/maps.h) over memory in place of a
 * kernel's maps.  What is published can be read here, and a test says how calls and the scheduler
 * fare.  A test that names any of this is linked with it in place of src/sched/scheduler.c.
 */
#ifndef TS_TESTS_SCHED_H
#define TS_TESTS_SCHED_H

#include "sched/maps.h"
#include "sched/scheduler.h"

#define SCHED_PROFILES 16
#define SCHED_CPUS 64

struct sched {
	struct sched_profile {
		pid_t tgid; /* 0: free */
		struct ts_profile profile;
		struct ts_usage usage;
	} profiles[SCHED_PROFILES];
	struct ts_cpu cpus[SCHED_CPUS];
	bool cpu_written[SCHED_CPUS];
	uint8_t vector_place[TS_MAX_CPU_NODES];
	uint64_t stats[TS_NR_STATS];
	uint64_t beat_ns;
	bool memory_is_short;
	unsigned int nr_writes; /* of profiles and CPUs */
	struct sched_exit exit; /* what sched_poll() tells */
	int error;		/* what writes return, if not 0 */
};

/* What sched_attach() does next, and how often it was called. */
extern int sched_attach_error;
extern unsigned int sched_nr_attached, sched_nr_freed;

/* The entry of TGID, or NULL. */
struct sched_profile *sched_profile_of(struct sched *s, pid_t tgid);

#endif
