/* SPDX-License-Identifier: GPL-2.0 */
/* For tests: the topology of a recorded machine. */
#include "tests/helpers/topology.h"

int try_read(struct topology **out, const struct sysroot *root, const char *cxl_nodes)
{
	_cleanup_idlist_ struct idlist nodes = IDLIST_INIT;
	struct topology_options options = {.sysroot = root->path, .cxl_nodes = &nodes};

	assert_int_equal(idlist_parse(&nodes, cxl_nodes), 0);
	return topology_read(out, &options);
}

struct topology *read_root(const struct sysroot *root)
{
	struct topology *t = NULL;

	assert_int_equal(try_read(&t, root, ""), 0);
	assert_non_null(t);
	return t;
}

const struct topology_node *node_of(const struct topology *t, int id)
{
	int at = topology_find(t, id);

	assert_true(at >= 0);
	return &t->nodes[at];
}

const struct topology_link *link_of(const struct topology *t, int from, int to)
{
	assert_true(topology_find(t, from) >= 0 && topology_find(t, to) >= 0);
	return topology_link(t, (size_t)topology_find(t, from), (size_t)topology_find(t, to));
}

void assert_sound(const struct topology *t)
{
	size_t nr_cpu_nodes = 0;

	assert_true(t->nr_nodes > 0);
	for (size_t i = 0; i < t->nr_nodes; i++)
		nr_cpu_nodes += t->nodes[i].cpus.nr > 0;
	for (size_t i = 0; i < t->nr_nodes; i++) {
		const struct topology_node *node = &t->nodes[i];

		assert_int_equal(topology_find(t, (int)node->id), i);
		assert_true(!i || t->nodes[i - 1].id < node->id);
		assert_true(!nr_cpu_nodes || node->near_nodes.nr);
		for (size_t k = 0; k < node->near_nodes.nr; k++)
			assert_true(node_of(t, (int)node->near_nodes.ids[k])->cpus.nr > 0);
		assert_true(node->cxl == TOPOLOGY_CXL_NO || (!node->cpus.nr && node->mem_bytes));
		assert_true(!node->disputed.nr || node->near_source == TOPOLOGY_ATTACH);
		for (size_t k = 0; k < node->disputed.nr; k++)
			assert_false(idlist_has(&node->near_nodes, node->disputed.ids[k]));
		assert_true(memchr(node->devices, '\0', sizeof(node->devices)) != NULL);
		for (size_t to = 0; to < t->nr_nodes; to++) {
			const struct topology_link *link = topology_link(t, i, to);

			assert_int_equal(!link->latency_ns,
					 link->latency_source == TOPOLOGY_UNKNOWN);
			assert_int_equal(!link->bandwidth_mbps,
					 link->bandwidth_source == TOPOLOGY_UNKNOWN);
			if (!node->cpus.nr || !t->nodes[to].mem_bytes)
				assert_int_equal(link->latency_ns, 0);
		}
	}
}
