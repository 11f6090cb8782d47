/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the program was asked to do.  Every long option that takes a value, or
 * is a switch, is also a key of the configuration file; the command line wins.
 */
#ifndef TS_OPTIONS_H
#define TS_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/idlist.h"
#include "bpf/abi.h"
#include "counters/metrics.h"
#include "process/rule.h"

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
	uint64_t damon_samples;     /* in an aggregation interval, 4 .. 1000 */
	bool damon_auto;
	bool keep_damon;
	bool observe;
	bool partial;
	bool calibrate; /* measure latencies before anything is scheduled, unless they are kept */
	bool process_hits; /* count cache hits of managed processes */
	bool json;
	bool simulate;		    /* make up what no counter tells of CXL memory ... */
	uint64_t simulate_seed;	    /* ... by this, 1 .. 2^63-1 */
	uint64_t slice_ns;    /* 100 us .. 1 s */
	uint64_t hold_ns;     /* 0 .. 1 s */
	uint64_t stats_ns;    /* 0: none */
	uint64_t duration_ns; /* 0: until a signal */
	gid_t status_group;   /* may read the status of all processes; (gid_t)-1: root alone */
	uint64_t min_rss_bytes;
	uint64_t max_processes;	 /* 1 .. 1024 */
	struct ts_tunables tune; /* see TS_TUNABLES for ranges */
	struct idlist cxl_nodes;
	struct metrics_bandwidth *bandwidths; /* what nodes can deliver */
	size_t nr_bandwidths;
	pid_t *pids;
	size_t nr_pids;
	struct rule *rules;
	size_t nr_rules;
	char names[TS_MAX_NAMES][TS_NAME_LEN]; /* prefixes of known vector and MoE programs */
	char *sysroot;			       /* NULL: this machine */
	char *config;
};

/* Fills in the defaults. */
void options_init(struct options *o);
void options_deinit(struct options *o);

/*
 * Parse the command line of COMMAND ("" for the run) and the configuration file
 * that it names.  Says what is wrong on stderr.  Returns -1 to go on, or the
 * exit status to leave with (help, version, errors).
 */
int options_parse(struct options *o, const char *command, int argc, char **argv);

/* The usage text of the program, to stdout. */
void options_help(void);

#endif
