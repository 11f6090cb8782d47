/* SPDX-License-Identifier: GPL-2.0 */
/* The daemon's JSON document. */
#include "daemon/document.h"

#include <string.h>
#include <sys/resource.h>

#include "base/escape.h"
#include "base/format.h"
#include "base/sysfs.h"
#include "base/util.h"
#include "config.h"
#include "daemon/tiering.h"
#include "report/report.h"

static void add_int(json_object *o, const char *key, uint64_t value)
{
	json_object_object_add(o, key, json_object_new_int64((int64_t)value));
}

static void add_string(json_object *o, const char *key, const char *value)
{
	json_object_object_add(o, key, foreign_string(value));
}

/* One decimal: these are percentages and milliseconds for people. */
static void add_tenths(json_object *o, const char *key, double value)
{
	char text[32];

	snprintf(text, sizeof(text), "%.1f", value);
	json_object_object_add(o, key, json_object_new_double_s(value, text));
}

/* Its value, how old it is, and by whom.  Null where it is not known. */
static void add_metric(json_object *o, const char *key, struct metric metric, uint64_t now_ns)
{
	json_object *figure;

	if (!metric.source) {
		json_object_object_add(o, key, NULL);
		return;
	}
	figure = json_object_new_object();
	add_tenths(figure, "value", metric.value);
	add_string(figure, "source", metric_source_name(metric.source));
	add_int(figure, "age_ms", (now_ns - MIN(metric.at_ns, now_ns)) / NSEC_PER_MSEC);
	json_object_object_add(o, key, figure);
}

/* What node ID's memory can deliver.  Nothing where it has none. */
static void add_capacity(json_object *o, const struct metrics *m, unsigned int id)
{
	const struct metrics_node *nodes;
	size_t nr;

	nodes = metrics_nodes(m, &nr);
	for (size_t i = 0; i < nr; i++) {
		if (nodes[i].id != id)
			continue;
		json_object_object_add(o, "bandwidth_mbps",
				       nodes[i].capacity_mbps
					       ? json_object_new_int64(nodes[i].capacity_mbps)
					       : NULL);
		add_string(o, "bandwidth_source", capacity_source_name(nodes[i].capacity_source));
	}
}

static void add_figures(json_object *o, const struct metrics *m, unsigned int id, enum figure_of of,
			uint64_t now_ns)
{
	for (enum figure f = 0; f < NR_FIGURES; f++)
		if (figure_rows[f].of == of)
			add_metric(o, figure_rows[f].key, metrics_figure(m, id, f), now_ns);
}

static json_object *build_nodes(const struct topology *t, const struct metrics *m, uint64_t now_ns)
{
	json_object *nodes = json_object_new_array();

	for (size_t i = 0; i < t->nr_nodes; i++) {
		const struct topology_node *node = &t->nodes[i];
		json_object *o = json_object_new_object();
		char text[256];

		add_int(o, "node", node->id);
		add_string(o, "cpus", idlist_format(text, sizeof(text), &node->cpus));
		add_int(o, "mem_bytes", node->mem_bytes);
		add_string(o, "cxl", topology_cxl_name(node->cxl));
		add_string(o, "near_nodes", idlist_format(text, sizeof(text), &node->near_nodes));
		if (node->mem_bytes) {
			add_capacity(o, m, node->id);
			add_figures(o, m, node->id, FIGURE_OF_MEMORY, now_ns);
		}
		if (node->cpus.nr)
			add_figures(o, m, node->id, FIGURE_OF_CPUS, now_ns);
		json_object_array_add(nodes, o);
	}
	return nodes;
}

static json_object *build_scheduler(const struct daemon *d)
{
	static const char *const names[TS_NR_STATS] = {
		[TS_STAT_IDLE_NEAR] = "idle_near", [TS_STAT_IDLE_OTHER] = "idle_other",
		[TS_STAT_QUEUED] = "queued",	   [TS_STAT_STOLEN] = "stolen",
		[TS_STAT_SWAPPED] = "swapped",	   [TS_STAT_BALANCED] = "balanced",
		[TS_STAT_STALE] = "stale",	   [TS_STAT_PREEMPTED] = "preempted",
		[TS_STAT_RESCUED] = "rescued",
	};
	json_object *o = json_object_new_object(), *stats;
	uint64_t values[TS_NR_STATS];

	json_object_object_add(o, "attached", json_object_new_boolean(d->sched != NULL));
	if (!d->sched)
		return o;
	stats = json_object_new_object();
	sched_stats(d->sched, values);
	for (size_t i = 0; i < TS_NR_STATS; i++)
		add_int(stats, names[i], values[i]);
	add_string(o, "name", "tiersched_" PACKAGE_VERSION);
	add_int(o, "restarts", d->nr_restarts);
	json_object_object_add(o, "stats", stats);
	return o;
}

static json_object *build_memory(const struct machine *m, const struct model_profile *f)
{
	json_object *memory = json_object_new_array();

	for (size_t n = 0; n < f->nr_mem_nodes; n++) {
		json_object *o = json_object_new_object();

		add_int(o, "node", m->memory[n].id);
		add_tenths(o, "heat_percent", f->heat_permille[n] / 10.0);
		add_int(o, "working_set_bytes", f->node_bytes[n]);
		json_object_array_add(memory, o);
	}
	return memory;
}

static json_object *build_places(const struct machine *m, const struct model_profile *f)
{
	json_object *places = json_object_new_array();

	for (size_t c = 0; c < f->nr_cpu_nodes; c++) {
		bool known = f->locality[c] != MODEL_UNKNOWN_LOCALITY;
		json_object *o = json_object_new_object();

		add_int(o, "node", m->cpu_nodes[c].id);
		json_object_object_add(o, "locality",
				       known ? json_object_new_int(f->locality[c]) : NULL);
		json_object_object_add(o, "score", known ? json_object_new_int(f->score[c]) : NULL);
		json_object_object_add(o, "cost_ns",
				       known ? json_object_new_int64(f->cost_ns[c]) : NULL);
		json_object_array_add(places, o);
	}
	return places;
}

/* What its threads are, by most of their run time of late; null where none has run. */
static void add_class(json_object *o, const struct managed *item)
{
	enum ts_class class = usage_class(&item->usage);
	bool known = class != TS_CLASS_UNSET;
	/* NOLINTNEXTLINE(bugprone-signed-char-misuse): a small number, no character */
	int priority = item->usage.last.priority[class];

	json_object_object_add(o, "class", known ? foreign_string(class_name(class)) : NULL);
	json_object_object_add(o, "priority", known ? json_object_new_int(priority) : NULL);
}

/* What was moved, and what was not and why. */
static void add_moved(json_object *o, const struct ledger_totals *totals)
{
	static const struct ledger_totals nothing;
	static const char *const directions[MOVE_NR_DIRECTIONS] = {
		[MOVE_PROMOTE] = "promoted_bytes",
		[MOVE_DEMOTE] = "demoted_bytes",
		[MOVE_SPREAD] = "spread_bytes",
	};
	static const char *const reasons[MIGRATE_NR_REASONS] = {
		[MIGRATE_SHARED] = "refused_shared_bytes",
		[MIGRATE_BUSY] = "refused_busy_bytes",
		[MIGRATE_FORBIDDEN] = "refused_not_allowed_bytes",
		[MIGRATE_NO_ROOM] = "refused_no_room_bytes",
		[MIGRATE_NO_HUGE_ROOM] = "refused_no_huge_room_bytes",
		[MIGRATE_FAILED] = "failed_bytes",
	};

	totals = totals ? totals : &nothing;
	for (size_t i = 0; i < MOVE_NR_DIRECTIONS; i++)
		add_int(o, directions[i], totals->moved_bytes[i]);
	add_int(o, "returned_bytes", totals->returned_bytes);
	for (size_t i = 0; i < MIGRATE_NR_REASONS; i++)
		add_int(o, reasons[i], totals->left_bytes[i]);
}

/* What it was to gain, and what it has gained; null where nothing was measured. */
static void add_gain(json_object *o, const struct ledger_totals *totals)
{
	static const struct gain_totals nothing;
	const struct gain_totals *gain = totals ? &totals->gain : &nothing;

	if (gain->nr_measured) {
		add_tenths(o, "gain_promised_ms_per_s", gain->promised / 1e6);
		add_tenths(o, "gain_measured_ms_per_s", gain->measured / 1e6);
	} else {
		json_object_object_add(o, "gain_promised_ms_per_s", NULL);
		json_object_object_add(o, "gain_measured_ms_per_s", NULL);
	}
	add_tenths(o, "gain_unknown_ms_per_s", gain->unknown / 1e6);
}

static void add_history(json_object *o, const struct tiering *t, struct process_id process,
			uint64_t now_ns)
{
	uint64_t budget = tiering_budget(t, process, now_ns);

	add_moved(o, tiering_moved_of(t, process));
	add_gain(o, tiering_moved_of(t, process));
	json_object_object_add(o, "budget_bytes",
			       budget == LEDGER_NO_LIMIT ? NULL
							 : json_object_new_int64((int64_t)budget));
}

/* What the last plan says of its pages, and what was moved; null where there was no plan. */
static void add_tier(json_object *o, const struct daemon *d, const struct managed *item,
		     uint64_t now_ns)
{
	static const char *const keys[PLAN_NR_WHY] = {
		[PLAN_PROMOTE] = "promote_bytes",	  [PLAN_DEMOTE] = "demote_bytes",
		[PLAN_SPREAD] = "to_spread_bytes",	  [PLAN_BUSY] = "busy_bytes",
		[PLAN_TOO_NEW] = "too_new_bytes",	  [PLAN_NO_ROOM] = "no_room_bytes",
		[PLAN_NOT_ALLOWED] = "not_allowed_bytes", [PLAN_LATER] = "later_bytes",
		[PLAN_SHARED] = "shared_bytes",		  [PLAN_FOREIGN] = "foreign_bytes",
	};
	const struct plan_verdict *v = &item->tier;
	json_object *tier;

	if (!item->tier_ns) {
		json_object_object_add(o, "tier", NULL);
		return;
	}
	tier = json_object_new_object();
	json_object_object_add(tier, "node",
			       v->place == MODEL_NO_NODE
				       ? NULL
				       : json_object_new_int64(d->machine->cpu_nodes[v->place].id));
	for (size_t i = 0; i < PLAN_NR_WHY; i++)
		add_int(tier, keys[i], v->bytes[i]);
	add_tenths(tier, "gain_ms_per_s", v->gain / 1e6);
	add_tenths(tier, "cost_ms", v->cost_ns / 1e6);
	if (item->lines.per_access > 0)
		add_tenths(tier, "llc_misses_per_access", item->lines.per_access);
	else
		json_object_object_add(tier, "llc_misses_per_access", NULL);
	add_int(tier, "age_ms", (now_ns - MIN(item->tier_ns, now_ns)) / NSEC_PER_MSEC);
	if (d->tiering && tiering_moved(d->tiering))
		add_history(tier, d->tiering, proc_id(&item->choice.proc), now_ns);
	json_object_object_add(o, "tier", tier);
}

static uint64_t run_ns(const struct ts_usage *u)
{
	uint64_t sum = 0;

	for (size_t c = 0; c < TS_NR_CLASSES; c++)
		sum += u->class_ns[c];
	return sum;
}

static json_object *build_process(const struct daemon *d, const struct managed *item,
				  uint64_t now_ns)
{
	const struct machine *m = d->machine;
	const struct model_profile *f = model_profile(item->model);
	const struct ts_usage *u = &item->usage.last;
	json_object *o = json_object_new_object();

	add_int(o, "pid", (uint64_t)item->choice.proc.pid);
	add_string(o, "name", item->choice.proc.comm);
	add_string(o, "why", choose_reason_name(item->choice.reason));
	add_string(o, "class_by_rule", class_name(item->choice.class));
	add_class(o, item);
	add_int(o, "rss_bytes", item->choice.proc.rss_bytes);
	add_int(o, "regions", item->nr_regions);
	add_int(o, "working_set_bytes", f->working_set_bytes);
	add_int(o, "hot_bytes", f->hot_bytes);
	add_int(o, "cold_bytes", f->cold_bytes);
	add_int(o, "access_hz", f->access_hz);
	json_object_object_add(o, "intensity_mb_per_cpu_s",
			       f->intensity_mb_per_cpu_s == UINT32_MAX
				       ? NULL
				       : json_object_new_int64(f->intensity_mb_per_cpu_s));
	add_metric(o, figure_rows[FIGURE_LLC_HITS].key, item->llc_hits, now_ns);
	add_metric(o, "llc_misses_per_s", item->lines.per_s, now_ns);
	json_object_object_add(o, "memory_intensive", json_object_new_boolean(f->memory_intensive));
	json_object_object_add(o, "saturates", json_object_new_boolean(f->saturates));
	add_int(o, "confidence", f->confidence);
	json_object_object_add(o, "preferred_node",
			       f->preferred == MODEL_NO_NODE
				       ? NULL
				       : json_object_new_int64(m->cpu_nodes[f->preferred].id));
	json_object_object_add(o, "memory", build_memory(m, f));
	json_object_object_add(o, "cpu_nodes", build_places(m, f));
	add_tier(o, d, item, now_ns);
	add_int(o, "run_ns", run_ns(u));
	add_int(o, "placed_ns", u->placed_ns);
	add_int(o, "near_ns", u->near_ns);
	add_int(o, "node_moves", u->nr_node_moves);
	add_int(o, "generation", item->published.generation);
	return o;
}

static json_object *build_tier(const struct daemon *d)
{
	json_object *o = json_object_new_object();
	struct move_totals mover;

	add_string(o, "mode", !d->tiering ? "off" : d->tier == TIER_ON ? "on" : "advise");
	json_object_object_add(o, "numa_balancing_before",
			       d->balancing < 0 ? NULL : json_object_new_int(d->balancing));
	add_string(o, "latency_source",
		   topology_source_name(topology_worst_latency(d->topology, NULL)));
	if (!d->tiering || !tiering_mover(d->tiering, &mover))
		return o;
	add_moved(o, tiering_moved(d->tiering));
	add_gain(o, tiering_moved(d->tiering));
	add_tenths(o, "mover_cpu_ms", (double)mover.cpu_ns / 1e6);
	json_object_object_add(o, "paused", json_object_new_boolean(mover.is_paused));
	return o;
}

/* Steps of the tick that fail at present. */
static json_object *build_troubles(const struct troubles *t)
{
	json_object *all = json_object_new_array();

	for (enum trouble_with with = 0; with < NR_TROUBLES; with++) {
		json_object *o;

		if (!t->errors[with])
			continue;
		o = json_object_new_object();
		add_string(o, "step", trouble_name(with));
		add_string(o, "error", strerror(-t->errors[with]));
		add_string(o, "meanwhile", trouble_meanwhile(with));
		json_object_array_add(all, o);
	}
	return all;
}

static json_object *build_cost(const struct daemon *d, uint64_t now_ns)
{
	json_object *o = json_object_new_object();
	double uptime_ns = (double)MAX(now_ns - d->start_ns, UINT64_C(1));
	pid_t kdamond = damon_kdamond_pid(d->damon);
	struct rusage usage;
	uint64_t cpu_ns = 0;

	getrusage(RUSAGE_SELF, &usage);
	(void)proc_cpu_ns(&cpu_ns, getpid());
	cpu_ns -= MIN(d->start_cpu_ns, cpu_ns);
	add_tenths(o, "daemon_cpu_percent", 100.0 * (double)cpu_ns / uptime_ns);
	if (kdamond && !proc_cpu_ns(&cpu_ns, kdamond))
		add_tenths(o, "kdamond_cpu_ms", (double)cpu_ns / 1e6);
	if (d->nr_ticks)
		add_int(o, "tick_cpu_us", d->ticks_cpu_ns / d->nr_ticks / NSEC_PER_USEC);
	add_int(o, "processes_a_tick", MIN(d->turn, d->set.nr));
	add_int(o, "max_rss_bytes", (uint64_t)usage.ru_maxrss * 1024);
	return o;
}

/* What the kernel does about memory beside us: pages it moved between tiers since boot, tasks waiting for memory. */
static json_object *build_kernel(void)
{
	json_object *o = json_object_new_object();
	char text[32768];
	uint64_t promoted, demoted;
	double percent;
	bool known = sysfs_read(text, sizeof(text), NULL, "/proc/vmstat") >= 0;

	json_object_object_add(o, "promoted_pages",
			       known && !proc_vmstat_sum(&promoted, text, "pgpromote_success")
				       ? json_object_new_int64((int64_t)promoted)
				       : NULL);
	json_object_object_add(o, "demoted_pages",
			       known && !proc_vmstat_sum(&demoted, text, "pgdemote_")
				       ? json_object_new_int64((int64_t)demoted)
				       : NULL);
	if (!proc_memory_pressure(&percent))
		add_tenths(o, "memory_pressure_percent", percent);
	else
		json_object_object_add(o, "memory_pressure_percent", NULL);
	return o;
}

/* Those of READER, or all where that is NULL. */
static json_object *build_processes(const struct daemon *d, const uid_t *reader, uint64_t now_ns)
{
	json_object *processes = json_object_new_array();

	for (size_t i = 0; i < d->set.nr; i++) {
		const struct managed *item = &d->set.items[i];

		if (!reader || proc_is_of(&item->choice.proc, *reader))
			json_object_array_add(processes, build_process(d, item, now_ns));
	}
	return processes;
}

json_object *document_build(const struct daemon *d, const uid_t *reader, uint64_t now_ns)
{
	json_object *o = json_object_new_object();

	add_string(o, "version", PACKAGE_VERSION);
	add_int(o, "pid", (uint64_t)getpid());
	add_int(o, "uptime_ms", (now_ns - d->start_ns) / NSEC_PER_MSEC);
	add_string(o, "mode", d->options->observe ? "observe" : "schedule");
	json_object_object_add(o, "tier", build_tier(d));
	add_int(o, "damon_interval_us", d->options->damon_interval_ns / NSEC_PER_USEC);
	json_object_object_add(o, "scheduler", build_scheduler(d));
	json_object_object_add(o, "cost", build_cost(d, now_ns));
	json_object_object_add(o, "troubles", build_troubles(&d->troubles));
	json_object_object_add(o, "kernel", build_kernel());
	json_object_object_add(o, "nodes", build_nodes(d->topology, d->metrics, now_ns));
	add_string(o, "scope", reader ? "own" : "all");
	json_object_object_add(o, "processes", build_processes(d, reader, now_ns));
	return o;
}
