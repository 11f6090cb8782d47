/* SPDX-License-Identifier: GPL-2.0 */
/* Foreign text in JSON: ours is escaped once, another daemon's is made safe wherever it stands. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "report/report.h"

static void a_string_is_escaped(void **state)
{
	json_object *o = foreign_string("a\x1b[31m\\");

	assert_string_equal(json_object_get_string(o), "a\\x1b[31m\\\\");
	json_object_put(o);
}

static json_object *parse(const char *text)
{
	json_object *o = json_tokener_parse(text);

	assert_non_null(o);
	return o;
}

static void strings_are_made_safe_at_any_depth(void **state)
{
	json_object *o =
		parse("{\"name\": \"a\\u001b[31m\", \"all\": [5, null, {\"b\": \"\\u0007\"}]}");

	assert_int_equal(foreign_make_safe(o), 0);
	assert_string_equal(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN),
			    "{\"name\":\"a\\\\x1b[31m\",\"all\":[5,null,{\"b\":\"\\\\x07\"}]}");
	json_object_put(o);
}

static void what_is_safe_stays(void **state)
{
	static const char text[] = "{\"name\":\"a\\\\x1b[31m\",\"n\":1.5,\"yes\":true}";
	json_object *o = parse(text);

	assert_int_equal(foreign_make_safe(o), 0);
	assert_string_equal(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN), text);
	json_object_put(o);
}

/* Our keys are words; no daemon of ours made this. */
static void keys_are_not_mended_but_refused(void **state)
{
	json_object *o = parse("{\"a\": [{\"\\u001b[31m\": 1}]}");

	assert_int_equal(foreign_make_safe(o), -EBADMSG);
	json_object_put(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_string_is_escaped),
		cmocka_unit_test(strings_are_made_safe_at_any_depth),
		cmocka_unit_test(what_is_safe_stays),
		cmocka_unit_test(keys_are_not_mended_but_refused),
	};

	return cmocka_run_group_tests_name("foreign", tests, NULL, NULL);
}
