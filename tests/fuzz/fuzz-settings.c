/* SPDX-License-Identifier: GPL-2.0 */
/* Fuzz target: the configuration file (src/cli/settings.h). */
#include <assert.h>
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_trimmed(const char *text)
{
	size_t len = strlen(text);

	assert(!len ||
	       (!isspace((unsigned char)text[0]) && !isspace((unsigned char)text[len - 1])));
	assert(!strchr(text, '\n'));
}

static int take(void *user, const char *where, const char *key, const char *value)
{
	size_t *left = user;

	assert(!strncmp(where, "corpus:", 7));
	check_trimmed(key);
	check_trimmed(value);
	assert(!strchr(key, '=') && key[0] != '#' && key[0] != '[');
	assert(strlen(key) + strlen(value) < *left);
	*left -= strlen(key) + strlen(value);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	size_t left = size + 1;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	(void)settings_parse("corpus", text, size, take, &left);
	free(text);
	return 0;
}
