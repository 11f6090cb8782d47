/* SPDX-License-Identifier: GPL-2.0 */
/*
 * NUMA nodes as /sys/devices/system/node shows them.  libnuma is not used.  It reads masks and
 * distances once and keeps them for ever, but nodes come and go with CXL regions.
 */
#include "numa/nodes.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/sysfs.h"
#include "numa/names.h"
#include "numa/text.h"

#define NODE_DIR "/sys/devices/system/node"
#define TIER_DIR "/sys/devices/virtual/memory_tiering"

/* By ACPI a node has distance 10 to itself, 0 to 9 are reserved, and 255 means: no way. */
#define SLIT_LOCAL 10u
#define SLIT_MAX 254u

/* Recordings and very old kernels may have the map only, not the list. */
static int read_cpu_list(struct idlist *out, unsigned int id, const char *sysroot)
{
	char text[32768];
	int r = sysfs_read_idlist(out, sysroot, NODE_DIR "/node%u/cpulist", id);

	if (!r || r == -ENOMEM)
		return r;
	r = sysfs_read(text, sizeof(text), sysroot, NODE_DIR "/node%u/cpumap", id);
	return r < 0 ? r : text_parse_mask(out, text);
}

static int read_cpus(struct idlist *out, unsigned int id, const struct idlist *online,
		     const char *sysroot)
{
	_cleanup_idlist_ struct idlist cpus = IDLIST_INIT, both = IDLIST_INIT;
	int r = read_cpu_list(&cpus, id, sysroot);

	if (r == -ENOMEM)
		return r;
	if (r < 0)
		log_debug("node %u: no readable cpulist or cpumap: %s; taken as without CPUs", id,
			  strerror(-r));
	for (size_t i = 0; i < cpus.nr; i++) {
		if (online->nr && !idlist_has(online, cpus.ids[i]))
			continue;
		r = idlist_add(&both, cpus.ids[i]);
		if (r < 0)
			return r;
	}
	*out = both;
	both = (struct idlist)IDLIST_INIT;
	return 0;
}

int nodes_read_mem_bytes(uint64_t *out, unsigned int id, const char *sysroot)
{
	char text[8192];
	int r = sysfs_read(text, sizeof(text), sysroot, NODE_DIR "/node%u/meminfo", id);

	return r < 0 ? r : text_parse_mem_total(out, text);
}

static int read_node(struct topology *t, unsigned int id, const struct idlist *online_cpus,
		     const char *sysroot)
{
	struct topology_node node = {.id = id, .tier = -1, .attach_node = -1};
	int r = read_cpus(&node.cpus, id, online_cpus, sysroot);

	if (r < 0)
		return r;
	r = nodes_read_mem_bytes(&node.mem_bytes, id, sysroot);
	if (r < 0)
		log_debug("node %u: no MemTotal in its meminfo: %s; taken as without memory", id,
			  strerror(-r));
	/* this is asked last, so that a node which went away meanwhile is left out */
	if (!sysfs_exists(sysroot, NODE_DIR "/node%u", id)) {
		log_debug("node %u is listed online but has no directory: left out", id);
		idlist_deinit(&node.cpus);
		return 0;
	}
	t->nodes[t->nr_nodes++] = node;
	return 0;
}

static int read_tiers(struct topology *t, const char *sysroot)
{
	_cleanup_names_ struct names names = NAMES_INIT;
	int r = names_read(&names, "memory_tier", sysroot, TIER_DIR);

	for (size_t i = 0; !r && i < names.nr; i++) {
		_cleanup_idlist_ struct idlist nodes = IDLIST_INIT;
		int tier = names_number(names.list[i], "memory_tier");

		r = sysfs_read_idlist(&nodes, sysroot, TIER_DIR "/%s/nodelist", names.list[i]);
		for (size_t n = 0; !r && n < t->nr_nodes; n++) {
			if (idlist_has(&nodes, t->nodes[n].id))
				t->nodes[n].tier = tier;
		}
		if (r < 0 && r != -ENOMEM) {
			log_debug("%s: no readable nodelist: %s", names.list[i], strerror(-r));
			r = 0;
		}
	}
	return r;
}

/* Read the list of online nodes.  A recording may have the directories only, so list those. */
static int read_online_nodes(struct idlist *out, const char *sysroot)
{
	_cleanup_names_ struct names names = NAMES_INIT;
	int r = sysfs_read_idlist(out, sysroot, NODE_DIR "/online");

	if (r == -ENOMEM || (!r && out->nr))
		return r;
	log_debug(NODE_DIR "/online is no list of nodes: reading the directories");
	r = names_read(&names, "node", sysroot, NODE_DIR);
	for (size_t i = 0; !r && i < names.nr; i++) {
		int id = names_number(names.list[i], "node");

		if (id >= 0 && (unsigned int)id <= IDLIST_MAX_ID)
			r = idlist_add(out, (unsigned int)id);
	}
	return r;
}

int nodes_read(struct topology *t, const char *sysroot)
{
	_cleanup_idlist_ struct idlist nodes = IDLIST_INIT, cpus = IDLIST_INIT;
	int r = read_online_nodes(&nodes, sysroot);

	if (r < 0)
		return r;
	if (sysfs_read_idlist(&cpus, sysroot, "/sys/devices/system/cpu/online") == -ENOMEM)
		return -ENOMEM;
	t->nodes = calloc(MAX(nodes.nr, (size_t)1), sizeof(*t->nodes));
	if (!t->nodes)
		return -ENOMEM;
	for (size_t i = 0; i < nodes.nr; i++) {
		r = read_node(t, nodes.ids[i], &cpus, sysroot);
		if (r < 0)
			return r;
	}
	return t->nr_nodes ? read_tiers(t, sysroot) : -ENOENT;
}

/*
 * The columns are the online nodes in ascending order, whatever their numbers.  When their count
 * is not ours, a node came or went in between.  Then nothing tells which column belongs to which
 * node, and the whole row is unknown.
 */
static void read_slit_row(uint32_t *row, const struct topology *t, size_t from, const char *sysroot)
{
	unsigned int id = t->nodes[from].id;
	char text[8192];
	int nr = sysfs_read(text, sizeof(text), sysroot, NODE_DIR "/node%u/distance", id);

	if (!nr)
		nr = text_parse_distances(row, t->nr_nodes, text);
	if (nr < 0 || (size_t)nr != t->nr_nodes) {
		log_debug("node %u: its distance file does not match the %zu nodes online", id,
			  t->nr_nodes);
		memset(row, 0, t->nr_nodes * sizeof(*row));
	}
	for (size_t to = 0; to < t->nr_nodes; to++) {
		if (row[to] < SLIT_LOCAL || row[to] > SLIT_MAX)
			row[to] = 0;
	}
	if (!row[from])
		row[from] = SLIT_LOCAL;
}

int nodes_read_slit(uint32_t **out, const struct topology *t, const char *sysroot)
{
	size_t nr = t->nr_nodes;
	uint32_t *slit = calloc(nr * nr, sizeof(*slit));

	if (!slit)
		return -ENOMEM;
	for (size_t from = 0; from < nr; from++)
		read_slit_row(slit + from * nr, t, from, sysroot);
	for (size_t from = 0; from < nr; from++) {
		for (size_t to = 0; to < nr; to++) {
			if (!slit[from * nr + to])
				slit[from * nr + to] = slit[to * nr + from];
		}
	}
	*out = slit;
	return 0;
}
