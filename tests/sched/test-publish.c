/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From a model profile to the map's form, from a topology to dense places, and what of it is written
 * into the scheduler's maps: they are memory here (tests/helpers/sched.h).
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "model/machine.h"
#include "sched/maps.h"
#include "tests/helpers/sched.h"

static uint8_t locality[] = {63, 100}, score[] = {63, 130}, order[] = {1, 0};

static struct model_profile make(void)
{
	return (struct model_profile){
		.working_set_bytes = 153600000,
		.access_hz = 134,
		.intensity_mb_per_cpu_s = 120,
		.cxl_heat_permille = 998,
		.confidence = 97,
		.memory_intensive = true,
		.preferred = 1,
		.nr_cpu_nodes = 2,
		.locality = locality,
		.score = score,
		.order = order,
	};
}

static void fields(void **state)
{
	struct model_profile from = make();
	struct ts_profile to;

	publish_convert(&to, &from, TS_CLASS_VECTOR);
	assert_int_equal(to.preferred, 1);
	assert_int_equal(to.class, TS_CLASS_VECTOR);
	assert_int_equal(to.flags, TS_PROFILE_MEMORY_INTENSIVE);
	assert_int_equal(to.nr_nodes, 2);
	assert_int_equal(to.locality[0], 63);
	assert_int_equal(to.score[1], 130);
	assert_int_equal(to.score[2], 0);
	assert_int_equal(to.order[0], 1);
	assert_int_equal(to.locality[2], TS_UNKNOWN_U8);
	assert_int_equal(to.order[2], TS_NO_NODE);
	assert_int_equal(to.confidence, 95);
	assert_int_equal(to.cxl_heat_permille, 990);
	assert_in_range(to.working_set_bytes, 144000000, 153600000);
	assert_int_equal(to.generation, 0);
	from.saturates = true;
	publish_convert(&to, &from, TS_CLASS_VECTOR);
	assert_int_equal(to.flags, TS_PROFILE_MEMORY_INTENSIVE | TS_PROFILE_SATURATES);
}

static void unknown_stays_unknown(void **state)
{
	struct model_profile from = make();
	struct ts_profile to;

	from.preferred = MODEL_NO_NODE;
	from.intensity_mb_per_cpu_s = UINT32_MAX;
	from.working_set_bytes = 0;
	publish_convert(&to, &from, TS_CLASS_UNSET);
	assert_int_equal(to.preferred, TS_NO_NODE);
	assert_int_equal(to.intensity_mb_per_cpu_s, TS_UNKNOWN_U32);
	assert_int_equal(to.working_set_bytes, 0);
}

static void noise_makes_no_new_profile(void **state)
{
	struct model_profile from = make();
	struct ts_profile a, b;

	publish_convert(&a, &from, TS_CLASS_UNSET);
	from.working_set_bytes += 400000;
	from.access_hz += 3;
	from.confidence++;
	publish_convert(&b, &from, TS_CLASS_UNSET);
	assert_memory_equal(&a, &b, sizeof(a));
	from.working_set_bytes *= 2;
	publish_convert(&b, &from, TS_CLASS_UNSET);
	assert_true(memcmp(&a, &b, sizeof(a)));
}

/* Nodes 0 and 8 have CPUs, 4 is CXL memory near 8, 9 is a ghost with neither. */
static void machine_is_dense(void **state)
{
	unsigned int cpus_0[] = {0, 1}, cpus_8[] = {6}, near_8[] = {8};
	struct topology_node nodes[] = {
		{.id = 0, .cpus = {cpus_0, 2}, .mem_bytes = 1},
		{.id = 4, .mem_bytes = 1, .cxl = TOPOLOGY_CXL_REGION, .near_nodes = {near_8, 1}},
		{.id = 8, .cpus = {cpus_8, 1}, .mem_bytes = 1},
		{.id = 9},
	};
	struct topology_link links[16] = {
		[0].latency_ns = 80,  [1].latency_ns = 400, [2].latency_ns = 140,
		[8].latency_ns = 150, [9].latency_ns = 250, [10].latency_ns = 90};
	struct topology t = {.nodes = nodes, .nr_nodes = 4, .links = links};
	static const uint32_t latency_ns[] = {80, 400, 140, 150, 250, 90};
	struct machine *m;

	assert_int_equal(machine_new(&m, &t), 0);
	assert_int_equal(m->nr_cpu_nodes, 2);
	assert_int_equal(m->nr_mem_nodes, 3);
	for (size_t i = 0; i < ARRAY_SIZE(latency_ns); i++)
		assert_int_equal(m->links[i].latency_ns, latency_ns[i]);
	assert_int_equal(machine_cpu_place(m, 8), 1);
	assert_int_equal(machine_cpu_place(m, 4), -1);
	assert_true(m->memory[1].cxl);
	assert_int_equal(m->cpu_nodes[0].near_order[0], 0);
	assert_int_equal(m->cpu_nodes[0].near_order[1], 1);
	assert_int_equal(m->cpu_nodes[1].near_order[0], 1);
	assert_int_equal(m->cpu_nodes[1].near_order[1], 0);
	assert_int_equal(m->nr_cpus, 7);
	assert_int_equal(m->cpus[0].place, 0);
	assert_int_equal(m->cpus[3].place, TS_NO_NODE);
	assert_int_equal(m->cpus[6].place, 1);
	assert_int_equal(m->cpus[6].node_id, 8);
	assert_int_equal(m->cpus[6].cxl_attached, 1);
	assert_int_equal(m->cpus[0].cxl_attached, 0);
	assert_int_equal(m->cpus[0].latency_ns, TS_UNKNOWN_U32);
	machine_free(m);
}

static void near_order_is_by_distance(void **state)
{
	unsigned int cpu[3][1] = {{0}, {1}, {2}};
	struct topology_node nodes[3];
	struct topology_link links[9] = {
		[0].latency_ns = 80,  [1].latency_ns = 200, [2].latency_ns = 120,
		[3].latency_ns = 200, [4].latency_ns = 80,  [5].latency_ns = 150};
	struct topology t = {.nodes = nodes, .nr_nodes = 3, .links = links};
	/* from node 2 nothing is known: by number */
	static const uint8_t want[3][3] = {{0, 2, 1}, {1, 2, 0}, {2, 0, 1}};
	struct machine *m;

	for (unsigned int i = 0; i < 3; i++)
		nodes[i] = (struct topology_node){.id = i, .cpus = {cpu[i], 1}, .mem_bytes = 1};
	assert_int_equal(machine_new(&m, &t), 0);
	for (size_t c = 0; c < 3; c++)
		assert_memory_equal(m->cpu_nodes[c].near_order, want[c], sizeof(want[c]));
	machine_free(m);
}

static void a_profile_is_written_when_it_changes(void **state)
{
	struct sched s = {0};
	struct model_profile from = make();
	struct ts_profile last = {0};
	const struct ts_profile *map;

	assert_int_equal(publish_profile(&s, 77, &from, TS_CLASS_VECTOR, 1000, &last), 1);
	assert_non_null(sched_profile_of(&s, 77));
	map = &sched_profile_of(&s, 77)->profile;
	assert_int_equal(map->generation, 1);
	assert_int_equal(map->updated_ns, 1000);
	assert_int_equal(map->class, TS_CLASS_VECTOR);
	assert_int_equal(map->preferred, 1);
	assert_int_equal(map->score[1], 130);
	assert_memory_equal(map, &last, sizeof(last));
	/* noise: nothing is written, and the time stays that of the change */
	from.confidence++;
	assert_int_equal(publish_profile(&s, 77, &from, TS_CLASS_VECTOR, 2000, &last), 0);
	assert_int_equal(s.nr_writes, 1);
	assert_int_equal(map->updated_ns, 1000);
	from.preferred = 0;
	assert_int_equal(publish_profile(&s, 77, &from, TS_CLASS_VECTOR, 3000, &last), 1);
	assert_int_equal(map->generation, 2);
	assert_int_equal(map->updated_ns, 3000);
	assert_int_equal(map->preferred, 0);
	/* a rule that comes is a change, too */
	assert_int_equal(publish_profile(&s, 77, &from, TS_CLASS_REGULAR, 4000, &last), 1);
	assert_int_equal(map->class, TS_CLASS_REGULAR);
	/* each process has its own */
	last = (struct ts_profile){0};
	assert_int_equal(publish_profile(&s, 88, &from, TS_CLASS_UNSET, 5000, &last), 1);
	assert_int_equal(sched_profile_of(&s, 88)->profile.generation, 1);
	assert_int_equal(map->generation, 3);
}

/* An unknown profile is one: the first is written, for the scheduler has none. */
static void the_first_is_written_whatever_it_says(void **state)
{
	struct sched s = {0};
	struct model_profile from = {.preferred = MODEL_NO_NODE,
				     .intensity_mb_per_cpu_s = UINT32_MAX};
	struct ts_profile last = {0};

	assert_int_equal(publish_profile(&s, 77, &from, TS_CLASS_UNSET, 1000, &last), 1);
	assert_int_equal(sched_profile_of(&s, 77)->profile.preferred, TS_NO_NODE);
	assert_int_equal(sched_profile_of(&s, 77)->profile.intensity_mb_per_cpu_s, TS_UNKNOWN_U32);
	assert_int_equal(publish_profile(&s, 77, &from, TS_CLASS_UNSET, 2000, &last), 0);
}

static void what_could_not_be_written_is_written_later(void **state)
{
	struct sched s = {.error = -ENOMEM};
	struct model_profile from = make();
	struct ts_profile last = {0};

	assert_int_equal(publish_profile(&s, 77, &from, TS_CLASS_UNSET, 1000, &last), -ENOMEM);
	assert_int_equal(last.generation, 0);
	s.error = 0;
	assert_int_equal(publish_profile(&s, 77, &from, TS_CLASS_UNSET, 2000, &last), 1);
	assert_int_equal(sched_profile_of(&s, 77)->profile.generation, 1);
	assert_int_equal(sched_profile_of(&s, 77)->profile.updated_ns, 2000);
}

/* Two CPUs at node 0, one at node 1, CXL memory near node 1. */
static struct machine *make_machine(void)
{
	static unsigned int cpus_0[] = {0, 1}, cpus_1[] = {3}, near_1[] = {1};
	static struct topology_node nodes[] = {
		{.id = 0, .cpus = {cpus_0, 2}, .mem_bytes = 1},
		{.id = 1, .cpus = {cpus_1, 1}, .mem_bytes = 1},
		{.id = 2, .mem_bytes = 1, .cxl = TOPOLOGY_CXL_REGION, .near_nodes = {near_1, 1}},
	};
	static struct topology_link links[9] = {
		[0].latency_ns = 80,  [1].latency_ns = 140, [2].latency_ns = 400,
		[3].latency_ns = 140, [4].latency_ns = 80,  [5].latency_ns = 250};
	const struct topology t = {.nodes = nodes, .nr_nodes = 3, .links = links};
	struct machine *m = NULL;

	assert_int_equal(machine_new(&m, &t), 0);
	return m;
}

static void a_machine_is_written_by_cpu(void **state)
{
	struct machine *m = make_machine();
	struct sched s = {0};

	assert_int_equal(publish_machine(&s, m), 0);
	assert_int_equal(s.cpus[0].place, 0);
	assert_int_equal(s.cpus[0].cxl_attached, 0);
	assert_int_equal(s.cpus[3].place, 1);
	assert_int_equal(s.cpus[3].cxl_attached, 1);
	/* 2 is a hole: a CPU that is not there */
	assert_true(s.cpu_written[2]);
	assert_int_equal(s.cpus[2].place, TS_NO_NODE);
	/* possible, and not there */
	assert_true(s.cpu_written[4]);
	assert_int_equal(s.cpus[4].place, TS_NO_NODE);
	assert_int_equal(s.cpus[0].bandwidth_mbps, TS_UNKNOWN_U32);
	assert_int_equal(s.cpus[0].latency_ns, TS_UNKNOWN_U32);
	assert_int_equal(s.cpus[0].utilisation_permille, TS_UNKNOWN_U32);
	assert_int_equal(s.cpus[0].hit_rate_permille, TS_UNKNOWN_U32);
	/* vector tasks go to the CPUs near CXL memory */
	assert_int_equal(s.vector_place[0], machine_nearest_to_cxl(m, 0));
	assert_int_equal(s.vector_place[1], 1);
	machine_free(m);
}

static void figures_of_cpus_are_rounded(void **state)
{
	struct machine *m = make_machine();
	struct sched s = {0};
	unsigned int nr_writes;

	m->cpus[0].bandwidth_mbps = 1000;
	m->cpus[0].latency_ns = 165;
	m->cpus[0].utilisation_permille = 449;
	m->cpus[0].hit_rate_permille = 0;
	assert_int_equal(publish_machine(&s, m), 0);
	assert_int_equal(s.cpus[0].bandwidth_mbps, 960);
	assert_int_equal(s.cpus[0].latency_ns, 160);
	assert_int_equal(s.cpus[0].utilisation_permille, 400);
	/* no hits is a fact, and stays one */
	assert_int_equal(s.cpus[0].hit_rate_permille, 0);
	/* the machine's own figures are not rounded */
	assert_int_equal(m->cpus[0].bandwidth_mbps, 1000);
	nr_writes = s.nr_writes;
	m->cpus[0].bandwidth_mbps = 1010;
	m->cpus[0].utilisation_permille = 410;
	assert_int_equal(publish_machine(&s, m), 0);
	assert_int_equal(s.nr_writes, nr_writes);
	m->cpus[0].utilisation_permille = 450;
	assert_int_equal(publish_machine(&s, m), 0);
	assert_int_equal(s.nr_writes, nr_writes + 1);
	s.error = -ENOMEM;
	assert_int_equal(publish_machine(&s, m), -ENOMEM);
	machine_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields),
		cmocka_unit_test(unknown_stays_unknown),
		cmocka_unit_test(noise_makes_no_new_profile),
		cmocka_unit_test(machine_is_dense),
		cmocka_unit_test(near_order_is_by_distance),
		cmocka_unit_test(a_profile_is_written_when_it_changes),
		cmocka_unit_test(the_first_is_written_whatever_it_says),
		cmocka_unit_test(what_could_not_be_written_is_written_later),
		cmocka_unit_test(a_machine_is_written_by_cpu),
		cmocka_unit_test(figures_of_cpus_are_rounded),
	};

	return cmocka_run_group_tests_name("publish", tests, NULL, NULL);
}
