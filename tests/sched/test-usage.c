/* SPDX-License-Identifier: GPL-2.0 */
/* What the scheduler has counted, from look to look: also when it begins anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/util.h"
#include "sched/scheduler.h"

static void moves_are_since_the_last_look(void **state)
{
	struct usage u = {0};
	struct ts_usage now = {.nr_node_moves = 7};

	assert_int_equal(usage_take(&u, &now, NSEC_PER_SEC), 7);
	now.nr_node_moves = 9;
	assert_int_equal(usage_take(&u, &now, 2 * NSEC_PER_SEC), 2);
	assert_int_equal(usage_take(&u, &now, 3 * NSEC_PER_SEC), 0);
	assert_int_equal(u.last.nr_node_moves, 9);
}

/* Less than before: another scheduler, which has counted that much. */
static void a_scheduler_attached_anew_takes_nothing_off(void **state)
{
	struct usage u = {0};
	struct ts_usage now = {.nr_node_moves = 1000,
			       .class_ns = {[TS_CLASS_REGULAR] = 5 * NSEC_PER_SEC}};

	usage_take(&u, &now, NSEC_PER_SEC);
	now = (struct ts_usage){0};
	assert_int_equal(usage_take(&u, &now, 2 * NSEC_PER_SEC), 0);
	now = (struct ts_usage){.nr_node_moves = 3, .class_ns = {[TS_CLASS_REGULAR] = 1}};
	assert_int_equal(usage_take(&u, &now, 3 * NSEC_PER_SEC), 3);
	assert_true(u.class_ns[TS_CLASS_REGULAR] <= 5 * NSEC_PER_SEC);
	now.nr_node_moves = UINT64_MAX;
	assert_int_equal(usage_take(&u, &now, 4 * NSEC_PER_SEC), UINT32_MAX);
}

static void the_class_is_that_of_late(void **state)
{
	struct usage u = {0};
	struct ts_usage now = {0};

	assert_int_equal(usage_class(&u), TS_CLASS_UNSET);
	now.class_ns[TS_CLASS_REGULAR] = 8 * NSEC_PER_SEC;
	usage_take(&u, &now, NSEC_PER_SEC);
	assert_int_equal(usage_class(&u), TS_CLASS_REGULAR);
	for (uint64_t s = 2; s < 7; s++) {
		now.class_ns[TS_CLASS_LATENCY] += NSEC_PER_SEC / 2;
		usage_take(&u, &now, s * NSEC_PER_SEC);
	}
	assert_int_equal(usage_class(&u), TS_CLASS_LATENCY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(moves_are_since_the_last_look),
		cmocka_unit_test(a_scheduler_attached_anew_takes_nothing_off),
		cmocka_unit_test(the_class_is_that_of_late),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
