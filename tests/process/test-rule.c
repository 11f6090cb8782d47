/* SPDX-License-Identifier: GPL-2.0 */
/* Rules of --match: what is a rule, and whom it matches. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/util.h"
#include "process/process.h"

static void rules(void **state)
{
	struct rule rule;

	assert_int_equal(rule_parse(&rule, "vector=comm:my-*"), 0);
	assert_int_equal(rule.class, TS_CLASS_VECTOR);
	assert_int_equal(rule.field, RULE_COMM);
	assert_true(rule_matches(&rule, "my-search"));
	assert_false(rule_matches(&rule, "your-search"));
	rule_deinit(&rule);
	/* "=" after the colon belongs to the pattern */
	assert_int_equal(rule_parse(&rule, "cgroup:/a=b/*"), 0);
	assert_int_equal(rule.class, TS_CLASS_UNSET);
	assert_true(rule_matches(&rule, "/a=b/c/d"));
	rule_deinit(&rule);
	assert_int_equal(rule_parse(&rule, ""), -EINVAL);
	assert_int_equal(rule_parse(&rule, "comm:"), -EINVAL);
	assert_int_equal(rule_parse(&rule, "name:x"), -EINVAL);
	assert_int_equal(rule_parse(&rule, "=comm:x"), -EINVAL);
	assert_int_equal(rule_parse(&rule, "unset=comm:x"), -EINVAL);
}

/* An open bracket is no glob: fnmatch(3) would take it for the character itself. */
static void globs(void **state)
{
	static const char *const whole[] = {"comm:a[bc]",   "comm:[]]",		"comm:[!]a]",
					    "comm:[^]]",    "comm:a]",		"comm:\\[",
					    "comm:[\\]]",   "comm:[[:alpha:]]", "comm:[[:alpha]",
					    "comm:[[.].]]", "comm:a\\\\"};
	static const char *const broken[] = {"comm:[abc", "comm:[]",	      "comm:[!]",
					     "comm:[^]",  "comm:[",	      "comm:[\\]",
					     "comm:[a\\", "comm:x[[:alpha:]", "comm:[a][b",
					     "comm:a\\",  "vector=cgroup:/["};
	struct rule rule;

	for (size_t i = 0; i < ARRAY_SIZE(whole); i++) {
		print_message("# %s\n", whole[i]);
		assert_int_equal(rule_parse(&rule, whole[i]), 0);
		rule_deinit(&rule);
	}
	for (size_t i = 0; i < ARRAY_SIZE(broken); i++) {
		print_message("# %s\n", broken[i]);
		assert_int_equal(rule_parse(&rule, broken[i]), -EILSEQ);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules),
		cmocka_unit_test(globs),
	};

	return cmocka_run_group_tests_name("rule", tests, NULL, NULL);
}
