/* SPDX-License-Identifier: GPL-2.0 */
/* The topology that was read: look-ups and names.  How it is read is in numa/read.c. */
#include "numa/topology.h"

#include <stdlib.h>

#include "base/util.h"

int topology_find(const struct topology *t, int id)
{
	size_t low = 0, high = t->nr_nodes;

	while (id >= 0 && low < high) {
		size_t mid = low + (high - low) / 2;

		if (t->nodes[mid].id == (unsigned int)id)
			return (int)mid;
		if (t->nodes[mid].id < (unsigned int)id)
			low = mid + 1;
		else
			high = mid;
	}
	return -1;
}

const struct topology_link *topology_link(const struct topology *t, size_t from, size_t to)
{
	return &t->links[from * t->nr_nodes + to];
}

const char *topology_source_name(enum topology_source source)
{
	static const char *const names[] = {
		[TOPOLOGY_UNKNOWN] = "unknown", [TOPOLOGY_SLIT] = "slit",
		[TOPOLOGY_ATTACH] = "attach",	[TOPOLOGY_HMAT] = "hmat",
		[TOPOLOGY_CXL] = "cxl",		[TOPOLOGY_MEASURED] = "measured",
	};

	return (size_t)source < ARRAY_SIZE(names) ? names[source] : names[TOPOLOGY_UNKNOWN];
}

enum topology_source topology_worst_latency(const struct topology *t, struct idlist *unknown)
{
	enum topology_source worst = TOPOLOGY_MEASURED;
	bool any = false;

	for (size_t i = 0; i < t->nr_nodes; i++)
		for (size_t j = 0; j < t->nr_nodes; j++) {
			enum topology_source source = topology_link(t, i, j)->latency_source;

			if (!t->nodes[i].cpus.nr || !t->nodes[j].mem_bytes)
				continue;
			any = true;
			worst = MIN(worst, source);
			if (unknown && source == TOPOLOGY_UNKNOWN)
				(void)idlist_add(unknown, t->nodes[j].id);
		}
	return any ? worst : TOPOLOGY_UNKNOWN;
}

const char *topology_cxl_name(enum topology_cxl cxl)
{
	static const char *const names[] = {
		[TOPOLOGY_CXL_NO] = "no",
		[TOPOLOGY_CXL_OPTION] = "option",
		[TOPOLOGY_CXL_DAX] = "dax",
		[TOPOLOGY_CXL_REGION] = "region",
	};

	return (size_t)cxl < ARRAY_SIZE(names) ? names[cxl] : names[TOPOLOGY_CXL_NO];
}

void topology_free(struct topology *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->nr_nodes; i++) {
		idlist_deinit(&t->nodes[i].cpus);
		idlist_deinit(&t->nodes[i].near_nodes);
		idlist_deinit(&t->nodes[i].disputed);
	}
	free(t->nodes);
	free(t->links);
	free(t->memdevs);
	free(t->regions);
	free(t->dax);
	free(t->fingerprint);
	free(t);
}
