/* SPDX-License-Identifier: GPL-2.0 */
/* Parsers for what the kernel writes into a node's directory. */
#include "numa/text.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

static const char *skip_blanks(const char *text)
{
	while (isspace((unsigned char)*text))
		text++;
	return text;
}

/* Take decimal digits up to the first other character.  The number is LIMIT at most. */
static int take_number(uint64_t *out, const char **text, uint64_t limit)
{
	uint64_t value = 0;

	if (!isdigit((unsigned char)**text))
		return -EINVAL;
	for (; isdigit((unsigned char)**text); (*text)++) {
		unsigned int digit = (unsigned int)(**text - '0');

		if (value > (limit - digit) / 10)
			return -ERANGE;
		value = value * 10 + digit;
	}
	*out = value;
	return 0;
}

static int add_bits(struct idlist *list, unsigned int first, uint32_t word)
{
	for (unsigned int bit = 0; bit < 32; bit++) {
		int r = 0;

		if (!(word >> bit & 1))
			continue;
		if (first + bit > IDLIST_MAX_ID)
			return -ERANGE;
		r = idlist_add(list, first + bit);
		if (r < 0)
			return r;
	}
	return 0;
}

/* It reads from the last word to the first, so that numbers ascend. */
int text_parse_mask(struct idlist *out, const char *text)
{
	_cleanup_idlist_ struct idlist list = IDLIST_INIT;
	const char *start = skip_blanks(text), *end = start + strlen(start);
	unsigned int first = 0;

	while (end > start && isspace((unsigned char)end[-1]))
		end--;
	for (;; end--, first += 32) {
		uint32_t word = 0;
		int shift = 0, r;

		for (; end > start && isxdigit((unsigned char)end[-1]); end--, shift += 4) {
			int c = tolower((unsigned char)end[-1]);

			if (shift == 32)
				return -EINVAL;
			word |= (uint32_t)(isdigit(c) ? c - '0' : c - 'a' + 10) << shift;
		}
		if (!shift || (end > start && end[-1] != ','))
			return -EINVAL;
		if (word && first > IDLIST_MAX_ID)
			return -ERANGE;
		r = add_bits(&list, first, word);
		if (r < 0)
			return r;
		if (end == start)
			break;
	}
	*out = list;
	list = (struct idlist)IDLIST_INIT;
	return 0;
}

int text_parse_distances(uint32_t *out, size_t max, const char *text)
{
	uint64_t value;
	int nr = 0;

	for (text = skip_blanks(text); *text; text = skip_blanks(text)) {
		if (nr == INT_MAX || take_number(&value, &text, UINT32_MAX) < 0)
			return -EINVAL;
		if (*text && !isspace((unsigned char)*text))
			return -EINVAL;
		if ((size_t)nr < max)
			out[nr] = (uint32_t)value;
		nr++;
	}
	return nr;
}

int text_parse_mem_total(uint64_t *out_bytes, const char *text)
{
	static const char key[] = "MemTotal:";
	uint64_t kib;
	int r;

	text = strstr(text, key);
	if (!text)
		return -EINVAL;
	text = skip_blanks(text + sizeof(key) - 1);
	r = take_number(&kib, &text, UINT64_MAX / 1024);
	if (r < 0)
		return r;
	text = skip_blanks(text);
	if (strncmp(text, "kB", 2) || (text[2] && !isspace((unsigned char)text[2])))
		return -EINVAL;
	*out_bytes = kib * 1024;
	return 0;
}
