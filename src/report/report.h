/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What people are shown: strings of others, made safe; tables; the status document as text.
 */
#ifndef TS_REPORT_H
#define TS_REPORT_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#include "base/util.h"

/*
 * Foreign text in JSON (base/escape.h has the escape).  Every string of every document for people
 * is made here.
 */

/* A JSON string of the escape of TEXT.  The caller puts it; NULL without memory. */
json_object *foreign_string(const char *text);

/*
 * Make the strings of a document safe.  Another program wrote it and should have done this.  0;
 * -EBADMSG when a key is not safe, as no document of ours has such a key; -ENOMEM.
 */
int foreign_make_safe(json_object *document);

/*
 * Tables, printed by libsmartcols as lscpu and lsblk print theirs.
 *
 * A table is an array of columns and the caller's rows.  A column prints its cell of each row.
 * The text of cells is escaped here (base/escape.h), so no foreign text reaches a terminal as it
 * is.  A cell where nothing was printed shows "-": not known.
 */

enum {
	TABLE_RIGHT = 1,   /* aligned to the right: figures */
	TABLE_EXTRA = 2,   /* left out unless --output names it */
	TABLE_ESCAPED = 4, /* what is printed is escaped already */
	TABLE_CUT = 8,	   /* cut where the terminal is too narrow for the table */
};

struct table_column {
	const char *name;
	unsigned int flags;
	/* Print the cell of ROW. */
	void (*print)(FILE *out, const void *row, const void *arg);
	const void *arg;   /* of print() */
	const char *words; /* in the help */
};

/* What stands in all tables of a kind. */
struct table_kind {
	const struct table_column *columns;
	size_t nr_columns;
};

/* What the user wants of a table.  All 0 is the default. */
struct table_options {
	/* names of columns: "A,B" for these, "+A,B" for these too; NULL: the default; owned */
	char *output;
	bool output_all; /* all columns are there by default */
	bool noheadings;
	bool raw; /* one blank between cells; blanks in them are escaped */
};

/* Is the table wanted alone, without the words around it?  NULL: no options. */
bool table_is_alone(const struct table_options *o);

/* Do the columns that O names exist?  0, or -EINVAL after logging which does not. */
int table_check(const struct table_kind *kind, const struct table_options *o);

struct table;

/*
 * Make a table without rows.  O may be NULL.  Returns NULL without memory: the functions below
 * take that, and table_print() logs it.
 */
struct table *table_new(const struct table_kind *kind, const struct table_options *o);

/* Add a row.  The table keeps no pointer to it. */
void table_add(struct table *t, const void *row);

/* The width of its first line; 0 when it is not known. */
size_t table_width(struct table *t);

/* Print it to standard output; without rows, nothing.  0, or -errno after logging it. */
int table_print(struct table *t);

void table_free(struct table *t);

static inline void table_free_ptr(struct table **t)
{
	table_free(*t);
}
#define _cleanup_table_ _cleanup_(table_free_ptr)

/* The status document: a row of its table is a process. */
extern const struct table_kind text_table;

/*
 * Print REPORT to standard output.  document_build() made it, or server_ask() got it.  O says how
 * its table looks (NULL: the default).  Missing fields print as "-".
 *
 * 0, or -errno after logging it.
 */
int text_print(json_object *report, const struct table_options *o);

/* Of the processes of REPORT keep PID alone.  0, or -ESRCH: it is none of them. */
int text_keep(json_object *report, pid_t pid);

/* Print in sentences which pages of PID should lie elsewhere, and why others stay. */
void text_print_pages(json_object *report, pid_t pid);

#endif
