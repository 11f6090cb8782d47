/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is measured of memory while the program runs.  For each memory node that is the bandwidth
 * in use, and what share it is of the bandwidth that the node can deliver.
 *
 * Every figure has its source and its time.  A figure that nothing measures, or that was measured
 * wrongly, is unknown.  It is never 0 then, and never the last one that was known.
 */
#ifndef TS_METRICS_H
#define TS_METRICS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "counters/figure.h"
#include "numa/topology.h"

/* Who says what a node's memory can deliver. */
enum capacity_source {
	CAPACITY_UNKNOWN = 0,
	CAPACITY_SIMULATED, /* made up: --simulate */
	CAPACITY_FIRMWARE,  /* HMAT, for its nearest CPUs */
	CAPACITY_REGION,    /* coordinates of its CXL regions, summed */
	CAPACITY_OPTION,    /* --bandwidth */
};

struct metrics_node {
	unsigned int id;
	bool cxl;
	uint32_t capacity_mbps; /* MB/s (10^6 bytes), 0 unknown */
	enum capacity_source capacity_source;
	/*
	 * Those of memory.  Utilisation is (read + write) / capacity: both ways share the memory
	 * behind a link.  Latency is that of loads by near CPUs, from the miss in their last-level
	 * caches (fill-latency.h).
	 */
	struct metric figures[NR_FIGURES];
};

/* An administrator's word on what a node can deliver. */
struct metrics_bandwidth {
	unsigned int node;
	uint32_t mbps;
};

/* What passes over one CXL device's link. */
struct metrics_rate {
	char device[32]; /* its memdev, "mem0" */
	bool known;
	double read_mbps, write_mbps;
	uint64_t at_ns; /* when its counters were read */
};

struct metrics;

/*
 * T and BANDWIDTHS are read now and not kept.  OLD, or NULL, belongs to the machine before it
 * changed.  Its open counters go over to the new one.  0 or -ENOMEM.
 */
int metrics_new(struct metrics **out, const struct topology *t,
		const struct metrics_bandwidth *bandwidths, size_t nr_bandwidths,
		struct metrics *old);
void metrics_free(struct metrics *m);

/*
 * Look for units that have come.  Measure the last-level caches of T, the machine that M is for:
 * how often they hit, what passes between them and memory, and how long they wait for it.  Once a
 * second is often enough.
 */
void metrics_scan(struct metrics *m, const struct topology *t, uint64_t now_ns);

/*
 * Read all counters.  Figures are of the time since the last call.  A counter that cannot be read
 * in good time (memdev-pmu.h) keeps its last figure for a second, with the age that it has.
 */
void metrics_update(struct metrics *m, uint64_t now_ns);

/* The last step of metrics_update(): make figures of nodes from rates of devices.  Pure. */
void metrics_take(struct metrics *m, const struct metrics_rate *rates, size_t nr);

/*
 * Make up figures for CXL nodes that have no unit, from heat, and label them so.  This is for
 * machines without counters.  HEAT_MBPS(i, ARG) tells what DAMON saw accessed of the I-th of
 * metrics_nodes().  It is in MB a second, if each byte of heat (model.h) is read once an
 * aggregation interval.  With r, 0 <= r < 1, the next of a random sequence that SEED determines:
 *
 *   read  = heat x (0.95 + 0.1 r)
 *   write = read / 3
 *
 * Where the capacity is not known, it is METRICS_SIMULATED_MBPS.
 */
#define METRICS_SIMULATED_MBPS 32000 /* CXL 2.0, eight lanes, one way */
void metrics_simulate(struct metrics *m, double (*heat_mbps)(size_t i, const void *arg),
		      const void *arg, uint64_t seed, uint64_t now_ns);

/* Nodes with memory, ascending by id.  M owns the array. */
const struct metrics_node *metrics_nodes(const struct metrics *m, size_t *nr);

/*
 * Figure F of node ID.  Those of CPUs are as of the last scan: llc.h has the hits, resctrl.h what
 * passes between caches and memory.  Unknown where the node has no such figure.
 */
struct metric metrics_figure(const struct metrics *m, unsigned int id, enum figure f);

/* "unknown", "simulated", "hmat", "region", "option" */
const char *capacity_source_name(enum capacity_source source);

/*
 * Hit rate of the last-level caches by one process, with counters that follow its threads.  They
 * make each of its context switches slower, so an option turns this on.
 */
struct process_llc;

/*
 * Open the counters of process TGID.  0, -ESRCH where there is no such process, or -ENOENT or
 * another errno where there are no counters.
 */
int process_llc_new(struct process_llc **out, pid_t tgid);
void process_llc_free(struct process_llc *p);

/* Percent of references that hit, since the call before.  Unknown as in llc.h. */
struct metric process_llc_update(struct process_llc *p, uint64_t now_ns);

/* What there is to measure with.  SYSROOT is as in base/sysfs.h, T is the machine itself. */

/* The PMUs of CXL devices. */
size_t probe_cxl_pmus(const char *sysroot);

/* The -errno for which caches' hits are not counted on some node, or 0.  -ENOMEM: not known. */
int probe_llc(const struct topology *t);

/* 0 where the CPUs measure how long loads from CXL memory take, or -errno of asking them. */
int probe_fill_latency(const struct topology *t);

/*
 * 0 where resctrl monitors bandwidth.  -ENODATA: it is mounted and has no monitors.  -ENOENT: it is
 * not mounted.  -ENODEV: the CPUs have none.
 */
int probe_resctrl(const char *sysroot);

#endif
