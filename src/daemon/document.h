/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the daemon tells people: one JSON document, the same for the status sockets, for
 * `--stats --json` and for `status --json`.  cxl-tiersched(8) lists its fields.  report/report.h
 * prints it for a terminal.
 */
#ifndef TS_DOCUMENT_H
#define TS_DOCUMENT_H

#include <json-c/json.h>

#include "daemon/daemon.h"

/*
 * Make the document for READER, who sees only his own processes (NULL: all).  Strings in it are
 * escaped (report/report.h).  The caller puts it (json_object_put).
 */
json_object *document_build(const struct daemon *d, const uid_t *reader, uint64_t now_ns);

#endif
