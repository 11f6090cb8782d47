/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tables by libsmartcols.
 *
 * The library has an escape of its own, which would escape ours again.  So it is off, except in
 * raw output, where it makes one word of each cell.
 *
 * The library measures text by the locale, and our text is always UTF-8.  Where there is no UTF-8
 * locale, the library's escape stays on: version 2.41 loops for ever on text that is not valid in
 * the locale.
 */
#include "report/report.h"

#include <errno.h>
#include <libsmartcols.h>
#include <locale.h>
#include <string.h>

#include "base/array.h"
#include "base/escape.h"
#include "base/log.h"

struct table {
	struct libscols_table *table;
	locale_t utf8;			     /* 0: there is none here */
	const struct table_column **columns; /* the chosen ones, in their order */
	size_t nr_columns;
	bool failed; /* out of memory: a row is not all there */
};

static const struct table_options standard;

bool table_is_alone(const struct table_options *o)
{
	return o && (o->output || o->output_all || o->noheadings || o->raw);
}

static const struct table_column *find(const struct table_kind *kind, const char *name, size_t len)
{
	for (size_t i = 0; i < kind->nr_columns; i++) {
		const struct table_column *c = &kind->columns[i];

		if (strlen(c->name) == len && !strncasecmp(c->name, name, len))
			return c;
	}
	return NULL;
}

static void complain(const struct table_kind *kind, const char *name, size_t len)
{
	char names[512] = "";
	size_t used = 0;

	for (size_t i = 0; i < kind->nr_columns && used < sizeof(names); i++)
		used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s", i ? ", " : "",
					 kind->columns[i].name);
	log_error("output: '%.*s' is not a column; the columns are %s", (int)len, name, names);
}

static int choose_one(struct table *t, const struct table_column *c)
{
	const struct table_column **place = ARRAY_PLACE(t->columns, t->nr_columns);

	if (!place)
		return -ENOMEM;
	*place = c;
	t->nr_columns++;
	return 0;
}

static int choose(struct table *t, const struct table_kind *kind, const struct table_options *o)
{
	const char *at = o->output;
	int r = 0;

	for (size_t i = 0; !r && (!at || *at == '+') && i < kind->nr_columns; i++)
		if (o->output_all || !(kind->columns[i].flags & TABLE_EXTRA))
			r = choose_one(t, &kind->columns[i]);
	if (at && *at == '+')
		at++;
	while (!r && at) {
		size_t len = strcspn(at, ",");
		const struct table_column *c = find(kind, at, len);

		if (!c) {
			complain(kind, at, len);
			return -EINVAL;
		}
		r = choose_one(t, c);
		at = at[len] ? at + len + 1 : NULL;
	}
	return r;
}

int table_check(const struct table_kind *kind, const struct table_options *o)
{
	struct table t = {0};
	int r = choose(&t, kind, o);

	free(t.columns);
	return r;
}

static int set_up(struct table *t, const struct table_options *o)
{
	t->table = scols_new_table();
	if (!t->table)
		return -ENOMEM;
	t->utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	scols_table_enable_noencoding(t->table, t->utf8 != (locale_t)0);
	scols_table_enable_noheadings(t->table, o->noheadings);
	scols_table_enable_raw(t->table, o->raw);
	/* some cells have blanks in them, so one blank between cells is not enough */
	if (!o->raw && scols_table_set_column_separator(t->table, "  "))
		return -ENOMEM;
	for (size_t i = 0; i < t->nr_columns; i++) {
		unsigned int flags = t->columns[i]->flags;

		if (!scols_table_new_column(t->table, t->columns[i]->name, 0,
					    (flags & TABLE_RIGHT ? SCOLS_FL_RIGHT : 0) |
						    (flags & TABLE_CUT ? SCOLS_FL_TRUNC : 0)))
			return -ENOMEM;
	}
	return 0;
}

struct table *table_new(const struct table_kind *kind, const struct table_options *o)
{
	_cleanup_table_ struct table *t = calloc(1, sizeof(*t));

	if (!o)
		o = &standard;
	return t && !choose(t, kind, o) && !set_up(t, o) ? TAKE(&t) : NULL;
}

/* The cell's text as it is shown.  The caller frees it.  NULL without memory. */
static char *cell_text(const struct table_column *c, const void *row)
{
	_cleanup_free_ char *text = NULL;
	char *shown;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	bool failed;

	if (!out)
		return NULL;
	c->print(out, row, c->arg);
	failed = ferror(out);
	if (fclose(out) || failed)
		return NULL;
	if (!*text)
		return strdup("-");
	size = ESCAPE_SIZE(strlen(text));
	shown = malloc(size);
	if (!shown)
		return NULL;
	return c->flags & TABLE_ESCAPED ? escape_again(shown, size, text)
					: escape(shown, size, text);
}

void table_add(struct table *t, const void *row)
{
	struct libscols_line *line = t ? scols_table_new_line(t->table, NULL) : NULL;

	if (t && !line)
		t->failed = true;
	for (size_t i = 0; line && i < t->nr_columns; i++) {
		char *text = cell_text(t->columns[i], row);

		if (!text || scols_line_refer_data(line, i, text)) {
			free(text);
			t->failed = true;
		}
	}
}

/* Call the library in the locale of our text. */
static int with_utf8(const struct table *t, int (*work)(struct libscols_table *table, char **out),
		     char **out)
{
	locale_t before = t->utf8 ? uselocale(t->utf8) : (locale_t)0;
	int r = work(t->table, out);

	if (t->utf8)
		uselocale(before);
	return r;
}

static int print_to_stdout(struct libscols_table *table, char **out)
{
	return scols_print_table(table);
}

size_t table_width(struct table *t)
{
	_cleanup_free_ char *text = NULL;

	if (!t || with_utf8(t, scols_print_table_to_string, &text) || !text)
		return 0;
	return strcspn(text, "\n");
}

int table_print(struct table *t)
{
	int r = !t || t->failed ? -ENOMEM : 0;

	if (!r && !scols_table_is_empty(t->table))
		r = with_utf8(t, print_to_stdout, NULL);
	if (r < 0)
		log_error("cannot print the table: %s", strerror(-r));
	return r;
}

void table_free(struct table *t)
{
	if (!t)
		return;
	scols_unref_table(t->table);
	if (t->utf8)
		freelocale(t->utf8);
	free(t->columns);
	free(t);
}
