/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The topology in a dense form, with which the model and the scheduler compute.  CPU nodes are
 * places 0, 1, 2, ... in ascending order of their kernel ids, and so are memory nodes.
 */
#ifndef TS_MACHINE_H
#define TS_MACHINE_H

#include "bpf/abi.h"
#include "counters/metrics.h"
#include "model/model.h"
#include "numa/topology.h"

struct machine_cpu_node {
	unsigned int id;		      /* the kernel's */
	bool often;			      /* its last-level caches hit often */
	uint8_t near_order[TS_MAX_CPU_NODES]; /* places by distance, itself first, for stealing */
};

struct machine {
	size_t nr_cpu_nodes, nr_mem_nodes;
	struct machine_cpu_node *cpu_nodes; /* by place */
	struct machine_memory *memory;	    /* by ascending id */
	struct machine_link *links;	    /* see machine_link() */
	struct ts_cpu *cpus;		    /* by CPU number */
	size_t nr_cpus;			    /* highest online CPU number + 1 */
};

/* What the model borrows of it. */
static inline struct model_machine machine_for_model(const struct machine *m)
{
	return (struct model_machine){
		.nr_cpu_nodes = m->nr_cpu_nodes,
		.nr_mem_nodes = m->nr_mem_nodes,
		.memory = m->memory,
		.links = m->links,
	};
}

/* The kernel's ids of its memory nodes, in order.  The caller frees them.  NULL without memory. */
unsigned int *machine_memory_ids(const struct machine *m);

/* What lies between CPU node C and memory node N. */
static inline struct machine_link *machine_link(const struct machine *m, size_t c, size_t n)
{
	return &m->links[c * m->nr_mem_nodes + n];
}

/* How many nodes of T have CPUs.  For more than TS_MAX_CPU_NODES these are the words. */
#define MACHINE_TOO_MANY_NODES "%zu NUMA nodes have CPUs; this program knows at most %d"
size_t machine_count_cpu_nodes(const struct topology *t);

/* 0, -ENOMEM, or -E2BIG for more CPU nodes than TS_MAX_CPU_NODES (logged). */
int machine_new(struct machine **out, const struct topology *t);
void machine_free(struct machine *m);

/* The place of a kernel node id among the CPU nodes, or -1. */
int machine_cpu_place(const struct machine *m, unsigned int node_id);

/*
 * Take over what was measured of memory nodes and of last-level caches.
 *
 * The wait of an access at a node is the latency that the CPUs near it measure, less nearest_ns.
 * That needs nearest_ns in real ns.  Else the wait follows from utilisation (model.h).
 *
 * A node has room while less than room_percent of its bandwidth is in use.  After that it has room
 * again when ROOM_GAP_PERCENT less are in use.
 *
 * Place C gets points for memory N that no CPU is nearer to:
 *
 * - points_cxl for CXL memory
 * - points_room where N is known to have room
 * - points_hit_rate where C's last-level caches hit at least hit_rate_percent
 * - points_latency where N answers in less than quick_ns as loaded now
 *
 * There are no points where N has no room, nor for a figure that is not known.  Hit rates and
 * latencies that have met their limit count until they are a tenth worse than that.
 */
#define ROOM_GAP_PERCENT 15
void machine_take_metrics(struct machine *m, const struct metrics *metrics,
			  const struct ts_tunables *tune);

/*
 * The nearest place to C that is near some CXL memory with room.  It may be C itself.  C where
 * there is none.
 */
uint8_t machine_nearest_to_cxl(const struct machine *m, size_t c);

/* The context of CPU.  A CPU that is not there has no place, and nothing is known of it. */
struct ts_cpu machine_cpu(const struct machine *m, size_t cpu);

#endif
