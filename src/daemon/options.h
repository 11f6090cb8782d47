/* SPDX-License-Identifier: GPL-2.0 */
/* What the program was asked to do, and how it says how that went. */
#ifndef TS_OPTIONS_H
#define TS_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/idlist.h"
#include "counters/metrics.h"
#include "process/choose.h"
#include "report/table.h"
#include "sched/scheduler.h"

/* Exit statuses, the same for every command. */
enum ts_exit {
	TS_EXIT_OK = 0,
	TS_EXIT_FAILED = 1,
	TS_EXIT_USAGE = 2,   /* an argument is wrong, or names what is not there */
	TS_EXIT_LACKING = 3, /* the machine lacks something that is needed */
	TS_EXIT_EJECTED = 4, /* the kernel ejected the scheduler */
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
	bool simulate;		/* make up what no counter tells of CXL memory ... */
	uint64_t simulate_seed; /* ... by this, 1 .. 2^63-1 */
	uint64_t stats_ns;	/* 0: none */
	uint64_t duration_ns;	/* 0: until a signal */
	gid_t status_group;	/* may read the status of all processes; (gid_t)-1: root alone */
	struct choose_options choose; /* owned */
	struct sched_options sched;
	struct idlist cxl_nodes;
	struct metrics_bandwidth *bandwidths; /* what nodes can deliver */
	size_t nr_bandwidths;
	struct table_options table; /* of what a command prints */
	char *sysroot;		    /* NULL: this machine */
	char *config;
};

#endif
