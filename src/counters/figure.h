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

enum figure {
	FIGURE_READ,
	FIGURE_WRITE,
	FIGURE_UTILISATION,
	FIGURE_LATENCY,
	FIGURE_LLC_HITS,
	FIGURE_MBM_TOTAL,
	FIGURE_MBM_LOCAL,
	FIGURE_MBM_SLOW,
	NR_FIGURES,
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

struct figure_row {
	const char *key;     /* in JSON; its end is the unit */
	const char *heading; /* of its column */
	enum figure_unit unit;
	enum figure_of of;
	const char *words; /* what it is */
};

extern const struct figure_row figure_rows[NR_FIGURES];

#endif
