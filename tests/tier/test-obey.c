/* SPDX-License-Identifier: GPL-2.0 */
/* Rules for ranges of addresses, out of records as the kernel's side writes them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/random.h"
#include "base/util.h"
#include "bpf/vmas.h"
#include "tier/obey.h"
#include "tier/rules.h"

enum { DEFAULT, PREFERRED, BIND, INTERLEAVE, LOCAL, PREFERRED_MANY, WEIGHTED, NEWER };

static const unsigned int three[] = {0, 1, 3};

/* Records, as the kernel's side writes them. */
static __u64 written[1 << 16];
static size_t nr_written; /* bytes */
static struct rules rules;

static void begin(const unsigned int *node_ids, size_t nr_nodes)
{
	assert_int_equal(rules_init(&rules, node_ids, nr_nodes), 0);
	rules_begin(&rules);
	nr_written = 0;
}

static void put(struct ts_vma record)
{
	size_t bytes = TS_VMA_SIZE((size_t)record.nr_words);

	assert_true(nr_written + bytes <= sizeof(written));
	memcpy((char *)written + nr_written, &record, bytes);
	nr_written += bytes;
}

static void put_cpuset(__u64 nodes)
{
	put((struct ts_vma){.flags = TS_VMA_CPUSET, .nr_words = 1, .nodes = {nodes}});
}

static void put_task(__u16 mode, __u64 nodes)
{
	put((struct ts_vma){.flags = TS_VMA_TASK, .mode = mode, .nr_words = 1, .nodes = {nodes}});
}

static void put_mapping(__u64 start, __u64 end, __u32 flags)
{
	put((struct ts_vma){.start = start, .end = end, .flags = flags});
}

static void put_bound(__u64 start, __u64 end, __u32 flags, __u16 mode, __u64 nodes)
{
	put((struct ts_vma){start, end, flags | TS_VMA_POLICY, mode, 1, .nodes = {nodes}});
}

static const struct obey_rules *take(void)
{
	assert_int_equal(rules_take(&rules, written, nr_written), nr_written);
	return rules_end(&rules);
}

/* A range as "10-20 free 0,2 shared": indexes of nodes, "-" for nowhere. */
static void print_range(char *text, size_t size, const struct obey_range *range)
{
	size_t used = (size_t)snprintf(text, size, "%jx-%jx %s ", (uintmax_t)range->start,
				       (uintmax_t)range->end, obey_why_name(range->why));
	const char *comma = "";

	for (size_t i = 0; range->nodes && i < rules.nr_nodes; i++) {
		if (!range->nodes[i])
			continue;
		used += (size_t)snprintf(text + used, size - used, "%s%zu", comma, i);
		comma = ",";
	}
	snprintf(text + used, size - used, "%s%s", range->nodes ? "" : "-",
		 range->shared ? " shared" : "");
}

static void assert_range(const struct obey_rules *r, size_t i, const char *expected)
{
	char text[128];

	assert_true(i < r->nr_ranges);
	print_range(text, sizeof(text), &r->ranges[i]);
	assert_string_equal(text, expected);
}

static void policies(void **state)
{
	static const struct {
		__u16 mode;
		__u64 nodes;
		const char *expected;
	} cases[] = {
		{DEFAULT, 0, "10-20 free 0,1,2"},
		{LOCAL, 0, "10-20 free 0,1,2"},
		{BIND, 0x2, "10-20 bound to nodes 1"},
		{BIND, 0xb, "10-20 bound to nodes 0,1,2"},
		/* nodes that nobody knows of: nothing is left */
		{BIND, 0x4, "10-20 bound to nodes "},
		{BIND, 0, "10-20 bound to nodes "},
		{PREFERRED, 0x8, "10-20 bound to nodes 2"},
		{PREFERRED, 0, "10-20 free 0,1,2"},
		{PREFERRED_MANY, 0x9, "10-20 bound to nodes 0,2"},
		{PREFERRED_MANY, 0, "10-20 free 0,1,2"},
		{INTERLEAVE, 0x3, "10-20 interleaved -"},
		{WEIGHTED, 0x3, "10-20 interleaved -"},
		{NEWER, 0x3, "10-20 a policy that cannot be read -"},
		{0xffff, 0x3, "10-20 a policy that cannot be read -"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct obey_rules *r;

		print_message("# mode %u, nodes %llx\n", cases[i].mode, cases[i].nodes);
		begin(three, ARRAY_SIZE(three));
		put_cpuset(0xb);
		put_bound(0x10, 0x20, 0, cases[i].mode, cases[i].nodes);
		r = take();
		assert_int_equal(r->nr_ranges, 1);
		assert_range(r, 0, cases[i].expected);
		rules_begin(&rules);
		/* the task's policy is no other */
		nr_written = 0;
		put_cpuset(0xb);
		put_task(cases[i].mode, cases[i].nodes);
		put_mapping(0x10, 0x20, 0);
		r = take();
		assert_range(r, 0, cases[i].expected);
		rules_deinit(&rules);
	}
}

static void what_else_binds(void **state)
{
	static const struct {
		__u32 flags;
		const char *expected;
	} cases[] = {
		{0, "10-20 bound to nodes 1"},
		{TS_VMA_SHARED, "10-20 bound to nodes 1 shared"},
		{TS_VMA_LOCKED, "10-20 locked in memory -"},
		{TS_VMA_HUGETLB, "10-20 hugetlb pages -"},
		{TS_VMA_HUGETLB | TS_VMA_SHARED, "10-20 hugetlb pages - shared"},
		{TS_VMA_SPECIAL, "10-20 memory of a device -"},
		{TS_VMA_SPECIAL | TS_VMA_LOCKED, "10-20 memory of a device -"},
		{TS_VMA_UNSEEN, "10-20 a policy that cannot be read -"},
		{TS_VMA_UNSEEN | TS_VMA_LOCKED, "10-20 locked in memory -"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		begin(three, ARRAY_SIZE(three));
		put_cpuset(0xb);
		put_bound(0x10, 0x20, cases[i].flags, BIND, 0x2);
		assert_range(take(), 0, cases[i].expected);
		rules_deinit(&rules);
	}
}

static void a_task_policy_holds_where_there_is_no_other(void **state)
{
	const struct obey_rules *r;

	begin(three, ARRAY_SIZE(three));
	put_cpuset(0xb);
	put_task(BIND, 0x8);
	put_mapping(0x10, 0x20, 0);
	put_bound(0x20, 0x30, 0, LOCAL, 0);
	put_mapping(0x30, 0x40, TS_VMA_UNSEEN);
	put_mapping(0x40, 0x50, TS_VMA_LOCKED);
	put_bound(0x50, 0x60, 0, BIND, 0x8);
	put_mapping(0x60, 0x70, 0);
	r = take();
	assert_int_equal(r->nr_ranges, 5);
	assert_range(r, 0, "10-20 bound to nodes 2");
	assert_range(r, 1, "20-30 free 0,1,2");
	assert_range(r, 2, "30-40 a policy that cannot be read -");
	assert_range(r, 3, "40-50 locked in memory -");
	/* the same, whether by the task's policy or its own */
	assert_range(r, 4, "50-70 bound to nodes 2");
	/* the next process has no policy */
	rules_begin(&rules);
	nr_written = 0;
	put_cpuset(0xb);
	put_mapping(0x10, 0x20, 0);
	r = take();
	assert_int_equal(r->nr_ranges, 1);
	assert_range(r, 0, "10-20 free 0,1,2");
	/* one that could not be read */
	rules_begin(&rules);
	nr_written = 0;
	put_cpuset(0xb);
	put((struct ts_vma){.flags = TS_VMA_TASK | TS_VMA_UNSEEN});
	put_mapping(0x10, 0x20, 0);
	assert_range(take(), 0, "10-20 a policy that cannot be read -");
	rules_deinit(&rules);
}

static void a_cpuset_is_in_all(void **state)
{
	const struct obey_rules *r;

	begin(three, ARRAY_SIZE(three));
	put_cpuset(0x6); /* nodes 1 and 2, and of 2 nobody knows */
	put_mapping(0x10, 0x20, 0);
	put_bound(0x20, 0x30, 0, BIND, 0x3);
	put_bound(0x30, 0x40, 0, PREFERRED, 0x1);
	r = take();
	assert_false(r->may_lie[0]);
	assert_true(r->may_lie[1]);
	assert_false(r->may_lie[2]);
	assert_range(r, 0, "10-20 free 1");
	assert_range(r, 1, "20-30 bound to nodes 1");
	assert_range(r, 2, "30-40 bound to nodes ");
	/* what a cpuset allows is not known: nothing may move */
	rules_begin(&rules);
	nr_written = 0;
	put_mapping(0x10, 0x20, 0);
	assert_range(take(), 0, "10-20 free ");
	rules_deinit(&rules);
}

static void put_shared(__u64 start, __u64 end, __u64 file, __u64 first_page)
{
	put((struct ts_vma){.start = start,
			    .end = end,
			    .flags = TS_VMA_SHARED,
			    .file = file,
			    .first_page = first_page});
}

/* Only what goes on with the same memory is one range, and each part knows where it is of it. */
static void which_memory_it_is(void **state)
{
	const __u64 page = (__u64)sysconf(_SC_PAGESIZE);
	const struct obey_rules *r;
	struct obey_range part;
	struct obey_walk walk;

	begin(three, ARRAY_SIZE(three));
	put_cpuset(0xb);
	put_shared(0x10 * page, 0x20 * page, 7, 2);
	put_shared(0x20 * page, 0x30 * page, 7, 0x12); /* it goes on */
	put_shared(0x30 * page, 0x40 * page, 7, 2);    /* the same once more */
	put_shared(0x40 * page, 0x50 * page, 9, 0x12); /* another one */
	put_shared(0x48 * page, 0x60 * page, 9, 0x1a); /* told twice, in part */
	put_mapping(0x60 * page, 0x70 * page, 0);
	r = take();
	assert_int_equal(r->nr_ranges, 4);
	assert_int_equal(r->ranges[0].end, 0x30 * page);
	assert_int_equal(r->ranges[0].memory, 7);
	assert_int_equal(r->ranges[0].offset, 2 * page);
	assert_int_equal(r->ranges[2].memory, 9);
	assert_int_equal(r->ranges[2].end, 0x60 * page);
	assert_int_equal(r->ranges[3].memory, 0);
	walk = obey_walk(r, 0x3f * page, 0x68 * page);
	assert_true(obey_next(&walk, &part));
	assert_int_equal(part.offset, 0x11 * page);
	assert_true(obey_next(&walk, &part));
	assert_int_equal(part.offset, 0x12 * page);
	assert_true(obey_next(&walk, &part));
	assert_int_equal(part.offset, 0);
	rules_deinit(&rules);
}

static void neighbours_are_merged_and_holes_are_kept(void **state)
{
	const struct obey_rules *r;

	begin(three, ARRAY_SIZE(three));
	put_cpuset(0xb);
	put_mapping(0x10, 0x20, 0);
	put_mapping(0x20, 0x30, 0);
	put_mapping(0x31, 0x40, 0);
	put_mapping(0x40, 0x50, TS_VMA_SHARED);
	put_bound(0x50, 0x60, 0, BIND, 0x1);
	put_bound(0x60, 0x70, 0, PREFERRED, 0x1);
	put_bound(0x70, 0x80, 0, BIND, 0x2);
	r = take();
	assert_int_equal(r->nr_mappings, 7);
	assert_int_equal(r->nr_ranges, 5);
	assert_range(r, 0, "10-30 free 0,1,2");
	assert_range(r, 1, "31-40 free 0,1,2");
	assert_range(r, 2, "40-50 free 0,1,2 shared");
	assert_range(r, 3, "50-70 bound to nodes 0");
	assert_range(r, 4, "70-80 bound to nodes 1");
	rules_deinit(&rules);
}

static void what_is_told_twice_counts_once(void **state)
{
	const struct obey_rules *r;

	begin(three, ARRAY_SIZE(three));
	put_cpuset(0xb);
	put_mapping(0x10, 0x20, 0);
	put_mapping(0x20, 0x30, TS_VMA_LOCKED);
	assert_int_equal(rules_seen_end(&rules), 0);
	take();
	assert_int_equal(rules_seen_end(&rules), 0x30);
	nr_written = 0;
	put_mapping(0x10, 0x20, 0);
	put_mapping(0x20, 0x30, TS_VMA_LOCKED);
	put_mapping(0x30, 0x30, 0);
	take();
	assert_int_equal(rules_seen_end(&rules), 0x30);
	nr_written = 0;
	put_mapping(0x28, 0x38, 0); /* it has grown, and the lock is gone */
	r = take();
	assert_int_equal(r->nr_ranges, 3);
	assert_range(r, 1, "20-30 locked in memory -");
	assert_range(r, 2, "30-38 free 0,1,2");
	assert_int_equal(r->nr_mappings, 3);
	rules_deinit(&rules);
}

static void sets_of_nodes_are_bounded(void **state)
{
	const struct obey_rules *r;
	unsigned int ids[16];
	char text[128];

	for (unsigned int i = 0; i < ARRAY_SIZE(ids); i++)
		ids[i] = i;
	begin(ids, ARRAY_SIZE(ids));
	put_cpuset(0xffff);
	for (__u64 i = 0; i <= RULES_MAX_SETS; i++)
		put_bound(0x10 * i, 0x10 * (i + 1), 0, BIND, i + 1);
	put_bound(0x1000, 0x1010, 0, BIND, 3); /* one of those before */
	r = take();
	assert_int_equal(r->nr_ranges, RULES_MAX_SETS + 2);
	assert_range(r, 0, "0-10 bound to nodes 0");
	assert_range(r, RULES_MAX_SETS - 1, "3f0-400 bound to nodes 6");
	assert_range(r, RULES_MAX_SETS, "400-410 a policy that cannot be read -");
	print_range(text, sizeof(text), &r->ranges[RULES_MAX_SETS + 1]);
	assert_string_equal(text, "1000-1010 bound to nodes 0,1");
	rules_deinit(&rules);
}

static void what_is_behind_the_last_mapping_stays(void **state)
{
	const struct obey_rules *r;
	__u64 at = 0;
	int result;

	begin(three, ARRAY_SIZE(three));
	put_cpuset(0xb);
	take();
	do {
		nr_written = 0;
		for (int i = 0; i < 1000; i++, at += 0x20)
			put_mapping(at, at + 0x10, i % 2 ? TS_VMA_LOCKED : 0);
		result = (int)rules_take(&rules, written, nr_written);
	} while (result == (int)nr_written);
	assert_int_equal(result, -ENOBUFS);
	r = rules_end(&rules);
	assert_int_equal(r->nr_mappings, OBEY_MAX_MAPPINGS);
	assert_int_equal(r->nr_ranges, OBEY_MAX_MAPPINGS + 1);
	assert_range(r, OBEY_MAX_MAPPINGS, "80000-ffffffffffffffff too many mappings -");
	rules_deinit(&rules);
}

static void nodes_may_have_any_number(void **state)
{
	static const unsigned int sparse[] = {0, 70, 1023}, too_large[] = {0, 1024};
	struct ts_vma all = {.flags = TS_VMA_CPUSET, .nr_words = 16};
	struct ts_vma bound = {0x10, 0x20, TS_VMA_POLICY, BIND, 16, .nodes = {0}};
	const struct obey_rules *r;

	begin(sparse, ARRAY_SIZE(sparse));
	assert_int_equal(rules_nr_words(&rules), 16);
	memset(all.nodes, 0xff, sizeof(all.nodes));
	put(all);
	bound.nodes[15] = UINT64_C(1) << 63;
	put(bound);
	bound.start = 0x20;
	bound.end = 0x30;
	bound.nodes[15] = UINT64_C(1) << 62;
	bound.nodes[1] = 1 << 6;
	put(bound);
	r = take();
	assert_range(r, 0, "10-20 bound to nodes 2");
	assert_range(r, 1, "20-30 bound to nodes 1");
	rules_deinit(&rules);
	assert_int_equal(rules_init(&rules, too_large, ARRAY_SIZE(too_large)), -ERANGE);
	begin(NULL, 0);
	put_cpuset(1);
	put_bound(0x10, 0x20, 0, BIND, 0x1);
	assert_range(take(), 0, "10-20 bound to nodes ");
	rules_deinit(&rules);
}

static void what_is_no_record_is_refused(void **state)
{
	begin(three, ARRAY_SIZE(three));
	put_cpuset(0xb);
	put((struct ts_vma){0x10, 0x20, TS_VMA_POLICY, BIND, 2, .nodes = {0}});
	assert_int_equal(rules_take(&rules, written, nr_written), -EPROTO);
	((struct ts_vma *)written)->nr_words = 0xffff;
	assert_int_equal(rules_take(&rules, written, nr_written), -EPROTO);
	rules_deinit(&rules);
}

/* Walk, and tell the parts one behind the other. */
static void assert_walk(const struct obey_rules *r, uint64_t start, uint64_t end,
			const char *expected)
{
	struct obey_walk walk = obey_walk(r, start, end);
	struct obey_range part;
	char text[512] = "", one[128];

	while (obey_next(&walk, &part)) {
		print_range(one, sizeof(one), &part);
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s; ", one);
	}
	assert_string_equal(text, expected);
	assert_false(obey_next(&walk, &part));
}

static void ranges_are_cut_where_rules_change(void **state)
{
	const struct obey_rules *r;

	begin(three, ARRAY_SIZE(three));
	put_cpuset(0xb);
	assert_walk(take(), 0, UINT64_MAX, "");
	put_mapping(0x10, 0x20, 0);
	put_mapping(0x20, 0x30, TS_VMA_LOCKED);
	put_bound(0x40, 0x50, 0, BIND, 0x2);
	r = take();
	assert_walk(r, 0, UINT64_MAX,
		    "10-20 free 0,1,2; 20-30 locked in memory -; 40-50 bound to nodes 1; ");
	assert_walk(r, 0x18, 0x48,
		    "18-20 free 0,1,2; 20-30 locked in memory -; 40-48 bound to nodes 1; ");
	assert_walk(r, 0x12, 0x14, "12-14 free 0,1,2; ");
	assert_walk(r, 0x20, 0x30, "20-30 locked in memory -; ");
	assert_walk(r, 0x30, 0x40, "");
	assert_walk(r, 0, 0x10, "");
	assert_walk(r, 0x50, UINT64_MAX, "");
	assert_walk(r, 0x2f, 0x41, "2f-30 locked in memory -; 40-41 bound to nodes 1; ");
	assert_walk(r, 0x14, 0x14, "");
	assert_walk(r, 0x18, 0x12, "");
	rules_deinit(&rules);
}

/* What random mappings say of each page, found page by page. */
enum { NR_PAGES = 256 };

struct page {
	bool is_mapped, shared;
	enum obey_why why;
	__u64 nodes; /* ids; 0 where pages stay */
};

static __u64 random_below(uint64_t *seed, __u64 limit)
{
	return random_next(seed) % limit;
}

/* Put one random mapping at START..END, and what it means into *OUT. */
static void put_random(uint64_t *seed, __u64 start, __u64 end, __u64 cpuset, struct page *out)
{
	__u64 nodes = random_below(seed, 16);

	*out = (struct page){.is_mapped = true, .shared = random_below(seed, 2)};
	switch (random_below(seed, 5)) {
	case 0:
		put_mapping(start, end, out->shared ? TS_VMA_SHARED : 0);
		out->nodes = cpuset;
		break;
	case 1:
		put_bound(start, end, out->shared ? TS_VMA_SHARED : 0, BIND, nodes);
		out->why = OBEY_BOUND;
		out->nodes = nodes & cpuset;
		break;
	case 2:
		put_bound(start, end, out->shared ? TS_VMA_SHARED : 0, WEIGHTED, nodes);
		out->why = OBEY_SPREAD;
		break;
	case 3:
		put_mapping(start, end, TS_VMA_LOCKED | (out->shared ? TS_VMA_SHARED : 0));
		out->why = OBEY_LOCKED;
		break;
	default:
		put_mapping(start, end, TS_VMA_UNSEEN | (out->shared ? TS_VMA_SHARED : 0));
		out->why = OBEY_UNSEEN;
	}
}

static void put_random_process(uint64_t *seed, __u64 cpuset, struct page *pages)
{
	__u64 start = random_below(seed, 4), end;

	put_cpuset(cpuset);
	memset(pages, 0, NR_PAGES * sizeof(*pages));
	while (start < NR_PAGES) {
		struct page one;

		end = MIN(start + 1 + random_below(seed, 9), (__u64)NR_PAGES);
		put_random(seed, start, end, cpuset, &one);
		for (__u64 page = start; page < end; page++)
			pages[page] = one;
		start = end + (random_below(seed, 3) ? 0 : random_below(seed, 5));
	}
}

/* Take what was written in pieces of any size, as reads bring them. */
static void take_in_pieces(uint64_t *seed)
{
	static __u64 buffer[1 << 12];
	size_t filled = 0, at = 0;

	while (at < nr_written) {
		size_t piece = MIN(1 + (size_t)random_below(seed, 300), nr_written - at);
		ssize_t taken;

		memcpy((char *)buffer + filled, (char *)written + at, piece);
		at += piece;
		filled += piece;
		taken = rules_take(&rules, buffer, filled);
		assert_in_range(taken, 0, filled);
		filled -= (size_t)taken;
		memmove(buffer, (char *)buffer + taken, filled);
	}
	assert_int_equal(filled, 0);
}

static void assert_page(const struct page *page, const struct obey_range *range)
{
	__u64 nodes = 0;

	assert_true(page->is_mapped);
	assert_int_equal(page->shared, range->shared);
	assert_int_equal(page->why, range->why);
	for (size_t i = 0; range->nodes && i < rules.nr_nodes; i++)
		nodes |= (__u64)range->nodes[i] << rules.node_ids[i];
	assert_int_equal(page->nodes & 0xb, nodes);
	assert_int_equal(range->nodes != NULL, range->why <= OBEY_BOUND);
}

static void assert_parts(const struct obey_rules *r, const struct page *pages, uint64_t start,
			 uint64_t end)
{
	struct obey_walk walk = obey_walk(r, start, end);
	struct obey_range part;
	uint64_t at = start;

	while (obey_next(&walk, &part)) {
		assert_true(part.start >= at && part.start < part.end && part.end <= end);
		for (; at < part.start; at++)
			assert_false(pages[at].is_mapped);
		for (; at < part.end; at++)
			assert_page(&pages[at], &part);
	}
	for (; at < end; at++)
		assert_false(pages[at].is_mapped);
}

static void random_processes(void **state)
{
	struct page pages[NR_PAGES];
	uint64_t seed = 14;

	assert_int_equal(rules_init(&rules, three, ARRAY_SIZE(three)), 0);
	for (int round = 0; round < 500; round++) {
		const struct obey_rules *r;

		rules_begin(&rules);
		nr_written = 0;
		put_random_process(&seed, random_below(&seed, 16), pages);
		take_in_pieces(&seed);
		r = rules_end(&rules);
		for (size_t i = 1; i < r->nr_ranges; i++)
			assert_true(r->ranges[i].start > r->ranges[i - 1].end ||
				    r->ranges[i].why != r->ranges[i - 1].why ||
				    r->ranges[i].nodes != r->ranges[i - 1].nodes ||
				    r->ranges[i].shared != r->ranges[i - 1].shared);
		assert_parts(r, pages, 0, NR_PAGES);
		for (int i = 0; i < 20; i++) {
			uint64_t start = random_below(&seed, NR_PAGES);

			assert_parts(r, pages, start,
				     start + random_below(&seed, NR_PAGES + 1 - start));
		}
	}
	rules_deinit(&rules);
}

static void each_reason_has_a_name(void **state)
{
	for (int i = 0; i < OBEY_NR_WHY; i++)
		for (int j = 0; j <= i; j++)
			assert_int_equal(!strcmp(obey_why_name((enum obey_why)i),
						 obey_why_name((enum obey_why)j)),
					 i == j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(policies),
		cmocka_unit_test(what_else_binds),
		cmocka_unit_test(a_task_policy_holds_where_there_is_no_other),
		cmocka_unit_test(a_cpuset_is_in_all),
		cmocka_unit_test(which_memory_it_is),
		cmocka_unit_test(neighbours_are_merged_and_holes_are_kept),
		cmocka_unit_test(what_is_told_twice_counts_once),
		cmocka_unit_test(sets_of_nodes_are_bounded),
		cmocka_unit_test(what_is_behind_the_last_mapping_stays),
		cmocka_unit_test(nodes_may_have_any_number),
		cmocka_unit_test(what_is_no_record_is_refused),
		cmocka_unit_test(ranges_are_cut_where_rules_change),
		cmocka_unit_test(random_processes),
		cmocka_unit_test(each_reason_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
