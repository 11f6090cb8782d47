/* SPDX-License-Identifier: GPL-2.0 */
/* The topology in dense form. */
#include "model/machine.h"

#include <errno.h>
#include <math.h>

#include "base/log.h"
#include "base/util.h"

/* Distance between two CPU nodes: the latency to the other's memory, if that is known. */
static uint32_t cpu_distance_ns(const struct topology *t, size_t from, size_t to)
{
	uint32_t latency_ns = topology_link(t, from, to)->latency_ns;

	return latency_ns ? latency_ns : UINT32_MAX;
}

static void order_by_distance(struct machine *m, const struct topology *t, const size_t *cpu_at)
{
	for (size_t c = 0; c < m->nr_cpu_nodes; c++) {
		uint8_t *order = m->cpu_nodes[c].near_order;
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

/* A CPU that is not there has no place, and nothing is known of it. */
static struct ts_cpu absent_cpu(void)
{
	return (struct ts_cpu){
		.place = TS_NO_NODE,
		.bandwidth_mbps = TS_UNKNOWN_U32,
		.utilisation_permille = TS_UNKNOWN_U32,
		.hit_rate_permille = TS_UNKNOWN_U32,
		.latency_ns = TS_UNKNOWN_U32,
	};
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
		m->cpus[cpu] = absent_cpu();
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

struct ts_cpu machine_cpu(const struct machine *m, size_t cpu)
{
	return cpu < m->nr_cpus ? m->cpus[cpu] : absent_cpu();
}

static void set_latency(struct machine *m, size_t c, size_t n, const struct topology_link *link)
{
	struct machine_memory *memory = &m->memory[n];

	machine_link(m, c, n)->latency_ns = link->latency_ns;
	if (link->latency_ns && (!memory->nearest_ns || link->latency_ns < memory->nearest_ns)) {
		memory->nearest_ns = link->latency_ns;
		memory->is_real = link->latency_source >= TOPOLOGY_HMAT;
	}
}

size_t machine_count_cpu_nodes(const struct topology *t)
{
	size_t nr = 0;

	for (size_t i = 0; i < t->nr_nodes; i++)
		nr += t->nodes[i].cpus.nr > 0;
	return nr;
}

static int fill(struct machine *m, const struct topology *t)
{
	_cleanup_free_ size_t *cpu_at = calloc(t->nr_nodes, sizeof(*cpu_at));
	_cleanup_free_ size_t *mem_at = calloc(t->nr_nodes, sizeof(*mem_at));

	m->cpu_nodes = calloc(t->nr_nodes, sizeof(*m->cpu_nodes));
	m->memory = calloc(t->nr_nodes, sizeof(*m->memory));
	m->links = calloc(t->nr_nodes * t->nr_nodes, sizeof(*m->links));
	if (!cpu_at || !mem_at || !m->cpu_nodes || !m->memory || !m->links)
		return -ENOMEM;

	for (size_t i = 0; i < t->nr_nodes; i++) {
		const struct topology_node *node = &t->nodes[i];

		if (node->cpus.nr) {
			cpu_at[m->nr_cpu_nodes] = i;
			m->cpu_nodes[m->nr_cpu_nodes++].id = node->id;
		}
		if (node->mem_bytes) {
			mem_at[m->nr_mem_nodes] = i;
			m->memory[m->nr_mem_nodes++] = (struct machine_memory){
				.id = node->id,
				.cxl = node->cxl != TOPOLOGY_CXL_NO,
			};
		}
	}
	for (size_t c = 0; c < m->nr_cpu_nodes; c++)
		for (size_t n = 0; n < m->nr_mem_nodes; n++) {
			set_latency(m, c, n, topology_link(t, cpu_at[c], mem_at[n]));
			machine_link(m, c, n)->near =
				idlist_has(&t->nodes[mem_at[n]].near_nodes, m->cpu_nodes[c].id);
		}
	order_by_distance(m, t, cpu_at);
	return fill_cpus(m, t, cpu_at);
}

int machine_new(struct machine **out, const struct topology *t)
{
	size_t nr_cpu_nodes = machine_count_cpu_nodes(t);
	struct machine *m;
	int r;

	if (nr_cpu_nodes > TS_MAX_CPU_NODES) {
		log_error(MACHINE_TOO_MANY_NODES, nr_cpu_nodes, TS_MAX_CPU_NODES);
		return -E2BIG;
	}
	m = calloc(1, sizeof(*m));
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
	free(m->cpu_nodes);
	free(m->memory);
	free(m->links);
	free(m->cpus);
	free(m);
}

/* A share as the maps and the model have it. */
static uint32_t permille(const struct metric *percent)
{
	return (uint32_t)lround(10 * percent->value);
}

static enum machine_room room_of(const struct metric *utilisation, enum machine_room before,
				 uint32_t room_percent)
{
	if (!utilisation->source)
		return MACHINE_ROOM_UNKNOWN;
	if (before == MACHINE_ROOM_NO)
		return utilisation->value <= (double)room_percent - ROOM_GAP_PERCENT
			       ? MACHINE_ROOM_YES
			       : MACHINE_ROOM_NO;
	return utilisation->value < room_percent ? MACHINE_ROOM_YES : MACHINE_ROOM_NO;
}

/* Fill how long an access waits at MEMORY: unknown and 0 where nothing tells. */
static void fill_wait(struct machine_memory *memory, const struct metrics_node *node)
{
	const struct metric *latency = &node->figures[FIGURE_LATENCY];
	const struct metric *utilisation = &node->figures[FIGURE_UTILISATION];
	uint32_t nearest_ns = memory->nearest_ns;

	memory->wait_ns = 0;
	memory->wait_known = true;
	if (latency->source && memory->is_real)
		memory->wait_ns = (uint32_t)MAX(latency->value - nearest_ns, 0.0);
	else if (utilisation->source)
		memory->wait_ns = model_wait_ns(nearest_ns, permille(utilisation));
	else
		memory->wait_known = false;
}

/* Latency of memory N from C as loaded now.  0 where its load is not known. */
static uint32_t loaded_latency_ns(const struct machine *m, size_t c, size_t n)
{
	uint32_t latency_ns = machine_link(m, c, n)->latency_ns;

	return latency_ns && m->memory[n].wait_known ? latency_ns + m->memory[n].wait_ns : 0;
}

/* Caches hit often from the mark on, and until they are a tenth worse than that. */
static bool hits_often(bool before, int hit_permille, uint32_t mark_percent)
{
	return hit_permille >= 0 && hit_permille >= (int)mark_percent * (before ? 9 : 10);
}

static bool is_quick(bool before, uint32_t latency_ns, uint32_t mark_ns)
{
	return latency_ns &&
	       latency_ns * UINT64_C(10) < mark_ns * UINT64_C(10) + (before ? mark_ns : 0);
}

static uint8_t points_of(const struct machine *m, size_t c, size_t n,
			 const struct ts_tunables *tune)
{
	const struct machine_memory *memory = &m->memory[n];
	const struct machine_link *link = machine_link(m, c, n);
	uint32_t points = 0;

	if (!link->near || memory->room == MACHINE_ROOM_NO)
		return 0;
	points += memory->cxl ? tune->points_cxl : 0;
	points += memory->room == MACHINE_ROOM_YES ? tune->points_room : 0;
	points += m->cpu_nodes[c].often ? tune->points_hit_rate : 0;
	points += link->quick ? tune->points_latency : 0;
	return (uint8_t)MIN(points, (uint32_t)UINT8_MAX);
}

/*
 * Tell how busy the CXL memory is that C is near: the bandwidth of all of it, and the utilisation
 * of the busiest node.
 */
static void fill_cxl(const struct machine *m, const struct metrics_node *nodes, size_t c,
		     struct ts_cpu *out)
{
	int64_t busiest = -1;
	double mbps = 0;
	bool known = true, any = false;

	for (size_t n = 0; n < m->nr_mem_nodes; n++) {
		const struct metric *of = nodes[n].figures;

		if (!machine_link(m, c, n)->near || !m->memory[n].cxl)
			continue;
		any = true;
		known &= of[FIGURE_READ].source != METRIC_UNKNOWN;
		mbps += of[FIGURE_READ].value + of[FIGURE_WRITE].value;
		out->simulated |= of[FIGURE_READ].source == METRIC_SIMULATED;
		if (of[FIGURE_UTILISATION].source)
			busiest = MAX(busiest, (int64_t)permille(&of[FIGURE_UTILISATION]));
	}
	out->bandwidth_mbps = any && known ? (__u32)mbps : TS_UNKNOWN_U32;
	out->utilisation_permille = busiest < 0 ? TS_UNKNOWN_U32 : (__u32)busiest;
}

/* Fill what the CPUs of C are told. */
static void fill_place(const struct machine *m, const struct metrics_node *nodes, size_t c,
		       int hit_permille, struct ts_cpu *out)
{
	uint32_t least = TS_UNKNOWN_U32;

	*out = (struct ts_cpu){.hit_rate_permille =
				       hit_permille < 0 ? TS_UNKNOWN_U32 : (__u32)hit_permille};
	for (size_t n = 0; n < m->nr_mem_nodes; n++) {
		uint32_t latency_ns = loaded_latency_ns(m, c, n);

		if (machine_link(m, c, n)->near && latency_ns)
			least = MIN(least, latency_ns);
	}
	out->latency_ns = least;
	fill_cxl(m, nodes, c, out);
}

void machine_take_metrics(struct machine *m, const struct metrics *metrics,
			  const struct ts_tunables *tune)
{
	struct ts_cpu place[TS_MAX_CPU_NODES] = {0};
	const struct metrics_node *nodes;
	size_t nr;

	nodes = metrics_nodes(metrics, &nr);
	for (size_t n = 0; n < m->nr_mem_nodes; n++) {
		const struct metric *utilisation = &nodes[n].figures[FIGURE_UTILISATION];
		struct machine_memory *memory = &m->memory[n];

		fill_wait(memory, &nodes[n]);
		memory->room = room_of(utilisation, memory->room, tune->room_percent);
		memory->full = tune->hold_saturating && memory->room == MACHINE_ROOM_NO;
	}
	for (size_t c = 0; c < m->nr_cpu_nodes; c++) {
		struct machine_cpu_node *node = &m->cpu_nodes[c];
		const struct metric hits = metrics_figure(metrics, node->id, FIGURE_LLC_HITS);
		int hit_permille = hits.source ? (int)permille(&hits) : -1;

		fill_place(m, nodes, c, hit_permille, &place[c]);
		node->often = hits_often(node->often, hit_permille, tune->hit_rate_percent);
		for (size_t n = 0; n < m->nr_mem_nodes; n++) {
			struct machine_link *link = machine_link(m, c, n);

			link->quick =
				is_quick(link->quick, loaded_latency_ns(m, c, n), tune->quick_ns);
			link->points = points_of(m, c, n, tune);
		}
	}
	for (size_t i = 0; i < m->nr_cpus; i++) {
		struct ts_cpu *cpu = &m->cpus[i];

		if (cpu->place == TS_NO_NODE)
			continue;
		cpu->bandwidth_mbps = place[cpu->place].bandwidth_mbps;
		cpu->utilisation_permille = place[cpu->place].utilisation_permille;
		cpu->hit_rate_permille = place[cpu->place].hit_rate_permille;
		cpu->latency_ns = place[cpu->place].latency_ns;
		cpu->simulated = place[cpu->place].simulated;
	}
}

uint8_t machine_nearest_to_cxl(const struct machine *m, size_t c)
{
	for (size_t i = 0; i < m->nr_cpu_nodes; i++) {
		uint8_t place = m->cpu_nodes[c].near_order[i];

		for (size_t n = 0; n < m->nr_mem_nodes; n++)
			if (machine_link(m, place, n)->near && m->memory[n].cxl &&
			    m->memory[n].room != MACHINE_ROOM_NO)
				return place;
	}
	return (uint8_t)c;
}

unsigned int *machine_memory_ids(const struct machine *m)
{
	unsigned int *ids = calloc(m->nr_mem_nodes + 1, sizeof(*ids));

	for (size_t n = 0; ids && n < m->nr_mem_nodes; n++)
		ids[n] = m->memory[n].id;
	return ids;
}

int machine_cpu_place(const struct machine *m, unsigned int node_id)
{
	for (size_t c = 0; c < m->nr_cpu_nodes; c++)
		if (m->cpu_nodes[c].id == node_id)
			return (int)c;
	return -1;
}
