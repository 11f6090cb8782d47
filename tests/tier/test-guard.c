/* SPDX-License-Identifier: GPL-2.0 */
/* What the rules of a few addresses say of a move. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/util.h"
#include "tier/guard.h"

static const bool both[] = {true, true}, first[] = {true, false};

static void ranges(void **state)
{
	/* free, bound to node 0, locked, a hole, free */
	static const struct obey_range list[] = {
		{.start = 0x1000, .end = 0x2000, .nodes = both, .why = OBEY_FREE},
		{.start = 0x2000, .end = 0x3000, .nodes = first, .why = OBEY_BOUND},
		{.start = 0x3000, .end = 0x4000, .nodes = NULL, .why = OBEY_LOCKED},
		{.start = 0x6000, .end = 0x7000, .nodes = both, .why = OBEY_FREE},
	};
	static const struct obey_rules rules = {both, list, ARRAY_SIZE(list), 4};
	static const struct {
		uint64_t start, end;
		enum guard_answer to_first, to_second;
	} cases[] = {
		{0x1000, 0x2000, GUARD_MAY, GUARD_MAY},
		{0x1000, 0x2001, GUARD_MAY, GUARD_ELSEWHERE},
		{0x2000, 0x3000, GUARD_MAY, GUARD_ELSEWHERE},
		{0x3000, 0x4000, GUARD_STAYS, GUARD_STAYS},
		/* what would have to go back is told before what only stays */
		{0x1000, 0x4000, GUARD_STAYS, GUARD_ELSEWHERE},
		{0x3800, 0x7000, GUARD_STAYS, GUARD_STAYS},
		/* where nothing is mapped, nothing forbids */
		{0x4000, 0x6000, GUARD_MAY, GUARD_MAY},
		{0x4000, 0x7000, GUARD_MAY, GUARD_MAY},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		print_message("# %jx-%jx\n", (uintmax_t)cases[i].start, (uintmax_t)cases[i].end);
		assert_int_equal(guard_judge(&rules, cases[i].start, cases[i].end, 0),
				 cases[i].to_first);
		assert_int_equal(guard_judge(&rules, cases[i].start, cases[i].end, 1),
				 cases[i].to_second);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
