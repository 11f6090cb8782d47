/* SPDX-License-Identifier: GPL-2.0 */
/* Rules out of the records of bpf/vmas.h. */
#include "tier/rules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"

/* The kernel's modes of policies, enum mempolicy_mode.  Not all C libraries have them all. */
enum {
	MODE_DEFAULT,
	MODE_PREFERRED,
	MODE_BIND,
	MODE_INTERLEAVE,
	MODE_LOCAL,
	MODE_PREFERRED_MANY,
	MODE_WEIGHTED_INTERLEAVE,
};

static const struct rules_policy unseen = {OBEY_UNSEEN, NULL};

int rules_init(struct rules *r, const unsigned int *node_ids, size_t nr_nodes)
{
	size_t room = MAX(nr_nodes, (size_t)1);

	*r = (struct rules){
		.nr_nodes = nr_nodes, .nr_words = 1, .page_bytes = (uint64_t)sysconf(_SC_PAGESIZE)};
	for (size_t i = 0; i < nr_nodes; i++) {
		if (node_ids[i] >= OBEY_MAX_NODE_ID)
			return -ERANGE;
		r->nr_words = MAX(r->nr_words, (size_t)node_ids[i] / 64 + 1);
	}
	r->node_ids = calloc(room, sizeof(*r->node_ids));
	r->may_lie = calloc(room, sizeof(*r->may_lie));
	r->set_nodes = calloc(room, RULES_MAX_SETS * sizeof(*r->set_nodes));
	if (!r->node_ids || !r->may_lie || !r->set_nodes) {
		rules_deinit(r);
		return -ENOMEM;
	}
	for (size_t i = 0; i < nr_nodes; i++)
		r->node_ids[i] = node_ids[i];
	for (size_t s = 0; s < RULES_MAX_SETS; s++)
		r->sets[s].nodes = r->set_nodes + s * nr_nodes;
	return 0;
}

void rules_deinit(struct rules *r)
{
	free(r->node_ids);
	free(r->may_lie);
	free(r->set_nodes);
	free(r->ranges);
	*r = (struct rules){0};
}

size_t rules_nr_words(const struct rules *r)
{
	return r->nr_words;
}

void rules_begin(struct rules *r)
{
	memset(r->may_lie, 0, r->nr_nodes * sizeof(*r->may_lie));
	r->nr = r->nr_sets = r->nr_mappings = 0;
	r->task = (struct rules_policy){OBEY_FREE, r->may_lie};
}

static bool has_node(const struct ts_vma *record, unsigned int id)
{
	return id / 64 < record->nr_words && record->nodes[id / 64] >> id % 64 & 1;
}

static bool names_none(const struct ts_vma *record)
{
	for (size_t i = 0; i < record->nr_words; i++)
		if (record->nodes[i])
			return false;
	return true;
}

/* Find the set that the policy names, or make it. */
static struct rules_policy bound(struct rules *r, const struct ts_vma *record)
{
	size_t bytes = sizeof(*record->nodes) * record->nr_words;
	struct rules_set *set;

	/* all records have the same number of words */
	for (size_t s = 0; s < r->nr_sets; s++)
		if (!memcmp(r->sets[s].named, record->nodes, bytes))
			return (struct rules_policy){OBEY_BOUND, r->sets[s].nodes};
	if (r->nr_sets == RULES_MAX_SETS)
		return unseen;
	set = &r->sets[r->nr_sets++];
	memcpy(set->named, record->nodes, bytes);
	for (size_t i = 0; i < r->nr_nodes; i++)
		set->nodes[i] = r->may_lie[i] && has_node(record, r->node_ids[i]);
	return (struct rules_policy){OBEY_BOUND, set->nodes};
}

/* Whatever the policy's flags are, its mode and nodes say where pages belong. */
static struct rules_policy by_policy(struct rules *r, const struct ts_vma *record)
{
	if (record->flags & TS_VMA_UNSEEN)
		return unseen;
	switch (record->mode) {
	case MODE_DEFAULT:
	case MODE_LOCAL:
		return (struct rules_policy){OBEY_FREE, r->may_lie};
	case MODE_PREFERRED:
	case MODE_PREFERRED_MANY:
		if (names_none(record))
			return (struct rules_policy){OBEY_FREE, r->may_lie};
		return bound(r, record);
	case MODE_BIND:
		return bound(r, record);
	case MODE_INTERLEAVE:
	case MODE_WEIGHTED_INTERLEAVE:
		return (struct rules_policy){OBEY_SPREAD, NULL};
	default:
		return unseen;
	}
}

static struct obey_range by_mapping(struct rules *r, const struct ts_vma *vma)
{
	struct obey_range range = {
		.start = vma->start,
		.end = vma->end,
		.why = OBEY_FREE,
		.shared = vma->flags & TS_VMA_SHARED,
		.memory = vma->file,
		.offset = vma->file ? vma->first_page * r->page_bytes : 0,
	};
	struct rules_policy policy;

	if (vma->flags & TS_VMA_SPECIAL) {
		range.why = OBEY_SPECIAL;
	} else if (vma->flags & TS_VMA_HUGETLB) {
		range.why = OBEY_HUGETLB;
	} else if (vma->flags & TS_VMA_LOCKED) {
		range.why = OBEY_LOCKED;
	} else {
		policy = vma->flags & (TS_VMA_POLICY | TS_VMA_UNSEEN) ? by_policy(r, vma) : r->task;
		range.why = policy.why;
		range.nodes = policy.nodes;
	}
	return range;
}

uint64_t rules_seen_end(const struct rules *r)
{
	return r->nr ? r->ranges[r->nr - 1].end : 0;
}

static void cut_start(struct obey_range *range, uint64_t start)
{
	if (start <= range->start)
		return;
	range->offset += range->memory ? start - range->start : 0;
	range->start = start;
}

/* Does the same hold for the other range, and is it the next part of the same memory? */
static bool goes_on(const struct obey_range *a, const struct obey_range *b)
{
	return a->end == b->start && a->why == b->why && a->nodes == b->nodes &&
	       a->shared == b->shared && a->memory == b->memory &&
	       (!a->memory || a->offset + (a->end - a->start) == b->offset);
}

static int add_range(struct rules *r, struct obey_range range)
{
	struct obey_range *last = r->nr ? &r->ranges[r->nr - 1] : NULL;

	if (last)
		cut_start(&range, last->end);
	if (last && goes_on(last, &range)) {
		last->end = range.end;
		return 0;
	}
	if (r->nr == r->capacity) {
		size_t capacity = MAX(2 * r->capacity, (size_t)64);
		struct obey_range *ranges = reallocarray(r->ranges, capacity, sizeof(*ranges));

		if (!ranges)
			return -ENOMEM;
		r->ranges = ranges;
		r->capacity = capacity;
	}
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): with capacity there are ranges */
	r->ranges[r->nr++] = range;
	return 0;
}

static int take_record(struct rules *r, const struct ts_vma *record)
{
	if (record->flags & TS_VMA_CPUSET) {
		for (size_t i = 0; i < r->nr_nodes; i++)
			r->may_lie[i] = has_node(record, r->node_ids[i]);
		return 0;
	}
	if (record->flags & TS_VMA_TASK) {
		r->task = by_policy(r, record);
		return 0;
	}
	/* the kernel may tell of one twice, or of parts of it: they change while it lets go of them */
	if (record->start >= record->end || record->end <= rules_seen_end(r))
		return 0;
	if (r->nr_mappings == OBEY_MAX_MAPPINGS) {
		int error = add_range(r, (struct obey_range){.start = record->start,
							     .end = UINT64_MAX,
							     .why = OBEY_UNREAD});

		return error < 0 ? error : -ENOBUFS;
	}
	r->nr_mappings++;
	return add_range(r, by_mapping(r, record));
}

ssize_t rules_take(struct rules *r, const void *records, size_t size)
{
	size_t at = 0;

	while (size - at >= TS_VMA_SIZE(0)) {
		const struct ts_vma *record = (const void *)((const char *)records + at);
		size_t bytes = TS_VMA_SIZE((size_t)record->nr_words);
		int error;

		if (record->nr_words && record->nr_words != rules_nr_words(r))
			return -EPROTO;
		if (size - at < bytes)
			break;
		error = take_record(r, record);
		if (error < 0)
			return error;
		at += bytes;
	}
	return (ssize_t)at;
}

const struct obey_rules *rules_end(struct rules *r)
{
	r->face = (struct obey_rules){r->may_lie, r->ranges, r->nr, r->nr_mappings};
	return &r->face;
}

const char *obey_why_name(enum obey_why why)
{
	static const char *const names[OBEY_NR_WHY] = {
		[OBEY_FREE] = "free",
		[OBEY_BOUND] = "bound to nodes",
		[OBEY_SPREAD] = "interleaved",
		[OBEY_LOCKED] = "locked in memory",
		[OBEY_HUGETLB] = "hugetlb pages",
		[OBEY_SPECIAL] = "memory of a device",
		[OBEY_UNSEEN] = "a policy that cannot be read",
		[OBEY_UNREAD] = "too many mappings",
	};

	return names[why];
}

struct obey_walk obey_walk(const struct obey_rules *rules, uint64_t start, uint64_t end)
{
	size_t low = 0, high = rules->nr_ranges;

	/* the first range that ends behind START */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (rules->ranges[middle].end <= start)
			low = middle + 1;
		else
			high = middle;
	}
	return (struct obey_walk){rules, low, start, end};
}

bool obey_next(struct obey_walk *walk, struct obey_range *out)
{
	const struct obey_range *range;

	if (walk->next == walk->rules->nr_ranges)
		return false;
	range = &walk->rules->ranges[walk->next];
	if (range->start >= walk->end)
		return false;
	*out = *range;
	cut_start(out, walk->start);
	out->end = MIN(range->end, walk->end);
	walk->next++;
	return out->start < out->end;
}
