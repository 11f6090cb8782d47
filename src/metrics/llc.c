/* SPDX-License-Identifier: GPL-2.0 */
/* Hit rate of the last-level caches. */
#include "metrics/llc.h"

#include <errno.h>
#include <string.h>

#include <linux/perf_event.h>

#include "base/util.h"
#include "metrics/pmu.h"

#define MAX_PER_S 1e11 /* a few references a cycle of a very fast CPU */
#define LEAST_PER_S 1000.0

struct cpu {
	int references_fd, misses_fd; /* both open */
};

struct llc_node {
	unsigned int id;
	size_t nr;
	struct cpu cpus[LLC_MAX_CPUS];
	struct llc_reading last[LLC_MAX_CPUS];
	bool primed;
	int permille;
};

struct llc {
	struct llc_node *nodes;
	size_t nr_nodes;
	int error;
};

int llc_permille(const struct llc_reading *before, const struct llc_reading *after, size_t nr)
{
	double references = 0, misses = 0;

	for (size_t i = 0; i < nr; i++) {
		double some, missed;

		if (counter_rate(&some, &before[i].references, &after[i].references, MAX_PER_S) ||
		    counter_rate(&missed, &before[i].misses, &after[i].misses, MAX_PER_S))
			continue;
		references += some;
		misses += missed;
	}
	if (references < LEAST_PER_S || misses > references)
		return -1;
	return (int)(1000 * (1 - misses / references) + 0.5);
}

static int open_counter(unsigned int cpu, uint64_t what)
{
	const struct pmu pmu = {.type = PERF_TYPE_HARDWARE, .cpu = cpu};
	const struct pmu_config config = {{what}};

	return pmu_open(&pmu, &config);
}

/* 0 or -errno. */
static int open_cpu(struct cpu *out, unsigned int cpu)
{
	int references = open_counter(cpu, PERF_COUNT_HW_CACHE_REFERENCES), misses;

	if (references < 0)
		return references;
	misses = open_counter(cpu, PERF_COUNT_HW_CACHE_MISSES);
	if (misses < 0) {
		close(references);
		return misses;
	}
	*out = (struct cpu){references, misses};
	return 0;
}

/* The I-th of NR out of FROM that are evenly spread. */
static size_t spread(size_t i, size_t nr, size_t from)
{
	return i * from / nr;
}

static int open_node(struct llc_node *node, const struct topology_node *from)
{
	size_t nr = MIN(from->cpus.nr, (size_t)LLC_MAX_CPUS);
	int error = 0;

	node->id = from->id;
	node->permille = -1;
	for (size_t i = 0; i < nr; i++) {
		int r = open_cpu(&node->cpus[node->nr],
				 from->cpus.ids[spread(i, nr, from->cpus.nr)]);

		if (r < 0)
			error = r;
		else
			node->nr++;
	}
	return node->nr ? 0 : error;
}

int llc_new(struct llc **out, const struct topology *t)
{
	struct llc *l = calloc(1, sizeof(*l));

	if (!l)
		return -ENOMEM;
	l->nodes = calloc(MAX(t->nr_nodes, (size_t)1), sizeof(*l->nodes));
	if (!l->nodes) {
		free(l);
		return -ENOMEM;
	}
	for (size_t i = 0; i < t->nr_nodes; i++) {
		int r;

		if (!t->nodes[i].cpus.nr)
			continue;
		r = open_node(&l->nodes[l->nr_nodes++], &t->nodes[i]);
		if (r < 0)
			l->error = r;
	}
	*out = l;
	return 0;
}

int llc_error(const struct llc *l)
{
	return l->error;
}

void llc_free(struct llc *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->nr_nodes; i++)
		for (size_t k = 0; k < l->nodes[i].nr; k++) {
			close(l->nodes[i].cpus[k].references_fd);
			close(l->nodes[i].cpus[k].misses_fd);
		}
	free(l->nodes);
	free(l);
}

static void update_node(struct llc_node *node)
{
	struct llc_reading now[LLC_MAX_CPUS];

	memset(now, 0, sizeof(now));
	for (size_t i = 0; i < node->nr; i++) {
		/* a CPU that went has counted nothing: its part is unknown */
		(void)pmu_read(&now[i].references, node->cpus[i].references_fd);
		(void)pmu_read(&now[i].misses, node->cpus[i].misses_fd);
	}
	node->permille = node->primed ? llc_permille(node->last, now, node->nr) : -1;
	memcpy(node->last, now, sizeof(now));
	node->primed = true;
}

void llc_update(struct llc *l)
{
	for (size_t i = 0; i < l->nr_nodes; i++)
		update_node(&l->nodes[i]);
}

int llc_hit_permille(const struct llc *l, unsigned int id)
{
	for (size_t i = 0; i < l->nr_nodes; i++)
		if (l->nodes[i].id == id)
			return l->nodes[i].permille;
	return -1;
}
