/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How long the last-level caches wait for CXL memory, as the CPUs themselves
 * measure it: AMD's L3 (Zen 4 and later) times a sample of its fills, by where
 * they come from.  Two events of the unit amd_l3, umask 0x10 "extension memory in
 * the same NUMA node":
 *
 *   0xac l3_xi_sampled_latency            the time of all sampled fills, in tens of ns
 *   0xad l3_xi_sampled_latency_requests   how many those are
 *
 *   mean latency = 10 ns x time / fills
 *
 * (tools/perf/pmu-events/arch/x86/amdzen4 in the kernel, metric
 * l3_read_miss_latency).  It begins where the L3 misses: what a load takes on its
 * way there is not in it.
 */
#ifndef TS_METRICS_FILL_LATENCY_H
#define TS_METRICS_FILL_LATENCY_H

#include "counters/counter.h"
#include "counters/pmu.h"
#include "numa/topology.h"

#define FILL_LATENCY_UNIT "amd_l3"

struct fill_latency;

/* What one L3 has counted. */
struct fill_reading {
	struct counter_reading time, fills;
};

/*
 * Open the counters of the L3 caches of T, which is not kept.  0; -ENOENT where there is no such
 * unit, or an older one without these events; another errno of opening them.
 */
int fill_latency_new(struct fill_latency **out, const struct topology *t);
void fill_latency_free(struct fill_latency *f);

/* Read all counters.  Often enough once a second: each interrupts a CPU. */
void fill_latency_update(struct fill_latency *f);

/*
 * Mean latency in ns, between the last two updates, of fills from CXL memory that belongs to the
 * same socket, for the L3 caches of the CPUs of NODES together.  -1 unknown, as below.
 */
double fill_latency_ns(const struct fill_latency *f, const struct idlist *nodes);

/*
 * The arithmetic of that, pure: over NR caches.  -1 where one's counters are not known
 * (counter.h), where there were less than FILL_LEAST_PER_S samples, and for a mean that no
 * memory has: below 10 ns or above 100 us.
 */
#define FILL_LEAST_PER_S 100
double fill_latency_mean_ns(const struct fill_reading *before, const struct fill_reading *after,
			    size_t nr);

/* Both events, by the unit's own format/.  0, or -EINVAL where that does not know their terms. */
int fill_latency_events(struct pmu_config out[2], const struct pmu *pmu, const char *sysroot);

#endif
