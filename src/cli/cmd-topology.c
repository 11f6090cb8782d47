/* SPDX-License-Identifier: GPL-2.0 */
/* cxl-tiersched topology */
#include <errno.h>
#include <json-c/json.h>
#include <string.h>

#include "base/format.h"
#include "base/log.h"
#include "cli/commands.h"
#include "numa/topology.h"
#include "report/report.h"

/* Text. */

/* A row: a node. */
struct node_row {
	const struct topology *topology;
	const struct topology_node *node;
};

static const struct topology_node *node_of(const void *row)
{
	return ((const struct node_row *)row)->node;
}

static void print_ids(FILE *out, const struct idlist *ids)
{
	char text[128];

	fprintf(out, "%s", idlist_format(text, sizeof(text), ids));
}

static void print_node(FILE *out, const void *row, const void *arg)
{
	fprintf(out, "%u", node_of(row)->id);
}

static void print_cpus(FILE *out, const void *row, const void *arg)
{
	print_ids(out, &node_of(row)->cpus);
}

static void print_bytes(FILE *out, uint64_t bytes)
{
	char text[16];

	fprintf(out, "%s", format_bytes(text, sizeof(text), bytes));
}

static void print_memory(FILE *out, const void *row, const void *arg)
{
	if (node_of(row)->mem_bytes)
		print_bytes(out, node_of(row)->mem_bytes);
}

static void print_tier(FILE *out, const void *row, const void *arg)
{
	if (node_of(row)->tier >= 0)
		fprintf(out, "%d", node_of(row)->tier);
}

static void print_cxl(FILE *out, const void *row, const void *arg)
{
	fprintf(out, "%s", topology_cxl_name(node_of(row)->cxl));
}

static void print_devices(FILE *out, const void *row, const void *arg)
{
	fprintf(out, "%s", node_of(row)->devices);
}

static void print_nearest(FILE *out, const void *row, const void *arg)
{
	const struct topology *t = ((const struct node_row *)row)->topology;
	_cleanup_idlist_ struct idlist cpus = IDLIST_INIT;

	for (size_t i = 0; i < t->nr_nodes; i++)
		if (idlist_has(&node_of(row)->near_nodes, t->nodes[i].id))
			for (size_t c = 0; c < t->nodes[i].cpus.nr; c++)
				(void)idlist_add(&cpus, t->nodes[i].cpus.ids[c]);
	print_ids(out, &cpus);
}

/* What tells it, and what contradicts that. */
static void print_source(FILE *out, const void *row, const void *arg)
{
	const struct topology_node *n = node_of(row);

	if (n->near_source == TOPOLOGY_UNKNOWN && !n->disputed.nr) {
		fprintf(out, "nothing tells them apart");
		return;
	}
	fprintf(out, "%s", topology_source_name(n->near_source));
	if (n->disputed.nr) {
		fprintf(out, "; disputed: node ");
		print_ids(out, &n->disputed);
		fprintf(out, " by firmware");
	}
}

static void print_attached(FILE *out, const void *row, const void *arg)
{
	if (node_of(row)->attach_node >= 0)
		fprintf(out, "%d", node_of(row)->attach_node);
}

static void print_link(FILE *out, const struct topology_link *l, bool latency)
{
	char mbps[24];

	if (latency && l->latency_ns)
		fprintf(out, "%u ns %s", l->latency_ns, topology_source_name(l->latency_source));
	else if (!latency && l->bandwidth_mbps)
		fprintf(out, "%s %s", format_mbps(mbps, sizeof(mbps), l->bandwidth_mbps),
			topology_source_name(l->bandwidth_source));
	else
		fprintf(out, "unknown");
}

/* clang-format off */
static const struct table_column node_columns[] = {
	{"NODE", 0, print_node, NULL, "number of the node"},
	{"CPUS", 0, print_cpus, NULL, "its CPUs"},
	{"MEMORY", TABLE_RIGHT, print_memory, NULL, "how much it has"},
	{"TIER", TABLE_RIGHT, print_tier, NULL, "memory tier by the kernel, the smallest is the fastest"},
	{"CXL", 0, print_cxl, NULL, "how its memory is known to be CXL: region, dax or option; no: it is none"},
	{"DEVICES", 0, print_devices, NULL, "CXL devices that its memory is on"},
	{"NEAREST", 0, print_nearest, NULL, "CPUs that are nearest to its memory"},
	{"SOURCE", 0, print_source, NULL, "what tells that"},
	{"ATTACHED", TABLE_EXTRA | TABLE_RIGHT, print_attached, NULL, "node that its CXL devices sit at"},
};
/* clang-format on */
const struct table_kind topology_table = {node_columns, ARRAY_SIZE(node_columns)};

/*
 * GPUs bring many nodes that have nothing.  They share one line, unless the table is wanted alone.
 */
static int print_nodes(const struct topology *t, const struct table_options *o)
{
	_cleanup_table_ struct table *table = table_new(&topology_table, o);
	_cleanup_idlist_ struct idlist empty = IDLIST_INIT;
	char text[128];
	int r;

	for (size_t i = 0; i < t->nr_nodes; i++) {
		const struct topology_node *n = &t->nodes[i];

		if (n->cpus.nr || n->mem_bytes || table_is_alone(o))
			table_add(table, &(struct node_row){t, n});
		else
			(void)idlist_add(&empty, n->id);
	}
	r = table_print(table);
	if (empty.nr)
		printf("without CPUs and memory: node %s\n",
		       idlist_format(text, sizeof(text), &empty));
	return r;
}

/* A row: a CXL memory device, or a region of such devices. */
struct device_row {
	const char *name, *kind, *at;
	uint64_t bytes;
	int node; /* -1: not known */
};

static void print_device_name(FILE *out, const void *row, const void *arg)
{
	fprintf(out, "%s", ((const struct device_row *)row)->name);
}

static void print_device_kind(FILE *out, const void *row, const void *arg)
{
	fprintf(out, "%s", ((const struct device_row *)row)->kind);
}

static void print_device_at(FILE *out, const void *row, const void *arg)
{
	fprintf(out, "%s", ((const struct device_row *)row)->at);
}

static void print_device_memory(FILE *out, const void *row, const void *arg)
{
	print_bytes(out, ((const struct device_row *)row)->bytes);
}

static void print_device_node(FILE *out, const void *row, const void *arg)
{
	const struct device_row *device = row;

	if (device->node >= 0)
		fprintf(out, "%d", device->node);
}

static const struct table_column device_columns[] = {
	{"CXL", 0, print_device_name, NULL, NULL},
	{"KIND", 0, print_device_kind, NULL, NULL},
	{"AT", 0, print_device_at, NULL, NULL},
	{"MEMORY", TABLE_RIGHT, print_device_memory, NULL, NULL},
	{"NODE", TABLE_RIGHT, print_device_node, NULL, NULL},
};

/* The node that a device is at, or the node that has a region's memory. */
static int print_cxl_devices(const struct topology *t)
{
	static const struct table_kind kind = {device_columns, ARRAY_SIZE(device_columns)};
	_cleanup_table_ struct table *table = table_new(&kind, NULL);

	for (size_t i = 0; i < t->nr_memdevs; i++) {
		const struct topology_memdev *m = &t->memdevs[i];

		table_add(table, &(struct device_row){m->name, "device", m->host,
						      m->ram_bytes + m->pmem_bytes, m->numa_node});
	}
	for (size_t i = 0; i < t->nr_regions; i++) {
		const struct topology_region *r = &t->regions[i];

		table_add(table, &(struct device_row){r->name, "region", r->devices, r->bytes,
						      r->target_node});
	}
	if (t->nr_memdevs || t->nr_regions)
		putchar('\n');
	return table_print(table);
}

/* Figures: a row for each node with CPUs, a column for each with memory. */

static void print_from(FILE *out, const void *row, const void *arg)
{
	fprintf(out, "node %u", node_of(row)->id);
}

/* ARG is the node that the memory is on. */
static void print_figure(FILE *out, const void *row, const void *arg, bool latency)
{
	const struct topology *t = ((const struct node_row *)row)->topology;
	const struct topology_node *to = arg;

	print_link(out,
		   topology_link(t, (size_t)(node_of(row) - t->nodes), (size_t)(to - t->nodes)),
		   latency);
}

static void print_latency(FILE *out, const void *row, const void *arg)
{
	print_figure(out, row, arg, true);
}

static void print_bandwidth(FILE *out, const void *row, const void *arg)
{
	print_figure(out, row, arg, false);
}

static bool is_any_known(const struct topology *t, bool latency)
{
	for (size_t i = 0; i < t->nr_nodes * t->nr_nodes; i++) {
		if (latency ? t->links[i].latency_ns : t->links[i].bandwidth_mbps)
			return true;
	}
	return false;
}

static struct table *figures(const struct topology *t, const struct table_column *columns,
			     size_t nr)
{
	const struct table_kind kind = {columns, nr};
	struct table *table = table_new(&kind, NULL);

	for (size_t i = 0; i < t->nr_nodes; i++)
		if (t->nodes[i].cpus.nr)
			table_add(table, &(struct node_row){t, &t->nodes[i]});
	return table;
}

/* With many nodes there are several tables below each other, so that each fits a terminal. */
#define FIGURES_WIDTH 120

/*
 * Print NR columns in as many tables as needed.  Each table begins with COLUMNS[0], which takes
 * the place of the column before its others.  A table has as many of these as fit, at least one.
 */
static int print_divided(const struct topology *t, struct table_column *columns, size_t nr)
{
	const struct table_column first = columns[0];
	int r = 0;

	for (size_t at = 0, next; !r && at + 1 < nr; at = next) {
		_cleanup_table_ struct table *table = NULL;

		columns[at] = first;
		table = figures(t, columns + at, 2);
		for (next = at + 1; next + 1 < nr; next++) {
			struct table *wider = figures(t, columns + at, next + 2 - at);

			if (table_width(wider) > FIGURES_WIDTH) {
				table_free(wider);
				break;
			}
			table_free(table);
			table = wider;
		}
		if (at)
			putchar('\n');
		r = table_print(table);
	}
	return r;
}

static int print_figures(const struct topology *t, bool latency)
{
	const char *title = latency ? "LATENCY" : "BANDWIDTH";
	_cleanup_free_ struct table_column *columns = calloc(t->nr_nodes + 1, sizeof(*columns));
	_cleanup_free_ char(*names)[16] = calloc(t->nr_nodes, sizeof(*names));
	size_t nr = 1;

	if (!is_any_known(t, latency)) {
		printf("\n%s of node's memory: unknown\n", title);
		return 0;
	}
	printf("\n%s of node's memory, from the CPUs of\n", title);
	if (!columns || !names) {
		log_error("cannot print the table: %s", strerror(ENOMEM));
		return -ENOMEM;
	}
	columns[0] = (struct table_column){"", 0, print_from, NULL, NULL};
	for (size_t i = 0; i < t->nr_nodes; i++) {
		if (!t->nodes[i].mem_bytes)
			continue;
		snprintf(names[i], sizeof(names[i]), "node %u", t->nodes[i].id);
		columns[nr++] = (struct table_column){names[i], TABLE_RIGHT,
						      latency ? print_latency : print_bandwidth,
						      &t->nodes[i], NULL};
	}
	return print_divided(t, columns, nr);
}

static int print_text(const struct topology *t, const struct table_options *o)
{
	int r = print_nodes(t, o);

	if (table_is_alone(o))
		return r;
	if (!r)
		r = print_cxl_devices(t);
	if (!r)
		r = print_figures(t, true);
	return r ? r : print_figures(t, false);
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
	else if (print_text(t, &o->table) < 0)
		return TS_EXIT_FAILED;
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
