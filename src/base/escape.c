/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Foreign text made safe.
 *
 * Characters that show nothing are those of Unicode's Default_Ignorable_Code_Point and
 * Bidi_Control (DerivedCoreProperties.txt, PropList.txt).  A block that holds little else is
 * taken whole.  The locale does not matter: the daemon and the reader of its report may have
 * different ones.
 */
#include "base/escape.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"

struct range {
	uint32_t first, last;
};

/* Sorted.  Surrogates are not valid UTF-8, so they never come here. */
static const struct range unsafe[] = {
	{0x0000, 0x001f},   /* C0 */
	{0x007f, 0x009f},   /* DEL and C1 */
	{0x00ad, 0x00ad},   /* soft hyphen */
	{0x034f, 0x034f},   /* combining grapheme joiner */
	{0x061c, 0x061c},   /* Arabic letter mark */
	{0x115f, 0x1160},   /* Hangul fillers */
	{0x17b4, 0x17b5},   /* Khmer inherent vowels */
	{0x180b, 0x180f},   /* Mongolian variation selectors */
	{0x200b, 0x200f},   /* zero width space and joiners, direction marks */
	{0x2028, 0x202e},   /* line and paragraph separators, embeddings, overrides */
	{0x2060, 0x206f},   /* word joiner, isolates */
	{0x3164, 0x3164},   /* Hangul filler */
	{0xfdd0, 0xfdef},   /* no characters */
	{0xfe00, 0xfe0f},   /* variation selectors */
	{0xfeff, 0xfeff},   /* byte order mark */
	{0xffa0, 0xffa0},   /* halfwidth Hangul filler */
	{0xfff0, 0xfffb},   /* interlinear annotations */
	{0x1bca0, 0x1bca3}, /* shorthand format controls */
	{0x1d173, 0x1d17a}, /* musical format controls */
	{0xe0000, 0xe0fff}, /* tags */
};

static bool is_in(const struct range *ranges, size_t nr, uint32_t c)
{
	for (size_t i = 0; i < nr && ranges[i].first <= c; i++)
		if (c <= ranges[i].last)
			return true;
	return false;
}

/* How many bytes a character has, by its first byte.  0: no character begins with it. */
static size_t length(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first < 0xc2 || first > 0xf4)
		return 0;
	return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/* The number of bytes of the UTF-8 character at TEXT, which goes to *OUT.  0: it is not valid. */
static size_t decode(uint32_t *out, const char *text)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *at = (const unsigned char *)text;
	size_t nr = length(*at);
	uint32_t c = nr < 2 ? *at : *at & (0x7fu >> nr);

	for (size_t i = 1; i < nr; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (at[i] & 0x3f);
	}
	if (!nr || c < least[nr] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*out = c;
	return nr;
}

static bool is_safe(uint32_t c)
{
	return (c & 0xfffe) != 0xfffe && !is_in(unsafe, ARRAY_SIZE(unsafe), c);
}

/* Escape the character at *TEXT, and move *TEXT behind it.  Returns the length of the escape. */
static size_t escape_one(char out[ESCAPE_SIZE(4)], const char **text, bool again)
{
	uint32_t c = 0;
	size_t nr = decode(&c, *text);

	if (nr && is_safe(c) && (c != '\\' || again)) {
		memcpy(out, *text, nr);
		*text += nr;
		return nr;
	}
	if (c == '\\') {
		out[0] = out[1] = '\\';
		(*text)++;
		return 2;
	}
	nr = MAX(nr, (size_t)1);
	for (size_t i = 0; i < nr; i++)
		sprintf(out + 4 * i, "\\x%02x", (unsigned char)(*text)[i]);
	*text += nr;
	return 4 * nr;
}

static char *escape_all(char *buf, size_t size, const char *text, bool again)
{
	char one[ESCAPE_SIZE(4)];
	size_t used = 0;

	while (*text) {
		size_t len = escape_one(one, &text, again);

		if (used + len >= size)
			break;
		memcpy(buf + used, one, len);
		used += len;
	}
	buf[used] = '\0';
	return buf;
}

char *escape(char *buf, size_t size, const char *text)
{
	return escape_all(buf, size, text, false);
}

char *escape_again(char *buf, size_t size, const char *text)
{
	return escape_all(buf, size, text, true);
}
