/* SPDX-License-Identifier: GPL-2.0 */
/* A field of a document, NULL where it is missing or null. */
#ifndef TS_REPORT_GET_H
#define TS_REPORT_GET_H

#include <json-c/json.h>

static inline json_object *get(json_object *o, const char *key)
{
	json_object *value = NULL;

	json_object_object_get_ex(o, key, &value);
	return value;
}

#endif
