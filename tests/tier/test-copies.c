/* SPDX-License-Identifier: GPL-2.0 */
/* What copies cost: measured once, and what fails is tried again. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tier/copies.h"

#define NOW UINT64_C(1000000000)

static int nr_measured;
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

static void a_copy_is_measured_once(void **state)
{
	const double *ns = copies_ns(*state);

	for (int i = 0; i < 4; i++)
		assert_true(isinf(ns[i]));
	copies_learn(*state, 0, 1, NOW);
	assert_true(ns[1] == 4);
	assert_true(isinf(ns[0]) && isinf(ns[2]) && isinf(ns[3]));
	copies_learn(*state, 0, 1, NOW + 2 * COPIES_AGAIN_NS);
	copies_learn(*state, 1, 0, NOW);
	assert_true(ns[2] == 40);
	assert_int_equal(nr_measured, 2);
}

static void what_fails_is_tried_again_later(void **state)
{
	const double *ns = copies_ns(*state);

	answer = -ENOMEM;
	copies_learn(*state, 0, 1, NOW);
	copies_learn(*state, 0, 1, NOW + COPIES_AGAIN_NS - 1);
	assert_true(isinf(ns[1]));
	assert_int_equal(nr_measured, 1);
	answer = 0;
	copies_learn(*state, 0, 1, NOW + COPIES_AGAIN_NS);
	assert_true(ns[1] == 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_copy_is_measured_once, setup, tear_down),
		cmocka_unit_test_setup_teardown(what_fails_is_tried_again_later, setup, tear_down),
	};

	return cmocka_run_group_tests_name("copies", tests, NULL, NULL);
}
