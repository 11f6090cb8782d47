/* SPDX-License-Identifier: GPL-2.0 */
/* Tables: which columns, how they are laid out, and what foreign text does to them: nothing. */
#include <errno.h>
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "report/report.h"

struct animal {
	const char *name;
	int legs;
	const char *says;
};

static void print_name(FILE *out, const void *row, const void *arg)
{
	fprintf(out, "%s", ((const struct animal *)row)->name);
}

static void print_legs(FILE *out, const void *row, const void *arg)
{
	fprintf(out, "%d", ((const struct animal *)row)->legs);
}

static void print_says(FILE *out, const void *row, const void *arg)
{
	fprintf(out, "%s%s", ((const struct animal *)row)->says, (const char *)arg);
}

static const struct table_column columns[] = {
	{"NAME", TABLE_CUT, print_name, NULL, "what it is called"},
	{"LEGS", TABLE_RIGHT, print_legs, NULL, "how many it has"},
	{"SAYS", TABLE_EXTRA, print_says, "!", "what it says"},
	{"SHOWN", TABLE_EXTRA | TABLE_ESCAPED, print_name, NULL, "its name, escaped already"},
};
static const struct table_kind kind = {columns, ARRAY_SIZE(columns)};

static const struct animal zoo[] = {{"cow", 4, "moo"}, {"millipede", 1306, "it is quiet"}};

/* What is printed of NR animals, at a terminal of so many columns (0: to a file). */
static const char *printed(const struct table_options *o, const struct animal *animals, size_t nr,
			   unsigned short width)
{
	static char text[4096];
	struct table *table;
	const struct winsize size = {.ws_row = 24, .ws_col = width};
	int out = dup(STDOUT_FILENO), master = -1, to;
	FILE *file = tmpfile();
	ssize_t n;

	assert_non_null(file);
	to = fileno(file);
	if (width)
		assert_int_equal(openpty(&master, &to, NULL, NULL, &size), 0);
	fflush(stdout);
	dup2(to, STDOUT_FILENO);
	table = table_new(&kind, o);
	for (size_t i = 0; i < nr; i++)
		table_add(table, &animals[i]);
	n = table_print(table);
	table_free(table);
	fflush(stdout);
	dup2(out, STDOUT_FILENO);
	close(out);
	assert_int_equal(n, 0);
	n = width ? read(master, text, sizeof(text) - 1) : pread(to, text, sizeof(text) - 1, 0);
	assert_true(n >= 0);
	text[n] = '\0';
	if (width) {
		close(to);
		close(master);
	}
	fclose(file);
	return text;
}

static const char *zoo_by(const char *output)
{
	struct table_options o = {.output = (char *)output};

	return printed(&o, zoo, ARRAY_SIZE(zoo), 0);
}

static void columns_as_wide_as_what_is_in_them(void **state)
{
	assert_string_equal(printed(NULL, zoo, ARRAY_SIZE(zoo), 0), "NAME       LEGS\n"
								    "cow           4\n"
								    "millipede  1306\n");
	assert_string_equal(printed(NULL, zoo, 0, 0), "");
}

static void chosen_columns_in_their_order(void **state)
{
	struct table_options all = {.output_all = true},
			     twice = {.output = (char *)"+legs", .output_all = true};

	assert_string_equal(zoo_by("LEGS"), "LEGS\n   4\n1306\n");
	assert_string_equal(zoo_by("says,Name"), "SAYS          NAME\n"
						 "moo!          cow\n"
						 "it is quiet!  millipede\n");
	assert_string_equal(zoo_by("+SAYS"), "NAME       LEGS  SAYS\n"
					     "cow           4  moo!\n"
					     "millipede  1306  it is quiet!\n");
	assert_string_equal(printed(&all, zoo, 1, 0), "NAME  LEGS  SAYS  SHOWN\n"
						      "cow      4  moo!  cow\n");
	assert_string_equal(printed(&twice, zoo, 1, 0), "NAME  LEGS  SAYS  SHOWN  LEGS\n"
							"cow      4  moo!  cow       4\n");
}

static void columns_that_are_not_there_are_refused(void **state)
{
	static const char *const right[] = {"NAME", "name,LEGS", "+SHOWN", "LEGS,LEGS"};
	static const char *const wrong[] = {"",	   "WINGS",  "NAME,WINGS", "+WINGS",
					    "NAM", "NAMES",  "NAME,",	   ",NAME",
					    "+",   "++NAME", "NAME LEGS"};

	for (size_t i = 0; i < ARRAY_SIZE(right); i++)
		assert_int_equal(
			table_check(&kind, &(struct table_options){.output = (char *)right[i]}), 0);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_int_equal(
			table_check(&kind, &(struct table_options){.output = (char *)wrong[i]}),
			-EINVAL);
}

static void raw_has_one_blank_between_cells(void **state)
{
	struct table_options o = {.output = (char *)"NAME,SAYS", .raw = true};
	static const struct animal odd = {"zür\\ich", 2, "a b"};

	assert_string_equal(printed(&o, zoo, ARRAY_SIZE(zoo), 0),
			    "NAME SAYS\ncow moo!\nmillipede it\\x20is\\x20quiet!\n");
	/* the library's escape is over ours: one to undo after the other */
	assert_string_equal(printed(&o, &odd, 1, 0),
			    "NAME SAYS\nz\\xc3\\xbcr\\x5c\\x5cich a\\x20b!\n");
}

static void headings_may_be_left_out(void **state)
{
	struct table_options o = {.noheadings = true};

	assert_string_equal(printed(&o, zoo, ARRAY_SIZE(zoo), 0), "cow           4\n"
								  "millipede  1306\n");
}

static void whoever_wants_something_gets_the_table_alone(void **state)
{
	assert_false(table_is_alone(NULL));
	assert_false(table_is_alone(&(struct table_options){0}));
	assert_true(table_is_alone(&(struct table_options){.output = (char *)"NAME"}));
	assert_true(table_is_alone(&(struct table_options){.output_all = true}));
	assert_true(table_is_alone(&(struct table_options){.noheadings = true}));
	assert_true(table_is_alone(&(struct table_options){.raw = true}));
}

static void foreign_text_forges_nothing(void **state)
{
	static const struct animal hostile = {"\x1b[31m\nx 9\x9b\\", 4, "\t\r"};
	struct table_options o = {.output_all = true};

	assert_string_equal(printed(&o, &hostile, 1, 0),
			    "NAME                   LEGS  SAYS       SHOWN\n"
			    "\\x1b[31m\\x0ax 9\\x9b\\\\     4  \\x09\\x0d!  "
			    "\\x1b[31m\\x0ax 9\\x9b\\\n");
	for (int raw = 0; raw < 2; raw++) {
		const char *text;

		o.raw = raw;
		text = printed(&o, &hostile, 1, 0);
		for (const char *c = text; *c; c++)
			assert_true((*c >= ' ' && *c <= '~') || *c == '\n');
		assert_ptr_equal(strchr(strchr(text, '\n') + 1, '\n')[1], '\0');
	}
}

/* Whatever the locale: it is C here. */
static void wide_characters_and_accents_are_measured(void **state)
{
	static const struct animal birds[] = {{"ニワトリ", 2, ""}, {"zu\xcc\x88rich", 2, ""}};

	assert_string_equal(printed(NULL, birds, ARRAY_SIZE(birds), 0), "NAME      LEGS\n"
									"ニワトリ     2\n"
									"zu\xcc\x88rich       2\n");
}

static void what_is_not_known_is_a_dash(void **state)
{
	static const struct animal nobody = {"", 0, ""};

	assert_string_equal(printed(NULL, &nobody, 1, 0), "NAME  LEGS\n-        0\n");
}

/* A terminal cuts what may be cut, a file gets all. */
static void a_narrow_terminal_cuts(void **state)
{
	const char *text = printed(NULL, zoo, ARRAY_SIZE(zoo), 12);

	assert_string_equal(text, "NAME    LEGS\r\n"
				  "cow        4\r\n"
				  "millip  1306\r\n");
	assert_string_equal(printed(NULL, zoo, ARRAY_SIZE(zoo), 80), "NAME       LEGS\r\n"
								     "cow           4\r\n"
								     "millipede  1306\r\n");
}

static void width_of_a_table(void **state)
{
	_cleanup_table_ struct table *table = table_new(&kind, NULL);

	table_add(table, &zoo[1]);
	assert_int_equal(table_width(table), strlen("millipede  1306"));
	assert_int_equal(table_width(NULL), 0);
	assert_int_equal(table_print(NULL), -ENOMEM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_as_wide_as_what_is_in_them),
		cmocka_unit_test(chosen_columns_in_their_order),
		cmocka_unit_test(columns_that_are_not_there_are_refused),
		cmocka_unit_test(raw_has_one_blank_between_cells),
		cmocka_unit_test(headings_may_be_left_out),
		cmocka_unit_test(whoever_wants_something_gets_the_table_alone),
		cmocka_unit_test(foreign_text_forges_nothing),
		cmocka_unit_test(wide_characters_and_accents_are_measured),
		cmocka_unit_test(what_is_not_known_is_a_dash),
		cmocka_unit_test(a_narrow_terminal_cuts),
		cmocka_unit_test(width_of_a_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
