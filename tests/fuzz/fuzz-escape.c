/* SPDX-License-Identifier: GPL-2.0 */
/* Fuzz target: foreign text made safe for terminals and JSON (base/escape.h). */
#include <assert.h>
#include <ctype.h>
#include <iconv.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/escape.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* By another decoder than ours: valid UTF-8, and nothing in it that a terminal acts on. */
static void check_safe(const char *text)
{
	size_t len = strlen(text), room = (len + 1) * sizeof(wchar_t), left = len;
	wchar_t *wide = malloc(room), *at = wide;
	iconv_t convert = iconv_open("WCHAR_T", "UTF-8");
	char *in = (char *)text, *out = (char *)wide;

	assert(wide && convert != (iconv_t)-1);
	assert(iconv(convert, &in, &left, &out, &room) == 0 && !left);
	for (; at < (wchar_t *)out; at++) {
		assert(*at >= 0x20 && !(*at >= 0x7f && *at < 0xa0));
		assert(!(*at >= 0x200b && *at <= 0x200f) && !(*at >= 0x2028 && *at <= 0x202e));
		assert(!(*at >= 0x2066 && *at <= 0x2069) && *at != 0xfeff);
	}
	iconv_close(convert);
	free(wide);
}

/* The escape tells every byte. */
static void check_back(const char *escaped, const char *text)
{
	while (*escaped) {
		unsigned int byte = (unsigned char)*escaped;

		if (byte != '\\') {
			escaped++;
		} else if (escaped[1] == '\\') {
			escaped += 2;
		} else {
			assert(escaped[1] == 'x' && sscanf(escaped + 2, "%2x", &byte) == 1);
			escaped += 4;
		}
		assert((unsigned char)*text == byte);
		text++;
	}
	assert(!*text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size), *whole, *part;
	size_t len, room;

	assert(text);
	len = strlen(text);
	room = ESCAPE_SIZE(len);
	whole = malloc(room);
	part = malloc(room);
	assert(whole && part);
	escape(whole, room, text);
	check_safe(whole);
	check_back(whole, text);
	assert(!strcmp(escape_again(part, room, whole), whole));
	escape_again(part, room, text);
	check_safe(part);
	for (size_t cut = 1; cut <= 20 && cut <= room; cut++) {
		escape(part, cut, text);
		check_safe(part);
		assert(strlen(part) < cut && !strncmp(part, whole, strlen(part)));
	}
	free(text);
	free(whole);
	free(part);
	return 0;
}
