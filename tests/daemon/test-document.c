/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The document: each figure under its name and in its unit, null for what is not known, and for a
 * reader without rights no process but his own.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/log.h"
#include "base/util.h"
#include "daemon/document.h"
#include "tests/helpers/run.h"
#include "tests/helpers/sched.h"

#define MB (UINT64_C(1) << 20)
#define NOW (5 * NSEC_PER_SEC)

struct bench {
	struct run run;
	json_object *document;
};

/* Two CPU nodes, 0 and 1, and node 2 of CXL memory near 1. */
static int setup(void **state)
{
	static struct bench b;

	b = (struct bench){0};
	run_init(&b.run, "cxl");
	b.run.d.start_ns = NOW - 2500 * NSEC_PER_MSEC;
	*state = &b;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;

	json_object_put(b->document);
	run_deinit(&b->run);
	return 0;
}

static void build(struct bench *b, const uid_t *reader)
{
	json_object_put(b->document);
	b->document = document_build(&b->run.d, reader, NOW);
	assert_non_null(b->document);
}

/* What stands at PATH (JSON pointer), which has to be there; NULL for null. */
static json_object *at(const struct bench *b, const char *path)
{
	json_object *found = NULL;

	if (json_pointer_get(b->document, path, &found))
		fail_msg("the document has no %s", path);
	return found;
}

static bool has(const struct bench *b, const char *path)
{
	return !json_pointer_get(b->document, path, NULL);
}

/* As JSON text: strings in quotes, numbers as they are printed. */
#define assert_at(b, path, text) assert_string_equal(json_object_to_json_string(at(b, path)), text)

static struct managed *manage(struct bench *b, const struct choice *choices, size_t nr)
{
	bool changed;

	assert_int_equal(managed_update(&b->run.d.set, choices, nr, NULL, NOW, &changed), 0);
	assert_true(changed);
	return b->run.d.set.items;
}

static void what_a_run_is(void **state)
{
	struct bench *b = *state;

	build(b, NULL);
	assert_at(b, "/uptime_ms", "2500");
	assert_at(b, "/mode", "\"schedule\"");
	assert_at(b, "/damon_interval_us", "100000");
	assert_int_equal(json_object_get_int(at(b, "/pid")), getpid());
	assert_at(b, "/scope", "\"all\"");
	assert_at(b, "/scheduler/attached", "false");
	assert_false(has(b, "/scheduler/stats"));
	assert_at(b, "/troubles", "[ ]");
	assert_at(b, "/processes", "[ ]");
	/* no kdamond runs and no tick was made: neither costs 0 */
	assert_false(has(b, "/cost/kdamond_cpu_ms"));
	assert_false(has(b, "/cost/tick_cpu_us"));
	b->run.options.observe = true;
	b->run.d.nr_ticks = 4;
	b->run.d.ticks_cpu_ns = 10 * NSEC_PER_MSEC;
	build(b, NULL);
	assert_at(b, "/mode", "\"observe\"");
	assert_at(b, "/cost/tick_cpu_us", "2500");
}

static void nodes_and_what_is_not_measured(void **state)
{
	struct bench *b = *state;

	build(b, NULL);
	assert_int_equal(json_object_array_length(at(b, "/nodes")), 3);
	assert_at(b, "/nodes/0/cpus", "\"0-1\"");
	assert_at(b, "/nodes/0/cxl", "\"no\"");
	assert_at(b, "/nodes/2/node", "2");
	assert_at(b, "/nodes/2/cpus", "\"\"");
	assert_at(b, "/nodes/2/mem_bytes", "1073741824");
	assert_at(b, "/nodes/2/cxl", "\"region\"");
	assert_at(b, "/nodes/2/near_nodes", "\"1\"");
	assert_at(b, "/nodes/2/read_mbps", "null");
	assert_at(b, "/nodes/2/utilisation_percent", "null");
	assert_at(b, "/nodes/2/latency_ns", "null");
	/* caches are of CPUs */
	assert_at(b, "/nodes/0/llc_hit_percent", "null");
	assert_at(b, "/nodes/0/mbm_total_mbps", "null");
	assert_false(has(b, "/nodes/2/llc_hit_percent"));
}

static double some_heat(size_t node, const void *arg)
{
	return 1000;
}

static void figures_have_source_and_age(void **state)
{
	struct bench *b = *state;
	const struct metrics_node *node;
	size_t nr;
	char text[32];

	metrics_simulate(b->run.d.metrics, some_heat, NULL, 7, NOW - 30 * NSEC_PER_MSEC);
	node = &metrics_nodes(b->run.d.metrics, &nr)[2];
	build(b, NULL);
	assert_at(b, "/nodes/2/read_mbps/source", "\"simulated\"");
	assert_at(b, "/nodes/2/read_mbps/age_ms", "30");
	snprintf(text, sizeof(text), "%.1f", node->figures[FIGURE_READ].value);
	assert_at(b, "/nodes/2/read_mbps/value", text);
	snprintf(text, sizeof(text), "%.1f", node->figures[FIGURE_UTILISATION].value);
	assert_at(b, "/nodes/2/utilisation_percent/value", text);
	assert_at(b, "/nodes/2/bandwidth_mbps", "32000");
	assert_at(b, "/nodes/2/bandwidth_source", "\"simulated\"");
	/* memory that is not CXL's has no simulated figures */
	assert_at(b, "/nodes/0/read_mbps", "null");
}

static void a_new_process_is_unknown_but_for_its_name(void **state)
{
	struct bench *b = *state;
	struct choice choice = run_choice(77, 5, "search\x1b[31m");

	manage(b, &choice, 1);
	build(b, NULL);
	assert_at(b, "/processes/0/pid", "77");
	assert_at(b, "/processes/0/name", "\"search\\\\x1b[31m\"");
	assert_at(b, "/processes/0/why", "\"size\"");
	assert_at(b, "/processes/0/class_by_rule", "\"unset\"");
	assert_at(b, "/processes/0/rss_bytes", "100663296");
	assert_at(b, "/processes/0/class", "null");
	assert_at(b, "/processes/0/priority", "null");
	assert_at(b, "/processes/0/intensity_mb_per_cpu_s", "null");
	assert_at(b, "/processes/0/llc_hit_percent", "null");
	assert_at(b, "/processes/0/llc_misses_per_s", "null");
	assert_at(b, "/processes/0/preferred_node", "null");
	assert_at(b, "/processes/0/confidence", "0");
	assert_at(b, "/processes/0/cpu_nodes/1/node", "1");
	assert_at(b, "/processes/0/cpu_nodes/1/locality", "null");
	assert_at(b, "/processes/0/cpu_nodes/1/score", "null");
	assert_at(b, "/processes/0/cpu_nodes/1/cost_ns", "null");
	assert_at(b, "/processes/0/tier", "null");
	assert_at(b, "/processes/0/generation", "0");
	assert_at(b, "/cost/processes_a_tick", "0");
}

/* All of it is hot and on node 2. */
static void model(struct bench *b, struct managed *item)
{
	static const uint32_t pages[3] = {0, 0, 64};
	static const struct sample_region hot = {
		.start = 64 * MB, .bytes = 64 * MB, .nr_accesses = 20, .age = 9, .pages = pages};

	for (uint64_t i = 1; i <= 40; i++) {
		item->sample.last = (struct sample){
			.now_ns = i * 100 * NSEC_PER_MSEC,
			.seen_ns = i * 100 * NSEC_PER_MSEC,
			.aggregation_ns = 100 * NSEC_PER_MSEC,
			.max_nr_accesses = 20,
			.regions = &hot,
			.nr_regions = 1,
			.resident_bytes = 96 * MB,
			.cpu_ns = 100 * NSEC_PER_MSEC,
			.wall_ns = 100 * NSEC_PER_MSEC,
		};
		managed_model(&b->run.d.set, &b->run.d.model_options, item->sample.last.now_ns);
	}
	item->sample.last.regions = NULL;
}

static void a_process_that_is_known(void **state)
{
	struct bench *b = *state;
	struct choice choice = run_choice(77, 5, "search");
	struct managed *item;

	choice.reason = CHOOSE_RULE;
	choice.class = TS_CLASS_VECTOR;
	item = manage(b, &choice, 1);
	model(b, item);
	item->nr_regions = 3;
	item->published.generation = 6;
	item->tier = (struct plan_verdict){
		.place = 1,
		.bytes = {[PLAN_PROMOTE] = 8 * MB, [PLAN_NO_ROOM] = 2 * MB},
		.gain = 123.4e6,
		.cost_ns = 5e6,
	};
	item->tier_ns = NOW - 200 * NSEC_PER_MSEC;
	item->llc_hits = (struct metric){61.23, NOW - 40 * NSEC_PER_MSEC, METRIC_PERF};
	item->lines = (struct lines){.per_s = {2.6e6, NOW, METRIC_PERF}, .per_access = 64};
	item->usage = (struct usage){
		.last = {.class_ns = {[TS_CLASS_REGULAR] = 300, [TS_CLASS_VECTOR] = 700},
			 .placed_ns = 900,
			 .near_ns = 800,
			 .nr_node_moves = 12,
			 .priority = {[TS_CLASS_VECTOR] = -20}},
		.class_ns = {[TS_CLASS_REGULAR] = 1, [TS_CLASS_VECTOR] = 2},
	};
	b->run.d.turn = 8;
	build(b, NULL);
	assert_at(b, "/processes/0/why", "\"rule\"");
	assert_at(b, "/processes/0/class_by_rule", "\"vector\"");
	assert_at(b, "/processes/0/class", "\"vector\"");
	assert_at(b, "/processes/0/priority", "-20");
	assert_at(b, "/processes/0/regions", "3");
	assert_at(b, "/processes/0/working_set_bytes", "67108864");
	assert_at(b, "/processes/0/hot_bytes", "67108864");
	assert_at(b, "/processes/0/cold_bytes", "0");
	assert_at(b, "/processes/0/llc_hit_percent/value", "61.2");
	assert_at(b, "/processes/0/llc_hit_percent/source", "\"perf\"");
	assert_at(b, "/processes/0/llc_hit_percent/age_ms", "40");
	assert_at(b, "/processes/0/llc_misses_per_s/value", "2600000.0");
	/* 67 MB of heat in each tenth of a CPU second */
	assert_at(b, "/processes/0/intensity_mb_per_cpu_s", "671");
	assert_at(b, "/processes/0/memory_intensive", "true");
	assert_at(b, "/processes/0/memory/2/node", "2");
	assert_at(b, "/processes/0/memory/2/heat_percent", "100.0");
	assert_at(b, "/processes/0/memory/2/working_set_bytes", "67108864");
	assert_at(b, "/processes/0/memory/0/heat_percent", "0.0");
	assert_at(b, "/processes/0/preferred_node", "1");
	assert_at(b, "/processes/0/cpu_nodes/1/locality", "100");
	assert_true(json_object_get_int(at(b, "/processes/0/cpu_nodes/0/locality")) < 100);
	assert_true(json_object_get_int(at(b, "/processes/0/cpu_nodes/0/cost_ns")) >
		    json_object_get_int(at(b, "/processes/0/cpu_nodes/1/cost_ns")));
	assert_at(b, "/tier/mode", "\"off\"");
	assert_false(has(b, "/processes/0/tier/promoted_bytes"));
	assert_at(b, "/processes/0/tier/node", "1");
	assert_at(b, "/processes/0/tier/promote_bytes", "8388608");
	assert_at(b, "/processes/0/tier/no_room_bytes", "2097152");
	assert_at(b, "/processes/0/tier/too_new_bytes", "0");
	assert_at(b, "/processes/0/tier/gain_ms_per_s", "123.4");
	assert_at(b, "/processes/0/tier/cost_ms", "5.0");
	assert_at(b, "/processes/0/tier/llc_misses_per_access", "64.0");
	assert_at(b, "/processes/0/tier/age_ms", "200");
	assert_at(b, "/processes/0/run_ns", "1000");
	assert_at(b, "/processes/0/placed_ns", "900");
	assert_at(b, "/processes/0/near_ns", "800");
	assert_at(b, "/processes/0/node_moves", "12");
	assert_at(b, "/processes/0/generation", "6");
	/* no more than there are */
	assert_at(b, "/cost/processes_a_tick", "1");
}

static void the_scheduler_counts(void **state)
{
	struct bench *b = *state;

	b->run.d.sched = calloc(1, sizeof(*b->run.d.sched));
	assert_non_null(b->run.d.sched);
	for (size_t i = 0; i < TS_NR_STATS; i++)
		b->run.d.sched->stats[i] = 100 + i;
	b->run.d.nr_restarts = 2;
	build(b, NULL);
	assert_at(b, "/scheduler/attached", "true");
	assert_at(b, "/scheduler/restarts", "2");
	assert_int_equal(json_object_object_length(at(b, "/scheduler/stats")), TS_NR_STATS);
	assert_at(b, "/scheduler/stats/idle_near", "100");
	assert_at(b, "/scheduler/stats/swapped", "104");
	assert_at(b, "/scheduler/stats/rescued", "108");
}

static void troubles_are_told_while_they_last(void **state)
{
	struct bench *b = *state;

	trouble_report(&b->run.d.troubles, TROUBLE_SNAPSHOTS, -EIO, NULL);
	build(b, NULL);
	assert_int_equal(json_object_array_length(at(b, "/troubles")), 1);
	assert_at(b, "/troubles/0/step", "\"reading what DAMON saw\"");
	assert_at(b, "/troubles/0/error", "\"Input\\/output error\"");
	assert_at(b, "/troubles/0/meanwhile",
		  "\"profiles grow old, and three ticks later none counts\"");
	trouble_report(&b->run.d.troubles, TROUBLE_SNAPSHOTS, 0, NULL);
	build(b, NULL);
	assert_at(b, "/troubles", "[ ]");
}

static void a_reader_sees_his_own(void **state)
{
	struct bench *b = *state;
	struct choice choices[2];
	struct proc_stat self;
	uid_t reader = getuid(), other = reader + 1;

	assert_int_equal(proc_stat_read(&self, getpid()), 0);
	choices[0] = run_choice(self.pid, self.start_time, "mine");
	/* who had this pid before */
	choices[1] = run_choice(self.pid, self.start_time - 1, "whose");
	manage(b, choices, 2);
	build(b, NULL);
	assert_int_equal(json_object_array_length(at(b, "/processes")), 2);
	build(b, &reader);
	assert_at(b, "/scope", "\"own\"");
	assert_int_equal(json_object_array_length(at(b, "/processes")), 1);
	assert_at(b, "/processes/0/name", "\"mine\"");
	build(b, &other);
	assert_at(b, "/processes", "[ ]");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(what_a_run_is),
		TEST(nodes_and_what_is_not_measured),
		TEST(figures_have_source_and_age),
		TEST(a_new_process_is_unknown_but_for_its_name),
		TEST(a_process_that_is_known),
		TEST(the_scheduler_counts),
		TEST(troubles_are_told_while_they_last),
		TEST(a_reader_sees_his_own),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests_name("document", tests, NULL, NULL);
}
