/* SPDX-License-Identifier: GPL-2.0 */
/* Hit rate of the last-level caches. */
#include "counters/llc.h"

#include <errno.h>
#include <string.h>

#include <linux/perf_event.h>

#include "base/util.h"
#include "counters/pmu.h"

#define MAX_PER_S 1e11 /* a few references in each cycle of a very fast CPU */
#define LEAST_PER_S 1000.0

struct llc_node {
	unsigned int id;
	size_t nr;
	struct llc_counters cpus[LLC_MAX_CPUS];
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

/* Open both counters of thread TID, or of a CPU where TID is 0. */
static int open_both(struct llc_counters *out, pid_t tid, unsigned int cpu)
{
	static const struct pmu_config references = {{PERF_COUNT_HW_CACHE_REFERENCES}},
				       misses = {{PERF_COUNT_HW_CACHE_MISSES}};
	const struct pmu pmu = {.type = PERF_TYPE_HARDWARE, .cpu = cpu};
	struct llc_counters c;

	c.references_fd =
		tid ? pmu_open_thread(&pmu, &references, tid) : pmu_open(&pmu, &references);
	if (c.references_fd < 0)
		return c.references_fd;
	c.misses_fd = tid ? pmu_open_thread(&pmu, &misses, tid) : pmu_open(&pmu, &misses);
	if (c.misses_fd < 0) {
		close(c.references_fd);
		return c.misses_fd;
	}
	*out = c;
	return 0;
}

int llc_open_thread(struct llc_counters *out, pid_t tid)
{
	return open_both(out, tid, 0);
}

void llc_close(struct llc_counters *counters)
{
	close(counters->references_fd);
	close(counters->misses_fd);
}

int llc_read(const struct llc_counters *counters, struct llc_reading *last, size_t nr, bool *primed)
{
	struct llc_reading now[LLC_MAX_COUNTERS] = {0};
	int permille;

	for (size_t i = 0; i < nr; i++) {
		/* a counter that has gone has counted nothing, so its part is unknown */
		(void)pmu_read(&now[i].references, counters[i].references_fd);
		(void)pmu_read(&now[i].misses, counters[i].misses_fd);
	}
	permille = *primed ? llc_permille(last, now, nr) : -1;
	memcpy(last, now, nr * sizeof(*now));
	*primed = true;
	return permille;
}

/* The I-th of NR places that are evenly spread over FROM. */
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
		int r = open_both(&node->cpus[node->nr], 0,
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
		for (size_t k = 0; k < l->nodes[i].nr; k++)
			llc_close(&l->nodes[i].cpus[k]);
	free(l->nodes);
	free(l);
}

void llc_update(struct llc *l)
{
	for (size_t i = 0; i < l->nr_nodes; i++) {
		struct llc_node *node = &l->nodes[i];

		node->permille = llc_read(node->cpus, node->last, node->nr, &node->primed);
	}
}

int llc_hit_permille(const struct llc *l, unsigned int id)
{
	for (size_t i = 0; i < l->nr_nodes; i++)
		if (l->nodes[i].id == id)
			return l->nodes[i].permille;
	return -1;
}
