/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel ranks memory by latency times the inverse of bandwidth, each compared with DRAM's
 * (mm/memory-tiers.c).  HBM may answer later than DRAM and still be the faster memory, because it
 * delivers so much more.  HMAT goes before the memory tier: memory that a driver adds without
 * figures lands in a slow tier.
 */
#include "numa/cxl/dram.h"

#include "numa/hmat.h"

/* The rank of one memory divided by the rank of another.  0 where no figure is stated of both. */
static double ratio(const struct hmat *of, const struct hmat *to)
{
	double latency = 0, bandwidth = 0;

	if (of->read_latency_ns && to->read_latency_ns)
		latency = (double)of->read_latency_ns / to->read_latency_ns;
	if (of->read_bandwidth_mbps && to->read_bandwidth_mbps)
		bandwidth = (double)to->read_bandwidth_mbps / of->read_bandwidth_mbps;
	return latency && bandwidth ? latency * bandwidth : latency + bandwidth;
}

static bool is_dram(const struct topology_node *node)
{
	return node->cpus.nr && node->mem_bytes;
}

/* The least ratio to the memory of any node with CPUs, 0 unknown. */
static int least_ratio(double *out, const struct topology *t, const struct hmat *of,
		       const struct idlist *cpu_nodes, const char *sysroot)
{
	*out = 0;
	for (size_t i = 0; i < t->nr_nodes; i++) {
		_cleanup_(hmat_deinit) struct hmat own = HMAT_INIT;
		double found;
		int r;

		if (!is_dram(&t->nodes[i]))
			continue;
		r = hmat_read(&own, sysroot, t->nodes[i].id, cpu_nodes);
		if (r < 0)
			return r;
		found = ratio(of, &own);
		if (found && (!*out || found < *out))
			*out = found;
	}
	return 0;
}

/* The tier of the slowest memory that CPUs have of their own, -1 unknown. */
static int slowest_tier(const struct topology *t)
{
	int tier = -1;

	for (size_t i = 0; i < t->nr_nodes; i++) {
		if (is_dram(&t->nodes[i]))
			tier = MAX(tier, t->nodes[i].tier);
	}
	return tier;
}

int dram_is_as_fast(bool *out, const struct topology *t, size_t at, const char *sysroot)
{
	_cleanup_(hmat_deinit) struct hmat hmat = HMAT_INIT;
	_cleanup_idlist_ struct idlist cpu_nodes = IDLIST_INIT;
	double least = 0;
	int r = 0;

	for (size_t i = 0; !r && i < t->nr_nodes; i++) {
		if (t->nodes[i].cpus.nr)
			r = idlist_add(&cpu_nodes, t->nodes[i].id);
	}
	if (!r)
		r = hmat_read(&hmat, sysroot, t->nodes[at].id, &cpu_nodes);
	if (!r)
		r = least_ratio(&least, t, &hmat, &cpu_nodes, sysroot);
	if (r < 0)
		return r;
	*out = (least && least <= 1) ||
	       (t->nodes[at].tier >= 0 && t->nodes[at].tier <= slowest_tier(t));
	return 0;
}
