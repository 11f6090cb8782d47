/* SPDX-License-Identifier: GPL-2.0 */
/* The daemon's document as text. */
#include "report/report.h"

#include <stdint.h>
#include <string.h>

#include "base/format.h"
#include "base/util.h"
#include "counters/figure.h"
#include "report/get.h"

/* Readers that take a missing or null field for 0 or "-". */

static json_object *get_array(json_object *o, const char *key)
{
	json_object *value = get(o, key);

	return json_object_is_type(value, json_type_array) ? value : NULL;
}

static int64_t get_int(json_object *o, const char *key)
{
	return json_object_get_int64(get(o, key));
}

static const char *get_string(json_object *o, const char *key)
{
	json_object *value = get(o, key);

	return value ? json_object_get_string(value) : "-";
}

/* Cells.  A row is a process; an argument the key of what is shown.  What is not known is left out. */

static void print_value(FILE *out, const void *row, const void *key)
{
	json_object *value = get((json_object *)row, key);

	if (value)
		fprintf(out, "%s", json_object_get_string(value));
}

static void print_bytes(FILE *out, const void *row, const void *key)
{
	json_object *value = get((json_object *)row, key);
	char text[16];

	if (value)
		fprintf(out, "%s",
			format_bytes(text, sizeof(text), (uint64_t)json_object_get_int64(value)));
}

static void print_run_time(FILE *out, const void *row, const void *key)
{
	json_object *value = get((json_object *)row, key);
	char text[32];

	if (value)
		fprintf(out, "%s",
			format_duration(text, sizeof(text),
					(uint64_t)json_object_get_int64(value)));
}

static void print_yes_or_no(FILE *out, const void *row, const void *key)
{
	json_object *value = get((json_object *)row, key);

	if (value)
		fprintf(out, "%s", json_object_get_boolean(value) ? "yes" : "no");
}

/* A figure that is measured, with its unit. */
static void print_figure(FILE *out, const void *row, const void *arg)
{
	const struct figure_row *figure = arg;
	json_object *measured = get((json_object *)row, figure->key);
	double value = json_object_get_double(get(measured, "value"));
	char text[32];

	if (!measured)
		return;
	if (figure->unit == FIGURE_MBPS)
		fprintf(out, "%s", format_mbps(text, sizeof(text), (uint64_t)value));
	else
		fprintf(out, "%.0f%s", value, figure->unit == FIGURE_NS ? " ns" : "%");
	if (!strcmp(get_string(measured, "source"), metric_source_name(METRIC_SIMULATED)))
		fprintf(out, " simulated");
}

/* Heat by node, greatest first: "2:97% 0:3%". */
static void print_heat(FILE *out, const void *row, const void *key)
{
	json_object *memory = get_array((json_object *)row, key);
	size_t nr = memory ? json_object_array_length(memory) : 0, last = 0;
	double above = 101;

	for (size_t shown = 0; shown < nr; shown++) {
		double best = 0.5;
		int64_t node = -1;
		size_t best_at = 0;

		for (size_t i = 0; i < nr; i++) {
			json_object *o = json_object_array_get_idx(memory, i);
			double heat = json_object_get_double(get(o, "heat_percent"));

			if (heat > best && (heat < above || (heat == above && i > last))) {
				best = heat;
				best_at = i;
				node = get_int(o, "node");
			}
		}
		if (node < 0)
			break;
		fprintf(out, "%s%lld:%.0f%%", shown ? " " : "", (long long)node, best);
		above = best;
		last = best_at;
	}
}

/* Locality at each CPU node: "0:62 1:100". */
static void print_locality(FILE *out, const void *row, const void *key)
{
	json_object *places = get_array((json_object *)row, key);
	size_t nr = places ? json_object_array_length(places) : 0;
	const char *blank = "";

	for (size_t i = 0; i < nr; i++) {
		json_object *o = json_object_array_get_idx(places, i),
			    *locality = get(o, "locality");

		if (!locality)
			continue;
		fprintf(out, "%s%lld:%d", blank, (long long)get_int(o, "node"),
			json_object_get_int(locality));
		blank = " ";
	}
}

/* A size of its "tier". */
static void print_tier_bytes(FILE *out, const void *row, const void *key)
{
	json_object *tier = get((json_object *)row, "tier");

	if (tier)
		print_bytes(out, tier, key);
}

static void print_gain(FILE *out, const void *row, const void *key)
{
	json_object *tier = get((json_object *)row, "tier");

	if (tier)
		fprintf(out, "%.0f ms/s", json_object_get_double(get(tier, key)));
}

/* The share of its run time on the best node's CPUs, since it has had one. */
static void print_near(FILE *out, const void *row, const void *key)
{
	json_object *process = (json_object *)row;
	int64_t placed_ns = get_int(process, "placed_ns");

	if (placed_ns)
		fprintf(out, "%.0f%%", 100.0 * (double)get_int(process, key) / (double)placed_ns);
}

/* clang-format off */
static const struct table_column columns[] = {
	{"PID", TABLE_RIGHT, print_value, "pid", "process id"},
	{"NAME", TABLE_ESCAPED | TABLE_CUT, print_value, "name", "its name"},
	{"WHY", 0, print_value, "why", "why it is managed: pid, rule, child, name or size"},
	{"WORKSET", TABLE_RIGHT, print_bytes, "working_set_bytes", "memory it has used of late"},
	{"HEAT", 0, print_heat, "memory", "NODE:SHARE of its accesses, greatest first"},
	{"BEST", TABLE_RIGHT, print_value, "preferred_node", "CPU node that its accesses are cheapest from"},
	{"LOCALITY", 0, print_locality, "cpu_nodes", "NODE:SCORE of each CPU node, 0 to 100"},
	{"NEAR", TABLE_RIGHT, print_near, "near_ns", "share of its run time on the best node's CPUs"},
	{"CLASS", TABLE_EXTRA, print_value, "class", "what its threads are: vector, latency, regular"},
	{"PRIORITY", TABLE_EXTRA | TABLE_RIGHT, print_value, "priority", "percent of virtual time it pays more"},
	{"RSS", TABLE_EXTRA | TABLE_RIGHT, print_bytes, "rss_bytes", "resident memory"},
	{"HOT", TABLE_EXTRA | TABLE_RIGHT, print_bytes, "hot_bytes", "memory accessed in a quarter of the samples"},
	{"COLD", TABLE_EXTRA | TABLE_RIGHT, print_bytes, "cold_bytes", "memory not accessed"},
	{"ACCESSES", TABLE_EXTRA | TABLE_RIGHT, print_value, "access_hz", "of a page of the working set, per second"},
	{"HITS", TABLE_EXTRA | TABLE_RIGHT, print_figure, &figure_rows[FIGURE_LLC_HITS],
	 "in the last-level cache (--process-hits)"},
	{"FAR", TABLE_EXTRA | TABLE_RIGHT, print_tier_bytes, "promote_bytes", "hot memory that should lie nearer (--tier)"},
	{"GAIN", TABLE_EXTRA | TABLE_RIGHT, print_gain, "gain_ms_per_s", "how much less it would wait then, about"},
	{"SATURATES", TABLE_EXTRA, print_yes_or_no, "saturates", "does it use up the bandwidth of some memory"},
	{"CONFIDENCE", TABLE_EXTRA | TABLE_RIGHT, print_value, "confidence", "in what is known of it, 0 to 100"},
	{"TIME", TABLE_EXTRA | TABLE_RIGHT, print_run_time, "run_ns", "run time on CPUs"},
	{"MOVES", TABLE_EXTRA | TABLE_RIGHT, print_value, "node_moves", "of its threads between CPU nodes"},
};
/* clang-format on */
const struct table_kind text_table = {columns, ARRAY_SIZE(columns)};

/* clang-format off */
static const struct table_column node_columns[] = {
	{"NODE", TABLE_RIGHT, print_value, "node", NULL},
	{"CPUS", 0, print_value, "cpus", NULL},
	{"CXL", 0, print_value, "cxl", NULL},
	{"NEAR", 0, print_value, "near_nodes", NULL},
};
/* clang-format on */

static bool is_known_anywhere(json_object *nodes, const struct figure_row *figure)
{
	for (size_t i = 0; i < json_object_array_length(nodes); i++)
		if (get(json_object_array_get_idx(nodes, i), figure->key))
			return true;
	return false;
}

/* A row for each node, a column for each figure that is known of some node. */
static int print_nodes(json_object *nodes)
{
	struct table_column columns[ARRAY_SIZE(node_columns) + NR_FIGURES];
	struct table_kind kind = {columns, ARRAY_SIZE(node_columns)};
	_cleanup_table_ struct table *table = NULL;

	memcpy(columns, node_columns, sizeof(node_columns));
	for (enum figure f = 0; f < NR_FIGURES; f++)
		if (is_known_anywhere(nodes, &figure_rows[f]))
			columns[kind.nr_columns++] =
				(struct table_column){figure_rows[f].heading, TABLE_RIGHT,
						      print_figure, &figure_rows[f], NULL};
	table = table_new(&kind, NULL);
	for (size_t i = 0; i < json_object_array_length(nodes); i++)
		table_add(table, json_object_array_get_idx(nodes, i));
	return table_print(table);
}

static void print_troubles(json_object *troubles)
{
	for (size_t i = 0; troubles && i < json_object_array_length(troubles); i++) {
		json_object *trouble = json_object_array_get_idx(troubles, i);

		printf("trouble %s: %s; %s\n", get_string(trouble, "step"),
		       get_string(trouble, "error"), get_string(trouble, "meanwhile"));
	}
}

/* What stands above the processes.  0, or -errno after saying so. */
static int print_head(json_object *report)
{
	json_object *cost = get(report, "cost"), *nodes = get_array(report, "nodes");
	int r = 0;
	bool observing = !strcmp(get_string(report, "mode"), "observe");
	char up[32], interval[32];

	printf("cxl-tiersched %s (pid %s), up %s: %s, DAMON every %s; costs %s%% of a CPU, %.1f ms "
	       "a "
	       "tick\n",
	       get_string(report, "version"), get_string(report, "pid"),
	       format_duration(up, sizeof(up),
			       (uint64_t)get_int(report, "uptime_ms") * NSEC_PER_MSEC),
	       observing ? "observing" : "scheduling",
	       format_duration(interval, sizeof(interval),
			       (uint64_t)get_int(report, "damon_interval_us") * NSEC_PER_USEC),
	       get_string(cost, "daemon_cpu_percent"), (double)get_int(cost, "tick_cpu_us") / 1000);
	print_troubles(get(report, "troubles"));
	putchar('\n');
	if (nodes && json_object_array_length(nodes)) {
		r = print_nodes(nodes);
		putchar('\n');
	}
	return r;
}

int text_print(json_object *report, const struct table_options *o)
{
	_cleanup_table_ struct table *table = table_new(&text_table, o);
	json_object *processes = get_array(report, "processes");
	size_t nr = processes ? json_object_array_length(processes) : 0;

	if (!table_is_alone(o)) {
		int r = print_head(report);

		if (r < 0)
			return r;
		if (!nr && !strcmp(get_string(report, "scope"), "own"))
			printf("no process of yours is managed; root sees those of others\n");
		else if (!nr)
			printf("no process is worth managing yet\n");
	}
	for (size_t i = 0; i < nr; i++)
		table_add(table, json_object_array_get_idx(processes, i));
	return table_print(table);
}
