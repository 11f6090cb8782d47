/* SPDX-License-Identifier: GPL-2.0 */
/* Who maps the same memory, and what it takes to find out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/util.h"
#include "daemon/sharers.h"

#define MB (UINT64_C(1) << 20)

enum { MOST_PROCESSES = 100, MOST_RANGES = 64 };

/* Processes that map the same memory, each at addresses of its own. */
struct world {
	struct plan_process processes[MOST_PROCESSES];
	pid_t tasks[MOST_PROCESSES];
	struct plan_range ranges[MOST_PROCESSES * MOST_RANGES];
	struct sharers_item items[MOST_PROCESSES * MOST_RANGES];
	struct sharers sharers;
};

/* What the kernel is asked. */
static uint64_t nr_looks;
static size_t nr_others; /* processes that nobody knows of */

static uint64_t start_of(size_t process)
{
	return (process + 1) << 32;
}

static void know(bool *known, uint32_t nr, const struct mapper *mappers, uint32_t nr_mappers)
{
	uint64_t offset = mappers[0].start - start_of((size_t)mappers[0].task - 1);

	/* all of them have the same page there */
	for (uint32_t i = 0; i < nr_mappers; i++)
		assert_int_equal(mappers[i].start - start_of((size_t)mappers[i].task - 1), offset);
	nr_looks += (uint64_t)nr * nr_mappers;
	for (uint32_t i = 0; i < nr; i++)
		known[i] = !nr_others;
}

static struct world *world_new(size_t nr, size_t nr_ranges)
{
	struct world *w = calloc(1, sizeof(*w));

	for (size_t i = 0; i < nr; i++) {
		w->processes[i].ranges = &w->ranges[i * MOST_RANGES];
		w->processes[i].nr_ranges = nr_ranges;
		w->tasks[i] = (pid_t)i + 1;
		for (size_t r = 0; r < nr_ranges; r++)
			w->ranges[i * MOST_RANGES + r] = (struct plan_range){
				.start = start_of(i) + r * MB,
				.bytes = MB,
				.memory = 7,
				.offset = r * MB,
				.hz = (double)(1 + r),
			};
	}
	w->sharers = (struct sharers){.nr = nr,
				      .processes = w->processes,
				      .tasks = w->tasks,
				      .ranges = w->ranges,
				      .stride = MOST_RANGES,
				      .items = w->items,
				      .know = know};
	nr_looks = 0;
	nr_others = 0;
	return w;
}

static struct plan_range *range_of(struct world *w, size_t process, size_t range)
{
	return &w->ranges[process * MOST_RANGES + range];
}

static size_t nr_foreign(const struct world *w)
{
	size_t nr = 0;

	for (size_t i = 0; i < ARRAY_SIZE(w->ranges); i++)
		nr += w->ranges[i].foreign;
	return nr;
}

static void those_who_have_it_are_found(void **state)
{
	struct world *w = world_new(3, 2);
	struct mapper found[4];

	(void)state;
	/* the third has something else there */
	range_of(w, 2, 1)->memory = 8;
	assert_int_equal(sharers_of(&w->sharers, found, 4, 0, start_of(0) + MB + 4096, 4096), 1);
	assert_int_equal(found[0].task, 2);
	assert_int_equal(found[0].start, start_of(1) + MB + 4096);
	assert_int_equal(sharers_of(&w->sharers, found, 4, 0, start_of(0), 4096), 2);
	assert_int_equal(sharers_of(&w->sharers, found, 1, 0, start_of(0), 4096), 1);
	assert_int_equal(sharers_of(&w->sharers, found, 4, 0, start_of(0) + 2 * MB, 4096), 0);
	free(w);
}

static void what_is_cold_shares_nothing(void **state)
{
	struct world *w = world_new(2, 2);

	(void)state;
	assert_true(sharers_may_share(&w->sharers, 0));
	range_of(w, 0, 0)->hz = 0;
	range_of(w, 0, 1)->memory = 0;
	assert_false(sharers_may_share(&w->sharers, 0));
	free(w);
}

static void others_are_noticed(void **state)
{
	struct world *w = world_new(2, 2);

	(void)state;
	range_of(w, 0, 1)->memory = 0;
	sharers_find_foreign(&w->sharers);
	assert_int_equal(nr_foreign(w), 0);
	nr_others = 1;
	sharers_find_foreign(&w->sharers);
	/* what is its own is nobody else's */
	assert_int_equal(nr_foreign(w), 3);
	assert_false(range_of(w, 0, 1)->foreign);
	nr_others = 0;
	sharers_find_foreign(&w->sharers);
	assert_int_equal(nr_foreign(w), 0);
	free(w);
}

/* What one of them knows the others need not ask. */
static void the_same_memory_is_asked_once(void **state)
{
	struct world *w = world_new(4, 3);

	(void)state;
	nr_others = 1;
	sharers_find_foreign(&w->sharers);
	assert_int_equal(nr_foreign(w), 12);
	assert_int_equal(nr_looks, 3 * SHARERS_PAGES * 4);
	free(w);
}

/* More than can be asked together: nobody can tell who they are, and nothing is asked. */
static void a_hundred_processes_cost_nothing(void **state)
{
	struct world *w = world_new(MOST_PROCESSES, MOST_RANGES);

	(void)state;
	sharers_find_foreign(&w->sharers);
	assert_int_equal(nr_looks, 0);
	assert_int_equal(nr_foreign(w), MOST_PROCESSES * MOST_RANGES);
	free(w);
}

/* What is not asked any more is not known, and that for all who have it. */
static void the_hottest_are_asked_first(void **state)
{
	const size_t nr = 1 + MIGRATE_MAX_SHARERS;
	const size_t nr_asked = SHARERS_MAX_LOOKS / (nr * SHARERS_PAGES);
	struct world *w = world_new(nr, MOST_RANGES);

	(void)state;
	sharers_find_foreign(&w->sharers);
	assert_int_equal(nr_looks, nr_asked * nr);
	for (size_t i = 0; i < nr; i++)
		for (size_t r = 0; r < MOST_RANGES; r++)
			assert_int_equal(range_of(w, i, r)->foreign, r < MOST_RANGES - nr_asked);
	nr_others = 1;
	nr_looks = 0;
	sharers_find_foreign(&w->sharers);
	assert_int_equal(nr_looks, SHARERS_MAX_LOOKS);
	assert_int_equal(nr_foreign(w), nr * MOST_RANGES);
	free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(those_who_have_it_are_found),
		cmocka_unit_test(what_is_cold_shares_nothing),
		cmocka_unit_test(others_are_noticed),
		cmocka_unit_test(the_same_memory_is_asked_once),
		cmocka_unit_test(a_hundred_processes_cost_nothing),
		cmocka_unit_test(the_hottest_are_asked_first),
	};

	return cmocka_run_group_tests_name("sharers", tests, NULL, NULL);
}
