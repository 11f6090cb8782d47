/* SPDX-License-Identifier: GPL-2.0 */
/* The daemon's JSON document as text for a terminal. */
#ifndef TS_TEXT_H
#define TS_TEXT_H

#include <json-c/json.h>

#include "report/table.h"

/* A row is a process. */
extern const struct table_kind text_table;

/*
 * To standard output: REPORT, a document that document_build() made or server_ask() got, with its
 * table as O says (NULL: as by default).  Missing fields print as "-".
 *
 * 0, or -errno after saying so.
 */
int text_print(json_object *report, const struct table_options *o);

#endif
