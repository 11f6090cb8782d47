/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The table of figures: what is measured while the program runs, a row each.  The status document,
 * its text and what exports it are made from the table, so that a new figure is one row here and
 * one place where it is measured.
 */
#ifndef TS_FIGURE_H
#define TS_FIGURE_H

#include <stdint.h>

/* Who or what measured it. */
enum metric_source {
	METRIC_UNKNOWN = 0,
	METRIC_SIMULATED, /* made up: --simulate */
	METRIC_CXL_PMU,	  /* counters of the node's CXL devices */
	METRIC_PERF,	  /* counters of the CPUs */
	METRIC_RESCTRL,	  /* monitors of the CPUs' L3 caches */
};

/* "unknown", "simulated", "cxl-pmu", "perf", "resctrl" */
const char *metric_source_name(enum metric_source source);

/* A figure is right or unknown.  Unknown is neither 0 nor the last value that was known. */
struct metric {
	double value;	/* in the unit of its row */
	uint64_t at_ns; /* CLOCK_MONOTONIC end of the interval it is of */
	enum metric_source source;
};

enum figure_unit {
	FIGURE_MBPS,	/* MB/s, of 10^6 bytes */
	FIGURE_PERCENT, /* 0 to 100 */
	FIGURE_NS,
};

/* What of a node it is of.  A node without that has no such figure. */
enum figure_of {
	FIGURE_OF_MEMORY,
	FIGURE_OF_CPUS,
};

/* A row each: name, key in JSON (its end is the unit), heading of its column, unit, of what. */
#define FIGURES(F)                                                                                 \
	F(READ, "read_mbps", "READ", MBPS, OF_MEMORY)                                              \
	F(WRITE, "write_mbps", "WRITE", MBPS, OF_MEMORY)                                           \
	F(UTILISATION, "utilisation_percent", "USED", PERCENT, OF_MEMORY)                          \
	F(LATENCY, "latency_ns", "LATENCY", NS, OF_MEMORY)                                         \
	F(LLC_HITS, "llc_hit_percent", "HITS", PERCENT, OF_CPUS)                                   \
	F(MBM_TOTAL, "mbm_total_mbps", "TOTAL", MBPS, OF_CPUS)                                     \
	F(MBM_LOCAL, "mbm_local_mbps", "LOCAL", MBPS, OF_CPUS)                                     \
	F(MBM_SLOW, "mbm_slow_mbps", "SLOW", MBPS, OF_CPUS)

#define FIGURE_NAME(name, key, heading, unit, of) FIGURE_##name,
enum figure { FIGURES(FIGURE_NAME) NR_FIGURES };

struct figure_row {
	const char *key, *heading;
	enum figure_unit unit;
	enum figure_of of;
};

extern const struct figure_row figure_rows[NR_FIGURES];

#endif
