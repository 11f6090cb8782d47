/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the daemon tells people: one JSON document, the same for the status
 * sockets, --stats --json and `status --json`.  Its fields are listed in
 * cxl-tiersched(8); report/report.h prints it for a terminal.
 */
#ifndef TS_DOCUMENT_H
#define TS_DOCUMENT_H

#include <json-c/json.h>

#include "daemon/daemon.h"

/*
 * For READER, who sees of processes his own alone; NULL: all are in it.  Strings
 * in it are escaped (report.h).  The caller puts it (json_object_put).
 */
json_object *document_build(const struct daemon *d, const uid_t *reader, uint64_t now_ns);

#endif
