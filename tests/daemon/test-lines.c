/* SPDX-License-Identifier: GPL-2.0 */
/* How many lines an access stands for, by counts that are made up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/util.h"
#include "daemon/lines.h"

#define NOW (5 * NSEC_PER_SEC)

static void a_ratio_is_of_the_same_second(void **state)
{
	struct lines l = {0};

	(void)state;
	lines_take(&l, 64000, 1000, NOW);
	assert_true(l.per_access == 64);
	assert_true(l.per_s.value == 64000 && l.per_s.at_ns == NOW);
	assert_int_equal(l.per_s.source, METRIC_PERF);
	/* the next one counts for half */
	lines_take(&l, 32000, 1000, NOW + NSEC_PER_SEC);
	assert_true(l.per_access == 48);
	/* caches have what is accessed */
	lines_take(&l, 16000, 1000000, NOW + 2 * NSEC_PER_SEC);
	assert_true(l.per_access > 24 && l.per_access < 24.01);
}

static void of_few_accesses_it_stays_what_it_was(void **state)
{
	struct lines l = {0};

	(void)state;
	lines_take(&l, 50, 10, NOW);
	assert_true(l.per_access == 0);
	assert_true(l.per_s.value == 50);
	lines_take(&l, 64000, 1000, NOW);
	lines_take(&l, 0, 10, NOW);
	assert_true(l.per_access == 64);
}

/* A hypervisor may offer an event that counts nothing. */
static void a_counter_that_stands_still_says_nothing(void **state)
{
	struct lines l = {0};

	(void)state;
	lines_take(&l, 64000, 1000, NOW);
	lines_take(&l, 0, 1000, NOW);
	assert_true(l.per_access == 0);
	assert_int_equal(l.per_s.source, METRIC_UNKNOWN);
}

/* Whatever this machine has: who has no counter is asked again after a minute. */
static void counts_begin_and_end(void **state)
{
	struct lines l = {0};
	uint64_t next;

	(void)state;
	assert_true(lines_begin(&l, getpid(), NOW));
	assert_false(lines_begin(&l, getpid(), NOW)); /* one is under way, or there are none */
	next = l.count ? 11 * NSEC_PER_SEC : 60 * NSEC_PER_SEC;
	if (l.count)
		l.per_access = 64;
	lines_end(&l, 0, NOW + NSEC_PER_SEC);
	assert_null(l.count);
	assert_false(lines_begin(&l, getpid(), NOW + next - 1));
	assert_true(lines_begin(&l, getpid(), NOW + next));
	/* as long as nothing is known, each second */
	if (l.count) {
		l.per_access = 0;
		lines_end(&l, 0, NOW + next + NSEC_PER_SEC);
		assert_true(lines_begin(&l, getpid(), NOW + next + NSEC_PER_SEC));
	}
	lines_deinit(&l);
	/* nothing is under way */
	lines_end(&l, 0, NOW + 2 * next);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ratio_is_of_the_same_second),
		cmocka_unit_test(of_few_accesses_it_stays_what_it_was),
		cmocka_unit_test(a_counter_that_stands_still_says_nothing),
		cmocka_unit_test(counts_begin_and_end),
	};

	return cmocka_run_group_tests_name("lines", tests, NULL, NULL);
}
