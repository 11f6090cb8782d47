/* SPDX-License-Identifier: GPL-2.0 */
/* How long heat lasts, by what is known of other lives. */
#include "model/lives.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define assert_about(value, wanted) assert_true(fabs((value) - (wanted)) < 1e-6)

static void nothing_known_is_as_long_again(void **state)
{
	struct lives l = {0};

	assert_about(lives_remaining(&l, 3), 3);
	lives_begin(&l, 1);
	lives_add_living(&l, 64, 3);
	assert_about(lives_remaining(&l, 3), 3);
}

/* Each time it was hot for ten seconds. */
static void lives_that_have_ended_are_expected_again(void **state)
{
	struct lives l = {0};

	lives_add_ended(&l, 64, 10);
	lives_add_living(&l, 64, 1);
	/* half of it has 9 s to live, by the first life, and half 1 s, by its own */
	assert_about(lives_remaining(&l, 1), 5);
	lives_add_ended(&l, 64 * 8, 10);
	assert_about(lives_remaining(&l, 1), (9 * 9 + 1) / 10.0);
	/* near the end of such a life there is not much left of it */
	lives_begin(&l, 0);
	lives_add_living(&l, 64, 9);
	assert_about(lives_remaining(&l, 9), (9 * 1 + 9) / 10.0);
}

/* Much is hot for a moment only, which says nothing of what has been hot for longer. */
static void short_lives_do_not_count_for_old_memory(void **state)
{
	struct lives l = {0};

	lives_add_ended(&l, 1024, 0.2);
	lives_add_living(&l, 64, 4);
	assert_about(lives_remaining(&l, 4), 4);
	lives_add_living(&l, 64, 0.1);
	assert_true(lives_remaining(&l, 0.1) < 1);
	/* nor one that was nearly as long */
	lives_add_ended(&l, 1024, 3.9);
	assert_about(lives_remaining(&l, 4), 4);
}

static void what_lives_is_told_anew(void **state)
{
	struct lives l = {0};

	lives_add_living(&l, 64, 60);
	lives_add_living(&l, 64, 1);
	assert_about(lives_remaining(&l, 1), (119 + 1) / 2.0);
	lives_begin(&l, 1);
	lives_add_living(&l, 64, 2);
	assert_about(lives_remaining(&l, 2), 2);
}

static void the_past_is_forgotten(void **state)
{
	struct lives l = {0};

	lives_add_ended(&l, 64, 100);
	for (int i = 0; i < 10; i++)
		lives_begin(&l, LIVES_REMEMBERED_S);
	lives_add_living(&l, 64, 1);
	assert_true(lives_remaining(&l, 1) < 1.1);
}

/* Any age, and any lives. */
static void it_is_never_less_than_nothing(void **state)
{
	struct lives l = {0};

	for (double life_s = 0; life_s < 1e7; life_s = life_s * 1.7 + 0.01) {
		lives_add_ended(&l, life_s, life_s);
		lives_add_living(&l, 1, life_s);
	}
	for (double age_s = 0; age_s < 1e8; age_s = age_s * 1.3 + 0.01) {
		double left_s = lives_remaining(&l, age_s);

		assert_true(isfinite(left_s) && left_s >= 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_known_is_as_long_again),
		cmocka_unit_test(lives_that_have_ended_are_expected_again),
		cmocka_unit_test(short_lives_do_not_count_for_old_memory),
		cmocka_unit_test(what_lives_is_told_anew),
		cmocka_unit_test(the_past_is_forgotten),
		cmocka_unit_test(it_is_never_less_than_nothing),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
