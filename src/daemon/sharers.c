/* SPDX-License-Identifier: GPL-2.0 */
/* Who maps the same memory.  sharers.h has the theory. */
#include "daemon/sharers.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/util.h"

/* Where a range has the byte OFFSET of its memory.  It may lie before or behind the range. */
static uint64_t address_of(const struct plan_range *range, uint64_t offset)
{
	return range->start + offset - range->offset;
}

/* Add who maps the memory of RANGE at OFFSET, unless that is known already. */
static size_t add_sharer(struct mapper *out, size_t nr, size_t max, pid_t task,
			 const struct plan_range *range, uint64_t offset)
{
	const struct mapper one = {task, address_of(range, offset)};

	for (size_t i = 0; i < nr; i++)
		if (out[i].task == one.task && out[i].start == one.start)
			return nr;
	if (nr < max)
		out[nr++] = one;
	return nr;
}

static const struct plan_range *range_at(const struct plan_process *p, uint64_t address)
{
	for (size_t i = 0; i < p->nr_ranges; i++)
		if (address - p->ranges[i].start < p->ranges[i].bytes)
			return &p->ranges[i];
	return NULL;
}

size_t sharers_of(const struct sharers *s, struct mapper *out, size_t max, size_t at,
		  uint64_t start, uint64_t bytes)
{
	const struct plan_range *own = range_at(&s->processes[at], start);
	uint64_t offset;
	size_t nr = 0;

	if (!own || !own->memory)
		return 0;
	offset = own->offset + (start - own->start);
	for (size_t i = 0; i < s->nr && nr < max; i++) {
		const struct plan_process *p = &s->processes[i];

		for (size_t r = 0; r < p->nr_ranges; r++) {
			const struct plan_range *range = &p->ranges[r];

			if (range->memory != own->memory || range->offset >= offset + bytes ||
			    range->offset + range->bytes <= offset)
				continue;
			if (i != at || address_of(range, offset) != start)
				nr = add_sharer(out, nr, max, s->tasks[i], range, offset);
		}
	}
	return nr;
}

bool sharers_may_share(const struct sharers *s, size_t at)
{
	for (size_t r = 0; r < s->processes[at].nr_ranges; r++)
		if (s->processes[at].ranges[r].memory && s->processes[at].ranges[r].hz > 0)
			return true;
	return false;
}

static uint64_t nr_pages_asked(const struct plan_range *range)
{
	uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);

	return MIN(range->bytes / page_bytes, (uint64_t)SHARERS_PAGES);
}

/* Is any of some pages of the range one that the NR mappers alone map? */
static bool is_known(const struct sharers *s, const struct plan_range *range,
		     const struct mapper *mappers, uint32_t nr)
{
	uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE), nr_pages = range->bytes / page_bytes;
	uint64_t nr_asked = nr_pages_asked(range);
	sharers_know_fn *know = s->know ? s->know : mappers_know;

	for (uint64_t i = 0; i < nr_asked; i++) {
		uint64_t skip = nr_pages * i / nr_asked * page_bytes;
		struct mapper there[1 + MIGRATE_MAX_SHARERS];
		bool known;

		for (uint32_t j = 0; j < nr; j++)
			there[j] = (struct mapper){mappers[j].task, mappers[j].start + skip};
		know(&known, 1, there, nr);
		if (known)
			return true;
	}
	return false;
}

static int hottest_first(const void *a, const void *b)
{
	const struct sharers_item *x = a, *y = b;

	return (x->heat < y->heat) - (x->heat > y->heat);
}

/* All ranges that may be shared, the hottest first.  Returns how many. */
static size_t list(const struct sharers *s)
{
	size_t nr = 0;

	for (size_t i = 0; i < s->nr; i++)
		for (size_t r = 0; r < s->processes[i].nr_ranges; r++) {
			struct plan_range *range = &s->ranges[i * s->stride + r];

			range->foreign = false;
			if (range->memory)
				s->items[nr++] = (struct sharers_item){
					i, range, range->hz * (double)range->bytes};
		}
	qsort(s->items, nr, sizeof(*s->items), hottest_first);
	return nr;
}

/* A range among the first NR items that has all of this one's memory.  NULL: there is none. */
static const struct plan_range *find_same(const struct sharers *s, size_t nr,
					  const struct plan_range *range)
{
	for (size_t i = 0; i < nr; i++) {
		const struct plan_range *other = s->items[i].range;

		if (other->memory == range->memory && other->offset <= range->offset &&
		    other->offset + other->bytes >= range->offset + range->bytes)
			return other;
	}
	return NULL;
}

/* What may still be looked at. */
struct budget {
	uint64_t looks;
	bool is_spent;
};

/* May others map it? */
static bool is_foreign(const struct sharers *s, const struct sharers_item *item,
		       struct budget *budget)
{
	struct mapper mappers[2 + MIGRATE_MAX_SHARERS];
	const struct plan_range *range = item->range;
	uint64_t cost;
	size_t nr;

	if (budget->is_spent)
		return true;
	nr = 1 + sharers_of(s, mappers + 1, MIGRATE_MAX_SHARERS + 1, item->process, range->start,
			    range->bytes);
	if (nr > 1 + MIGRATE_MAX_SHARERS)
		return true;
	cost = nr * nr_pages_asked(range);
	budget->is_spent = cost > budget->looks;
	if (budget->is_spent)
		return true;
	budget->looks -= cost;
	mappers[0] = (struct mapper){s->tasks[item->process], range->start};
	return !is_known(s, range, mappers, (uint32_t)nr);
}

void sharers_find_foreign(struct sharers *s)
{
	struct budget budget = {.looks = SHARERS_MAX_LOOKS};
	size_t nr = list(s), nr_asked = 0;

	/* those that were asked move to the front, where they are looked for */
	for (size_t i = 0; i < nr; i++) {
		struct sharers_item item = s->items[i];
		const struct plan_range *same = find_same(s, nr_asked, item.range);

		if (same) {
			item.range->foreign = same->foreign;
			continue;
		}
		item.range->foreign = is_foreign(s, &item, &budget);
		if (!budget.is_spent)
			s->items[nr_asked++] = item;
	}
}
