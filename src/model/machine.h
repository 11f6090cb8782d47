/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The topology in the dense form that the model and the scheduler compute with:
 * CPU nodes and memory nodes are places 0, 1, 2, ... in ascending order of
 * their kernel ids.
 */
#ifndef TS_MACHINE_H
#define TS_MACHINE_H

#include "bpf/abi.h"
#include "counters/metrics.h"
#include "model/model.h"
#include "numa/topology.h"

/* Has a memory node bandwidth left? */
enum machine_room { MACHINE_ROOM_UNKNOWN = 0, MACHINE_ROOM_YES, MACHINE_ROOM_NO };

struct machine {
	size_t nr_cpu_nodes, nr_mem_nodes;
	unsigned int *cpu_node_ids; /* kernel ids by place */
	unsigned int *mem_node_ids;
	uint32_t *latency_ns;	 /* [cpu][mem] as the topology says */
	uint32_t *nearest_ns;	 /* [mem] the least of those, 0 unknown */
	bool *is_real;		 /* [mem] and whether it is in real ns: stated for it or measured */
	uint32_t *wait_ns;	 /* [mem] an access waits there as loaded now; 0 also where not known */
	bool *wait_known;	 /* [mem] */
	enum machine_room *room; /* [mem] is there bandwidth left? */
	bool *cxl;		 /* [mem] */
	bool *full;		 /* [mem] no room, and --hold-saturating */
	bool *near;		 /* [cpu][mem] no CPU node is nearer to it */
	bool *often;		 /* [cpu] its last-level caches hit often */
	bool *quick;		 /* [cpu][mem] answers quickly as loaded now */
	uint8_t *points;	 /* [cpu][mem] of score, see machine_take_metrics() */
	uint8_t *near_order; /* [cpu][cpu] CPU nodes by distance, itself first: the way of stealing
			      */
	struct ts_cpu *cpus; /* by CPU number */
	size_t nr_cpus;	     /* highest online CPU number + 1 */
	struct model_machine model; /* the same arrays for the model */
};

/* Nodes of T with CPUs: more than TS_MAX_CPU_NODES are refused, in these words (count, limit). */
#define MACHINE_TOO_MANY_NODES "%zu NUMA nodes have CPUs; this program knows at most %d"
size_t machine_count_cpu_nodes(const struct topology *t);

/* 0; -ENOMEM; -E2BIG for more CPU nodes than TS_MAX_CPU_NODES (logged). */
int machine_new(struct machine **out, const struct topology *t);
void machine_free(struct machine *m);

/* Place of a kernel node id among the CPU nodes, or -1. */
int machine_cpu_place(const struct machine *m, unsigned int node_id);

/*
 * Take over what was measured of memory nodes and of last-level caches.
 *
 * How long an access waits at a node is what loads by the CPUs near it are measured to take, less
 * nearest_ns where that is in real ns; else what follows from utilisation (model.h).
 *
 * A node has room while less than room_percent of its bandwidth is in use, and
 * has it again when that is ROOM_GAP_PERCENT less: between the two it stays as
 * it was.
 *
 * Points of C for memory N that no CPU is nearer to, none where N has no room:
 * points_cxl for CXL memory, points_room where room is known, points_hit_rate
 * where C's last-level caches hit at least hit_rate_percent, points_latency where
 * N answers in less than quick_ns as loaded now.  What is not known gives none.
 * Hit rates and latencies that have come so far count as such until they are a
 * tenth worse than that.
 */
#define ROOM_GAP_PERCENT 15
void machine_take_metrics(struct machine *m, const struct metrics *metrics,
			  const struct ts_tunables *tune);

/*
 * Of place C the nearest that is near some CXL memory with room, perhaps
 * itself; C where there is none.
 */
uint8_t machine_nearest_to_cxl(const struct machine *m, size_t c);

/* The context of CPU; of one that is not there: no place, nothing known. */
struct ts_cpu machine_cpu(const struct machine *m, size_t cpu);

#endif
