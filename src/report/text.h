/* SPDX-License-Identifier: GPL-2.0 */
/* The daemon's JSON document as text for a terminal. */
#ifndef TS_TEXT_H
#define TS_TEXT_H

#include <json-c/json.h>

/*
 * To standard output: REPORT, a document that document_build() made or server_ask() got.
 * Missing fields print as "-".
 */
void text_print(json_object *report);

#endif
