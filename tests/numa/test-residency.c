/* SPDX-License-Identifier: GPL-2.0 */
/*
 * numa/residency over our own pages: which node they are on does not matter,
 * every page that is there must be counted once, and no other.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/util.h"
#include "numa/residency.h"

#define NR_PAGES 256u
#define MAX_PAGES 1024u

#define _cleanup_residency_ _cleanup_(residency_freep)

static size_t page_bytes;
static unsigned int nodes[1024]; /* every node a page of ours could be on */
static char *area;		 /* NR_PAGES, absent until touched */

static struct residency *make(size_t max_pages)
{
	struct residency *r = NULL;

	assert_int_equal(residency_new(&r, nodes, ARRAY_SIZE(nodes), max_pages), 0);
	return r;
}

static struct residency_range pages(size_t from, size_t to, uint32_t nr_wanted)
{
	uint64_t start = (uintptr_t)area;

	return (struct residency_range){start + from * page_bytes, start + to * page_bytes,
					nr_wanted};
}

static uint64_t row_sum(const uint32_t *counts, size_t row)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++)
		sum += counts[row * ARRAY_SIZE(nodes) + i];
	return sum;
}

static int setup(void **state)
{
	struct residency_range range;
	_cleanup_residency_ struct residency *r = NULL;
	uint32_t counts[ARRAY_SIZE(nodes)];

	area = mmap(NULL, NR_PAGES * page_bytes, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(area != MAP_FAILED);
	/* one huge page would make all of it present at the first touch */
	madvise(area, NR_PAGES * page_bytes, MADV_NOHUGEPAGE);
	r = make(1);
	range = pages(0, 1, 1);
	*state = (void *)(intptr_t)residency_sample(r, getpid(), &range, 1, counts);
	return 0;
}

static int teardown(void **state)
{
	munmap(area, NR_PAGES * page_bytes);
	return 0;
}

/* Containers often forbid move_pages(2), and some kernels have no NUMA. */
#define SKIP_UNLESS_PERMITTED(state)                                                               \
	do {                                                                                       \
		int _r = (int)(intptr_t)*(state);                                                  \
		if (_r == -EPERM || _r == -ENOSYS) {                                               \
			print_message("# skipped: move_pages(2): %s\n", strerror(-_r));            \
			skip();                                                                    \
		}                                                                                  \
	} while (0)

static void test_present_pages_are_counted(void **state)
{
	_cleanup_residency_ struct residency *r = make(MAX_PAGES);
	struct residency_range range = pages(0, NR_PAGES, NR_PAGES);
	uint32_t counts[ARRAY_SIZE(nodes)];

	SKIP_UNLESS_PERMITTED(state);
	memset(area, 1, NR_PAGES * page_bytes);
	memset(counts, 0xff, sizeof(counts));
	assert_int_equal(residency_sample(r, getpid(), &range, 1, counts), 0);
	assert_int_equal(row_sum(counts, 0), NR_PAGES);
	/* more than there are: all of them, each once */
	range.nr_wanted = UINT32_MAX;
	assert_int_equal(residency_sample(r, getpid(), &range, 1, counts), 0);
	assert_int_equal(row_sum(counts, 0), NR_PAGES);
	range.nr_wanted = 10;
	assert_int_equal(residency_sample(r, getpid(), &range, 1, counts), 0);
	assert_int_equal(row_sum(counts, 0), 10);
}

static void test_absent_pages_count_nowhere(void **state)
{
	_cleanup_residency_ struct residency *r = make(MAX_PAGES);
	struct residency_range range = pages(0, NR_PAGES, NR_PAGES);
	uint32_t counts[ARRAY_SIZE(nodes)];

	SKIP_UNLESS_PERMITTED(state);
	assert_int_equal(residency_sample(r, getpid(), &range, 1, counts), 0);
	assert_int_equal(row_sum(counts, 0), 0);
	memset(area, 1, NR_PAGES / 4 * page_bytes);
	assert_int_equal(residency_sample(r, getpid(), &range, 1, counts), 0);
	assert_int_equal(row_sum(counts, 0), NR_PAGES / 4);
	/* a quarter of the pages is there: a sample sees about a quarter, by strata exactly */
	range.nr_wanted = NR_PAGES / 4;
	assert_int_equal(residency_sample(r, getpid(), &range, 1, counts), 0);
	assert_int_equal(row_sum(counts, 0), NR_PAGES / 16);
	/* unmapped, at the ends of the address space too */
	munmap(area + NR_PAGES / 8 * page_bytes, page_bytes);
	range = pages(NR_PAGES / 8, NR_PAGES / 8 + 2, 2);
	assert_int_equal(residency_sample(r, getpid(), &range, 1, counts), 0);
	assert_int_equal(row_sum(counts, 0), 1);
	range = (struct residency_range){0, UINT64_MAX, 100};
	assert_int_equal(residency_sample(r, getpid(), &range, 1, counts), 0);
}

static void test_ranges_are_rounded_to_pages(void **state)
{
	_cleanup_residency_ struct residency *r = make(MAX_PAGES);
	struct residency_range ranges[5];
	uint32_t counts[ARRAY_SIZE(ranges) * ARRAY_SIZE(nodes)];

	SKIP_UNLESS_PERMITTED(state);
	memset(area, 1, NR_PAGES * page_bytes);
	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++)
		ranges[i] = pages(1, 2, 9);
	ranges[1].end += 1; /* reaches into the next page */
	ranges[2].start -= 1;
	ranges[3].end = ranges[3].start;	      /* empty */
	ranges[4].end = ranges[4].start - page_bytes; /* the wrong way round */
	assert_int_equal(residency_sample(r, getpid(), ranges, ARRAY_SIZE(ranges), counts), 0);
	assert_int_equal(row_sum(counts, 0), 1);
	assert_int_equal(row_sum(counts, 1), 2);
	assert_int_equal(row_sum(counts, 2), 2);
	assert_int_equal(row_sum(counts, 3), 0);
	assert_int_equal(row_sum(counts, 4), 0);
}

/* Too many wanted pages shrink evenly, and not by dropping the last ranges. */
static void test_too_many_are_scaled_evenly(void **state)
{
	_cleanup_residency_ struct residency *r = make(64);
	struct residency_range ranges[4];
	uint32_t counts[ARRAY_SIZE(ranges) * ARRAY_SIZE(nodes)];

	SKIP_UNLESS_PERMITTED(state);
	memset(area, 1, NR_PAGES * page_bytes);
	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++)
		ranges[i] = pages(i * 64, (i + 1) * 64, 64);
	assert_int_equal(residency_sample(r, getpid(), ranges, ARRAY_SIZE(ranges), counts), 0);
	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++)
		assert_int_equal(row_sum(counts, i), 16);
	/* in proportion */
	ranges[0].nr_wanted = 32;
	ranges[1].nr_wanted = 0;
	assert_int_equal(residency_sample(r, getpid(), ranges, ARRAY_SIZE(ranges), counts), 0);
	assert_in_range(row_sum(counts, 0), 12, 13);
	assert_int_equal(row_sum(counts, 1), 0);
	assert_in_range(row_sum(counts, 2), 25, 26);
	assert_int_equal(row_sum(counts, 0) + row_sum(counts, 2) + row_sum(counts, 3), 64);
}

static void test_one_page_for_many_ranges(void **state)
{
	_cleanup_residency_ struct residency *r = make(1);
	struct residency_range ranges[3];
	uint32_t counts[ARRAY_SIZE(ranges) * ARRAY_SIZE(nodes)];

	SKIP_UNLESS_PERMITTED(state);
	memset(area, 1, NR_PAGES * page_bytes);
	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++)
		ranges[i] = pages(i, i + 1, 1);
	assert_int_equal(residency_sample(r, getpid(), ranges, ARRAY_SIZE(ranges), counts), 0);
	assert_int_equal(row_sum(counts, 0) + row_sum(counts, 1) + row_sum(counts, 2), 1);
	assert_int_equal(residency_sample(r, getpid(), ranges, 0, counts), 0);
}

static void test_nodes_of_no_interest(void **state)
{
	_cleanup_residency_ struct residency *none = NULL, *far = NULL;
	struct residency_range range = pages(0, NR_PAGES, NR_PAGES);
	uint32_t counts[1] = {5};

	SKIP_UNLESS_PERMITTED(state);
	memset(area, 1, NR_PAGES * page_bytes);
	assert_int_equal(residency_new(&none, NULL, 0, 16), 0);
	assert_int_equal(residency_sample(none, getpid(), &range, 1, counts), 0);
	assert_int_equal(counts[0], 5);
	assert_int_equal(residency_new(&far, (const unsigned int[]){65535}, 1, 16), 0);
	assert_int_equal(residency_sample(far, getpid(), &range, 1, counts), 0);
	assert_int_equal(counts[0], 0);
}

static void test_columns_keep_the_callers_order(void **state)
{
	_cleanup_residency_ struct residency *forth = make(MAX_PAGES), *back = NULL;
	struct residency_range range = pages(0, NR_PAGES, NR_PAGES);
	unsigned int reversed[ARRAY_SIZE(nodes)];
	uint32_t a[ARRAY_SIZE(nodes)], b[ARRAY_SIZE(nodes)];
	size_t last = ARRAY_SIZE(nodes) - 1;

	SKIP_UNLESS_PERMITTED(state);
	memset(area, 1, NR_PAGES * page_bytes);
	for (size_t i = 0; i <= last; i++)
		reversed[i] = nodes[last - i];
	assert_int_equal(residency_new(&back, reversed, ARRAY_SIZE(reversed), MAX_PAGES), 0);
	assert_int_equal(residency_sample(forth, getpid(), &range, 1, a), 0);
	assert_int_equal(residency_sample(back, getpid(), &range, 1, b), 0);
	for (size_t i = 0; i <= last; i++)
		assert_int_equal(a[i], b[last - i]);
}

static void test_dead_processes(void **state)
{
	_cleanup_residency_ struct residency *r = make(MAX_PAGES);
	struct residency_range range = pages(0, NR_PAGES, NR_PAGES);
	uint32_t counts[ARRAY_SIZE(nodes)];
	pid_t child = fork();
	siginfo_t info;

	if (!child)
		_exit(0);
	assert_int_not_equal(child, -1);
	SKIP_UNLESS_PERMITTED(state);
	memset(area, 1, NR_PAGES * page_bytes);
	/* a zombie has no memory left */
	assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(residency_sample(r, child, &range, 1, counts), -ESRCH);
	assert_int_equal(row_sum(counts, 0), 0);
	waitpid(child, NULL, 0);
	assert_int_equal(residency_sample(r, child, &range, 1, counts), -ESRCH);
	/* 0 is nobody, and not ourselves */
	assert_int_equal(residency_sample(r, 0, &range, 1, counts), -ESRCH);
	assert_int_equal(residency_sample(r, -1, &range, 1, counts), -ESRCH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_present_pages_are_counted, setup, teardown),
		cmocka_unit_test_setup_teardown(test_absent_pages_count_nowhere, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ranges_are_rounded_to_pages, setup, teardown),
		cmocka_unit_test_setup_teardown(test_too_many_are_scaled_evenly, setup, teardown),
		cmocka_unit_test_setup_teardown(test_one_page_for_many_ranges, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nodes_of_no_interest, setup, teardown),
		cmocka_unit_test_setup_teardown(test_columns_keep_the_callers_order, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_dead_processes, setup, teardown),
	};

	page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++)
		nodes[i] = (unsigned int)i;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
