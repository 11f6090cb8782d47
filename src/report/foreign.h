/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Foreign text in JSON (base/escape.h has the escape).  Every string of every
 * document for people is made here.
 */
#ifndef TS_FOREIGN_H
#define TS_FOREIGN_H

#include <json-c/json.h>

/* A JSON string of the escape of TEXT.  The caller puts it; NULL without memory. */
json_object *foreign_string(const char *text);

/*
 * Make the strings of a document safe that another program wrote, which ought to
 * have done that.  0; -EBADMSG when a key is not safe: then it is none of ours;
 * -ENOMEM.
 */
int foreign_make_safe(json_object *document);

#endif
