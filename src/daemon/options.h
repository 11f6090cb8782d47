/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the program was asked to do, and the exit statuses that say how that went.  Then the run,
 * and the check of what the machine lacks.
 */
#ifndef TS_OPTIONS_H
#define TS_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/idlist.h"
#include "counters/metrics.h"
#include "process/process.h"
#include "report/report.h"
#include "sched/scheduler.h"

/* Exit statuses, the same for every command. */
enum ts_exit {
	TS_EXIT_OK = 0,
	TS_EXIT_FAILED = 1,
	TS_EXIT_USAGE = 2,   /* an argument is wrong, or names what does not exist */
	TS_EXIT_LACKING = 3, /* the machine lacks something that is needed */
	TS_EXIT_EJECTED = 4, /* the kernel ejected the scheduler */
};

/* Pages that lie far from where their process runs. */
enum tier_mode {
	TIER_OFF,    /* nobody looks at them */
	TIER_ADVISE, /* it is said what moving them would gain and cost */
	TIER_ON,     /* they are moved where that pays */
	TIER_AUTO,   /* the run chooses one of the others */
};

struct options {
	uint64_t damon_interval_ns; /* aggregation interval, 1 ms .. 1 h */
	uint64_t damon_samples;	    /* in an aggregation interval, 4 .. 1000 */
	bool damon_auto;
	bool keep_damon;
	bool observe;
	bool calibrate; /* measure latencies before anything is scheduled, unless they are kept */
	bool process_hits; /* count cache hits of managed processes */
	bool json;
	bool simulate;		/* make up figures of CXL memory that no counter tells ... */
	uint64_t simulate_seed; /* ... from this seed, 1 .. 2^63-1 */
	enum tier_mode tier;
	uint64_t tier_bytes_per_s; /* moves at most so much; 0: no limit */
	uint64_t tier_cpu_percent; /* of one CPU, 1 .. 100 */
	uint64_t stats_ns;	   /* 0: none */
	uint64_t duration_ns;	   /* 0: until a signal */
	gid_t status_group;	   /* may read the status of all processes; (gid_t)-1: root alone */
	struct choose_options choose; /* owned */
	struct sched_options sched;
	struct idlist cxl_nodes;
	struct metrics_bandwidth *bandwidths; /* what nodes can deliver */
	size_t nr_bandwidths;
	struct table_options table; /* of what a command prints */
	char *sysroot;		    /* NULL: this machine */
	char *config;
	pid_t of_pid; /* what a command prints is of this process; 0: of all */
};

/* The run, from taking hold of the machine to giving it back.  An exit status. */
int daemon_run(const struct options *o);

/* Can this machine run the program?  Every requirement, what was found, how to mend it. */

enum doctor_state {
	DOCTOR_OK,
	DOCTOR_NOTE,	/* it works, but something is lost */
	DOCTOR_MISSING, /* needed to schedule */
};

/* Who needs it.  A run stops where something it needs is missing; `doctor` shows all. */
enum doctor_need {
	DOCTOR_FOR_ALL,	     /* measuring needs it, too */
	DOCTOR_FOR_SCHEDULE, /* not needed with --observe */
	DOCTOR_OPTIONAL,
};

struct doctor_check {
	const char *name;
	enum doctor_need need;
	enum doctor_state state;
	char found[160];
	char mend[160]; /* "" when there is nothing to mend */
};

#define DOCTOR_MAX_CHECKS 32

/*
 * Fill CHECKS.  Only reads the machine.  Returns the number of checks, or -EINVAL after logging
 * that --cxl-node names a node that cannot be CXL memory.
 */
int doctor_examine(struct doctor_check checks[DOCTOR_MAX_CHECKS], const struct options *o);

#endif
