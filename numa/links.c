/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What an access costs.  Three kinds of statement tell it, and none of them covers the whole
 * machine:
 *
 * - Figures (HMAT, or a CXL region's coordinates) give ns and MB/s.  They hold for the *nearest*
 *   CPUs of a node only.
 * - The SLIT gives a ratio for every pair, without a unit.  CXL nodes that are made at run time
 * get
 *   the default 20 from everywhere.  Such a row is flat: it tells nothing.
 * - A CXL device names the node of its root port.
 *
 * So this is the latency of an access from CPU node c to memory node n, with distances d:
 *
 *   n has a figure L, c is one of its nearest:  L
 *   n has a figure L, d(.,n) tells CPUs apart:  L + ns(c,n) - ns(near,n), at least L
 *   n has a figure L, d(.,n) is flat:           L + way(c, near)
 *   the same two, scales nominal:               L * their ratio by the SLIT alone
 *   no figure, d(.,n) tells CPUs apart:         ns(c,n)
 *   no figure, flat, n hangs on a:              ns(a,n) + way(c, a)
 *   no figure, flat, nothing known:             ns(c,n)
 *
 *   ns(c,n) = d(c,n) * scale(n).  scale(n) is ns per unit of distance: n's own local figure over
 *   its local distance, else the mean of that over the machine's CPU nodes, else a nominal 10 ns.
 *   way(c,a) = ns(c,a) - ns(a,a).  It is the cost of getting from c to a's root ports.
 *
 * A figure grows by the difference of distances and not by their ratio.  The way between sockets
 * costs the same whatever memory lies beyond.  But firmware often gives CXL memory a distance far
 * below its latency, and its ratio would make the socket's share too large.  Where distances do
 * follow latencies, as between DRAM nodes, both come to the same.
 *
 * HMAT or the SLIT may call other CPUs nearest than those at a region's devices.  Then the devices
 * are believed, because they are part of the machine and people type tables.  The node is marked
 * as disputed.  Its distances count as flat.  Its figure counts as stated for the CPUs at the
 * devices, with source ATTACH.  A measurement settles it.
 *
 * Where several nodes are nearest or attached (interleaving across sockets, SNC), their mean
 * counts.  Bandwidth is known where a figure states it.  It is not scaled, because the SLIT is
 * about latency.
 */
#include "numa/links.h"

#include <errno.h>
#include <stdlib.h>

#include "base/log.h"
#include "numa/hmat.h"
#include "numa/nodes.h"

#define NOMINAL_SCALE_PS 10000u /* per unit of SLIT distance: local memory at 100 ns */

struct figure {
	uint32_t latency_ns, bandwidth_mbps; /* 0 unknown */
	enum topology_source latency_source, bandwidth_source;
};

struct survey {
	struct topology *t;
	const struct idlist *attach; /* [nr_nodes] */
	struct idlist cpu_nodes;     /* ids */
	uint32_t *slit;		     /* [from * nr_nodes + to], 0 unknown */
	struct idlist *initiators;   /* [nr_nodes], ids */
	struct figure *figures;	     /* [nr_nodes], to each node from its nearest CPUs */
	uint64_t scale_ps;	     /* the machine's scale, per unit of distance */
	bool is_real;		     /* scale_ps comes from stated latencies, it is not nominal */
};

static uint32_t distance(const struct survey *s, size_t from, size_t to)
{
	return s->slit[from * s->t->nr_nodes + to];
}

static size_t place(const struct survey *s, unsigned int id)
{
	return (size_t)topology_find(s->t, (int)id);
}

/* Do distances to place TO tell nodes with CPUs apart? */
static bool is_flat(const struct survey *s, size_t to)
{
	uint32_t first = 0;

	if (s->t->nodes[to].disputed.nr)
		return true; /* the SLIT contradicts the device, so it does not count */
	for (size_t i = 0; i < s->cpu_nodes.nr; i++) {
		uint32_t d = distance(s, place(s, s->cpu_nodes.ids[i]), to);

		if (d && first && d != first)
			return false;
		if (d)
			first = d;
	}
	return true;
}

/* Add the nodes with CPUs that have the smallest distance to place TO. */
static int add_closest(struct idlist *out, const struct survey *s, size_t to)
{
	uint32_t least = UINT32_MAX;
	int r = 0;

	for (size_t i = 0; i < s->cpu_nodes.nr; i++) {
		uint32_t d = distance(s, place(s, s->cpu_nodes.ids[i]), to);

		if (d)
			least = MIN(least, d);
	}
	for (size_t i = 0; !r && i < s->cpu_nodes.nr; i++) {
		if (distance(s, place(s, s->cpu_nodes.ids[i]), to) == least)
			r = idlist_add(out, s->cpu_nodes.ids[i]);
	}
	return r;
}

/* Add the attach nodes that have CPUs.  For one without, add the CPU nodes closest to it. */
static int add_attached(struct idlist *out, const struct survey *s, const struct idlist *attach)
{
	int r = 0;

	for (size_t i = 0; !r && i < attach->nr; i++) {
		size_t at = place(s, attach->ids[i]);

		if (s->t->nodes[at].cpus.nr)
			r = idlist_add(out, attach->ids[i]);
		else if (!is_flat(s, at))
			r = add_closest(out, s, at);
	}
	return r;
}

static bool overlap(const struct idlist *a, const struct idlist *b)
{
	for (size_t i = 0; i < a->nr; i++) {
		if (idlist_has(b, a->ids[i]))
			return true;
	}
	return false;
}

/*
 * Add the nodes that HMAT calls nearest, else those that the SLIT calls nearest.  Add none where
 * neither tells CPUs apart.
 */
static int add_stated(struct idlist *out, const struct survey *s, size_t at)
{
	if (s->initiators[at].nr)
		return idlist_copy(out, &s->initiators[at]);
	return is_flat(s, at) ? 0 : add_closest(out, s, at);
}

/*
 * Find the nearest CPUs of memory without CPUs.  The devices of a region are known to be behind
 * the memory, so their place goes before the tables.  The device of other CXL memory is inferred,
 * so HMAT goes first.
 */
static int find_near_memory(const struct survey *s, size_t at)
{
	struct topology_node *node = &s->t->nodes[at];
	_cleanup_idlist_ struct idlist stated = IDLIST_INIT, attached = IDLIST_INIT;
	bool is_device_known = node->cxl == TOPOLOGY_CXL_REGION;
	int r = add_stated(&stated, s, at);

	if (!r)
		r = add_attached(&attached, s, &s->attach[at]);
	if (r < 0)
		return r;
	if (s->initiators[at].nr &&
	    (!is_device_known || !attached.nr || overlap(&stated, &attached)))
		node->near_source = TOPOLOGY_HMAT;
	else if (attached.nr)
		node->near_source = TOPOLOGY_ATTACH;
	else
		node->near_source = stated.nr ? TOPOLOGY_SLIT : TOPOLOGY_UNKNOWN;
	if (node->near_source == TOPOLOGY_UNKNOWN)
		return idlist_copy(&node->near_nodes, &s->cpu_nodes);
	if (node->near_source != TOPOLOGY_ATTACH)
		return idlist_copy(&node->near_nodes, &stated);
	if (stated.nr && !overlap(&stated, &attached))
		r = idlist_copy(&node->disputed, &stated);
	return r < 0 ? r : idlist_copy(&node->near_nodes, &attached);
}

static int find_near(const struct survey *s, size_t at)
{
	struct topology_node *node = &s->t->nodes[at];

	if (!node->cpus.nr)
		return find_near_memory(s, at);
	if (s->initiators[at].nr) {
		node->near_source = TOPOLOGY_HMAT;
		return idlist_copy(&node->near_nodes, &s->initiators[at]);
	}
	node->near_source = TOPOLOGY_SLIT;
	return idlist_add(&node->near_nodes, node->id);
}

/*
 * A node's memory may come from several regions.  Take the worst latency, as the kernel does
 * within a region.  Take the best bandwidth and not the sum, because regions may share a device.
 */
static void read_region_figure(struct figure *figure, const struct topology *t, unsigned int id)
{
	uint32_t latency = 0, bandwidth = 0;

	for (size_t i = 0; i < t->nr_regions; i++) {
		const struct topology_region *region = &t->regions[i];
		/* the nearest CPU; the nearest initiator only where that is missing */
		int class = region->read_latency_ns[1] ? 1 : 0;

		if (region->target_node != (int)id)
			continue;
		latency = MAX(latency, region->read_latency_ns[class]);
		bandwidth = MAX(bandwidth, region->read_bandwidth_mbps[class]);
	}
	if (latency) {
		figure->latency_ns = latency;
		figure->latency_source = TOPOLOGY_CXL;
	}
	if (bandwidth) {
		figure->bandwidth_mbps = bandwidth;
		figure->bandwidth_source = TOPOLOGY_CXL;
	}
}

static int read_figures(struct survey *s, const char *sysroot)
{
	for (size_t at = 0; at < s->t->nr_nodes; at++) {
		struct topology_node *node = &s->t->nodes[at];
		struct figure *figure = &s->figures[at];
		struct hmat hmat;
		int r = hmat_read(&hmat, sysroot, node->id, &s->cpu_nodes);

		if (r < 0)
			return r;
		s->initiators[at] = hmat.initiators;
		figure->latency_ns = hmat.read_latency_ns;
		figure->latency_source = hmat.read_latency_ns ? TOPOLOGY_HMAT : TOPOLOGY_UNKNOWN;
		figure->bandwidth_mbps = hmat.read_bandwidth_mbps;
		figure->bandwidth_source =
			hmat.read_bandwidth_mbps ? TOPOLOGY_HMAT : TOPOLOGY_UNKNOWN;
		if (node->cxl == TOPOLOGY_CXL_REGION)
			read_region_figure(figure, s->t, node->id);
		r = find_near(s, at);
		if (r < 0)
			return r;
	}
	return 0;
}

/*
 * ps per unit of distance at place AT.  Unknown unless it has CPUs and states the latency of its
 * own memory.
 */
static uint64_t local_scale_ps(const struct survey *s, size_t at)
{
	const struct topology_node *node = &s->t->nodes[at];

	if (!node->cpus.nr || !s->figures[at].latency_ns ||
	    !idlist_has(&node->near_nodes, node->id))
		return 0;
	return s->figures[at].latency_ns * 1000ull / distance(s, at, at);
}

static void set_machine_scale(struct survey *s)
{
	uint64_t sum = 0, nr = 0;

	for (size_t at = 0; at < s->t->nr_nodes; at++) {
		uint64_t scale = local_scale_ps(s, at);

		sum += scale;
		nr += scale != 0;
	}
	s->scale_ps = nr ? sum / nr : NOMINAL_SCALE_PS;
	s->is_real = nr > 0;
}

/* ns(from, to) by the SLIT, 0 unknown. */
static uint64_t slit_ns(const struct survey *s, size_t from, size_t to)
{
	uint64_t scale = local_scale_ps(s, to);

	return (distance(s, from, to) * (scale ? scale : s->scale_ps) + 500) / 1000;
}

/* The mean way from the CPUs of FROM to the nodes VIA.  False when it is not known. */
static bool mean_way_ns(uint64_t *out, const struct survey *s, size_t from,
			const struct idlist *via)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < via->nr; i++) {
		size_t at = place(s, via->ids[i]);
		uint64_t there = slit_ns(s, from, at), local = slit_ns(s, at, at);

		if (!there)
			return false;
		sum += there > local ? there - local : 0;
	}
	if (!via->nr)
		return false;
	*out = sum / via->nr;
	return true;
}

static uint64_t mean_slit_ns(const struct survey *s, const struct idlist *from, size_t to)
{
	uint64_t sum = 0, nr = 0;

	for (size_t i = 0; i < from->nr; i++) {
		uint64_t ns = slit_ns(s, place(s, from->ids[i]), to);

		sum += ns;
		nr += ns != 0;
	}
	return nr ? sum / nr : 0;
}

static void set_latency(struct topology_link *link, uint64_t ns, enum topology_source source)
{
	/* odd figures of firmware may have any product */
	if (!ns || ns > HMAT_MAX_LATENCY_NS)
		return;
	link->latency_ns = (uint32_t)ns;
	link->latency_source = source;
}

/*
 * Set the latency from CPUs that are not among the nearest, to a node with a figure.  A nominal
 * way is not added to a stated figure.  The figure grows by the ratio instead, which is the same
 * in both units.
 */
static void set_far_latency(struct topology_link *link, const struct survey *s, size_t from,
			    size_t to)
{
	const struct topology_node *node = &s->t->nodes[to];
	uint64_t latency = s->figures[to].latency_ns, way, far = slit_ns(s, from, to);
	uint64_t near = mean_slit_ns(s, &node->near_nodes, to);
	bool by_way = node->near_source != TOPOLOGY_UNKNOWN && is_flat(s, to);

	if (by_way && !mean_way_ns(&way, s, from, &node->near_nodes))
		return;
	if (!by_way && (!near || !far))
		return;
	if (!by_way)
		way = far > near ? far - near : 0;
	if (s->is_real)
		latency += way;
	else
		latency = near ? latency * (near + way) / near : 0;
	set_latency(link, latency, by_way ? TOPOLOGY_ATTACH : TOPOLOGY_SLIT);
}

static void set_unstated_latency(struct topology_link *link, const struct survey *s, size_t from,
				 size_t to)
{
	const struct idlist *attach = &s->attach[to];
	uint64_t way, base = mean_slit_ns(s, attach, to);

	if (base && is_flat(s, to) && mean_way_ns(&way, s, from, attach))
		set_latency(link, base + way, TOPOLOGY_ATTACH);
	else
		set_latency(link, slit_ns(s, from, to), TOPOLOGY_SLIT);
}

static void fill_link(struct topology_link *link, const struct survey *s, size_t from, size_t to)
{
	const struct topology_node *cpus = &s->t->nodes[from], *memory = &s->t->nodes[to];
	const struct figure *figure = &s->figures[to];
	/* when nothing tells CPUs apart, nobody knows which node's figure this is */
	bool is_near = idlist_has(&memory->near_nodes, cpus->id) &&
		       (memory->near_source != TOPOLOGY_UNKNOWN || s->cpu_nodes.nr == 1);

	if (!cpus->cpus.nr || !memory->mem_bytes)
		return;
	if (is_near) {
		link->bandwidth_mbps = figure->bandwidth_mbps;
		link->bandwidth_source = figure->bandwidth_source;
	}
	if (figure->latency_ns && is_near)
		set_latency(link, figure->latency_ns,
			    memory->disputed.nr ? TOPOLOGY_ATTACH : figure->latency_source);
	else if (figure->latency_ns)
		set_far_latency(link, s, from, to);
	else
		set_unstated_latency(link, s, from, to);
}

static void deinit_survey(struct survey *s)
{
	for (size_t i = 0; s->initiators && i < s->t->nr_nodes; i++)
		idlist_deinit(&s->initiators[i]);
	free(s->initiators);
	free(s->figures);
	free(s->slit);
	idlist_deinit(&s->cpu_nodes);
}

static int init_survey(struct survey *s, const char *sysroot)
{
	size_t nr = s->t->nr_nodes;
	int r = 0;

	s->initiators = calloc(nr, sizeof(*s->initiators));
	s->figures = calloc(nr, sizeof(*s->figures));
	if (!s->initiators || !s->figures)
		return -ENOMEM;
	for (size_t at = 0; !r && at < nr; at++) {
		if (s->t->nodes[at].cpus.nr)
			r = idlist_add(&s->cpu_nodes, s->t->nodes[at].id);
	}
	if (!r)
		r = nodes_read_slit(&s->slit, s->t, sysroot);
	if (!r)
		r = read_figures(s, sysroot);
	return r;
}

int links_read(struct topology *t, const struct idlist *attach, const char *sysroot)
{
	_cleanup_(deinit_survey) struct survey s = {.t = t, .attach = attach};
	int r = init_survey(&s, sysroot);

	if (r < 0)
		return r;
	set_machine_scale(&s);
	t->links = calloc(t->nr_nodes * t->nr_nodes, sizeof(*t->links));
	if (!t->links)
		return -ENOMEM;
	for (size_t from = 0; from < t->nr_nodes; from++) {
		for (size_t to = 0; to < t->nr_nodes; to++)
			fill_link(&t->links[from * t->nr_nodes + to], &s, from, to);
	}
	return 0;
}

/* Find the ids of the nodes whose CPUs are nearest to node TO by LATENCY_NS. */
static int nearest(struct idlist *out, const struct topology *t, size_t to,
		   const uint32_t *latency_ns)
{
	uint32_t least = UINT32_MAX;
	int r = 0;

	for (size_t from = 0; from < t->nr_nodes; from++)
		if (t->nodes[from].cpus.nr)
			least = MIN(least, latency_ns[from * t->nr_nodes + to]);
	for (size_t from = 0; !r && from < t->nr_nodes; from++)
		if (t->nodes[from].cpus.nr &&
		    latency_ns[from * t->nr_nodes + to] <= least + least / 10)
			r = idlist_add(out, t->nodes[from].id);
	return r;
}

int topology_take_latencies(struct topology *t, const uint32_t *latency_ns)
{
	for (size_t from = 0; from < t->nr_nodes; from++)
		for (size_t to = 0; to < t->nr_nodes; to++)
			if (t->nodes[from].cpus.nr && t->nodes[to].mem_bytes &&
			    !latency_ns[from * t->nr_nodes + to])
				return -EINVAL;
	for (size_t to = 0; to < t->nr_nodes; to++) {
		struct topology_node *memory = &t->nodes[to];
		struct idlist near = IDLIST_INIT;

		if (!memory->mem_bytes)
			continue;
		if (nearest(&near, t, to, latency_ns) < 0) {
			idlist_deinit(&near);
			return -ENOMEM;
		}
		idlist_deinit(&memory->near_nodes);
		idlist_deinit(&memory->disputed);
		memory->near_nodes = near;
		memory->near_source = TOPOLOGY_MEASURED;
		for (size_t from = 0; from < t->nr_nodes; from++)
			if (t->nodes[from].cpus.nr)
				set_latency(&t->links[from * t->nr_nodes + to],
					    latency_ns[from * t->nr_nodes + to], TOPOLOGY_MEASURED);
	}
	return 0;
}
