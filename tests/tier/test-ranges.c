/* SPDX-License-Identifier: GPL-2.0 */
/* From what the model knows of a process to the ranges of a plan. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/random.h"
#include "base/util.h"
#include "tier/input.h"

#define MB (UINT64_C(1) << 20)
#define MAX_RANGES 64

static int setup(void **state)
{
	*state = model_process_new(1, 1);
	return *state ? 0 : -1;
}

static int tear_down(void **state)
{
	model_process_free(*state);
	return 0;
}

/* NR samples of ten a second, each of the same regions. */
static void feed(struct model_process *p, const struct sample_region *regions, size_t nr_regions,
		 uint64_t from, uint64_t nr)
{
	static const struct machine_memory memory[1];
	static const struct machine_link links[1] = {{.latency_ns = 80}};
	const struct model_machine machine = {1, 1, memory, links};
	const struct model_options options = MODEL_OPTIONS_DEFAULT;

	for (uint64_t i = from; i < from + nr; i++) {
		struct sample sample = {
			.now_ns = i * 100 * NSEC_PER_MSEC,
			.seen_ns = i * 100 * NSEC_PER_MSEC,
			.aggregation_ns = 100 * NSEC_PER_MSEC,
			.max_nr_accesses = 20,
			.regions = regions,
			.nr_regions = nr_regions,
			.cpu_ns = 50 * NSEC_PER_MSEC,
			.wall_ns = 100 * NSEC_PER_MSEC,
		};

		model_update(p, &machine, &options, &sample);
	}
}

static void neighbours_that_are_alike_are_one(void **state)
{
	static const uint32_t pages[] = {4};
	const struct sample_region regions[] = {
		{.start = 64 * MB, .bytes = 16 * MB, .nr_accesses = 20, .pages = pages},
		{.start = 80 * MB, .bytes = 16 * MB, .nr_accesses = 19, .pages = pages},
		{.start = 96 * MB, .bytes = 32 * MB, .nr_accesses = 0, .pages = pages},
		{.start = 256 * MB, .bytes = 16 * MB, .nr_accesses = 20, .pages = pages},
	};
	struct plan_range ranges[MAX_RANGES];

	assert_int_equal(plan_ranges(ranges, MAX_RANGES, *state), 0);
	feed(*state, regions, ARRAY_SIZE(regions), 1, 100);
	assert_int_equal(plan_ranges(ranges, MAX_RANGES, *state), 3);
	assert_int_equal(ranges[0].start, 64 * MB);
	assert_int_equal(ranges[0].bytes, 32 * MB);
	/* nearly every sample of 5 ms found it accessed: some hundreds of times a second */
	assert_true(ranges[0].hz > 400 && ranges[0].hz < 800);
	assert_true(ranges[0].life_s > 8);
	assert_true(ranges[1].hz == 0);
	assert_int_equal(ranges[1].bytes, 32 * MB);
	assert_int_equal(ranges[2].start, 256 * MB);
	assert_true(model_profile(*state)->cpus > 0.49 && model_profile(*state)->cpus < 0.51);
}

/* The more there are, the coarser they get.  None is forgotten while neighbours can be joined. */
static void there_are_never_too_many(void **state)
{
	enum { NR = 500 };
	static struct sample_region regions[NR];
	static const uint32_t pages[] = {4};
	struct plan_range ranges[MAX_RANGES];
	uint64_t random = 1, all = 0;
	size_t nr;

	for (size_t i = 0; i < NR; i++)
		regions[i] = (struct sample_region){
			.start = (64 + i) * MB,
			.bytes = MB,
			.nr_accesses = 1 + (uint32_t)(random_next(&random) % 20),
			.pages = pages,
		};
	feed(*state, regions, NR, 1, 20);
	nr = plan_ranges(ranges, MAX_RANGES, *state);
	assert_in_range(nr, 1, MAX_RANGES);
	for (size_t i = 0; i < nr; i++) {
		assert_true(!i || ranges[i].start >= ranges[i - 1].start + ranges[i - 1].bytes);
		all += ranges[i].bytes;
	}
	assert_true(all > 490 * MB);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(neighbours_that_are_alike_are_one, setup,
						tear_down),
		cmocka_unit_test_setup_teardown(there_are_never_too_many, setup, tear_down),
	};

	return cmocka_run_group_tests_name("ranges", tests, NULL, NULL);
}
