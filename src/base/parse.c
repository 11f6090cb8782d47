/* SPDX-License-Identifier: GPL-2.0 */
/* Strict parsers for what people type. */
#include "base/parse.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/util.h"

/* Read one or more digits of BASE at *TEXT, and move *TEXT behind them. */
static int parse_digits(uint64_t *out, const char **text, unsigned int base)
{
	const char *at = *text;
	uint64_t value = 0;

	for (;; at++) {
		unsigned int digit;

		if (isdigit((unsigned char)*at))
			digit = (unsigned int)(*at - '0');
		else if (base == 16 && isxdigit((unsigned char)*at))
			digit = (unsigned int)(tolower((unsigned char)*at) - 'a') + 10;
		else
			break;
		if (__builtin_mul_overflow(value, base, &value) ||
		    __builtin_add_overflow(value, digit, &value))
			return -ERANGE;
	}
	if (at == *text)
		return -EINVAL;
	*text = at;
	*out = value;
	return 0;
}

int parse_u64(uint64_t *out, const char *text)
{
	unsigned int base = 10;
	uint64_t value;
	int r;

	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		base = 16;
		text += 2;
	}
	r = parse_digits(&value, &text, base);
	if (r < 0)
		return r;
	if (*text)
		return -EINVAL;
	*out = value;
	return 0;
}

int parse_duration_ns(uint64_t *out, const char *text)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {
		{"ns", 1},
		{"us", NSEC_PER_USEC},
		{"ms", NSEC_PER_MSEC},
		{"s", NSEC_PER_SEC},
		{"sec", NSEC_PER_SEC},
		{"m", 60 * NSEC_PER_SEC},
		{"min", 60 * NSEC_PER_SEC},
		{"h", 3600 * NSEC_PER_SEC},
	};
	uint64_t whole, fraction = 0, scale = 1, ns;
	int r;

	r = parse_digits(&whole, &text, 10);
	if (r < 0)
		return r;
	if (*text == '.') {
		const char *start = ++text;

		r = parse_digits(&fraction, &text, 10);
		if (r < 0)
			return r;
		if (text - start > 9)
			return -EINVAL;
		for (; start < text; start++)
			scale *= 10;
	}
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (strcmp(text, units[i].name))
			continue;
		if (__builtin_mul_overflow(whole, units[i].ns, &ns) ||
		    __builtin_add_overflow(
			    ns, (uint64_t)((__uint128_t)fraction * units[i].ns / scale), &ns))
			return -ERANGE;
		*out = ns;
		return 0;
	}
	return -EINVAL;
}

int parse_size_bytes(uint64_t *out, const char *text)
{
	static const char letters[] = "KMGT";
	unsigned int shift = 0;
	uint64_t value;
	int r;

	r = parse_digits(&value, &text, 10);
	if (r < 0)
		return r;
	if (*text) {
		const char *letter = strchr(letters, toupper((unsigned char)*text));

		if (!letter)
			return -EINVAL;
		shift = 10 * (unsigned int)(letter - letters + 1);
		text++;
		if (strcmp(text, "") && strcmp(text, "B") && strcmp(text, "iB"))
			return -EINVAL;
	}
	if (shift && value >> (64 - shift))
		return -ERANGE;
	*out = value << shift;
	return 0;
}
