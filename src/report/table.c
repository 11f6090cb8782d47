/* SPDX-License-Identifier: GPL-2.0 */
/* Columns as wide as what is in them. */
#include "report/table.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/escape.h"

void table_init(struct table *t, const char *align)
{
	*t = (struct table){.nr_columns = strlen(align), .align = align};
}

void table_add(struct table *t, const char *fmt, ...)
{
	char **cells = reallocarray(t->cells, t->nr_cells + 1, sizeof(*cells));
	char *text = NULL, *safe = NULL;
	va_list args;

	if (cells)
		t->cells = cells;
	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		text = NULL;
	va_end(args);
	if (text)
		safe = malloc(ESCAPE_SIZE(strlen(text)));
	if (cells && safe)
		cells[t->nr_cells++] = escape(safe, ESCAPE_SIZE(strlen(text)), text);
	else
		free(safe);
	t->failed |= !cells || !safe;
	free(text);
}

static size_t column_width(const struct table *t, size_t column)
{
	size_t width = 0;

	for (size_t i = column; i < t->nr_cells; i += t->nr_columns)
		width = MAX(width, strlen(t->cells[i]));
	return width;
}

static void print_cell(const struct table *t, size_t row, size_t column, size_t width, bool is_last)
{
	const char *text = t->cells[row * t->nr_columns + column];

	if (t->align[column] == 'r')
		printf("%*s", (int)width, text);
	else if (is_last)
		printf("%s", text);
	else
		printf("%-*s", (int)width, text);
}

/* The first column, and those from FROM up to, not including, TO. */
static void print_part(const struct table *t, const size_t *widths, size_t from, size_t to)
{
	for (size_t row = 0; (row + 1) * t->nr_columns <= t->nr_cells; row++) {
		print_cell(t, row, 0, widths[0], from >= to);
		for (size_t column = from; column < to; column++) {
			printf("  ");
			print_cell(t, row, column, widths[column], column + 1 == to);
		}
		putchar('\n');
	}
}

void table_print(const struct table *t, size_t width)
{
	_cleanup_free_ size_t *widths = calloc(t->nr_columns, sizeof(*widths));
	size_t from = 1, to = 1;

	if (!widths || t->failed)
		return;
	for (size_t i = 0; i < t->nr_columns; i++)
		widths[i] = column_width(t, i);
	do {
		size_t used = widths[0];

		for (;
		     to < t->nr_columns && (to == from || !width || used + 2 + widths[to] <= width);
		     to++)
			used += 2 + widths[to];
		if (from > 1)
			putchar('\n');
		print_part(t, widths, from, to);
		from = to;
	} while (to < t->nr_columns);
}

void table_deinit(struct table *t)
{
	for (size_t i = 0; i < t->nr_cells; i++)
		free(t->cells[i]);
	free(t->cells);
	*t = (struct table){0};
}
