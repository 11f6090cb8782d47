/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the daemon tells people: one JSON document, the same for the status
 * sockets, --stats --json and `status --json`, and its text form.  Its fields are
 * listed in cxl-tiersched(8).
 */
#ifndef TS_REPORT_H
#define TS_REPORT_H

#include <json-c/json.h>

#include "daemon/daemon.h"

/*
 * For READER, who sees of processes his own alone; NULL: all are in it.  Strings
 * in it are escaped (foreign.h).  The caller puts it (json_object_put).
 */
json_object *report_build(const struct daemon *d, const uid_t *reader, uint64_t now_ns);

/*
 * Print the document as text for a terminal: one that report_build() made or
 * server_ask() got.  Missing fields print as "-".
 */
void report_print(json_object *report);

#endif
