/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Counters without hardware: the arithmetic of rates, the words of a PMU's sysfs
 * over trees made for the purpose, and from devices to nodes.  Opening and
 * reading them is in tests/lab/suite/cxl/metrics.bats.
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/util.h"
#include "counters/counter.h"
#include "counters/fill-latency.h"
#include "counters/llc.h"
#include "counters/memdev-pmu.h"
#include "counters/metrics.h"
#include "counters/misses.h"
#include "counters/pmu.h"
#include "counters/resctrl.h"
#include "model/machine.h"
#include "sched/tunables.h"
#include "tests/helpers/sysroot.h"

#define SECOND NSEC_PER_SEC
#define UNIT PMU_DEVICES "/cxl_pmu_mem0.0"

/* --- rates --- */

static void rate_of_a_counter(void **state)
{
	struct counter_reading before = {1000, SECOND, SECOND},
			       after = {4000, 3 * SECOND, 3 * SECOND};
	double rate = -1;

	assert_int_equal(counter_rate(&rate, &before, &after, 1e9), 0);
	assert_float_equal(rate, 1500, 1e-6);
}

static void a_shared_counter_counts_for_its_own_time(void **state)
{
	/* 2 s enabled, on the hardware for half a second of them */
	struct counter_reading before = {0, 0, 0}, after = {500, 2 * SECOND, SECOND / 2};
	double rate = -1;

	assert_int_equal(counter_rate(&rate, &before, &after, 1e9), 0);
	assert_float_equal(rate, 1000, 1e-6);
	after.running_ns = SECOND / 100;
	assert_int_equal(counter_rate(&rate, &before, &after, 1e9), -ENODATA);
	after.running_ns = 0;
	assert_int_equal(counter_rate(&rate, &before, &after, 1e9), -ENODATA);
	assert_float_equal(rate, 1000, 1e-6);
}

static void a_counter_that_goes_wrong_is_unknown(void **state)
{
	struct counter_reading before = {5000, SECOND, SECOND},
			       after = {4000, 2 * SECOND, 2 * SECOND};
	double rate = -1;

	assert_int_equal(counter_rate(&rate, &before, &after, 1e9), -ERANGE); /* wrapped */
	after = (struct counter_reading){UINT64_C(1) << 40, 2 * SECOND, 2 * SECOND};
	assert_int_equal(counter_rate(&rate, &before, &after, 1e9), -ERANGE); /* jumped */
	after = (struct counter_reading){6000, 0, 0};
	assert_int_equal(counter_rate(&rate, &before, &after, 1e9), -ERANGE); /* time ran back */
	assert_int_equal(counter_rate(&rate, &before, &before, 1e9), -ENODATA);
	assert_float_equal(rate, -1, 1e-6);
}

/* --- a PMU's words --- */

static void formats(void **state)
{
	struct pmu_format f;

	assert_int_equal(pmu_format_parse(&f, "config:0-31"), 0);
	assert_int_equal(f.word, 0);
	assert_int_equal(f.bits, 0xffffffff);
	assert_int_equal(pmu_format_parse(&f, "config1:63"), 0);
	assert_int_equal(f.word, 1);
	assert_true(f.bits == UINT64_C(1) << 63);
	assert_int_equal(pmu_format_parse(&f, "config2:0-7,32-35"), 0);
	assert_int_equal(f.word, 2);
	assert_true(f.bits == UINT64_C(0xf000000ff));
	assert_int_equal(pmu_format_parse(&f, "config:0-63"), 0);
	assert_true(f.bits == UINT64_MAX);
}

static void formats_that_are_none(void **state)
{
	static const char *const bad[] = {"",		"config",
					  "config:",	"config3:0",
					  "config:64",	"config:0-64",
					  "config:7-0", "config:0-",
					  "config:0,",	"config:0-7x",
					  "config: 0",	"cfg:0-7",
					  "config:-1",	"config:99999999999999999999",
					  ":0"};
	struct pmu_format f = {.word = 7};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(pmu_format_parse(&f, bad[i]), -EINVAL);
	assert_int_equal(f.word, 7);
}

static void values_go_into_their_bits(void **state)
{
	struct pmu_format f = {1, UINT64_C(0xf000000ff)};
	struct pmu_config c = {{1, 0, 0}};

	assert_int_equal(pmu_format_put(&c, &f, 0xa5c), 0);
	assert_true(c.config[1] == UINT64_C(0xa0000005c));
	assert_int_equal(pmu_format_put(&c, &f, 1), 0); /* replaced, not added to */
	assert_true(c.config[1] == 1);
	assert_int_equal(pmu_format_put(&c, &f, 0x1000), -ERANGE);
	assert_true(c.config[1] == 1);
	assert_true(c.config[0] == 1);
}

/* As the kernel's driver shows a device that advertises little. */
static void put_unit(const struct sysroot *root)
{
	sysroot_put(root, UNIT "/type", "23\n");
	sysroot_put(root, UNIT "/cpumask", "2\n");
	sysroot_put(root, UNIT "/format/mask", "config:0-31\n");
	sysroot_put(root, UNIT "/format/gid", "config:32-47\n");
	sysroot_put(root, UNIT "/format/vid", "config:48-63\n");
	sysroot_put(root, UNIT "/format/threshold", "config1:0-15\n");
	sysroot_put(root, UNIT "/format/invert", "config1:16\n");
	sysroot_put(root, UNIT "/events/clock_ticks", "vid=0x1e98,gid=0x00,mask=0x01\n");
	sysroot_put(root, UNIT "/events/m2s_req_memrd", "vid=0x1e98,gid=0x20,mask=0x02\n");
	sysroot_put(root, UNIT "/events/m2s_req_memrddata", "config=0x1e98002000000004\n");
}

static void a_unit_and_its_events(void **state)
{
	_cleanup_sysroot_ struct sysroot root;
	struct pmu_config c;
	struct pmu pmu;

	sysroot_init(&root, "");
	assert_int_equal(pmu_find(&pmu, root.path, "cxl_pmu_mem0.0"), -ENOENT);
	put_unit(&root);
	assert_int_equal(pmu_find(&pmu, root.path, "cxl_pmu_mem0.0"), 0);
	assert_int_equal(pmu.type, 23);
	assert_int_equal(pmu.cpu, 2);
	assert_int_equal(pmu_event(&c, &pmu, root.path, "clock_ticks"), 0);
	assert_true(c.config[0] == UINT64_C(0x1e98000000000001));
	sysroot_put(&root, UNIT "/events/twice", "config1=0x10,invert,mask=3\n");
	assert_int_equal(pmu_event(&c, &pmu, root.path, "twice"), 0);
	assert_int_equal(c.config[0], 3);
	assert_int_equal(c.config[1], 0x10010);
	assert_int_equal(pmu_event(&c, &pmu, root.path, "none"), -ENOENT);
}

static void events_that_are_none(void **state)
{
	static const char *const bad[] = {"",	       "mask",	    "mask=", "mask=x",
					  "mask=1,",   "nothing=1", "=1",    "mask=0x100000000",
					  "../type=1", "mask==1"};
	_cleanup_sysroot_ struct sysroot root;
	struct pmu_config c = {{7, 7, 7}};
	struct pmu pmu;

	sysroot_init(&root, "");
	put_unit(&root);
	assert_int_equal(pmu_find(&pmu, root.path, "cxl_pmu_mem0.0"), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		if (!strcmp(bad[i], "mask"))
			continue; /* a switch: 1 */
		sysroot_put(&root, UNIT "/events/bad", bad[i]);
		assert_int_equal(pmu_event(&c, &pmu, root.path, "bad"), -EINVAL);
	}
	assert_int_equal(c.config[0], 7);
	sysroot_put(&root, UNIT "/cpumask", "\n");
	assert_int_equal(pmu_find(&pmu, root.path, "cxl_pmu_mem0.0"), -EINVAL);
}

static void reads_are_joined_on_one_counter(void **state)
{
	_cleanup_sysroot_ struct sysroot root;
	struct pmu_config c;
	struct pmu pmu;

	sysroot_init(&root, "");
	put_unit(&root);
	assert_int_equal(pmu_find(&pmu, root.path, "cxl_pmu_mem0.0"), 0);
	assert_int_equal(memdev_pmu_event(&c, &pmu, root.path, MEMDEV_PMU_READ), 0);
	assert_true(c.config[0] == UINT64_C(0x1e98002000000006));
	/* not advertised by name: the specification's code */
	assert_int_equal(memdev_pmu_event(&c, &pmu, root.path, MEMDEV_PMU_WRITE), 0);
	assert_true(c.config[0] == UINT64_C(0x1e98002100000006));
	/* of another group: they cannot be */
	sysroot_put(&root, UNIT "/events/m2s_req_memrddata", "vid=0x1e98,gid=0x21,mask=0x04\n");
	assert_int_equal(memdev_pmu_event(&c, &pmu, root.path, MEMDEV_PMU_READ), -EINVAL);
}

static void devices_of_units(void **state)
{
	static const char *const bad[] = {"cxl_pmu_mem0",
					  "cxl_pmu_.0",
					  "cxl_pmu_port0.0",
					  "cpu",
					  "uncore_imc_0",
					  "cxl_pmu_",
					  "cxl_pmu_memmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm0.0"};
	char device[32] = "";

	assert_int_equal(memdev_pmu_device(device, sizeof(device), "cxl_pmu_mem12.1"), 0);
	assert_string_equal(device, "mem12");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(memdev_pmu_device(device, sizeof(device), bad[i]), -EINVAL);
	assert_string_equal(device, "mem12");
}

/* --- a device's rates --- */

static struct counter_reading after_a_second(uint64_t value)
{
	return (struct counter_reading){value, SECOND, SECOND};
}

static void rates_of_a_device(void **state)
{
	const int open[] = {3, 4, 5};
	const struct counter_reading zero[3] = {0};
	struct counter_reading now[3] = {after_a_second(100000000), after_a_second(50000000),
					 after_a_second(1000)};
	struct memdev_pmu_rates rates;

	memdev_pmu_rates(&rates, open, zero, now);
	assert_true(rates.known);
	assert_float_equal(rates.read_mbps, 6400, 1e-6);
	assert_float_equal(rates.write_mbps, 3200, 1e-6);
	/* idle, as the clock shows */
	now[0] = now[1] = after_a_second(0);
	memdev_pmu_rates(&rates, open, zero, now);
	assert_true(rates.known);
	assert_float_equal(rates.read_mbps, 0, 1e-6);
}

static void rates_that_nobody_can_vouch_for(void **state)
{
	const int open[] = {3, 4, 5}, no_clock[] = {3, 4, -ENOENT}, no_writes[] = {3, -EINVAL, 5};
	const struct counter_reading zero[3] = {0};
	struct counter_reading now[3] = {after_a_second(0), after_a_second(0), after_a_second(0)};
	struct memdev_pmu_rates rates;

	memdev_pmu_rates(&rates, open, zero, now); /* all stand still, the clock too */
	assert_false(rates.known);
	memdev_pmu_rates(&rates, no_clock, zero, now);
	assert_false(rates.known);
	now[0] = now[2] = after_a_second(1000);
	memdev_pmu_rates(&rates, no_writes, zero, now);
	assert_false(rates.known);
	now[1] = after_a_second(UINT64_C(1) << 40);
	memdev_pmu_rates(&rates, open, zero, now);
	assert_false(rates.known);
}

/* MS on: enabled throughout, running RUN_MS of it, at 10^9 requests per second of running. */
static void advance(struct counter_reading now[MEMDEV_PMU_NR_COUNTERS], uint64_t ms,
		    uint64_t run_ms, uint64_t counted_ms)
{
	for (size_t i = 0; i < MEMDEV_PMU_NR_COUNTERS; i++) {
		now[i].enabled_ns += ms * 1000000;
		now[i].running_ns += run_ms * 1000000;
		now[i].value += counted_ms * 1000000;
	}
}

static void counters_that_take_turns_tell_of_seconds(void **state)
{
	const int open[MEMDEV_PMU_NR_COUNTERS] = {3, 4, 5};
	struct counter_reading now[MEMDEV_PMU_NR_COUNTERS] = {{0}};
	struct memdev_pmu_history history = {0};
	struct memdev_pmu_rates rates;

	for (int tick = 0; tick < 100; tick++) {
		/* the ends of turns are not sharp: 3 ms of 50 are counted a reading late */
		advance(now, 100, 50, tick % 2 ? 53 : 47);
		memdev_pmu_follow(&history, open, now, &rates);
		assert_int_equal(rates.known, tick >= 10);
		if (rates.known)
			assert_float_equal(rates.read_mbps, 64000, 64000 * 0.007);
	}
	now[MEMDEV_PMU_READ].value = 0; /* wrapped: unknown until a second has passed again */
	for (int tick = 0; tick < 20; tick++) {
		advance(now, 100, 50, 50);
		memdev_pmu_follow(&history, open, now, &rates);
		assert_int_equal(rates.known, tick >= 10);
	}
	/* the hardware to itself: each reading counts, at once */
	advance(now, 100, 100, 50);
	memdev_pmu_follow(&history, open, now, &rates);
	assert_true(rates.known);
	assert_float_equal(rates.read_mbps, 32000, 1);
}

/* --- from devices to nodes --- */

static struct topology *recorded(struct sysroot *root)
{
	const struct topology_options options = {.sysroot = root->path};
	struct topology *t;

	sysroot_init(root, "cxl");
	assert_int_equal(topology_read(&t, &options), 0);
	return t;
}

static const struct metrics_node *node(const struct metrics *m, unsigned int id)
{
	const struct metrics_node *nodes;
	size_t nr;

	nodes = metrics_nodes(m, &nr);
	for (size_t i = 0; i < nr; i++)
		if (nodes[i].id == id)
			return &nodes[i];
	fail_msg("no node %u", id);
	return NULL;
}

static void a_node_has_its_devices_traffic(void **state)
{
	const struct metrics_bandwidth bandwidth = {2, 30000};
	struct metrics_rate rate = {"mem0", true, 9000, 3000, 42};
	_cleanup_sysroot_ struct sysroot root;
	_cleanup_topology_ struct topology *t = recorded(&root);
	struct metrics *m;

	assert_int_equal(metrics_new(&m, t, &bandwidth, 1, NULL), 0);
	assert_int_equal(node(m, 2)->capacity_mbps, 30000);
	assert_int_equal(node(m, 2)->capacity_source, CAPACITY_OPTION);
	assert_int_equal(node(m, 2)->figures[FIGURE_READ].source, METRIC_UNKNOWN);
	metrics_take(m, &rate, 1);
	assert_float_equal(node(m, 2)->figures[FIGURE_READ].value, 9000, 1e-6);
	assert_float_equal(node(m, 2)->figures[FIGURE_WRITE].value, 3000, 1e-6);
	assert_float_equal(node(m, 2)->figures[FIGURE_UTILISATION].value, 40, 1e-6);
	assert_int_equal(node(m, 2)->figures[FIGURE_UTILISATION].source, METRIC_CXL_PMU);
	assert_int_equal(node(m, 2)->figures[FIGURE_UTILISATION].at_ns, 42);
	assert_int_equal(node(m, 0)->figures[FIGURE_READ].source, METRIC_UNKNOWN);
	/* more than it can deliver: all of it */
	rate.read_mbps = 90000;
	metrics_take(m, &rate, 1);
	assert_float_equal(node(m, 2)->figures[FIGURE_UTILISATION].value, 100, 1e-6);
	/* one unit of two does not tell, and then there is none */
	metrics_take(m, (struct metrics_rate[]){rate, {"mem0", false, 0, 0, 41}}, 2);
	assert_int_equal(node(m, 2)->figures[FIGURE_READ].source, METRIC_UNKNOWN);
	metrics_take(m, (struct metrics_rate[]){rate, {"mem0", true, 90000, 0, 40}}, 2);
	assert_int_equal(node(m, 2)->figures[FIGURE_READ].at_ns, 40); /* as old as the oldest */
	assert_float_equal(node(m, 2)->figures[FIGURE_READ].value, 180000, 1e-6);
	metrics_take(m, &rate, 0);
	assert_int_equal(node(m, 2)->figures[FIGURE_READ].source, METRIC_UNKNOWN);
	assert_int_equal(node(m, 2)->figures[FIGURE_UTILISATION].source, METRIC_UNKNOWN);
	metrics_free(m);
}

static void without_a_capacity_no_utilisation(void **state)
{
	const struct metrics_rate rate = {"mem0", true, 9000, 3000, 42};
	_cleanup_sysroot_ struct sysroot root;
	_cleanup_topology_ struct topology *t = recorded(&root);
	struct metrics *m;

	t->nr_regions = 0;
	for (size_t i = 0; i < t->nr_nodes * t->nr_nodes; i++)
		t->links[i].bandwidth_mbps = 0;
	assert_int_equal(metrics_new(&m, t, NULL, 0, NULL), 0);
	metrics_take(m, &rate, 1);
	assert_int_equal(node(m, 2)->capacity_source, CAPACITY_UNKNOWN);
	assert_float_equal(node(m, 2)->figures[FIGURE_READ].value, 9000, 1e-6);
	assert_int_equal(node(m, 2)->figures[FIGURE_UTILISATION].source, METRIC_UNKNOWN);
	metrics_free(m);
}

/* Nobody can say whose traffic it is. */
static void a_device_of_two_nodes(void **state)
{
	const struct metrics_rate rate = {"mem0", true, 9000, 3000, 42};
	_cleanup_sysroot_ struct sysroot root;
	_cleanup_topology_ struct topology *t = recorded(&root);
	struct metrics *m;

	snprintf(t->nodes[0].devices, sizeof(t->nodes[0].devices), "mem3,mem0");
	assert_int_equal(metrics_new(&m, t, NULL, 0, NULL), 0);
	metrics_take(m, &rate, 1);
	assert_int_equal(node(m, 0)->figures[FIGURE_READ].source, METRIC_UNKNOWN);
	assert_int_equal(node(m, 2)->figures[FIGURE_READ].source, METRIC_UNKNOWN);
	metrics_free(m);
}

static double heat_mbps(size_t node, const void *arg)
{
	return ((const double *)arg)[node];
}

static void simulated_figures_say_so(void **state)
{
	const double heat[] = {500, 500, 1200};
	const struct metrics_rate rate = {"mem0", true, 9000, 3000, 42};
	_cleanup_sysroot_ struct sysroot root;
	_cleanup_topology_ struct topology *t = recorded(&root);
	struct metrics *m, *again, *other;

	assert_int_equal(metrics_new(&m, t, NULL, 0, NULL), 0);
	assert_int_equal(metrics_new(&again, t, NULL, 0, NULL), 0);
	assert_int_equal(metrics_new(&other, t, NULL, 0, NULL), 0);
	for (uint64_t now = 1; now < 50; now++) {
		double read;

		metrics_take(m, &rate, 0);
		metrics_simulate(m, heat_mbps, heat, 7, now);
		metrics_simulate(again, heat_mbps, heat, 7, now);
		metrics_simulate(other, heat_mbps, heat, 8, now);
		read = node(m, 2)->figures[FIGURE_READ].value;
		assert_true(read >= 0.95 * 1200 && read < 1.05 * 1200);
		assert_float_equal(node(m, 2)->figures[FIGURE_WRITE].value, read / 3, 1e-6);
		assert_float_equal(node(m, 2)->figures[FIGURE_UTILISATION].value,
				   100 * read * 4 / 3 / METRICS_SIMULATED_MBPS, 1e-6);
		assert_int_equal(node(m, 2)->figures[FIGURE_READ].source, METRIC_SIMULATED);
		assert_int_equal(node(m, 2)->figures[FIGURE_WRITE].source, METRIC_SIMULATED);
		assert_int_equal(node(m, 2)->figures[FIGURE_UTILISATION].source, METRIC_SIMULATED);
		assert_int_equal(node(m, 2)->capacity_source, CAPACITY_SIMULATED);
		/* by the seed alone */
		assert_true(node(again, 2)->figures[FIGURE_READ].value == read);
		assert_true(node(other, 2)->figures[FIGURE_READ].value != read);
		/* memory that is not CXL is left alone */
		assert_int_equal(node(m, 0)->figures[FIGURE_READ].source, METRIC_UNKNOWN);
	}
	metrics_free(m);
	metrics_free(again);
	metrics_free(other);
}

/* --- and on to places and CPUs --- */

/* As if node 2 delivered so much of 30 GB/s. */
static void take(struct machine *m, struct metrics *metrics, double permille, bool known)
{
	static const struct ts_tunables tune = TS_TUNABLES_STANDARD;
	const struct metrics_rate rate = {"mem0", known, permille * 20, permille * 10, 1};

	assert_int_equal(m->nr_mem_nodes, 3);
	metrics_take(metrics, &rate, 1);
	machine_take_metrics(m, metrics, &tune);
}

static double simulated_mbps(size_t node, const void *arg)
{
	return 9000;
}

static struct metrics *of_30_gbps(const struct topology *t)
{
	const struct metrics_bandwidth bandwidth = {2, 30000};
	struct metrics *m;

	assert_int_equal(metrics_new(&m, t, &bandwidth, 1, NULL), 0);
	return m;
}

static void room_ends_and_begins_with_a_gap(void **state)
{
	_cleanup_sysroot_ struct sysroot root;
	_cleanup_topology_ struct topology *t = recorded(&root);
	struct metrics *metrics = of_30_gbps(t);
	struct machine *m;

	assert_int_equal(machine_new(&m, t), 0);
	assert_int_equal(machine_nearest_to_cxl(m, 0), 1);
	take(m, metrics, 800, true);
	assert_int_equal(m->memory[2].room, MACHINE_ROOM_YES);
	assert_int_equal(machine_link(m, 1, 2)->points, 50); /* CXL, and room */
	assert_int_equal(machine_link(m, 0, 2)->points, 0);
	take(m, metrics, 860, true);
	assert_int_equal(m->memory[2].room, MACHINE_ROOM_NO);
	assert_int_equal(machine_nearest_to_cxl(m, 0), 0);
	assert_int_equal(machine_link(m, 1, 2)->points, 0);
	take(m, metrics, 800, true);
	assert_int_equal(m->memory[2].room, MACHINE_ROOM_NO);
	take(m, metrics, 700, true);
	assert_int_equal(m->memory[2].room, MACHINE_ROOM_YES);
	take(m, metrics, 900, true);
	take(m, metrics, 0, false);
	assert_int_equal(m->memory[2].room, MACHINE_ROOM_UNKNOWN);
	assert_int_equal(machine_nearest_to_cxl(m, 0), 1);
	machine_free(m);
	metrics_free(metrics);
}

static void cpus_near_the_device_have_its_figures(void **state)
{
	_cleanup_sysroot_ struct sysroot root;
	_cleanup_topology_ struct topology *t = recorded(&root);
	struct metrics *metrics = of_30_gbps(t);
	static const struct ts_tunables tune = TS_TUNABLES_STANDARD;
	struct machine *m;

	assert_int_equal(machine_new(&m, t), 0);
	assert_int_equal(m->cpus[2].bandwidth_mbps, TS_UNKNOWN_U32);
	take(m, metrics, 400, true);
	assert_int_equal(m->cpus[2].place, 1);
	assert_int_equal(m->cpus[2].bandwidth_mbps, 12000);
	assert_int_equal(m->cpus[2].utilisation_permille, 400);
	assert_int_equal(m->cpus[0].place, 0);
	assert_int_equal(m->cpus[0].bandwidth_mbps, TS_UNKNOWN_U32);
	assert_true(m->memory[2].wait_known);
	assert_int_equal(m->memory[2].wait_ns, model_wait_ns(m->memory[2].nearest_ns, 400));
	assert_false(m->memory[0].wait_known);
	assert_int_equal(m->cpus[2].simulated, 0);
	metrics_simulate(metrics, simulated_mbps, NULL, 1, 1);
	machine_take_metrics(m, metrics, &tune);
	assert_int_equal(m->cpus[2].simulated, 1);
	assert_int_equal(m->cpus[0].simulated, 0);
	take(m, metrics, 0, false);
	assert_int_equal(m->cpus[2].simulated, 0);
	assert_int_equal(m->cpus[2].bandwidth_mbps, TS_UNKNOWN_U32);
	assert_int_equal(m->cpus[2].utilisation_permille, TS_UNKNOWN_U32);
	assert_false(m->memory[2].wait_known);
	assert_int_equal(m->memory[2].wait_ns, 0);
	machine_free(m);
	metrics_free(metrics);
}

/* Of T, with latencies that were measured: node 2's memory is 90 ns from the CPUs near it. */
static struct machine *measured_machine(struct topology *t)
{
	const uint32_t measured[9] = {80, 140, 400, 140, 80, 90};
	struct machine *m;

	assert_int_equal(topology_take_latencies(t, measured), 0);
	assert_int_equal(machine_new(&m, t), 0);
	return m;
}

/* Memory that answers in less than 120 ns as it is loaded now. */
static void quick_memory_has_points(void **state)
{
	_cleanup_sysroot_ struct sysroot root;
	_cleanup_topology_ struct topology *t = recorded(&root);
	struct metrics *metrics = of_30_gbps(t);
	struct machine *m = measured_machine(t);

	take(m, metrics, 100, true);
	assert_int_equal(machine_link(m, 1, 2)->points, 65);
	take(m, metrics, 300, true); /* 129 ns: not a tenth more yet */
	assert_int_equal(machine_link(m, 1, 2)->points, 65);
	take(m, metrics, 500, true); /* 180 ns */
	assert_int_equal(machine_link(m, 1, 2)->points, 50);
	take(m, metrics, 300, true);
	assert_int_equal(machine_link(m, 1, 2)->points, 50);
	take(m, metrics, 0, false); /* quick, perhaps: nobody knows */
	assert_int_equal(machine_link(m, 1, 2)->points, 30);
	machine_free(m);
	metrics_free(metrics);
}

/* As if the CPUs near node 2 measured this; -1: nothing. */
static void measure_latency(struct metrics *metrics, double ns)
{
	struct metrics_node *found = (struct metrics_node *)node(metrics, 2);

	found->figures[FIGURE_LATENCY] =
		ns < 0 ? (struct metric){0} : (struct metric){ns, 1, METRIC_PERF};
}

/* What loads are measured to take says more than how much of the bandwidth is in use. */
static void a_measured_latency_tells_the_wait(void **state)
{
	_cleanup_sysroot_ struct sysroot root;
	_cleanup_topology_ struct topology *t = recorded(&root);
	struct metrics *metrics = of_30_gbps(t);
	struct machine *m = measured_machine(t);

	assert_int_equal(m->memory[2].nearest_ns, 90);
	measure_latency(metrics, 290);
	take(m, metrics, 500, true);
	assert_int_equal(m->memory[2].wait_ns, 200);
	assert_int_equal(m->cpus[2].latency_ns, 290);
	assert_int_equal(machine_link(m, 1, 2)->points, 50); /* not quick */
	/* with no counter of the device either */
	take(m, metrics, 0, false);
	assert_int_equal(m->memory[2].wait_ns, 200);
	measure_latency(metrics, 70); /* the way to the cache's miss is not in it */
	take(m, metrics, 500, true);
	assert_true(m->memory[2].wait_known);
	assert_int_equal(m->memory[2].wait_ns, 0);
	assert_int_equal(machine_link(m, 1, 2)->points, 65);
	measure_latency(metrics, -1);
	take(m, metrics, 500, true);
	assert_int_equal(m->memory[2].wait_ns, 90);
	machine_free(m);
	metrics_free(metrics);
}

/* Nanoseconds scaled from distances do not compare with measured ones. */
static void a_measured_latency_needs_real_ones(void **state)
{
	_cleanup_sysroot_ struct sysroot root;
	_cleanup_topology_ struct topology *t = recorded(&root);
	struct metrics *metrics = of_30_gbps(t);
	struct machine *m;

	for (size_t i = 0; i < t->nr_nodes * t->nr_nodes; i++)
		t->links[i].latency_source = TOPOLOGY_SLIT;
	assert_int_equal(machine_new(&m, t), 0);
	measure_latency(metrics, 5000);
	take(m, metrics, 0, false);
	assert_false(m->memory[2].wait_known);
	take(m, metrics, 500, true);
	assert_int_equal(m->memory[2].wait_ns, m->memory[2].nearest_ns);
	machine_free(m);
	metrics_free(metrics);
}

/* --- bandwidth by resctrl --- */

static void what_counters_count(void **state)
{
	static const char *const bad[] = {
		"",	      "0",
		"0=",	      "=0x7f",
		"2=0x7f",     "0=0x7f0000000",
		"x=1;0=0x7f", "1=00000000000000000000000000000000000000000000000000"};
	uint32_t events = 7;

	assert_int_equal(resctrl_events_parse(&events, "0=0x7f;1=0x15\n", 1), 0);
	assert_int_equal(events, 0x15);
	assert_int_equal(resctrl_events_parse(&events, "0=0x30", 0), 0);
	assert_int_equal(events, 0x30);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(resctrl_events_parse(&events, bad[i], 0), -EINVAL);
	assert_int_equal(events, 0x30);
}

/* Counts of one group, of the L3s that nodes 0 and 1 have; GROUP ends in a slash, or is "". */
static void put_group(const struct sysroot *root, const char *group, const char *total0,
		      const char *local0, const char *total1, const char *local1)
{
	const struct {
		const char *file, *text;
	} files[] = {{"00/mbm_total_bytes", total0},
		     {"00/mbm_local_bytes", local0},
		     {"01/mbm_total_bytes", total1},
		     {"01/mbm_local_bytes", local1}};
	char path[256];

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(path, sizeof(path), RESCTRL "/%smon_data/mon_L3_%s", group, files[i].file);
		sysroot_put(root, path, files[i].text);
	}
}

/* CPUs 0 and 1 are node 0's, 2 and 3 node 1's. */
static void put_caches(const struct sysroot *root, const char *of_cpu2)
{
	const char *const ids[] = {"0", "0", of_cpu2, "1"};
	char path[256];

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%zu/cache/index3/id", i);
		sysroot_put(root, path, ids[i]);
	}
}

static void assert_mbps(const struct resctrl *r, unsigned int node, double total, double local,
			double slow)
{
	assert_float_equal(resctrl_mbps(r, node, RESCTRL_TOTAL), total, 1e-6);
	assert_float_equal(resctrl_mbps(r, node, RESCTRL_LOCAL), local, 1e-6);
	assert_float_equal(resctrl_mbps(r, node, RESCTRL_SLOW), slow, 1e-6);
}

static void bandwidth_of_caches(void **state)
{
	_cleanup_sysroot_ struct sysroot root;
	_cleanup_topology_ struct topology *t = recorded(&root);
	struct resctrl *r;

	assert_int_equal(resctrl_new(&r, t, root.path), -ENOENT);
	put_caches(&root, "1");
	put_group(&root, "", "1000000", "500000", "0", "0");
	put_group(&root, "batch/", "4000000", "0", "7000000", "7000000");
	assert_int_equal(resctrl_new(&r, t, root.path), 0);
	resctrl_update(r, SECOND);
	assert_mbps(r, 0, -1, -1, -1);
	put_group(&root, "", "3000000", "1500000", "0", "0");
	put_group(&root, "batch/", "6000000", "0", "17000000", "7000000");
	resctrl_update(r, 3 * SECOND);
	assert_mbps(r, 0, 2, 0.5, -1);
	assert_mbps(r, 1, 5, 0, -1);
	assert_mbps(r, 2, -1, -1, -1);
	/* what cannot be read or went back is unknown, the rest is not */
	put_group(&root, "batch/", "Unavailable", "0", "0", "8000000");
	resctrl_update(r, 4 * SECOND);
	assert_mbps(r, 0, -1, 0, -1);
	assert_mbps(r, 1, -1, 1, -1);
	/* a group has come: its past is nobody's rate */
	put_group(&root, "late/", "9", "9", "9", "9");
	put_group(&root, "batch/", "8000000", "0", "0", "8000000");
	resctrl_update(r, 5 * SECOND);
	assert_mbps(r, 1, -1, -1, -1);
	resctrl_update(r, 6 * SECOND);
	assert_mbps(r, 0, 0, 0, -1);
	resctrl_free(r);
}

static void counters_of_an_administrators_choice(void **state)
{
	_cleanup_sysroot_ struct sysroot root;
	_cleanup_topology_ struct topology *t = recorded(&root);
	struct resctrl *r;

	put_caches(&root, "1");
	put_group(&root, "", "0", "0", "0", "0");
	sysroot_put(&root, RESCTRL "/info/L3_MON/mbm_total_bytes_config", "0=0x7f;1=0x33\n");
	sysroot_put(&root, RESCTRL "/info/L3_MON/mbm_local_bytes_config", "0=0x30;1=0x15\n");
	assert_int_equal(resctrl_new(&r, t, root.path), 0);
	resctrl_update(r, SECOND);
	put_group(&root, "", "1000000", "2000000", "3000000", "4000000");
	resctrl_update(r, 2 * SECOND);
	assert_mbps(r, 0, 1, -1, 2);
	assert_mbps(r, 1, -1, 4, -1); /* 0x33 has no name */
	resctrl_free(r);
	/* counters that groups are given one by one */
	sysroot_put(&root, RESCTRL "/info/L3_MON/event_configs/mbm_total_bytes/event_filter",
		    "local_reads\n");
	assert_int_equal(resctrl_new(&r, t, root.path), 0);
	resctrl_update(r, SECOND);
	resctrl_update(r, 2 * SECOND);
	assert_mbps(r, 0, -1, -1, -1);
	resctrl_free(r);
}

static void a_cache_of_two_nodes(void **state)
{
	_cleanup_sysroot_ struct sysroot root;
	_cleanup_topology_ struct topology *t = recorded(&root);
	struct resctrl *r;

	put_caches(&root, "0");
	put_group(&root, "", "0", "0", "0", "0");
	assert_int_equal(resctrl_new(&r, t, root.path), 0);
	resctrl_update(r, SECOND);
	resctrl_update(r, 2 * SECOND);
	assert_mbps(r, 0, -1, -1, -1);
	assert_mbps(r, 1, -1, -1, -1);
	resctrl_free(r);
}

/* --- last-level caches --- */

static void hits_are_what_did_not_miss(void **state)
{
	const struct llc_reading before[2] = {{{0, 0, 0}, {0, 0, 0}}, {{0, 0, 0}, {0, 0, 0}}};
	struct llc_reading after[2] = {{{60000, SECOND, SECOND}, {30000, SECOND, SECOND}},
				       {{40000, SECOND, SECOND}, {5000, SECOND, SECOND}}};

	assert_int_equal(llc_permille(before, after, 2), 650);
	assert_int_equal(llc_permille(before, after, 1), 500);
	after[1].misses.running_ns = 0; /* of one CPU nothing is known */
	assert_int_equal(llc_permille(before, after, 2), 500);
	after[0].references.value = 900; /* too few to tell */
	assert_int_equal(llc_permille(before, after, 1), -1);
	after[0].references.value = 20000; /* fewer than missed */
	assert_int_equal(llc_permille(before, after, 1), -1);
	assert_int_equal(llc_permille(after, before, 1), -1);
	assert_int_equal(llc_permille(before, after, 0), -1);
}

/* --- lines from memory --- */

static int total(double *out, uint64_t value, uint64_t enabled_ns, uint64_t running_ns)
{
	return counter_total(out, &(struct counter_reading){value, enabled_ns, running_ns});
}

static void lines_of_a_counter_that_shares(void **state)
{
	double lines = -1;

	(void)state;
	assert_int_equal(total(&lines, 1000, SECOND, SECOND), 0);
	assert_true(lines == 1000);
	assert_int_equal(total(&lines, 1000, SECOND, SECOND / 4), 0);
	assert_true(lines == 4000);
	/* its thread did not run */
	assert_int_equal(total(&lines, 0, 0, 0), 0);
	assert_true(lines == 0);
	/* it ran, and the counter had no turn, or next to none */
	assert_int_equal(total(&lines, 0, SECOND, 0), -ENODATA);
	assert_int_equal(total(&lines, 1, SECOND, SECOND / 101), -ENODATA);
}

/* Of AMD the generic event is of another cache; Zen 2 and before have no such fills. */
static void events_of_lines_by_cpu(void **state)
{
	(void)state;
	assert_true(misses_are_fills("AuthenticAMD", 0x19));
	assert_true(misses_are_fills("AuthenticAMD", 0x1a));
	assert_false(misses_are_fills("AuthenticAMD", 0x17));
	assert_false(misses_are_fills("GenuineIntel", 0x19));
	assert_false(misses_are_fills("", 0));
}

static void lines_of_nobody(void **state)
{
	struct misses *m;

	(void)state;
	assert_int_equal(misses_begin(&m, 0x7ffffff0, SECOND), -ESRCH);
}

static void *wait_for_the_end(void *lock)
{
	pthread_mutex_lock(lock);
	pthread_mutex_unlock(lock);
	return NULL;
}

static void lines_of_too_many_threads(void **state)
{
	pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	pthread_t threads[MISSES_MAX_THREADS];
	struct misses *m;

	(void)state;
	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, wait_for_the_end, &lock), 0);
	assert_int_equal(misses_begin(&m, getpid(), SECOND), -E2BIG);
	pthread_mutex_unlock(&lock);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		pthread_join(threads[i], NULL);
}

/* --- how long they wait for memory --- */

#define L3_UNIT "/sys/bus/event_source/devices/amd_l3"

static void events_of_an_l3(void **state)
{
	_cleanup_sysroot_ struct sysroot root;
	struct pmu_config events[2];
	struct pmu pmu;

	sysroot_init(&root, "");
	sysroot_put(&root, L3_UNIT "/type", "17\n");
	sysroot_put(&root, L3_UNIT "/cpumask", "0,8\n");
	sysroot_put(&root, L3_UNIT "/format/event", "config:0-7\n");
	sysroot_put(&root, L3_UNIT "/format/umask", "config:8-15\n");
	assert_int_equal(pmu_find(&pmu, root.path, FILL_LATENCY_UNIT), 0);
	/* an old unit: it cannot tell cores and slices apart this way */
	assert_int_equal(fill_latency_events(events, FILL_CXL, &pmu, root.path), -EINVAL);
	sysroot_put(&root, L3_UNIT "/format/enallslices", "config:46\n");
	sysroot_put(&root, L3_UNIT "/format/enallcores", "config:47\n");
	sysroot_put(&root, L3_UNIT "/format/sliceid", "config:48-50\n");
	sysroot_put(&root, L3_UNIT "/format/threadmask", "config:56-57\n");
	assert_int_equal(fill_latency_events(events, FILL_CXL, &pmu, root.path), 0);
	assert_int_equal(events[0].config[0], 0x0303c000000010ac);
	assert_int_equal(events[1].config[0], 0x0303c000000010ad);
	assert_int_equal(fill_latency_events(events, FILL_DRAM, &pmu, root.path), 0);
	assert_int_equal(events[0].config[0], 0x0303c000000001ac);
	assert_int_equal(events[1].config[0], 0x0303c000000001ad);
}

static void fills_have_a_mean_latency(void **state)
{
	const struct fill_reading before[2] = {{{0, 0, 0}, {0, 0, 0}}, {{0, 0, 0}, {0, 0, 0}}};
	/* 1000 fills of 300 ns, 3000 of 200 */
	struct fill_reading after[2] = {{{30000, SECOND, SECOND}, {1000, SECOND, SECOND}},
					{{60000, SECOND, SECOND}, {3000, SECOND, SECOND}}};

	assert_float_equal(fill_latency_mean_ns(before, after, 2), 225, 1e-9);
	assert_float_equal(fill_latency_mean_ns(before, after, 1), 300, 1e-9);
	assert_float_equal(fill_latency_mean_ns(before, after, 0), -1, 0);
	after[1].fills.running_ns =
		0; /* of one cache nothing is known: the mean is of all or none */
	assert_float_equal(fill_latency_mean_ns(before, after, 2), -1, 0);
	after[0].fills.value = FILL_LEAST_PER_S - 1;
	assert_float_equal(fill_latency_mean_ns(before, after, 1), -1, 0);
	after[0].fills.value = 1000000; /* 0.3 ns */
	assert_float_equal(fill_latency_mean_ns(before, after, 1), -1, 0);
	after[0] = (struct fill_reading){{100001000, SECOND, SECOND}, {1000, SECOND, SECOND}};
	assert_float_equal(fill_latency_mean_ns(before, after, 1), -1, 0);
	assert_float_equal(fill_latency_mean_ns(after, before, 1), -1, 0); /* went back */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rate_of_a_counter),
		cmocka_unit_test(a_shared_counter_counts_for_its_own_time),
		cmocka_unit_test(a_counter_that_goes_wrong_is_unknown),
		cmocka_unit_test(formats),
		cmocka_unit_test(formats_that_are_none),
		cmocka_unit_test(values_go_into_their_bits),
		cmocka_unit_test(a_unit_and_its_events),
		cmocka_unit_test(events_that_are_none),
		cmocka_unit_test(reads_are_joined_on_one_counter),
		cmocka_unit_test(devices_of_units),
		cmocka_unit_test(rates_of_a_device),
		cmocka_unit_test(rates_that_nobody_can_vouch_for),
		cmocka_unit_test(counters_that_take_turns_tell_of_seconds),
		cmocka_unit_test(a_node_has_its_devices_traffic),
		cmocka_unit_test(without_a_capacity_no_utilisation),
		cmocka_unit_test(a_device_of_two_nodes),
		cmocka_unit_test(simulated_figures_say_so),
		cmocka_unit_test(room_ends_and_begins_with_a_gap),
		cmocka_unit_test(cpus_near_the_device_have_its_figures),
		cmocka_unit_test(quick_memory_has_points),
		cmocka_unit_test(a_measured_latency_tells_the_wait),
		cmocka_unit_test(a_measured_latency_needs_real_ones),
		cmocka_unit_test(what_counters_count),
		cmocka_unit_test(bandwidth_of_caches),
		cmocka_unit_test(counters_of_an_administrators_choice),
		cmocka_unit_test(a_cache_of_two_nodes),
		cmocka_unit_test(hits_are_what_did_not_miss),
		cmocka_unit_test(lines_of_a_counter_that_shares),
		cmocka_unit_test(events_of_lines_by_cpu),
		cmocka_unit_test(lines_of_nobody),
		cmocka_unit_test(lines_of_too_many_threads),
		cmocka_unit_test(events_of_an_l3),
		cmocka_unit_test(fills_have_a_mean_latency),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
