/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The model, rule by rule as model.h states them.  A small machine stands for
 * the lab's: two CPU nodes (0, 1) and three memory nodes (0, 1, and 2 = CXL).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "model/model.h"

#define MB (1000 * 1000ULL)
#define AGGREGATION_NS (100 * NSEC_PER_MSEC)
#define MAX_ACCESSES 20

enum { CPU_NODES = 2, MEM_NODES = 3 };

static const struct model_options defaults = MODEL_OPTIONS_DEFAULT;

/* A machine whose figures a test may change. */
struct fixture {
	struct machine_memory memory[MEM_NODES];
	struct machine_link links[CPU_NODES * MEM_NODES];
	struct model_machine machine;
	struct model_process *process;
	uint64_t now_ns;
	uint64_t resident_bytes;
};

static int setup(void **state)
{
	static const uint32_t latency_ns[] = {80, 140, 400, 140, 80, 250};
	struct fixture *f = calloc(1, sizeof(*f));

	for (size_t i = 0; i < ARRAY_SIZE(latency_ns); i++)
		f->links[i].latency_ns = latency_ns[i];
	f->memory[2].cxl = true;
	f->links[1 * MEM_NODES + 2].points = 30;
	f->machine = (struct model_machine){CPU_NODES, MEM_NODES, f->memory, f->links};
	f->process = model_process_new(CPU_NODES, MEM_NODES);
	f->now_ns = NSEC_PER_SEC;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	model_process_free(f->process);
	free(f);
	return 0;
}

/* One after the other, from some address on. */
static void lay_out(struct sample_region *out, const struct sample_region *regions, size_t nr)
{
	uint64_t at = UINT64_C(0x7f0000000000);

	assert_true(nr <= 8);
	for (size_t i = 0; i < nr; i++) {
		out[i] = regions[i];
		out[i].start = at;
		at += regions[i].bytes;
	}
}

/* The working set, whose boundaries are rounded. */
static void assert_bytes(uint64_t bytes, uint64_t wanted)
{
	assert_in_range(bytes, wanted - wanted / 200, wanted + wanted / 200);
}

static const struct model_profile *update_with(struct fixture *f,
					       const struct sample_region *regions, size_t nr,
					       uint64_t cpu_ns, uint32_t nr_migrations)
{
	struct sample_region laid[8];
	struct sample sample = {
		.aggregation_ns = AGGREGATION_NS,
		.max_nr_accesses = MAX_ACCESSES,
		.regions = laid,
		.nr_regions = nr,
		.resident_bytes = f->resident_bytes,
		.cpu_ns = cpu_ns,
		.wall_ns = f->now_ns == NSEC_PER_SEC ? 0 : AGGREGATION_NS,
		.nr_migrations = nr_migrations,
	};

	lay_out(laid, regions, nr);
	f->now_ns += AGGREGATION_NS;
	sample.now_ns = sample.seen_ns = f->now_ns;
	return model_update(f->process, &f->machine, &defaults, &sample);
}

static const struct model_profile *update(struct fixture *f, const struct sample_region *regions,
					  size_t nr, int times)
{
	const struct model_profile *p = model_profile(f->process);

	while (times-- > 0)
		p = update_with(f, regions, nr, AGGREGATION_NS, 0);
	return p;
}

static const uint32_t on_node[MEM_NODES][MEM_NODES] = {{100, 0, 0}, {0, 100, 0}, {0, 0, 100}};
static const uint32_t nowhere[MEM_NODES] = {0};

static void unknown_before_the_first_sample(void **state)
{
	struct fixture *f = *state;
	const struct model_profile *p = model_profile(f->process);

	assert_int_equal(p->preferred, MODEL_NO_NODE);
	assert_int_equal(p->confidence, 0);
	assert_int_equal(p->locality[0], MODEL_UNKNOWN_LOCALITY);
	assert_int_equal(p->intensity_mb_per_cpu_s, UINT32_MAX);
	assert_int_equal(p->order[0], 0);
	assert_int_equal(p->order[1], 1);
	/* an empty sample is no knowledge either */
	p = update(f, NULL, 0, 3);
	assert_int_equal(p->preferred, MODEL_NO_NODE);
	assert_int_equal(p->confidence, 0);
	assert_int_equal(p->locality[1], MODEL_UNKNOWN_LOCALITY);
}

static void sizes_and_heat(void **state)
{
	struct fixture *f = *state;
	const struct sample_region regions[] = {
		{0, 24 * MB, MAX_ACCESSES, 4, on_node[2]},     /* hot */
		{0, 10 * MB, MAX_ACCESSES / 4, 2, on_node[0]}, /* just hot */
		{0, 6 * MB, 1, 0, on_node[0]},		       /* warm */
		{0, 100 * MB, 0, 50, nowhere},		       /* cold */
	};
	const struct model_profile *p = update(f, regions, ARRAY_SIZE(regions), 1);
	double heat = 24 + 10 * 5 / 20. + 6 / 20.;

	assert_bytes(p->working_set_bytes, 40 * MB);
	assert_int_equal(p->hot_bytes, 34 * MB);
	assert_int_equal(p->cold_bytes, 100 * MB);
	assert_int_equal(p->heat_bytes / 1000, (uint64_t)(heat * 1000));
	assert_bytes(p->node_bytes[2], 24 * MB);
	assert_bytes(p->node_bytes[0], 16 * MB);
	assert_in_range(p->heat_permille[2], 1000 * 24 / heat - 1, 1000 * 24 / heat + 1);
	assert_int_equal(p->heat_permille[1], 0);
	assert_int_equal(p->cxl_heat_permille, p->heat_permille[2]);
	/* (24 x 20 + 10 x 5 + 6 x 1) / 40 accesses in 0.1 s */
	assert_int_equal(p->access_hz, 134);
	/* (24 x 4 + 10 x 2) / 40 */
	assert_int_equal(p->mean_age, 3);
}

static void cost_and_locality(void **state)
{
	struct fixture *f = *state;
	const struct sample_region cxl[] = {{0, 24 * MB, 10, 0, on_node[2]}};
	const struct model_profile *p = update(f, cxl, 1, 5);

	assert_int_equal(p->cost_ns[0], 400);
	assert_int_equal(p->cost_ns[1], 250);
	assert_int_equal(p->locality[0], 63); /* 62.5 */
	assert_int_equal(p->locality[1], 100);
	assert_int_equal(p->preferred, 1);
	assert_int_equal(p->order[0], 1);
	assert_int_equal(p->order[1], 0);
}

static void cost_of_a_mix(void **state)
{
	struct fixture *f = *state;
	static const uint32_t half[] = {50, 0, 50};
	const struct sample_region mixed[] = {{0, 24 * MB, 10, 0, half}};
	const struct model_profile *p = update(f, mixed, 1, 5);

	/* (80 + 400) / 2 against (140 + 250) / 2: near the CXL node is cheaper, but less so */
	assert_int_equal(p->cost_ns[0], 240);
	assert_int_equal(p->cost_ns[1], 195);
	assert_int_equal(p->locality[0], 81);
	assert_int_equal(p->preferred, 1);
}

/* Node 1 is near the CXL memory: 30 points for all the heat, half of them for half. */
static void points_for_near_cxl(void **state)
{
	struct fixture *f = *state;
	const struct sample_region all[] = {{0, 24 * MB, 20, 0, on_node[2]}};
	const struct sample_region half[] = {{0, 24 * MB, 20, 0, on_node[2]},
					     {0, 24 * MB, 20, 0, on_node[0]}};
	const struct model_profile *p = update(f, all, 1, 5);

	/* 100 x 250 / 400 = 62.5 */
	assert_int_equal(p->score[0], 63);
	assert_int_equal(p->score[1], 130);
	p = update(f, half, 2, 40);
	/* (140 + 250) / (80 + 400) */
	assert_int_equal(p->score[0], 81);
	assert_int_equal(p->score[1], 115);
	assert_int_equal(p->locality[1], 100);
}

/* Where the way to other memory is as much dearer, points turn the order round. */
static void points_decide_what_costs_leave_open(void **state)
{
	struct fixture *f = *state;
	const struct sample_region mix[] = {{0, 24 * MB, 20, 0, on_node[2]},
					    {0, 24 * MB, 20, 0, on_node[0]}};
	const struct model_profile *p;

	f->links[2].latency_ns = 300; /* 190 ns from node 0, 195 from node 1 */
	p = update(f, mix, 2, 20);
	assert_true(p->cost_ns[0] < p->cost_ns[1]);
	assert_int_equal(p->order[0], 1);
	assert_int_equal(p->preferred, 1);
	f->links[1 * MEM_NODES + 2].points = 0;
	p = update(f, mix, 2, 20);
	assert_int_equal(p->score[0], 100);
	assert_int_equal(p->order[0], 0);
	assert_int_equal(p->preferred, MODEL_NO_NODE); /* nearly alike */
}

static void heat_decides_not_size(void **state)
{
	struct fixture *f = *state;
	const struct sample_region regions[] = {
		{0, 200 * MB, 1, 0, on_node[0]},	   /* big and lukewarm: heat 10 */
		{0, 24 * MB, MAX_ACCESSES, 0, on_node[1]}, /* small and hot: heat 24 */
	};

	assert_int_equal(update(f, regions, ARRAY_SIZE(regions), 5)->preferred, 1);
}

static void busy_device_is_dearer(void **state)
{
	struct fixture *f = *state;
	const struct sample_region cxl[] = {{0, 24 * MB, 10, 0, on_node[2]}};

	assert_int_equal(model_wait_ns(250, 0), 0);
	assert_int_equal(model_wait_ns(250, 500), 250);
	assert_int_equal(model_wait_ns(250, 950), 4750);
	assert_int_equal(model_wait_ns(250, 1000), 4750); /* bounded */
	f->memory[2].wait_ns = 250;
	assert_int_equal(update(f, cxl, 1, 5)->cost_ns[1], 500);
	/* the wait is at the device, not on the way to it: 400 + 250 */
	assert_int_equal(update(f, cxl, 1, 1)->cost_ns[0], 650);
}

/* Where a device is full, being near it gains little, and the scores say so. */
static void full_device_lets_go(void **state)
{
	struct fixture *f = *state;
	const struct sample_region cxl[] = {{0, 24 * MB, 10, 0, on_node[2]}};
	const struct model_profile *p = update(f, cxl, 1, 5);

	assert_int_equal(p->score[1], 130);
	f->memory[2].wait_ns = model_wait_ns(250, 300);
	f->links[1 * MEM_NODES + 2].points = 50;
	p = update(f, cxl, 1, 1);
	assert_int_equal(p->score[1], 150);
	assert_int_equal(p->preferred, 1);
	f->memory[2].wait_ns = model_wait_ns(250, 950);
	f->links[1 * MEM_NODES + 2].points = 0;
	p = update(f, cxl, 1, 1);
	/* 5000 of 5150 ns */
	assert_int_equal(p->score[0], 97);
	assert_int_equal(p->score[1], 100);
	assert_int_equal(p->preferred, MODEL_NO_NODE);
	f->memory[2].wait_ns = model_wait_ns(250, 300);
	f->links[1 * MEM_NODES + 2].points = 50;
	assert_int_equal(update(f, cxl, 1, 1)->preferred, 1);
}

/* Points at a node whose memory a process does not touch are nothing to it; and a score is a byte. */
static void points_count_where_the_heat_is(void **state)
{
	struct fixture *f = *state;
	const struct sample_region local[] = {{0, 24 * MB, 10, 0, on_node[0]}};
	const struct model_profile *p;

	f->links[1 * MEM_NODES + 2].points = 90;
	p = update(f, local, 1, 5);
	assert_int_equal(p->score[0], 100);
	assert_int_equal(p->score[1], 57);
	f->links[0].points = 200;
	assert_int_equal(update(f, local, 1, 1)->score[0], 255);
}

static void no_preference_where_all_is_alike(void **state)
{
	struct fixture *f = *state;
	const struct sample_region cxl[] = {{0, 24 * MB, 10, 0, on_node[2]}};
	const struct model_profile *p;

	f->links[2].latency_ns = f->links[5].latency_ns = 300;
	f->links[1 * MEM_NODES + 2].points = 0;
	p = update(f, cxl, 1, 5);
	assert_int_equal(p->preferred, MODEL_NO_NODE);
	assert_int_equal(p->locality[0], 100);
	assert_int_equal(p->locality[1], 100);
	/* 4% is below the gain that counts */
	f->links[2].latency_ns = 312;
	assert_int_equal(update(f, cxl, 1, 1)->preferred, MODEL_NO_NODE);
	f->links[2].latency_ns = 330;
	assert_int_equal(update(f, cxl, 1, 1)->preferred, 1);
}

static void unknown_latency_is_not_guessed(void **state)
{
	struct fixture *f = *state;
	const struct sample_region cxl[] = {{0, 24 * MB, 10, 0, on_node[2]}};
	const struct sample_region local[] = {{0, 24 * MB, 10, 0, on_node[0]}};
	const struct model_profile *p;

	f->links[2].latency_ns = 0;
	p = update(f, cxl, 1, 5);
	assert_int_equal(p->preferred, MODEL_NO_NODE);
	assert_int_equal(p->locality[0], MODEL_UNKNOWN_LOCALITY);
	assert_int_equal(p->locality[1], MODEL_UNKNOWN_LOCALITY);
	/* what it does not touch may be unknown */
	p = update(f, local, 1, 40);
	assert_int_equal(p->preferred, 0);
	assert_int_equal(p->locality[0], 100);
}

static void follows_moved_memory(void **state)
{
	struct fixture *f = *state;
	const struct sample_region before[] = {{0, 24 * MB, 10, 0, on_node[0]}};
	const struct sample_region after[] = {{0, 24 * MB, 10, 0, on_node[1]}};
	int intervals = 0;

	assert_int_equal(update(f, before, 1, 20)->preferred, 0);
	/* one odd interval turns nothing */
	assert_int_equal(update(f, after, 1, 1)->preferred, 0);
	assert_int_equal(update(f, before, 1, 10)->preferred, 0);
	while (update(f, after, 1, 1)->preferred != 1)
		assert_true(++intervals < 3);
}

/* A slow machine, or a slow process: most intervals catch nothing of what it uses but its stack, which is always hot. */
static void a_stack_does_not_outvote_what_is_rarely_seen(void **state)
{
	struct fixture *f = *state;
	const struct sample_region caught[] = {{0, 96 * MB, 1, 0, on_node[2]},
					       {0, 64 * 1024, MAX_ACCESSES, 0, on_node[0]}};
	const struct sample_region missed[] = {{0, 96 * MB, 0, 0, on_node[2]},
					       {0, 64 * 1024, MAX_ACCESSES, 0, on_node[0]}};

	assert_int_equal(update(f, caught, 2, 3)->preferred, 1);
	for (int i = 0; i < 20; i++) {
		for (int quiet = 0; quiet < 6; quiet++) {
			const struct model_profile *p = update(f, missed, 2, 1);

			assert_int_equal(p->preferred, 1);
			assert_true(p->heat_permille[2] > 800); /* of 915 */
		}
		update(f, caught, 2, 1);
	}
}

static void keeps_a_preference_that_is_as_good(void **state)
{
	struct fixture *f = *state;
	static const uint32_t more_on_1[] = {49, 51, 0}, more_on_0[] = {51, 49, 0};
	const struct sample_region on_1[] = {{0, 24 * MB, 10, 0, on_node[1]}};
	const struct sample_region tilted_1[] = {{0, 24 * MB, 10, 0, more_on_1}};
	const struct sample_region tilted_0[] = {{0, 24 * MB, 10, 0, more_on_0}};
	const struct model_profile *p;

	assert_int_equal(update(f, on_1, 1, 5)->preferred, 1);
	/* evenly spread memory gives no reason to be anywhere */
	p = update(f, tilted_1, 1, 40);
	assert_int_equal(p->preferred, MODEL_NO_NODE);
	assert_int_equal(update(f, tilted_0, 1, 40)->preferred, MODEL_NO_NODE);
}

static void confidence_grows_with_samples_and_falls_with_age(void **state)
{
	struct fixture *f = *state;
	const struct sample_region cxl[] = {{0, 24 * MB, 10, 0, on_node[2]}};
	const struct model_profile *p = update(f, cxl, 1, 1);

	assert_int_equal(p->confidence, 33);
	assert_int_equal(update(f, cxl, 1, 2)->confidence, 100);
	/* sleeping for less than a second costs nothing */
	assert_int_equal(update(f, NULL, 0, 9)->confidence, 100);
	p = update(f, NULL, 0, 46);
	assert_in_range(p->confidence, 40, 60);
	assert_int_equal(p->preferred, 1);
	assert_int_equal(p->heat_permille[2], 1000);
	p = update(f, NULL, 0, 60);
	assert_int_equal(p->confidence, 0);
	assert_int_equal(p->preferred, MODEL_NO_NODE);
}

/* DAMON's regions may span what holds no memory; a working set never does. */
static void no_more_than_is_resident(void **state)
{
	struct fixture *f = *state;
	const struct sample_region hot = {.bytes = 40 * MB, .nr_accesses = 20, .pages = on_node[1]};
	const struct model_profile *p;

	f->resident_bytes = 7 * MB;
	p = update(f, &hot, 1, 5);
	assert_int_equal(p->working_set_bytes, 7 * MB);
	assert_int_equal(p->hot_bytes, 7 * MB);
	assert_true(p->node_bytes[1] <= 7 * MB);
	f->resident_bytes = 0; /* not known */
	p = update(f, &hot, 1, 1);
	assert_bytes(p->working_set_bytes, 40 * MB);
}

static void the_working_set_is_longer_than_an_interval(void **state)
{
	struct fixture *f = *state;
	const struct sample_region both[] = {{0, 24 * MB, 5, 0, on_node[2]},
					     {0, 24 * MB, 5, 0, on_node[0]}};
	const struct sample_region one[] = {{0, 24 * MB, 5, 0, on_node[2]},
					    {0, 24 * MB, 0, 0, nowhere}};
	const struct model_profile *p;

	update(f, both, 2, 20);
	p = update(f, one, 2, 2);
	assert_bytes(p->working_set_bytes, 48 * MB);
	/* nodes share it as the accesses of the last intervals do */
	assert_in_range(p->node_bytes[2], 24 * MB, 48 * MB);
	assert_bytes(p->node_bytes[0] + p->node_bytes[2], 48 * MB);
	p = update(f, one, 2, 60);
	assert_bytes(p->working_set_bytes, 24 * MB);
	assert_bytes(p->node_bytes[2], 24 * MB);
}

static void few_pages_mean_little_confidence(void **state)
{
	struct fixture *f = *state;
	static const uint32_t one[] = {0, 0, 1};
	const struct sample_region cxl[] = {{0, 24 * MB, 10, 0, one}};
	const struct model_profile *p = update(f, cxl, 1, 10);

	assert_in_range(p->confidence, 1, 5);
	assert_int_equal(p->preferred, MODEL_NO_NODE);
}

static void unplaced_regions_lie_as_the_others(void **state)
{
	struct fixture *f = *state;
	const struct sample_region regions[] = {
		{0, 10 * MB, 10, 0, on_node[2]},
		{0, 30 * MB, 10, 0, nowhere},
	};
	const struct model_profile *p = update(f, regions, ARRAY_SIZE(regions), 3);

	assert_bytes(p->working_set_bytes, 40 * MB);
	assert_bytes(p->node_bytes[2], 40 * MB);
	assert_int_equal(p->heat_permille[2], 1000);
}

static void heat_without_places_is_no_knowledge(void **state)
{
	struct fixture *f = *state;
	const struct sample_region regions[] = {{0, 30 * MB, 10, 0, nowhere}};
	const struct model_profile *p = update(f, regions, 1, 5);

	assert_bytes(p->working_set_bytes, 30 * MB);
	assert_int_equal(p->confidence, 0);
	assert_int_equal(p->preferred, MODEL_NO_NODE);
}

static void intensity_is_per_cpu_second(void **state)
{
	struct fixture *f = *state;
	const struct sample_region cxl[] = {{0, 24 * MB, MAX_ACCESSES, 0, on_node[2]}};
	const struct model_profile *p;

	update_with(f, cxl, 1, 0, 0);
	/* 24 MB in each of 10 intervals a second, with two CPUs */
	for (int i = 0; i < 40; i++)
		p = update_with(f, cxl, 1, 2 * AGGREGATION_NS, 0);
	assert_int_equal(p->intensity_mb_per_cpu_s, 120);
	assert_true(p->memory_intensive);
}

/* Who uses up a device stays near it, though that gains little; and who does not is let go. */
static void who_saturates_a_device_is_held(void **state)
{
	struct fixture *f = *state;
	const struct sample_region cxl[] = {{0, 24 * MB, MAX_ACCESSES, 0, on_node[2]}};
	const struct sample_region local[] = {{0, 24 * MB, MAX_ACCESSES, 0, on_node[0]}};
	const struct model_profile *p;

	f->memory[2].wait_ns = model_wait_ns(250, 950);
	f->links[1 * MEM_NODES + 2].points = 0;
	f->memory[2].full = true;
	update_with(f, cxl, 1, 0, 0);
	for (int i = 0; i < 40; i++)
		p = update_with(f, cxl, 1, 2 * AGGREGATION_NS, 0);
	assert_true(p->saturates);
	assert_int_equal(p->preferred, 1);
	f->memory[2].full = false;
	p = update_with(f, cxl, 1, 2 * AGGREGATION_NS, 0);
	assert_false(p->saturates);
	assert_int_equal(p->preferred, MODEL_NO_NODE);
	/* much CPU time for the same heat: it is not memory that it waits for */
	f->memory[2].full = true;
	for (int i = 0; i < 40; i++)
		p = update_with(f, cxl, 1, 20 * AGGREGATION_NS, 0);
	assert_false(p->saturates);
	assert_int_equal(p->preferred, MODEL_NO_NODE);
	/* heat elsewhere */
	for (int i = 0; i < 100; i++)
		p = update_with(f, local, 1, 2 * AGGREGATION_NS, 0);
	assert_true(p->memory_intensive);
	assert_false(p->saturates);
	assert_int_equal(p->preferred, 0);
}

static void beside_hogs_intensity_is_the_same(void **state)
{
	struct fixture *f = *state;
	/* half the CPU time, half the accesses seen: as intensive as before */
	const struct sample_region cxl[] = {{0, 24 * MB, MAX_ACCESSES / 2, 0, on_node[2]}};
	const struct model_profile *p;

	update_with(f, cxl, 1, 0, 0);
	for (int i = 0; i < 40; i++)
		p = update_with(f, cxl, 1, AGGREGATION_NS, 0);
	assert_int_equal(p->intensity_mb_per_cpu_s, 120);
}

static void a_little_heat_is_not_intensive(void **state)
{
	struct fixture *f = *state;
	const struct sample_region small[] = {{0, 1 * MB, MAX_ACCESSES, 0, on_node[2]}};

	assert_false(update(f, small, 1, 10)->memory_intensive);
}

static void frequent_migrations_cost_locality(void **state)
{
	struct fixture *f = *state;
	const struct sample_region cxl[] = {{0, 24 * MB, 10, 0, on_node[2]}};
	const struct model_profile *p;

	update(f, cxl, 1, 5);
	/* 5 a second at 2 points each, once the rate is known */
	for (int i = 0; i < 100; i++)
		p = update_with(f, cxl, 1, AGGREGATION_NS, i % 2);
	assert_in_range(p->locality[1], 89, 91);
	assert_int_equal(p->preferred, 1);
	/* at most 20 */
	for (int i = 0; i < 100; i++)
		p = update_with(f, cxl, 1, AGGREGATION_NS, 100);
	assert_int_equal(p->locality[1], 80);
	/* and forgotten when they stop */
	assert_int_equal(update(f, cxl, 1, 100)->locality[1], 100);
}

static void more_accesses_than_possible_count_as_all(void **state)
{
	struct fixture *f = *state;
	const struct sample_region odd[] = {{0, 24 * MB, 10 * MAX_ACCESSES, 0, on_node[2]}};

	assert_int_equal(update(f, odd, 1, 1)->heat_bytes, 24 * MB);
}

static void one_node_has_no_preference(void **state)
{
	static const uint32_t pages[] = {100};
	static const struct machine_memory memory = {0};
	static const struct machine_link link = {.latency_ns = 100};
	const struct model_machine machine = {1, 1, &memory, &link};
	struct model_process *process = model_process_new(1, 1);
	const struct sample_region region = {0, 24 * MB, 10, 0, pages};
	struct sample sample = {.aggregation_ns = AGGREGATION_NS,
				.max_nr_accesses = MAX_ACCESSES,
				.regions = &region,
				.nr_regions = 1};
	const struct model_profile *p;

	for (int i = 1; i < 6; i++) {
		sample.now_ns = sample.seen_ns = (uint64_t)i * AGGREGATION_NS;
		p = model_update(process, &machine, &defaults, &sample);
	}
	assert_int_equal(p->preferred, MODEL_NO_NODE);
	assert_int_equal(p->locality[0], 100);
	model_process_free(process);
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(unknown_before_the_first_sample),
		test(sizes_and_heat),
		test(cost_and_locality),
		test(cost_of_a_mix),
		test(points_for_near_cxl),
		test(full_device_lets_go),
		test(points_count_where_the_heat_is),
		test(points_decide_what_costs_leave_open),
		test(heat_decides_not_size),
		test(busy_device_is_dearer),
		test(no_preference_where_all_is_alike),
		test(unknown_latency_is_not_guessed),
		test(follows_moved_memory),
		test(a_stack_does_not_outvote_what_is_rarely_seen),
		test(keeps_a_preference_that_is_as_good),
		test(confidence_grows_with_samples_and_falls_with_age),
		test(no_more_than_is_resident),
		test(the_working_set_is_longer_than_an_interval),
		test(few_pages_mean_little_confidence),
		test(unplaced_regions_lie_as_the_others),
		test(heat_without_places_is_no_knowledge),
		test(intensity_is_per_cpu_second),
		test(who_saturates_a_device_is_held),
		test(beside_hogs_intensity_is_the_same),
		test(a_little_heat_is_not_intensive),
		test(frequent_migrations_cost_locality),
		test(more_accesses_than_possible_count_as_all),
		cmocka_unit_test(one_node_has_no_preference),
	};

	return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
