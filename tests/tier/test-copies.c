/* SPDX-License-Identifier: GPL-2.0 */
/* What copies cost: measured when asked for, one pair at a time, and what fails is tried again. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>
#include <cmocka.h>

#include "tier/copies.h"

#define NOW UINT64_C(1000000000)

static int nr_measured; /* of the thread that measures, read after it has ended */
static int answer;

static int measure(double *ns_per_byte, unsigned int from, unsigned int to)
{
	nr_measured++;
	*ns_per_byte = 10 * from + to;
	return answer;
}

static int setup(void **state)
{
	const unsigned int ids[] = {0, 4};
	struct copies *c;

	nr_measured = 0;
	answer = 0;
	assert_int_equal(copies_new(&c, ids, 2, measure), 0);
	*state = c;
	return 0;
}

static int tear_down(void **state)
{
	copies_free(*state);
	return 0;
}

/* Until no measurement is under way. */
static void wait_for(struct copies *c, size_t from, size_t to, uint64_t now_ns)
{
	while (copies_want(c, from, to, now_ns))
		usleep(1000);
}

static void a_copy_is_measured_once(void **state)
{
	double ns[4];

	copies_get(*state, ns);
	for (int i = 0; i < 4; i++)
		assert_true(isinf(ns[i]));
	assert_true(copies_want(*state, 0, 1, NOW));
	wait_for(*state, 0, 1, NOW);
	copies_get(*state, ns);
	assert_true(ns[1] == 4);
	assert_true(isinf(ns[0]) && isinf(ns[2]) && isinf(ns[3]));
	assert_false(copies_want(*state, 0, 1, NOW + 2 * COPIES_AGAIN_NS));
	wait_for(*state, 1, 0, NOW);
	copies_get(*state, ns);
	assert_true(ns[2] == 40);
	assert_int_equal(nr_measured, 2);
}

static void what_fails_is_tried_again_later(void **state)
{
	double ns[4];

	answer = -ENOMEM;
	assert_true(copies_want(*state, 0, 1, NOW));
	wait_for(*state, 0, 1, NOW);
	/* it is not known, and nobody waits for it */
	assert_false(copies_want(*state, 0, 1, NOW + COPIES_AGAIN_NS - 1));
	copies_get(*state, ns);
	assert_true(isinf(ns[1]));
	assert_int_equal(nr_measured, 1);
	answer = 0;
	wait_for(*state, 0, 1, NOW + COPIES_AGAIN_NS);
	copies_get(*state, ns);
	assert_true(ns[1] == 4);
}

/* It is freed while it measures, or just before or after. */
static void it_ends_at_any_moment(void **state)
{
	const unsigned int ids[] = {0, 4};

	for (int i = 0; i < 200; i++) {
		struct copies *c;

		assert_int_equal(copies_new(&c, ids, 2, measure), 0);
		copies_want(c, 0, 1, NOW);
		copies_free(c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_copy_is_measured_once, setup, tear_down),
		cmocka_unit_test_setup_teardown(what_fails_is_tried_again_later, setup, tear_down),
		cmocka_unit_test(it_ends_at_any_moment),
	};

	return cmocka_run_group_tests_name("copies", tests, NULL, NULL);
}
