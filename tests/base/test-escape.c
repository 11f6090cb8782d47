/* SPDX-License-Identifier: GPL-2.0 */
/* Foreign text: what terminals and JSON get of it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/escape.h"
#include "base/log.h"
#include "base/util.h"

static void escapes(void **state)
{
	static const struct {
		const char *text, *escaped;
	} cases[] = {
		{"", ""},
		{"faiss-search", "faiss-search"},
		{"zürich", "zürich"},
		{"向量数据库", "向量数据库"},
		{"🦙", "🦙"},
		{"\x1b[31mred", "\\x1b[31mred"},
		{"two\nlines\t", "two\\x0alines\\x09"},
		{"\x7f", "\\x7f"},
		{"a\\b", "a\\\\b"},
		{"\\x1b", "\\\\x1b"},
		{"\xc2\x9b", "\\xc2\\x9b"},		  /* C1 in UTF-8 */
		{"\x9b", "\\x9b"},			  /* and alone */
		{"vector-\xe2\x82", "vector-\\xe2\\x82"}, /* cut */
		{"\xe2\x82z", "\\xe2\\x82z"},
		{"\xc0\xaf", "\\xc0\\xaf"}, /* longer than need be */
		{"\xe0\x80\xaf", "\\xe0\\x80\\xaf"},
		{"\xed\xa0\x80", "\\xed\\xa0\\x80"},	      /* a surrogate */
		{"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"}, /* beyond the last */
		{"\xef\xbf\xbf", "\\xef\\xbf\\xbf"},	      /* no character */
		{"\xe2\x80\xaetxt", "\\xe2\\x80\\xaetxt"},    /* right to left */
		{"a\xe2\x80\x8b", "a\\xe2\\x80\\x8b"},	      /* zero width */
		{"\xe2\x80\xa8", "\\xe2\\x80\\xa8"},	      /* line separator */
		{"\xf3\xa0\x81\x81", "\\xf3\\xa0\\x81\\x81"}, /* a tag */
	};
	char buf[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		print_message("# %s\n", cases[i].escaped);
		assert_string_equal(escape(buf, sizeof(buf), cases[i].text), cases[i].escaped);
		assert_string_equal(escape_again(buf, sizeof(buf), cases[i].escaped),
				    cases[i].escaped);
	}
	assert_string_equal(escape_again(buf, sizeof(buf), "\\x1b\x1b"), "\\x1b\\x1b");
}

static void cuts(void **state)
{
	char buf[8];

	(void)state;
	assert_string_equal(escape(buf, 1, "a"), "");
	assert_string_equal(escape(buf, 2, "ab"), "a");
	assert_string_equal(escape(buf, 3, "zü"), "z");
	assert_string_equal(escape(buf, 4, "zü"), "zü");
	assert_string_equal(escape(buf, 5, "a\n"), "a");
	assert_string_equal(escape(buf, 6, "a\n"), "a\\x0a");
	assert_string_equal(escape(buf, 2, "\\"), "");
}

/* What CALL writes to stderr. */
static void capture(char *out, size_t size, void (*call)(void))
{
	int before = dup(STDERR_FILENO);
	FILE *file = tmpfile();
	size_t nr;

	assert_non_null(file);
	assert_true(before >= 0 && dup2(fileno(file), STDERR_FILENO) >= 0);
	call();
	dup2(before, STDERR_FILENO);
	close(before);
	rewind(file);
	nr = fread(out, 1, size - 1, file);
	out[nr] = '\0';
	fclose(file);
}

static void say_one(void)
{
	log_error("the scheduler '%s' is running", "a\n<3>b\x1b[31m");
}

_printf_(1, 2)
static void say_lines(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_write_lines(LOG_LEVEL_INFO, fmt, args);
	va_end(args);
}

static void say_many(void)
{
	say_lines("0: R1=%s\n\n\tr0 = \x1b[2J\nend", "ctx");
}

static void logs(void **state)
{
	char text[256];

	(void)state;
	capture(text, sizeof(text), say_one);
	assert_string_equal(
		text, "cxl-tiersched: error: the scheduler 'a\\x0a<3>b\\x1b[31m' is running\n");
	capture(text, sizeof(text), say_many);
	assert_string_equal(text, "cxl-tiersched: 0: R1=ctx\ncxl-tiersched: \n"
				  "cxl-tiersched:  r0 = \\x1b[2J\ncxl-tiersched: end\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(escapes),
		cmocka_unit_test(cuts),
		cmocka_unit_test(logs),
	};

	return cmocka_run_group_tests_name("escape", tests, NULL, NULL);
}
