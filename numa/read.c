/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The machine as a memory scheduler sees it, made of what nodes.c, cxl.c and links.c read.  Only
 * the list of nodes is needed.  What a machine does not say stays unknown.
 */
#include "numa/topology.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "base/sysfs.h"
#include "numa/cxl/cxl.h"
#include "numa/links.h"
#include "numa/names.h"
#include "numa/nodes.h"

#define NODE_DIR "/sys/devices/system/node"

static void add_files(FILE *out, const char *sysroot)
{
	static const char *const files[] = {
		NODE_DIR "/online",
		NODE_DIR "/has_cpu",
		NODE_DIR "/has_memory",
		"/sys/devices/system/cpu/online",
	};
	char text[8192];

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		if (sysfs_read(text, sizeof(text), sysroot, "%s", files[i]) < 0)
			strcpy(text, "?");
		fprintf(out, "%s\n", text);
	}
}

static int add_entries(FILE *out, const char *sysroot)
{
	static const struct {
		const char *dir, *prefix;
	} lists[] = {
		{"/sys/bus/cxl/devices", "mem"},
		{"/sys/bus/cxl/devices", "region"},
		{"/sys/bus/dax/devices", "dax"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		_cleanup_names_ struct names names = NAMES_INIT;
		int r = names_read(&names, lists[i].prefix, sysroot, "%s", lists[i].dir);

		if (r < 0)
			return r;
		for (size_t n = 0; n < names.nr; n++)
			fprintf(out, "%s ", names.list[n]);
		fputc('\n', out);
	}
	return 0;
}

/*
 * Memory comes online block by block, and the lists above change only with the first block.  So
 * sizes count too.  Nodes with CPUs are left out, because a balloon may resize them all day.
 */
static int add_memory(FILE *out, const char *sysroot)
{
	_cleanup_idlist_ struct idlist nodes = IDLIST_INIT, with_cpus = IDLIST_INIT;
	uint64_t bytes;

	if (sysfs_read_idlist(&nodes, sysroot, NODE_DIR "/has_memory") == -ENOMEM ||
	    sysfs_read_idlist(&with_cpus, sysroot, NODE_DIR "/has_cpu") == -ENOMEM)
		return -ENOMEM;
	for (size_t i = 0; i < nodes.nr; i++) {
		if (!idlist_has(&with_cpus, nodes.ids[i]) &&
		    !nodes_read_mem_bytes(&bytes, nodes.ids[i], sysroot))
			fprintf(out, "%u: %" PRIu64 "\n", nodes.ids[i], bytes);
	}
	return 0;
}

/* All that hotplug changes, as text.  The caller frees *OUT.  0 or -ENOMEM. */
static int read_fingerprint(char **out, const char *sysroot)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);
	int r;

	if (!stream)
		return -ENOMEM;
	add_files(stream, sysroot);
	r = add_entries(stream, sysroot);
	if (!r)
		r = add_memory(stream, sysroot);
	if (ferror(stream))
		r = -ENOMEM;
	if (fclose(stream))
		r = -ENOMEM;
	if (r < 0)
		return r;
	*out = TAKE(&text);
	return 0;
}

static struct topology_node *named_node(const struct topology *t, unsigned int id)
{
	int at = topology_find(t, (int)id);

	return at < 0 ? NULL : &t->nodes[at];
}

static bool can_be_cxl(const struct topology_node *node)
{
	return node && !node->cpus.nr && node->mem_bytes;
}

static void mark_named(const struct topology *t, const struct idlist *ids)
{
	for (size_t i = 0; ids && i < ids->nr; i++) {
		struct topology_node *node = named_node(t, ids->ids[i]);

		if (can_be_cxl(node))
			node->cxl = TOPOLOGY_CXL_OPTION;
	}
}

/* Log why a node that --cxl-node names cannot stand for CXL memory, and what to do. */
static void say_unfit(const struct topology *t, unsigned int id)
{
	const struct topology_node *node = named_node(t, id);
	char advice[128] = "";

	for (size_t i = 0; i < t->nr_dax && !advice[0]; i++)
		if (t->dax[i].target_node == (int)id)
			topology_dax_advice(advice, sizeof(advice), t, &t->dax[i]);
	if (node && node->cpus.nr)
		log_error("CXL node %u has CPUs: only a node with memory alone can stand for CXL",
			  id);
	else
		log_error("CXL node %u %s%s%s", id, node ? "has no memory online" : "is not online",
			  advice[0] ? "; bring it online: " : "; see cxl-tiersched doctor", advice);
}

static int check_named(const struct topology *t, const struct idlist *ids)
{
	for (size_t i = 0; ids && i < ids->nr; i++) {
		if (can_be_cxl(named_node(t, ids->ids[i])))
			continue;
		say_unfit(t, ids->ids[i]);
		return -EINVAL;
	}
	return 0;
}

static int read_memory_kinds(struct topology *t, struct idlist *attach,
			     const struct topology_options *options)
{
	int r;

	/* before the inventory, which also looks for the devices of these nodes */
	mark_named(t, options->cxl_nodes);
	r = inventory_read(t, attach, options->sysroot);
	if (!r)
		r = check_named(t, options->cxl_nodes);
	for (size_t i = 0; !r && i < t->nr_nodes; i++) {
		if (attach[i].nr == 1)
			t->nodes[i].attach_node = (int)attach[i].ids[0];
	}
	return r;
}

static int read_ways(struct topology *t, const struct topology_options *options)
{
	struct idlist *attach = calloc(t->nr_nodes, sizeof(*attach));
	int r;

	if (!attach)
		return -ENOMEM;
	r = read_memory_kinds(t, attach, options);
	if (!r)
		r = links_read(t, attach, options->sysroot);
	for (size_t i = 0; i < t->nr_nodes; i++)
		idlist_deinit(&attach[i]);
	free(attach);
	return r;
}

int topology_read(struct topology **out, const struct topology_options *options)
{
	_cleanup_topology_ struct topology *t = calloc(1, sizeof(*t));
	int r;

	if (!t)
		return -ENOMEM;
	/* first, so that a change while the rest is read counts as a change */
	r = read_fingerprint(&t->fingerprint, options->sysroot);
	if (!r)
		r = nodes_read(t, options->sysroot);
	if (!r)
		r = read_ways(t, options);
	if (!r)
		*out = TAKE(&t);
	return r;
}

bool topology_changed(const struct topology *t, const char *sysroot)
{
	_cleanup_free_ char *now = NULL;

	/* without memory for a look, claim nothing: the next look will tell */
	return !read_fingerprint(&now, sysroot) && strcmp(now, t->fingerprint);
}
