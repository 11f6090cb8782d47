/* SPDX-License-Identifier: GPL-2.0 */
/* Columns as wide as what is in them. */
#ifndef TS_TABLE_H
#define TS_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/util.h"

struct table {
	size_t nr_columns;
	const char *align; /* a letter a column: 'l' left, 'r' right; the caller's */
	char **cells;	   /* [row * nr_columns + column], owned */
	size_t nr_cells;
	bool failed; /* out of memory: nothing is printed */
};

/* ALIGN has a letter for each column. */
void table_init(struct table *t, const char *align);

/* The next cell, row by row. */
void table_add(struct table *t, const char *fmt, ...) _printf_(2, 3);

/*
 * Print to stdout, two spaces between columns.  A table wider than WIDTH (0 for
 * any) is cut into several below each other, each with the first column.
 */
void table_print(const struct table *t, size_t width);

void table_deinit(struct table *t);
#define _cleanup_table_ _cleanup_(table_deinit)

#endif
