/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The model: from what was seen of a process to a profile that says where its
 * accesses are cheapest.  Pure: no I/O, no clock, no globals; the same samples
 * and times give the same profiles.
 *
 * For a process with regions r (bytes, nr_accesses of max, share of its pages on
 * node n):
 *
 *   heat[n]    = sum over r of bytes x nr_accesses / max x share[r][n]
 *   h[n]       = heat[n] / sum of heat, both smoothed over time
 *   cost(c)    = sum over n of h[n] x latency(c, n)        for every CPU node c
 *   locality(c) = 100 x min cost / cost(c) - penalty for frequent migrations
 *   score(c)    = locality(c) + sum over n of h[n] x points(c, n), what being near
 *                 that memory is worth beside its latency (machine.h)
 *
 * The working set is memory accessed within the last seconds, as far as DAMON's
 * samples show: up to eight, less where many accesses are seen (footprint.h).  It is
 * never more than what is resident, where that is known.
 *
 * latency(c, n) is raised by the time w that an access waits at the node, the
 * same from everywhere.  Where CPUs measure what loads take, w is what that is more than
 * the latency from the nearest CPUs without load, l.  Else, of a node whose
 * utilisation u is known, w = l x u / (1 - u), the mean waiting time of an M/M/1
 * queue whose service time is taken to be l; u at most 0.95.  A full device so
 * leaves less of what nearness gains.
 *
 * Who saturates a full device prefers the CPUs near it all the same, by however
 * little they are better: more CPUs than those would give it nothing, and they
 * are taken from others.
 *
 * A latency that is not known makes the costs that need it unknown, and with
 * them the preference; it is never replaced by a guess.
 */
#ifndef TS_MODEL_H
#define TS_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sample/sample.h"

#define MODEL_UNKNOWN_LOCALITY 0xff
#define MODEL_NO_NODE (-1)

/* The machine, borrowed by each call.  Places are dense indexes, see bpf/abi.h for CPU nodes. */
struct model_machine {
	size_t nr_cpu_nodes, nr_mem_nodes;
	const uint32_t *latency_ns;    /* [cpu node][mem node], 0 unknown */
	const uint32_t *wait_ns;       /* [mem node] an access waits there; 0 also where not known */
	const bool *cxl;	       /* [mem node] */
	const uint8_t *points; /* [cpu node][mem node] of score, for all its heat there; NULL: 0 */
	const bool *full;      /* [mem node] who uses up its bandwidth is to stay near; NULL: none */
};

struct model_options {
	uint32_t min_confidence; /* 0..100; below it there is no preference */
	uint32_t gain_points; /* a node's score must be so much better for it to be preferred to the
				 one before */
	uint32_t intensive_mb_per_cpu_s; /* heat per CPU second from which a process is memory
					    intensive */
	uint32_t
		penalty_per_migration; /* points of locality per node change per second, up to 20 */
};

#define MODEL_OPTIONS_DEFAULT                                                                      \
	{                                                                                          \
		.min_confidence = 20, .gain_points = 5,                                            \
		.intensive_mb_per_cpu_s = 64, .penalty_per_migration = 2                           \
	}
#define MODEL_MAX_PENALTY 20

/* Memory that a process accesses, and what it comes to.  Arrays belong to the model_process. */
struct model_profile {
	uint64_t working_set_bytes;	 /* accessed within the last seconds */
	uint64_t hot_bytes;		 /* regions accessed in at least a quarter of the samples */
	uint64_t cold_bytes;		 /* regions without an access */
	uint64_t heat_bytes;		 /* sum of heat[n] */
	uint32_t access_hz;		 /* mean of nr_accesses where there are any, per second */
	uint32_t intensity_mb_per_cpu_s; /* UINT32_MAX unknown: no CPU time seen yet */
	uint32_t mean_age;		 /* of the working set by bytes, aggregation intervals */
	uint16_t cxl_heat_permille;	 /* share of heat on CXL nodes */
	uint8_t confidence;		 /* 0..100 */
	bool memory_intensive;
	bool saturates; /* memory intensive, with more than half of its heat on full memory */
	int preferred; /* CPU node, or MODEL_NO_NODE: all alike, or not known */
	size_t nr_cpu_nodes, nr_mem_nodes;
	uint16_t *heat_permille; /* [mem node] h[n]; sums to about 1000, or all 0 when unknown */
	uint64_t *node_bytes;	 /* [mem node] working set there */
	uint32_t *cost_ns;	 /* [cpu node], 0 unknown */
	uint8_t *locality;	 /* [cpu node] 0..100, MODEL_UNKNOWN_LOCALITY */
	uint8_t *score;		 /* [cpu node] locality and points, at most 255; 0 where unknown */
	uint8_t *order;		 /* CPU nodes, best score first; by number where unknown or alike */
};

/* The model's memory of one process: smoothed shares and its last profile. */
struct model_process;

/* NULL without memory. */
struct model_process *model_process_new(size_t nr_cpu_nodes, size_t nr_mem_nodes);
void model_process_free(struct model_process *p);

/*
 * Take in one sample.  The result is valid until the next call for P.  A sample
 * without regions, or without heat, changes no share: confidence falls with the
 * time since the last that had some.
 */
const struct model_profile *model_update(struct model_process *p,
					 const struct model_machine *machine,
					 const struct model_options *options,
					 const struct sample *sample);

/* The profile as of the last update; before the first one everything is unknown. */
const struct model_profile *model_profile(const struct model_process *p);

/* w by l and u above. */
uint32_t model_wait_ns(uint32_t latency_ns, uint32_t utilisation_permille);

#endif
