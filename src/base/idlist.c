/* SPDX-License-Identifier: GPL-2.0 */
/* Sets of CPU or node numbers, as sorted arrays.  They are small, and are read far more often than
 * changed. */
#include "base/idlist.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

/* The index of ID, or the index that it would have. */
static size_t find_place(const struct idlist *list, unsigned int id)
{
	size_t low = 0, high = list->nr;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (list->ids[mid] < id)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

bool idlist_has(const struct idlist *list, unsigned int id)
{
	size_t at = find_place(list, id);

	return at < list->nr && list->ids[at] == id;
}

int idlist_add(struct idlist *list, unsigned int id)
{
	size_t at = find_place(list, id);
	unsigned int *ids;

	if (at < list->nr && list->ids[at] == id)
		return 0;
	/* the capacity is a power of two: grow when the size has reached one */
	if ((list->nr & (list->nr - 1)) == 0) {
		ids = realloc(list->ids, MAX(list->nr * 2, (size_t)1) * sizeof(*ids));
		if (!ids)
			return -ENOMEM;
		list->ids = ids;
	}
	memmove(list->ids + at + 1, list->ids + at, (list->nr - at) * sizeof(*list->ids));
	list->ids[at] = id;
	list->nr++;
	return 0;
}

static int parse_number(unsigned int *out, const char **text)
{
	unsigned int value = 0;

	if (!isdigit((unsigned char)**text))
		return -EINVAL;
	for (; isdigit((unsigned char)**text); (*text)++) {
		value = value * 10 + (unsigned int)(**text - '0');
		if (value > IDLIST_MAX_ID)
			return -ERANGE;
	}
	*out = value;
	return 0;
}

int idlist_parse(struct idlist *out, const char *text)
{
	_cleanup_idlist_ struct idlist list = IDLIST_INIT;
	unsigned int first, last;
	int r;

	while (isspace((unsigned char)*text))
		text++;
	while (*text && !isspace((unsigned char)*text)) {
		r = parse_number(&first, &text);
		if (r < 0)
			return r;
		last = first;
		if (*text == '-') {
			text++;
			r = parse_number(&last, &text);
			if (r < 0)
				return r;
			if (last < first)
				return -EINVAL;
		}
		for (unsigned int id = first; id <= last; id++) {
			r = idlist_add(&list, id);
			if (r < 0)
				return r;
		}
		if (*text != ',')
			break;
		text++;
		if (!isdigit((unsigned char)*text))
			return -EINVAL;
	}
	while (isspace((unsigned char)*text))
		text++;
	if (*text)
		return -EINVAL;
	*out = list;
	list = (struct idlist)IDLIST_INIT;
	return 0;
}

bool idlist_equal(const struct idlist *a, const struct idlist *b)
{
	return a->nr == b->nr && (!a->nr || !memcmp(a->ids, b->ids, a->nr * sizeof(*a->ids)));
}

int idlist_copy(struct idlist *out, const struct idlist *from)
{
	_cleanup_idlist_ struct idlist list = IDLIST_INIT;

	for (size_t i = 0; i < from->nr; i++) {
		int r = idlist_add(&list, from->ids[i]);

		if (r < 0)
			return r;
	}
	*out = list;
	list = (struct idlist)IDLIST_INIT;
	return 0;
}

char *idlist_format(char *buf, size_t size, const struct idlist *list)
{
	size_t used = 0;

	if (!size)
		return buf;
	buf[0] = '\0';
	for (size_t i = 0, end; i < list->nr; i = end) {
		char one[32];
		size_t len;

		for (end = i + 1; end < list->nr && list->ids[end] == list->ids[end - 1] + 1; end++)
			;
		if (end - i > 1)
			snprintf(one, sizeof(one), "%s%u-%u", i ? "," : "", list->ids[i],
				 list->ids[end - 1]);
		else
			snprintf(one, sizeof(one), "%s%u", i ? "," : "", list->ids[i]);
		len = strlen(one);
		if (used + len + 4 > size && end < list->nr) {
			snprintf(buf + used, size - used, "...");
			break;
		}
		if (used + len + 1 > size) {
			snprintf(buf + used, size - used, "...");
			break;
		}
		memcpy(buf + used, one, len + 1);
		used += len;
	}
	return buf;
}

void idlist_deinit(struct idlist *list)
{
	free(list->ids);
	*list = (struct idlist)IDLIST_INIT;
}
