/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The model makes a profile of what was seen of a process.  The profile says where the accesses of
 * the process are cheapest.  Pure: no I/O, no clock, no globals.  The same samples and times give
 * the same profiles.
 *
 * For a process with regions r (bytes, nr_accesses of max, share of its pages on node n):
 *
 *   heat[n]    = sum over r of bytes x nr_accesses / max x share[r][n]
 *   h[n]       = heat[n] / sum of heat, both smoothed over time
 *   cost(c)    = sum over n of h[n] x latency(c, n)        for every CPU node c
 *   locality(c) = 100 x min cost / cost(c) - penalty for frequent migrations
 *   score(c)    = locality(c) + sum over n of h[n] x points(c, n)
 *
 * points(c, n) is what being near memory n is worth beside its latency (machine.h).
 *
 * The working set is memory accessed within the last seconds, as far as DAMON's samples show.  Up
 * to eight seconds count, and less where many accesses are seen (footprint.h).  It is never more
 * than what is resident, where that is known.
 *
 * latency(c, n) is raised by the time w that an access waits at the node, the same from
 * everywhere.  l is the latency from the nearest CPUs without load.  Where CPUs measure how long
 * loads take, w is that time less l.  Else, where the utilisation u of a node is known, w = l x u
 * / (1 - u).  That is the mean waiting time of an M/M/1 queue, with l as the service time and u
 * at most 0.95.  So near a full device there is less to gain.
 *
 * A process that saturates a full device prefers the CPUs near it all the same, however little
 * they are better.  More CPUs would give it nothing, and they are taken from others.
 *
 * A latency that is not known makes the costs that need it unknown, and with them the preference.
 * It is never replaced by a guess.
 */
#ifndef TS_MODEL_H
#define TS_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sample/sample.h"

#define MODEL_UNKNOWN_LOCALITY 0xff
#define MODEL_NO_NODE (-1)
#define MODEL_PAGE_BYTES 4096.0 /* of a page that accesses are of, whatever the kernel's are */

/* Has a memory node bandwidth left? */
enum machine_room { MACHINE_ROOM_UNKNOWN = 0, MACHINE_ROOM_YES, MACHINE_ROOM_NO };

/* A memory node. */
struct machine_memory {
	unsigned int id; /* the kernel's */
	bool cxl;
	bool is_real; /* nearest_ns is in real ns: stated for it, or measured */
	bool wait_known;
	bool full;	     /* it has no room, and its users shall stay near */
	uint32_t nearest_ns; /* latency from the nearest CPUs; 0 unknown */
	uint32_t wait_ns;    /* wait of an access as loaded now; 0 also where not known */
	enum machine_room room;
};

/* A memory node as a CPU node sees it. */
struct machine_link {
	uint32_t latency_ns; /* without load, as the topology says; 0 unknown */
	bool near;	     /* no CPU node is nearer to this memory */
	bool quick;	     /* it answers quickly as loaded now */
	uint8_t points;	     /* for all heat there, see machine_take_metrics() */
};

/* The machine, borrowed by each call.  Indexes are dense, see machine.h. */
struct model_machine {
	size_t nr_cpu_nodes, nr_mem_nodes;
	const struct machine_memory *memory; /* [mem node] */
	const struct machine_link *links;    /* [cpu node][mem node] */
};

struct model_options {
	uint32_t min_confidence; /* 0..100; below it there is no preference */
	/* A node is preferred to the one before when its score is better by so much. */
	uint32_t gain_points;
	/* A process is memory intensive from this heat per CPU second on. */
	uint32_t intensive_mb_per_cpu_s;
	/* Points of locality per node change per second, up to MODEL_MAX_PENALTY. */
	uint32_t penalty_per_migration;
};

#define MODEL_OPTIONS_DEFAULT                                                                      \
	{.min_confidence = 20,                                                                     \
	 .gain_points = 5,                                                                         \
	 .intensive_mb_per_cpu_s = 64,                                                             \
	 .penalty_per_migration = 2}
#define MODEL_MAX_PENALTY 20

/* What the model says of a process.  Arrays belong to the model_process. */
struct model_profile {
	uint64_t working_set_bytes;	 /* accessed within the last seconds */
	uint64_t hot_bytes;		 /* regions accessed in a quarter of the samples or more */
	uint64_t cold_bytes;		 /* regions without an access */
	uint64_t heat_bytes;		 /* sum of heat[n] */
	uint32_t access_hz;		 /* mean accesses seen where there are any, per second */
	uint32_t intensity_mb_per_cpu_s; /* UINT32_MAX unknown: no CPU time seen yet */
	uint32_t mean_age;		 /* of the working set by bytes, aggregation intervals */
	double cpus; /* CPU time that it uses, seconds a second, of the last second or so */
	uint16_t cxl_heat_permille; /* share of heat on CXL nodes */
	uint8_t confidence;	    /* 0..100 */
	bool memory_intensive;
	bool saturates; /* it is intensive, and more than half of its heat is on full memory */
	int preferred;	/* CPU node, or MODEL_NO_NODE: all are alike, or not known */
	size_t nr_cpu_nodes, nr_mem_nodes;
	uint16_t *heat_permille; /* [mem node] h[n]; sums to about 1000, or all 0 when unknown */
	uint64_t *node_bytes;	 /* [mem node] working set there */
	uint32_t *cost_ns;	 /* [cpu node], 0 unknown */
	uint8_t *locality;	 /* [cpu node] 0..100, MODEL_UNKNOWN_LOCALITY */
	uint8_t *score;		 /* [cpu node] locality and points, at most 255; 0 where unknown */
	uint8_t *order;		 /* CPU nodes, best score first; by number if alike or unknown */
};

/* What the model keeps of one process: smoothed shares and its last profile. */
struct model_process;

/* NULL without memory. */
struct model_process *model_process_new(size_t nr_cpu_nodes, size_t nr_mem_nodes);
void model_process_free(struct model_process *p);

/*
 * Take in one sample.  The result is valid until the next call for P.  A sample without regions,
 * or without heat, changes no share.  Confidence falls with the time since the last sample with
 * heat.
 */
const struct model_profile *model_update(struct model_process *p,
					 const struct model_machine *machine,
					 const struct model_options *options,
					 const struct sample *sample);

/* Memory that was accessed alike. */
struct model_range {
	uint64_t start, bytes; /* addresses */
	/* Accesses of each page a second, at least: DAMON sees no more than one in a sample. */
	double hz;
	double mean_hz; /* the same over its life, at most over the last minute or so */
	/*
	 * For so long it has been hot, or cold, and is expected to stay so: lives.h, by the last
	 * model_look_at_lives().  Only active time counts.
	 */
	double life_s, remaining_s;
};

/* Ranges ascend and do not overlap.  What is not in one is not monitored. */
size_t model_nr_ranges(const struct model_process *p);

/* Look how long each range has lived by now. */
void model_look_at_lives(struct model_process *p);

/* Range I, below model_nr_ranges(), as of the last update. */
struct model_range model_range(const struct model_process *p, size_t i);

/* Accesses of all pages a second, as far as DAMON has seen them. */
double model_access_hz(const struct model_process *p);

/* The profile as of the last update.  Before the first one everything is unknown. */
const struct model_profile *model_profile(const struct model_process *p);

/* The wait w above, from l and u. */
uint32_t model_wait_ns(uint32_t latency_ns, uint32_t utilisation_permille);

#endif
