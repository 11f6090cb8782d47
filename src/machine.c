/* SPDX-License-Identifier: GPL-2.0 */
/* The topology in dense form. */
#include "machine.h"

#include <errno.h>

#include "base/log.h"
#include "base/util.h"

/* Distance between two CPU nodes: latency to the other's memory, or none known. */
static uint32_t cpu_distance_ns(const struct topology *t, size_t from, size_t to)
{
	uint32_t latency_ns = topology_link(t, from, to)->latency_ns;

	return latency_ns ? latency_ns : UINT32_MAX;
}

static void order_by_distance(struct machine *m, const struct topology *t, const size_t *cpu_at)
{
	for (size_t c = 0; c < m->nr_cpu_nodes; c++) {
		uint8_t *order = m->near_order + c * m->nr_cpu_nodes;
		size_t nr = 0;

		order[nr++] = (uint8_t)c;
		for (size_t other = 0; other < m->nr_cpu_nodes; other++) {
			uint32_t distance = cpu_distance_ns(t, cpu_at[c], cpu_at[other]);
			size_t at = nr;

			if (other == c)
				continue;
			for (; at > 1 &&
			       cpu_distance_ns(t, cpu_at[c], cpu_at[order[at - 1]]) > distance;
			     at--)
				order[at] = order[at - 1];
			order[at] = (uint8_t)other;
			nr++;
		}
	}
}

/* A CPU is CXL-attached when its node is among the nearest to a CXL node. */
static bool is_cxl_attached(const struct topology *t, unsigned int node_id)
{
	for (size_t i = 0; i < t->nr_nodes; i++)
		if (t->nodes[i].cxl != TOPOLOGY_CXL_NO &&
		    idlist_has(&t->nodes[i].near_nodes, node_id))
			return true;
	return false;
}

static int fill_cpus(struct machine *m, const struct topology *t, const size_t *cpu_at)
{
	for (size_t c = 0; c < m->nr_cpu_nodes; c++) {
		const struct idlist *cpus = &t->nodes[cpu_at[c]].cpus;

		m->nr_cpus = MAX(m->nr_cpus, (size_t)cpus->ids[cpus->nr - 1] + 1);
	}
	m->cpus = calloc(MAX(m->nr_cpus, (size_t)1), sizeof(*m->cpus));
	if (!m->cpus)
		return -ENOMEM;
	for (size_t cpu = 0; cpu < m->nr_cpus; cpu++)
		m->cpus[cpu] = machine_absent_cpu();
	for (size_t c = 0; c < m->nr_cpu_nodes; c++) {
		const struct topology_node *node = &t->nodes[cpu_at[c]];

		for (size_t i = 0; i < node->cpus.nr; i++) {
			struct ts_cpu *cpu = &m->cpus[node->cpus.ids[i]];

			cpu->place = (__u8)c;
			cpu->node_id = node->id;
			cpu->cxl_attached = is_cxl_attached(t, node->id);
		}
	}
	return 0;
}

struct ts_cpu machine_absent_cpu(void)
{
	return (struct ts_cpu){
		.place = TS_NO_NODE,
		.bandwidth_mbps = TS_UNKNOWN_U32,
		.utilisation_permille = TS_UNKNOWN_U32,
		.hit_rate_permille = TS_UNKNOWN_U32,
		.latency_ns = TS_UNKNOWN_U32,
	};
}

static int fill(struct machine *m, const struct topology *t)
{
	_cleanup_free_ size_t *cpu_at = calloc(t->nr_nodes, sizeof(*cpu_at));
	_cleanup_free_ size_t *mem_at = calloc(t->nr_nodes, sizeof(*mem_at));

	m->cpu_node_ids = calloc(t->nr_nodes, sizeof(*m->cpu_node_ids));
	m->mem_node_ids = calloc(t->nr_nodes, sizeof(*m->mem_node_ids));
	m->cxl = calloc(t->nr_nodes, sizeof(*m->cxl));
	m->load_permille = calloc(t->nr_nodes, sizeof(*m->load_permille));
	m->latency_ns = calloc(t->nr_nodes * t->nr_nodes, sizeof(*m->latency_ns));
	m->near_order = calloc(t->nr_nodes, t->nr_nodes);
	if (!cpu_at || !mem_at || !m->cpu_node_ids || !m->mem_node_ids || !m->cxl ||
	    !m->load_permille || !m->latency_ns || !m->near_order)
		return -ENOMEM;

	for (size_t i = 0; i < t->nr_nodes; i++) {
		const struct topology_node *node = &t->nodes[i];

		if (node->cpus.nr) {
			cpu_at[m->nr_cpu_nodes] = i;
			m->cpu_node_ids[m->nr_cpu_nodes++] = node->id;
		}
		if (node->mem_bytes) {
			mem_at[m->nr_mem_nodes] = i;
			m->cxl[m->nr_mem_nodes] = node->cxl != TOPOLOGY_CXL_NO;
			m->load_permille[m->nr_mem_nodes] = MODEL_UNKNOWN_PERMILLE;
			m->mem_node_ids[m->nr_mem_nodes++] = node->id;
		}
	}
	if (m->nr_cpu_nodes > TS_MAX_CPU_NODES) {
		log_error("%zu NUMA nodes have CPUs; this program knows at most %d",
			  m->nr_cpu_nodes, TS_MAX_CPU_NODES);
		return -E2BIG;
	}
	for (size_t c = 0; c < m->nr_cpu_nodes; c++)
		for (size_t n = 0; n < m->nr_mem_nodes; n++)
			m->latency_ns[c * m->nr_mem_nodes + n] =
				topology_link(t, cpu_at[c], mem_at[n])->latency_ns;
	order_by_distance(m, t, cpu_at);
	m->model = (struct model_machine){
		.nr_cpu_nodes = m->nr_cpu_nodes,
		.nr_mem_nodes = m->nr_mem_nodes,
		.latency_ns = m->latency_ns,
		.load_permille = m->load_permille,
		.cxl = m->cxl,
	};
	return fill_cpus(m, t, cpu_at);
}

int machine_new(struct machine **out, const struct topology *t)
{
	struct machine *m = calloc(1, sizeof(*m));
	int r;

	if (!m)
		return -ENOMEM;
	r = fill(m, t);
	if (r < 0) {
		machine_free(m);
		return r;
	}
	*out = m;
	return 0;
}

void machine_free(struct machine *m)
{
	if (!m)
		return;
	free(m->cpu_node_ids);
	free(m->mem_node_ids);
	free(m->cxl);
	free(m->load_permille);
	free(m->latency_ns);
	free(m->near_order);
	free(m->cpus);
	free(m);
}

int machine_cpu_place(const struct machine *m, unsigned int node_id)
{
	for (size_t c = 0; c < m->nr_cpu_nodes; c++)
		if (m->cpu_node_ids[c] == node_id)
			return (int)c;
	return -1;
}
