/* SPDX-License-Identifier: GPL-2.0 */
/* From snapshots to samples, over our own memory: what is kept of a process, and for how long. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/util.h"
#include "sample/collect.h"

#define NODES 4
#define MANY 700

static const unsigned int nodes[NODES] = {0, 1, 2, 3};
static struct damon_region regions[MANY];

/* NR regions of a page each, with a gap after each, hot or not. */
static struct damon_snapshot snapshot_of(size_t nr, uint32_t nr_accesses, uint64_t time_ns)
{
	for (size_t i = 0; i < nr; i++)
		regions[i] = (struct damon_region){.start = (2 * i + 1) << 20,
						   .end = ((2 * i + 1) << 20) + 4096,
						   .nr_accesses = nr_accesses,
						   .age = 3};
	return (struct damon_snapshot){.regions = regions,
				       .nr_regions = nr,
				       .max_nr_accesses = 20,
				       .aggregation_us = 100000,
				       .time_ns = time_ns};
}

static struct collect_source source_of(const struct damon_snapshot *snapshot, uint64_t now_ns)
{
	return (struct collect_source){.tgid = getpid(),
				       .task = getpid(),
				       .snapshot = snapshot,
				       .resident_bytes = 1 << 20,
				       .nr_pages = 64,
				       .now_ns = now_ns};
}

static int make(void **state)
{
	struct collector *c;

	if (collector_new(&c, nodes, NODES, 256) < 0)
		return -1;
	*state = c;
	return 0;
}

static int drop(void **state)
{
	collector_free(*state);
	return 0;
}

static void a_sample_says_what_the_snapshot_saw(void **state)
{
	struct damon_snapshot snapshot = snapshot_of(2, 7, 41);
	struct collect_source source = source_of(&snapshot, 50);
	struct collected of = {0};

	assert_int_equal(collect(*state, &of, &source), 0);
	assert_int_equal(of.last.now_ns, 50);
	assert_int_equal(of.last.seen_ns, 41);
	assert_int_equal(of.last.aggregation_ns, 100000000);
	assert_int_equal(of.last.max_nr_accesses, 20);
	assert_int_equal(of.last.resident_bytes, 1 << 20);
	assert_int_equal(of.last.nr_regions, 2);
	assert_int_equal(of.last.regions[1].start, 3 << 20);
	assert_int_equal(of.last.regions[1].bytes, 4096);
	assert_int_equal(of.last.regions[1].nr_accesses, 7);
	assert_int_equal(of.last.regions[1].age, 3);
	/* nothing was mapped there, so nothing was found there */
	for (size_t i = 0; i < NODES; i++)
		assert_int_equal(of.last.regions[1].pages[i], 0);
	/* the first has no sample before it */
	assert_int_equal(of.last.cpu_ns, 0);
	assert_int_equal(of.last.wall_ns, 0);
	collected_deinit(&of);
}

static void times_are_since_the_sample_before(void **state)
{
	struct damon_snapshot snapshot = snapshot_of(1, 0, 41);
	struct collect_source source = source_of(&snapshot, 50);
	struct collected of = {0};
	volatile unsigned int spin;

	assert_int_equal(collect(*state, &of, &source), 0);
	for (spin = 0; spin < 20000000; spin++)
		;
	source.now_ns = 80;
	assert_int_equal(collect(*state, &of, &source), 0);
	assert_int_equal(of.last.wall_ns, 30);
	assert_true(of.last.cpu_ns > 0);
	collected_deinit(&of);
}

/* What the next process is does not touch the sample of this one. */
static void samples_are_kept(void **state)
{
	struct damon_snapshot snapshot = snapshot_of(3, 5, 41);
	struct collect_source source = source_of(&snapshot, 50);
	struct collected one = {0}, other = {0};

	assert_int_equal(collect(*state, &one, &source), 0);
	snapshot = snapshot_of(MANY, 9, 42);
	assert_int_equal(collect(*state, &other, &source), 0);
	assert_int_equal(other.last.nr_regions, MANY);
	assert_int_equal(one.last.nr_regions, 3);
	assert_int_equal(one.last.seen_ns, 41);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(one.last.regions[i].nr_accesses, 5);
	/* fewer again: room goes, and the rows of pages are those of the new regions */
	snapshot = snapshot_of(2, 1, 43);
	assert_int_equal(collect(*state, &other, &source), 0);
	assert_int_equal(other.last.nr_regions, 2);
	assert_true(other.capacity < MANY / 4);
	assert_ptr_equal(other.last.regions[1].pages, other.pages + NODES);
	collected_deinit(&one);
	collected_deinit(&other);
}

static void who_has_ended_leaves_the_last_sample(void **state)
{
	struct damon_snapshot snapshot = snapshot_of(2, 7, 41);
	struct collect_source source = source_of(&snapshot, 50);
	struct collected of = {0};

	assert_int_equal(collect(*state, &of, &source), 0);
	source.tgid = 0x7ffffff0;
	source.now_ns = 60;
	assert_int_equal(collect(*state, &of, &source), -ESRCH);
	assert_int_equal(of.last.now_ns, 50);
	assert_int_equal(of.last.nr_regions, 2);
	collected_deinit(&of);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_sample_says_what_the_snapshot_saw, make, drop),
		cmocka_unit_test_setup_teardown(times_are_since_the_sample_before, make, drop),
		cmocka_unit_test_setup_teardown(samples_are_kept, make, drop),
		cmocka_unit_test_setup_teardown(who_has_ended_leaves_the_last_sample, make, drop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
