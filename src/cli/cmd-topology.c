/* SPDX-License-Identifier: GPL-2.0 */
/* cxl-tiersched topology */
#include <errno.h>
#include <json-c/json.h>
#include <string.h>

#include "base/escape.h"
#include "base/format.h"
#include "base/log.h"
#include "cli/commands.h"
#include "numa/latencies.h"
#include "numa/topology.h"
#include "report/foreign.h"
#include "report/table.h"

/* Text. */

static const char *near_text(char *buf, size_t size, const struct topology *t,
			     const struct topology_node *node)
{
	_cleanup_idlist_ struct idlist cpus = IDLIST_INIT;

	for (size_t i = 0; i < t->nr_nodes; i++)
		if (idlist_has(&node->near_nodes, t->nodes[i].id))
			for (size_t c = 0; c < t->nodes[i].cpus.nr; c++)
				(void)idlist_add(&cpus, t->nodes[i].cpus.ids[c]);
	return idlist_format(buf, size, &cpus);
}

/* Whose word it is, and whose it is not. */
static const char *source_text(char *buf, size_t size, const struct topology_node *node)
{
	char stated[64];

	if (node->disputed.nr)
		snprintf(buf, size, "%s; disputed: node %s by firmware",
			 topology_source_name(node->near_source),
			 idlist_format(stated, sizeof(stated), &node->disputed));
	else
		snprintf(buf, size, "%s",
			 node->near_source == TOPOLOGY_UNKNOWN
				 ? "nothing tells them apart"
				 : topology_source_name(node->near_source));
	return buf;
}

static void add_node(struct table *table, const struct topology *t, const struct topology_node *n)
{
	char bytes[16], cpus[128], near[128], source[128], tier[16];

	snprintf(tier, sizeof(tier), "%d", n->tier);
	idlist_format(cpus, sizeof(cpus), &n->cpus);
	table_add(table, "%u", n->id);
	table_add(table, "%s", cpus[0] ? cpus : "-");
	table_add(table, "%s",
		  n->mem_bytes ? format_bytes(bytes, sizeof(bytes), n->mem_bytes) : "-");
	table_add(table, "%s", n->tier < 0 ? "-" : tier);
	if (n->cxl == TOPOLOGY_CXL_NO)
		table_add(table, "no");
	else
		table_add(table, "yes, by %s%s%s", topology_cxl_name(n->cxl),
			  n->devices[0] ? ": " : "", n->devices);
	table_add(table, "%s (%s)", near_text(near, sizeof(near), t, n),
		  source_text(source, sizeof(source), n));
}

/* Nodes that have nothing are many where GPUs bring some along: all of them on one line. */
static void print_nodes(const struct topology *t)
{
	static const char *const titles[] = {"NODE", "CPUS", "MEMORY", "TIER", "CXL",
					     "NEAREST CPUS"};
	_cleanup_idlist_ struct idlist empty = IDLIST_INIT;
	_cleanup_table_ struct table table;
	char text[128];

	table_init(&table, "llrlll");
	for (size_t i = 0; i < ARRAY_SIZE(titles); i++)
		table_add(&table, "%s", titles[i]);
	for (size_t i = 0; i < t->nr_nodes; i++) {
		const struct topology_node *n = &t->nodes[i];

		if (n->cpus.nr || n->mem_bytes)
			add_node(&table, t, n);
		else
			(void)idlist_add(&empty, n->id);
	}
	table_print(&table, 0);
	if (empty.nr)
		printf("without CPUs and memory: node %s\n",
		       idlist_format(text, sizeof(text), &empty));
}

static void print_devices(const struct topology *t)
{
	char bytes[16], name[ESCAPE_SIZE(sizeof(t->memdevs->name))];
	char at[ESCAPE_SIZE(sizeof(t->regions->devices))];

	for (size_t i = 0; i < t->nr_memdevs; i++) {
		const struct topology_memdev *m = &t->memdevs[i];

		printf("%s%-5s CXL memory device at %s, %s", i ? "" : "\n",
		       escape(name, sizeof(name), m->name),
		       m->host[0] ? escape(at, sizeof(at), m->host) : "?",
		       format_bytes(bytes, sizeof(bytes), m->ram_bytes + m->pmem_bytes));
		if (m->numa_node >= 0)
			printf(", on node %d", m->numa_node);
		putchar('\n');
	}
	for (size_t i = 0; i < t->nr_regions; i++) {
		const struct topology_region *r = &t->regions[i];

		printf("%-5s CXL region on %s, %s", escape(name, sizeof(name), r->name),
		       r->devices[0] ? escape(at, sizeof(at), r->devices) : "-",
		       format_bytes(bytes, sizeof(bytes), r->bytes));
		if (r->target_node >= 0)
			printf(", node %d", r->target_node);
		putchar('\n');
	}
}

static void add_figure(struct table *table, const struct topology_link *l, bool latency)
{
	char mbps[24];

	if (latency && l->latency_ns)
		table_add(table, "%u ns %s", l->latency_ns,
			  topology_source_name(l->latency_source));
	else if (!latency && l->bandwidth_mbps)
		table_add(table, "%s %s", format_mbps(mbps, sizeof(mbps), l->bandwidth_mbps),
			  topology_source_name(l->bandwidth_source));
	else
		table_add(table, "unknown");
}

static void add_figures(struct table *table, const struct topology *t, bool latency)
{
	table_add(table, "%s", "");
	for (size_t to = 0; to < t->nr_nodes; to++)
		if (t->nodes[to].mem_bytes)
			table_add(table, "node %u", t->nodes[to].id);
	for (size_t from = 0; from < t->nr_nodes; from++) {
		if (!t->nodes[from].cpus.nr)
			continue;
		table_add(table, "node %u", t->nodes[from].id);
		for (size_t to = 0; to < t->nr_nodes; to++)
			if (t->nodes[to].mem_bytes)
				add_figure(table, topology_link(t, from, to), latency);
	}
}

static bool is_any_known(const struct topology *t, bool latency)
{
	for (size_t i = 0; i < t->nr_nodes * t->nr_nodes; i++) {
		if (latency ? t->links[i].latency_ns : t->links[i].bandwidth_mbps)
			return true;
	}
	return false;
}

/* Narrow enough for a terminal: many nodes make several tables below each other. */
#define FIGURES_WIDTH 120

static void print_figures(const struct topology *t, bool latency)
{
	const char *title = latency ? "LATENCY" : "BANDWIDTH";
	_cleanup_free_ char *align = malloc(t->nr_nodes + 2);
	_cleanup_table_ struct table table = {0};
	size_t nr = 0;

	for (size_t i = 0; i < t->nr_nodes; i++)
		nr += t->nodes[i].mem_bytes > 0;
	if (!is_any_known(t, latency)) {
		printf("\n%s of node's memory: unknown\n", title);
		return;
	}
	printf("\n%s of node's memory, from the CPUs of\n", title);
	if (!align)
		return;
	align[0] = 'l';
	memset(align + 1, 'r', nr);
	align[nr + 1] = '\0';
	table_init(&table, align);
	add_figures(&table, t, latency);
	table_print(&table, FIGURES_WIDTH);
}

static void print_text(const struct topology *t)
{
	print_nodes(t);
	print_devices(t);
	print_figures(t, true);
	print_figures(t, false);
}

/* JSON. */

static void add(json_object *o, const char *key, json_object *value)
{
	json_object_object_add(o, key, value);
}

static json_object *text_value(const char *text)
{
	return foreign_string(text);
}

/* null for what is not known */
static json_object *known(int64_t value, bool is_known)
{
	return is_known ? json_object_new_int64(value) : NULL;
}

static json_object *ids_value(const struct idlist *ids)
{
	json_object *a = json_object_new_array();

	for (size_t i = 0; i < ids->nr; i++)
		json_object_array_add(a, json_object_new_int64(ids->ids[i]));
	return a;
}

static json_object *node_value(const struct topology_node *n)
{
	json_object *o = json_object_new_object();

	add(o, "node", json_object_new_int64(n->id));
	add(o, "cpus", ids_value(&n->cpus));
	add(o, "mem_bytes", json_object_new_int64((int64_t)n->mem_bytes));
	add(o, "tier", known(n->tier, n->tier >= 0));
	add(o, "cxl", text_value(topology_cxl_name(n->cxl)));
	add(o, "devices", text_value(n->devices));
	add(o, "attach_node", known(n->attach_node, n->attach_node >= 0));
	add(o, "near_nodes", ids_value(&n->near_nodes));
	add(o, "near_source", text_value(topology_source_name(n->near_source)));
	add(o, "disputed_nodes", ids_value(&n->disputed));
	return o;
}

static json_object *links_value(const struct topology *t)
{
	json_object *a = json_object_new_array();

	for (size_t from = 0; from < t->nr_nodes; from++) {
		for (size_t to = 0; to < t->nr_nodes; to++) {
			const struct topology_link *l = topology_link(t, from, to);
			json_object *o;

			if (!t->nodes[from].cpus.nr || !t->nodes[to].mem_bytes)
				continue;
			o = json_object_new_object();
			add(o, "cpu_node", json_object_new_int64(t->nodes[from].id));
			add(o, "mem_node", json_object_new_int64(t->nodes[to].id));
			add(o, "latency_ns", known(l->latency_ns, l->latency_ns));
			add(o, "latency_source",
			    text_value(topology_source_name(l->latency_source)));
			add(o, "bandwidth_mbps", known(l->bandwidth_mbps, l->bandwidth_mbps));
			add(o, "bandwidth_source",
			    text_value(topology_source_name(l->bandwidth_source)));
			json_object_array_add(a, o);
		}
	}
	return a;
}

static json_object *memdev_value(const struct topology_memdev *m)
{
	json_object *o = json_object_new_object();

	add(o, "name", text_value(m->name));
	add(o, "host", text_value(m->host));
	add(o, "serial", m->serial ? json_object_new_uint64(m->serial) : NULL);
	add(o, "ram_bytes", json_object_new_int64((int64_t)m->ram_bytes));
	add(o, "pmem_bytes", json_object_new_int64((int64_t)m->pmem_bytes));
	add(o, "numa_node", known(m->numa_node, m->numa_node >= 0));
	return o;
}

static json_object *region_value(const struct topology_region *r)
{
	json_object *o = json_object_new_object(), *access = json_object_new_array();

	add(o, "name", text_value(r->name));
	add(o, "devices", text_value(r->devices));
	add(o, "bytes", json_object_new_int64((int64_t)r->bytes));
	add(o, "target_node", known(r->target_node, r->target_node >= 0));
	for (int i = 0; i < 2; i++) {
		json_object *a = json_object_new_object();

		add(a, "read_latency_ns", known(r->read_latency_ns[i], r->read_latency_ns[i]));
		add(a, "read_bandwidth_mbps",
		    known(r->read_bandwidth_mbps[i], r->read_bandwidth_mbps[i]));
		json_object_array_add(access, a);
	}
	add(o, "access", access);
	return o;
}

static void print_json(const struct topology *t)
{
	json_object *o = json_object_new_object(), *nodes = json_object_new_array();
	json_object *memdevs = json_object_new_array(), *regions = json_object_new_array();

	for (size_t i = 0; i < t->nr_nodes; i++)
		json_object_array_add(nodes, node_value(&t->nodes[i]));
	for (size_t i = 0; i < t->nr_memdevs; i++)
		json_object_array_add(memdevs, memdev_value(&t->memdevs[i]));
	for (size_t i = 0; i < t->nr_regions; i++)
		json_object_array_add(regions, region_value(&t->regions[i]));
	add(o, "nodes", nodes);
	add(o, "links", links_value(t));
	add(o, "memdevs", memdevs);
	add(o, "regions", regions);
	printf("%s\n", json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY |
								 JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
}

int show_topology(const struct options *o, int (*improve)(struct topology *t))
{
	struct topology_options options = {.sysroot = o->sysroot, .cxl_nodes = &o->cxl_nodes};
	_cleanup_topology_ struct topology *t = NULL;
	int r = topology_read(&t, &options);

	if (r == -EINVAL)
		return TS_EXIT_USAGE; /* topology_read() has said which node */
	if (r == -ENOENT) {
		if (o->sysroot)
			log_error("no NUMA nodes in %s/sys/devices/system/node: not the recording "
				  "of such a machine (tests/helpers/record-sysfs makes one)",
				  o->sysroot);
		else
			log_error("the kernel shows no NUMA nodes; boot one with CONFIG_NUMA=y");
		return TS_EXIT_LACKING;
	}
	if (r < 0) {
		log_error("cannot read the topology: %s", strerror(-r));
		return TS_EXIT_FAILED;
	}
	if (improve(t) < 0)
		return TS_EXIT_FAILED; /* it has said why */
	if (o->json)
		print_json(t);
	else
		print_text(t);
	return TS_EXIT_OK;
}

static int leave_alone(struct topology *t)
{
	(void)t;
	return 0;
}

static int recall(struct topology *t)
{
	(void)latencies_recall(t);
	return 0;
}

int cmd_topology(const struct options *o)
{
	return show_topology(o, o->sysroot ? leave_alone : recall);
}
