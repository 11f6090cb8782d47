/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How long the last-level caches wait for memory, as the CPUs themselves measure it.  AMD's L3 (Zen
 * 4 and later) times a sample of its fills, by their source.  These are two events of the unit
 * amd_l3, with umask 0x01 for DRAM and 0x10 for extension memory, both of the same NUMA node.
 * Extension memory is CXL.
 *
 *   0xac l3_xi_sampled_latency            the time of all sampled fills, in tens of ns
 *   0xad l3_xi_sampled_latency_requests   how many those are
 *
 *   mean latency = 10 ns x time / fills
 *
 * (tools/perf/pmu-events/arch/x86/amdzen4 in the kernel, metric l3_read_miss_latency).  The time
 * begins where the L3 misses.  The way of a load to the L3 is not part of it.
 */
#ifndef TS_METRICS_FILL_LATENCY_H
#define TS_METRICS_FILL_LATENCY_H

#include "counters/counter.h"
#include "counters/pmu.h"
#include "numa/topology.h"

#define FILL_LATENCY_UNIT "amd_l3"

struct fill_latency;

/* Where a fill comes from. */
enum fill_source { FILL_DRAM, FILL_CXL, FILL_NR_SOURCES };

/* What one L3 has counted. */
struct fill_reading {
	struct counter_reading time, fills;
};

/*
 * Open the counters of the L3 caches of T, which is not kept.  0, or an errno of opening them.
 * -ENOENT: there is no such unit, or an older one without these events.
 */
int fill_latency_new(struct fill_latency **out, const struct topology *t);
void fill_latency_free(struct fill_latency *f);

/* Read all counters.  Once a second is often enough, because each reading interrupts a CPU. */
void fill_latency_update(struct fill_latency *f);

/*
 * Mean latency in ns of fills from memory of the same node or socket, between the last two updates.
 * It is for the L3 caches of the CPUs of NODES together.  -1 unknown, as below.
 */
double fill_latency_ns(const struct fill_latency *f, enum fill_source source,
		       const struct idlist *nodes);

/*
 * The arithmetic of that over NR caches.  Pure.  -1 in three cases: the counters of a cache are
 * not known (counter.h), there were less than FILL_LEAST_PER_S samples a second, or no memory has
 * such a mean (below 10 ns or above 100 us).
 */
#define FILL_LEAST_PER_S 100
double fill_latency_mean_ns(const struct fill_reading *before, const struct fill_reading *after,
			    size_t nr);

/* Both events of SOURCE, by the unit's own format/.  0, or -EINVAL where that has not their terms. */
int fill_latency_events(struct pmu_config out[2], enum fill_source source, const struct pmu *pmu,
			const char *sysroot);

#endif
