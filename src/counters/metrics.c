/* SPDX-License-Identifier: GPL-2.0 */
/* Figures of memory nodes, from the counters of their devices. */
#include "counters/metrics.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/random.h"
#include "base/util.h"
#include "counters/fill-latency.h"
#include "counters/llc.h"
#include "counters/memdev-pmu.h"
#include "counters/resctrl.h"

#define MAX_UNITS 64 /* a machine has a few; more are ignored */
#define HOLD_NS NSEC_PER_SEC

/* A unit that was found.  It is open, or it cannot be opened, which is logged once. */
struct unit {
	char name[64];
	bool open;
	bool there; /* the scan that runs has seen it */
	struct memdev_pmu pmu;
	struct metrics_rate rate;
};

/* As in struct topology_node.  "" where it shares a device, or has none. */
struct devices {
	char list[64];
};

struct metrics {
	struct metrics_node *nodes;
	struct devices *devices; /* of each node */
	size_t nr_nodes;
	struct unit units[MAX_UNITS];
	size_t nr_units;
	struct metrics_rate rates[MAX_UNITS];
	bool has_devices;     /* some node has CXL devices, so there should be units */
	bool told_of_no_unit; /* it is logged that there are none */
	struct llc *llc;      /* NULL before the first scan */
	bool told_of_no_llc;
	struct fill_latency *fills; /* NULL before the first scan, or where there are none */
	bool looked_for_fills;
	struct resctrl *resctrl; /* NULL where it is not mounted */
	uint64_t scan_ns;	 /* time of the last scan */
	uint64_t random;	 /* state of metrics_simulate(); 0: before the first call */
};

/* Copy the next name of a list "mem0,mem1" to OUT.  False at its end. */
static bool next_device(char *out, size_t size, const char **list)
{
	size_t len = strcspn(*list, ",");

	if (!len)
		return false;
	snprintf(out, size, "%.*s", (int)len, *list);
	*list += len + ((*list)[len] == ',');
	return true;
}

static bool has_device(const char *list, const char *device)
{
	char name[32];

	while (next_device(name, sizeof(name), &list))
		if (!strcmp(name, device))
			return true;
	return false;
}

/* Does a device serve another node too?  Its counters do not tell the traffic of both apart. */
static bool shares_a_device(const struct topology *t, const struct topology_node *node)
{
	const char *list = node->devices;
	char name[32];

	while (next_device(name, sizeof(name), &list))
		for (size_t i = 0; i < t->nr_nodes; i++)
			if (&t->nodes[i] != node && has_device(t->nodes[i].devices, name))
				return true;
	return false;
}

static void find_capacity(struct metrics_node *out, const struct topology *t, size_t at,
			  const struct metrics_bandwidth *bandwidths, size_t nr_bandwidths)
{
	const struct topology_node *node = &t->nodes[at];
	uint64_t regions = 0;

	for (size_t i = 0; i < nr_bandwidths; i++)
		if (bandwidths[i].node == node->id) {
			out->capacity_mbps = bandwidths[i].mbps;
			out->capacity_source = CAPACITY_OPTION;
			return;
		}
	for (size_t i = 0; i < t->nr_regions; i++)
		if (t->regions[i].target_node == (int)node->id)
			regions += t->regions[i].read_bandwidth_mbps[1]
					   ? t->regions[i].read_bandwidth_mbps[1]
					   : t->regions[i].read_bandwidth_mbps[0];
	if (regions) {
		out->capacity_mbps = (uint32_t)MIN(regions, (uint64_t)UINT32_MAX);
		out->capacity_source = CAPACITY_REGION;
		return;
	}
	for (size_t from = 0; from < t->nr_nodes; from++) {
		const struct topology_link *link = topology_link(t, from, at);

		if (idlist_has(&node->near_nodes, t->nodes[from].id) && link->bandwidth_mbps) {
			out->capacity_mbps = MAX(out->capacity_mbps, link->bandwidth_mbps);
			out->capacity_source = CAPACITY_FIRMWARE;
		}
	}
}

int metrics_new(struct metrics **out, const struct topology *t,
		const struct metrics_bandwidth *bandwidths, size_t nr_bandwidths,
		struct metrics *old)
{
	struct metrics *m = calloc(1, sizeof(*m));

	if (!m)
		return -ENOMEM;
	m->nodes = calloc(MAX(t->nr_nodes, (size_t)1), sizeof(*m->nodes));
	m->devices = calloc(MAX(t->nr_nodes, (size_t)1), sizeof(*m->devices));
	if (!m->nodes || !m->devices) {
		metrics_free(m);
		return -ENOMEM;
	}
	for (size_t i = 0; i < t->nr_nodes; i++) {
		const struct topology_node *node = &t->nodes[i];
		size_t at = m->nr_nodes;

		if (!node->mem_bytes)
			continue;
		m->nr_nodes++;
		m->nodes[at].id = node->id;
		m->nodes[at].cxl = node->cxl != TOPOLOGY_CXL_NO;
		find_capacity(&m->nodes[at], t, i, bandwidths, nr_bandwidths);
		if (!shares_a_device(t, node))
			strcpy(m->devices[at].list, node->devices);
		m->has_devices |= node->devices[0] != '\0';
	}
	if (old) {
		memcpy(m->units, old->units, sizeof(m->units));
		m->nr_units = old->nr_units;
		m->told_of_no_unit = old->told_of_no_unit;
		m->told_of_no_llc = old->told_of_no_llc;
		m->random = old->random;
		old->nr_units = 0;
	}
	*out = m;
	return 0;
}

void metrics_free(struct metrics *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->nr_units; i++)
		if (m->units[i].open)
			memdev_pmu_close(&m->units[i].pmu);
	free(m->nodes);
	llc_free(m->llc);
	fill_latency_free(m->fills);
	resctrl_free(m->resctrl);
	free(m->devices);
	free(m);
}

static void add_unit(struct metrics *m, const char *name)
{
	struct unit *unit = &m->units[m->nr_units];
	int r;

	if (m->nr_units == MAX_UNITS || strlen(name) >= sizeof(unit->name))
		return;
	*unit = (struct unit){.there = true};
	strcpy(unit->name, name);
	(void)memdev_pmu_device(unit->rate.device, sizeof(unit->rate.device), name);
	r = memdev_pmu_open(&unit->pmu, name);
	if (r == -ENOENT || r == -ENODEV)
		return; /* it is just coming or going: the next scan will tell */
	unit->open = !r;
	if (r < 0)
		log_warning("%s: cannot count: %s; the bandwidth of its memory is unknown%s", name,
			    strerror(-r),
			    r == -EACCES || r == -EPERM ? " (see kernel.perf_event_paranoid)" : "");
	else
		log_debug("%s: counts what passes to and from %s", name, unit->pmu.device);
	m->nr_units++;
}

/* Forget a unit that has gone.  The next scan looks for it again. */
static void lose_unit(struct metrics *m, size_t at)
{
	struct unit *unit = &m->units[at];

	if (unit->open) {
		log_warning("%s has gone: the bandwidth of its memory is unknown", unit->name);
		memdev_pmu_close(&unit->pmu);
	}
	*unit = m->units[--m->nr_units];
}

static void see_unit(struct metrics *m, const char *name)
{
	for (size_t i = 0; i < m->nr_units; i++)
		if (!strcmp(m->units[i].name, name)) {
			m->units[i].there = true;
			return;
		}
	add_unit(m, name);
}

static void scan_units(struct metrics *m)
{
	_cleanup_closedir_ DIR *dir = NULL;
	const struct dirent *entry;
	char device[32];

	if (!m->has_devices)
		return;
	dir = opendir(PMU_DEVICES);
	for (size_t i = 0; i < m->nr_units; i++)
		m->units[i].there = false;
	while (dir && (entry = readdir(dir)))
		if (!memdev_pmu_device(device, sizeof(device), entry->d_name))
			see_unit(m, entry->d_name);
	for (size_t i = m->nr_units; i > 0; i--)
		if (!m->units[i - 1].there)
			lose_unit(m, i - 1);
	if (!m->nr_units && !m->told_of_no_unit)
		log_debug("no CXL PMU: the bandwidth of CXL memory is unknown");
	m->told_of_no_unit = true;
}

static void scan_caches(struct metrics *m, const struct topology *t)
{
	if (!m->llc && llc_new(&m->llc, t) < 0)
		return; /* the next scan may find memory */
	if (llc_error(m->llc) && !m->told_of_no_llc)
		log_debug("counters of last-level caches: %s; hit rates are unknown",
			  strerror(-llc_error(m->llc)));
	m->told_of_no_llc = true;
	llc_update(m->llc);
}

/*
 * Is this the only CXL memory that its near CPUs are near to?  A cache does not tell from which
 * CXL memory a fill came.
 */
static bool has_near_cpus_alone(const struct topology *t, const struct topology_node *node)
{
	for (size_t i = 0; i < t->nr_nodes; i++) {
		const struct topology_node *other = &t->nodes[i];

		if (other == node || other->cxl == TOPOLOGY_CXL_NO || !other->mem_bytes)
			continue;
		for (size_t k = 0; k < node->near_nodes.nr; k++)
			if (idlist_has(&other->near_nodes, node->near_nodes.ids[k]))
				return false;
	}
	return true;
}

/* The latency of loads from a node by its near CPUs.  -1 unknown. */
static double fills_of(const struct metrics *m, const struct topology *t, size_t at)
{
	const struct topology_node *node = &t->nodes[at];

	if (node->cxl == TOPOLOGY_CXL_NO)
		return node->cpus.nr && idlist_has(&node->near_nodes, node->id)
			       ? fill_latency_ns(m->fills, FILL_DRAM, &node->near_nodes)
			       : -1;
	return has_near_cpus_alone(t, node) ? fill_latency_ns(m->fills, FILL_CXL, &node->near_nodes)
					    : -1;
}

static void scan_fills(struct metrics *m, const struct topology *t, uint64_t now_ns)
{
	if (!m->looked_for_fills)
		(void)fill_latency_new(&m->fills, t);
	m->looked_for_fills = true;
	if (!m->fills)
		return;
	fill_latency_update(m->fills);
	for (size_t i = 0; i < m->nr_nodes; i++) {
		int at = topology_find(t, (int)m->nodes[i].id);
		double ns = at < 0 ? -1 : fills_of(m, t, (size_t)at);

		m->nodes[i].figures[FIGURE_LATENCY] =
			ns < 0 ? (struct metric){0} : (struct metric){ns, now_ns, METRIC_PERF};
	}
}

void metrics_scan(struct metrics *m, const struct topology *t, uint64_t now_ns)
{
	scan_units(m);
	scan_caches(m, t);
	scan_fills(m, t, now_ns);
	/* it may be mounted while we run */
	if (m->resctrl || !resctrl_new(&m->resctrl, t, NULL))
		resctrl_update(m->resctrl, now_ns);
	m->scan_ns = now_ns;
}

/* VALUE as of the last scan.  Negative: it is not known. */
static struct metric as_of_scan(const struct metrics *m, double value, enum metric_source source)
{
	return value < 0 ? (struct metric){0} : (struct metric){value, m->scan_ns, source};
}

static struct metric flow_of(const struct metrics *m, unsigned int id, enum resctrl_flow flow)
{
	return as_of_scan(m, m->resctrl ? resctrl_mbps(m->resctrl, id, flow) : -1, METRIC_RESCTRL);
}

struct metric metrics_figure(const struct metrics *m, unsigned int id, enum figure f)
{
	switch (f) {
	case FIGURE_LLC_HITS:
		return as_of_scan(m, m->llc ? llc_hit_permille(m->llc, id) / 10.0 : -1,
				  METRIC_PERF);
	case FIGURE_MBM_TOTAL:
		return flow_of(m, id, RESCTRL_TOTAL);
	case FIGURE_MBM_LOCAL:
		return flow_of(m, id, RESCTRL_LOCAL);
	case FIGURE_MBM_SLOW:
		return flow_of(m, id, RESCTRL_SLOW);
	default:
		for (size_t i = 0; i < m->nr_nodes; i++)
			if (m->nodes[i].id == id)
				return m->nodes[i].figures[f];
		return (struct metric){0};
	}
}

static const struct metrics_rate *find_rate(const struct metrics_rate *rates, size_t nr,
					    const char *device, size_t from)
{
	for (size_t i = from; i < nr; i++)
		if (!strcmp(rates[i].device, device))
			return &rates[i];
	return NULL;
}

/*
 * Sum the rates of all units of all DEVICES.  All must be known, because a part would look like
 * the whole.  The sum is as old as the oldest.
 */
static bool sum_rates(struct metrics_rate *sum, const char *devices,
		      const struct metrics_rate *rates, size_t nr)
{
	char device[32];

	*sum = (struct metrics_rate){.known = devices[0] != '\0', .at_ns = UINT64_MAX};
	while (next_device(device, sizeof(device), &devices)) {
		const struct metrics_rate *rate = find_rate(rates, nr, device, 0);

		sum->known &= rate != NULL;
		for (; rate; rate = find_rate(rates, nr, device, (size_t)(rate - rates) + 1)) {
			sum->known &= rate->known;
			sum->read_mbps += rate->read_mbps;
			sum->write_mbps += rate->write_mbps;
			sum->at_ns = MIN(sum->at_ns, rate->at_ns);
		}
	}
	return sum->known;
}

static void set_flow(struct metrics_node *node, double read_mbps, double write_mbps,
		     uint64_t now_ns, enum metric_source source)
{
	node->figures[FIGURE_READ] = (struct metric){read_mbps, now_ns, source};
	node->figures[FIGURE_WRITE] = (struct metric){write_mbps, now_ns, source};
	if (node->capacity_mbps)
		node->figures[FIGURE_UTILISATION] = (struct metric){
			MIN(100 * (read_mbps + write_mbps) / node->capacity_mbps, 100), now_ns,
			source};
}

void metrics_take(struct metrics *m, const struct metrics_rate *rates, size_t nr)
{
	for (size_t i = 0; i < m->nr_nodes; i++) {
		struct metrics_node *node = &m->nodes[i];
		struct metrics_rate sum;

		node->figures[FIGURE_READ] = node->figures[FIGURE_WRITE] =
			node->figures[FIGURE_UTILISATION] = (struct metric){0};
		if (sum_rates(&sum, m->devices[i].list, rates, nr))
			set_flow(node, sum.read_mbps, sum.write_mbps, sum.at_ns, METRIC_CXL_PMU);
	}
}

/* Read a unit.  0, or -ENODEV when it has gone. */
static int update_unit(struct unit *unit, uint64_t now_ns)
{
	struct memdev_pmu_rates rates = {0};
	int r = unit->open ? memdev_pmu_sample(&unit->pmu, &rates) : 0;

	if (r == -EAGAIN) {
		unit->rate.known &= now_ns - unit->rate.at_ns <= HOLD_NS;
		return 0;
	}
	unit->rate.known = rates.known;
	unit->rate.read_mbps = rates.read_mbps;
	unit->rate.write_mbps = rates.write_mbps;
	unit->rate.at_ns = now_ns;
	return r;
}

void metrics_update(struct metrics *m, uint64_t now_ns)
{
	size_t nr = 0;

	for (size_t i = m->nr_units; i > 0; i--) {
		if (update_unit(&m->units[i - 1], now_ns) < 0)
			lose_unit(m, i - 1);
		else
			m->rates[nr++] = m->units[i - 1].rate;
	}
	metrics_take(m, m->rates, nr);
}

static bool has_unit(const struct metrics *m, const char *devices)
{
	for (size_t i = 0; i < m->nr_units; i++) {
		char device[32];

		if (!memdev_pmu_device(device, sizeof(device), m->units[i].name) &&
		    has_device(devices, device))
			return true;
	}
	return false;
}

/* The next random number, from 0 to less than 1. */
static double next_fraction(uint64_t *state)
{
	return (double)(random_next(state) >> 11) / (double)(UINT64_C(1) << 53);
}

void metrics_simulate(struct metrics *m, double (*heat_mbps)(size_t i, const void *arg),
		      const void *arg, uint64_t seed, uint64_t now_ns)
{
	if (!m->random)
		m->random = seed;
	for (size_t i = 0; i < m->nr_nodes; i++) {
		struct metrics_node *node = &m->nodes[i];
		double read_mbps;

		if (!node->cxl || has_unit(m, m->devices[i].list))
			continue;
		if (!node->capacity_mbps) {
			node->capacity_mbps = METRICS_SIMULATED_MBPS;
			node->capacity_source = CAPACITY_SIMULATED;
		}
		read_mbps = heat_mbps(i, arg) * (0.95 + 0.1 * next_fraction(&m->random));
		set_flow(node, read_mbps, read_mbps / 3, now_ns, METRIC_SIMULATED);
	}
}

const struct metrics_node *metrics_nodes(const struct metrics *m, size_t *nr)
{
	*nr = m->nr_nodes;
	return m->nodes;
}

const char *capacity_source_name(enum capacity_source source)
{
	static const char *const names[] = {"unknown", "simulated", "hmat", "region", "option"};

	return (size_t)source < ARRAY_SIZE(names) ? names[source] : names[0];
}
