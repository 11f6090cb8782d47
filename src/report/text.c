/* SPDX-License-Identifier: GPL-2.0 */
/* The daemon's document as text. */
#include "report/text.h"

#include <stdint.h>
#include <string.h>

#include "base/escape.h"
#include "base/format.h"
#include "base/util.h"
#include "counters/metrics.h"

/* Readers that take a missing or null field for 0 or "-". */

static json_object *get(json_object *o, const char *key)
{
	json_object *value = NULL;

	json_object_object_get_ex(o, key, &value);
	return value;
}

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

/* Heat by node, greatest first: "2:97% 0:3%". */
static char *heat_text(char *buf, size_t size, json_object *memory)
{
	size_t nr = memory ? json_object_array_length(memory) : 0, used = 0;
	size_t last = 0;
	double above = 101;

	buf[0] = '\0';
	for (size_t shown = 0; shown < nr && used < size; shown++) {
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
		used += (size_t)snprintf(buf + used, size - used, "%s%lld:%.0f%%", used ? " " : "",
					 (long long)node, best);
		above = best;
		last = best_at;
	}
	if (!used)
		snprintf(buf, size, "-");
	return buf;
}

/* Locality at each CPU node: "0:62 1:100". */
static char *locality_text(char *buf, size_t size, json_object *places)
{
	size_t nr = places ? json_object_array_length(places) : 0, used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < nr && used < size; i++) {
		json_object *o = json_object_array_get_idx(places, i),
			    *locality = get(o, "locality");

		if (locality)
			used += (size_t)snprintf(buf + used, size - used, "%s%lld:%d",
						 used ? " " : "", (long long)get_int(o, "node"),
						 json_object_get_int(locality));
	}
	if (!used)
		snprintf(buf, size, "-");
	return buf;
}

static void print_process(json_object *p)
{
	char set[16], heat[64], locality[64], near[16] = "-", best[16] = "-";
	char name[ESCAPE_COLUMN_SIZE(15)];
	json_object *preferred = get(p, "preferred_node");
	int64_t placed_ns = get_int(p, "placed_ns");

	if (preferred)
		snprintf(best, sizeof(best), "%lld", (long long)json_object_get_int64(preferred));
	if (placed_ns)
		snprintf(near, sizeof(near), "%.0f%%",
			 100.0 * (double)get_int(p, "near_ns") / (double)placed_ns);
	printf("%7lld %s %-5s %8s  %-17s %4s  %-15s %5s\n", (long long)get_int(p, "pid"),
	       escape_column(name, sizeof(name), get_string(p, "name"), 15), get_string(p, "why"),
	       format_bytes(set, sizeof(set), (uint64_t)get_int(p, "working_set_bytes")),
	       heat_text(heat, sizeof(heat), get_array(p, "memory")), best,
	       locality_text(locality, sizeof(locality), get_array(p, "cpu_nodes")), near);
}

/* " 12.3 GB/s (41%)", or what of it is known. */
static void print_traffic(json_object *node)
{
	json_object *reads = get(node, "read_mbps"), *writes = get(node, "write_mbps"),
		    *utilisation = get(node, "utilisation_percent");

	if (!reads || !writes)
		return;
	printf(" %.1f GB/s", (json_object_get_double(get(reads, "value")) +
			      json_object_get_double(get(writes, "value"))) /
				     1000);
	if (utilisation)
		printf(" (%.0f%%)", json_object_get_double(get(utilisation, "value")));
	if (!strcmp(get_string(reads, "source"), metric_source_name(METRIC_SIMULATED)))
		printf(" simulated");
}

/* " 250 ns", of loads by the CPUs near it. */
static void print_latency(json_object *node)
{
	json_object *latency = get(node, "latency_ns");

	if (latency)
		printf(" %.0f ns", json_object_get_double(get(latency, "value")));
}

static void print_troubles(json_object *troubles)
{
	for (size_t i = 0; troubles && i < json_object_array_length(troubles); i++) {
		json_object *trouble = json_object_array_get_idx(troubles, i);

		printf("trouble %s: %s; %s\n", get_string(trouble, "step"),
		       get_string(trouble, "error"), get_string(trouble, "meanwhile"));
	}
}

void text_print(json_object *report)
{
	json_object *processes = get_array(report, "processes"), *cost = get(report, "cost"),
		    *nodes = get_array(report, "nodes");
	size_t nr = processes ? json_object_array_length(processes) : 0;
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
	printf("nodes:");
	for (size_t i = 0; nodes && i < json_object_array_length(nodes); i++) {
		json_object *node = json_object_array_get_idx(nodes, i);
		const char *cpus = get_string(node, "cpus");

		printf("%s %lld", i ? "," : "", (long long)get_int(node, "node"));
		if (*cpus)
			printf(" CPUs %s", cpus);
		if (strcmp(get_string(node, "cxl"), "no"))
			printf(" CXL near %s", get_string(node, "near_nodes"));
		else if (!*cpus)
			printf(" memory only");
		print_traffic(node);
		print_latency(node);
	}
	putchar('\n');
	print_troubles(get(report, "troubles"));
	putchar('\n');
	if (!nr) {
		if (!strcmp(get_string(report, "scope"), "own"))
			printf("no process of yours is managed; root sees those of others\n");
		else
			printf("no process is worth managing yet\n");
		return;
	}
	printf("%7s %-15s %-5s %8s  %-17s %4s  %-15s %5s\n", "PID", "NAME", "WHY", "WORKSET",
	       "HEAT BY NODE", "BEST", "LOCALITY", "NEAR");
	for (size_t i = 0; i < nr; i++)
		print_process(json_object_array_get_idx(processes, i));
}
