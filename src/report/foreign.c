/* SPDX-License-Identifier: GPL-2.0 */
/* Foreign text in JSON. */
#include "report/report.h"

#include <errno.h>
#include <string.h>

#include "base/escape.h"
#include "base/util.h"

json_object *foreign_string(const char *text)
{
	size_t size = ESCAPE_SIZE(strlen(text));
	_cleanup_free_ char *escaped = malloc(size);

	return escaped ? json_object_new_string(escape(escaped, size, text)) : NULL;
}

static int make_string_safe(json_object *o)
{
	const char *text = json_object_get_string(o);
	size_t size = ESCAPE_SIZE(strlen(text));
	_cleanup_free_ char *escaped = malloc(size);

	if (!escaped || !json_object_set_string(o, escape_again(escaped, size, text)))
		return -ENOMEM;
	return 0;
}

static bool is_safe_key(const char *key)
{
	char escaped[256];

	return !strcmp(escape_again(escaped, sizeof(escaped), key), key);
}

int foreign_make_safe(json_object *document)
{
	int r = 0;

	if (json_object_is_type(document, json_type_string))
		return make_string_safe(document);
	if (json_object_is_type(document, json_type_array))
		for (size_t i = 0; !r && i < json_object_array_length(document); i++)
			r = foreign_make_safe(json_object_array_get_idx(document, i));
	if (json_object_is_type(document, json_type_object)) {
		json_object_object_foreach(document, key, value) {
			r = is_safe_key(key) ? foreign_make_safe(value) : -EBADMSG;
			if (r < 0)
				break;
		}
	}
	return r;
}
