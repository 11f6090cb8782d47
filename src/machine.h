/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The topology in the dense form that the model and the scheduler compute with:
 * CPU nodes and memory nodes are places 0, 1, 2, ... in ascending order of
 * their kernel ids.
 */
#ifndef TS_MACHINE_H
#define TS_MACHINE_H

#include "bpf/abi.h"
#include "model.h"
#include "numa/topology.h"

struct machine {
	size_t nr_cpu_nodes, nr_mem_nodes;
	unsigned int *cpu_node_ids; /* kernel ids by place */
	unsigned int *mem_node_ids;
	uint32_t *latency_ns;	 /* [cpu][mem] as the topology says */
	uint16_t *load_permille; /* [mem] utilisation, MODEL_UNKNOWN_PERMILLE where nothing measures
				    it */
	bool *cxl;		 /* [mem] */
	uint8_t *near_order; /* [cpu][cpu] CPU nodes by distance, itself first: the way of stealing
			      */
	struct ts_cpu *cpus; /* by CPU number; metrics unknown */
	size_t nr_cpus;	     /* highest online CPU number + 1 */
	struct model_machine model; /* the same arrays for the model */
};

/* 0; -ENOMEM; -E2BIG for more CPU nodes than TS_MAX_CPU_NODES (logged). */
int machine_new(struct machine **out, const struct topology *t);
void machine_free(struct machine *m);

/* Place of a kernel node id among the CPU nodes, or -1. */
int machine_cpu_place(const struct machine *m, unsigned int node_id);

/* The context of a CPU that is not there: no place, nothing known. */
struct ts_cpu machine_absent_cpu(void);

#endif
