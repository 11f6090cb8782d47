/* SPDX-License-Identifier: GPL-2.0 */
/* damon/: target sets and their commits, and regions out of the ring and out of sysfs. */
#include <errno.h>
#include <linux/perf_event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/util.h"
#include "damon/files.h"
#include "damon/read/ring.h"
#include "damon/read/tried.h"
#include "damon/session/context.h"
#include "damon/session/members.h"
#include "tests/helpers/sysroot.h"

static struct damon_target process(pid_t pid)
{
	return (struct damon_target){.tgid = pid, .start_time = 1000 + (uint64_t)pid};
}

/* Members as "3 0 5" (0: parked). */
static void assert_members(const struct members *m, const char *pids)
{
	char text[256] = "";

	for (size_t i = 0; i < m->nr; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%d", i ? " " : "",
			 m->list[i].target.tgid);
	assert_string_equal(text, pids);
}

/* What is written, as "3 -9 5" (minus: obsolete). */
static void assert_written(const struct commit_plan *plan, const char *pids)
{
	char text[256] = "";

	for (size_t i = 0; i < plan->nr; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%d", i ? " " : "",
			 plan->targets[i].obsolete ? -plan->targets[i].pid : plan->targets[i].pid);
	assert_string_equal(text, pids);
}

#define SELF 9

static void make_plan(struct commit_plan *plan, const struct members *now, bool can_obsolete,
		      size_t nr, ...)
{
	struct damon_target wanted[16];
	va_list args;

	va_start(args, nr);
	for (size_t i = 0; i < nr; i++)
		wanted[i] = process(va_arg(args, int));
	va_end(args);
	assert_int_equal(commit_plan_make(plan, now, wanted, nr, can_obsolete, SELF), 0);
}

static void plan_with_obsolete(void **state)
{
	struct commit_plan first = {0}, second = {0};

	make_plan(&first, &(struct members){0}, true, 4, 1, 2, 3, 4);
	assert_written(&first, "1 2 3 4");
	assert_true(first.changes);
	make_plan(&second, &first.after, true, 4, 4, 3, 2, 1);
	assert_false(second.changes);
	make_plan(&second, &first.after, true, 4, 4, 2, 6, 5);
	assert_written(&second, "-9 2 -9 4 6 5");
	assert_members(&second.after, "2 4 6 5");
	assert_int_equal(second.after.list[0].index_before, 1);
	assert_int_equal(second.after.list[1].index_before, 3);
	assert_int_equal(second.after.list[2].index_before, MEMBER_NEW);
	/* the same pid, another process */
	first.after.list[0].target.start_time++;
	make_plan(&second, &first.after, true, 1, 1);
	assert_written(&second, "-9 -9 -9 -9 1");
	commit_plan_deinit(&first);
	commit_plan_deinit(&second);
}

static void plan_with_parking(void **state)
{
	struct commit_plan first = {0}, second = {0};

	make_plan(&first, &(struct members){0}, false, 4, 1, 2, 3, 4);
	make_plan(&second, &first.after, false, 2, 4, 2);
	assert_written(&second, "9 2 9 4");
	assert_members(&second.after, "0 2 0 4");
	assert_true(second.changes);
	make_plan(&first, &second.after, false, 2, 4, 2);
	assert_false(first.changes);
	make_plan(&first, &second.after, false, 5, 2, 4, 5, 6, 7);
	assert_written(&first, "5 2 6 4 7");
	assert_true(first.after.list[0].reused);
	assert_false(first.after.list[4].reused);
	assert_int_equal(first.after.list[1].index_before, 1);
	/* the end is cut off, parked ones with it */
	make_plan(&first, &second.after, false, 1, 2);
	assert_written(&first, "9 2");
	assert_members(&first.after, "0 2");
	commit_plan_deinit(&first);
	commit_plan_deinit(&second);
}

/* A member keeps its index when its ranges change, and only what changed is written. */
static void plan_of_ranges(void **state)
{
	const struct damon_ranges small = {1, {{4096, 8192}}}, large = {1, {{4096, 16384}}};
	struct damon_target wanted[] = {process(1), process(2)};
	struct commit_plan first = {0}, second = {0};

	wanted[0].ranges = wanted[1].ranges = &small;
	assert_int_equal(commit_plan_make(&first, &(struct members){0}, wanted, 2, true, SELF), 0);
	assert_true(first.changes);
	assert_true(first.targets[0].in_pieces && first.targets[1].in_pieces);
	assert_null(first.after.list[0].target.ranges); /* borrowed for the call */
	assert_int_equal(commit_plan_make(&second, &first.after, wanted, 2, true, SELF), 0);
	assert_false(second.changes);
	wanted[1].ranges = &large;
	assert_int_equal(commit_plan_make(&second, &first.after, wanted, 2, true, SELF), 0);
	assert_true(second.changes);
	assert_null(second.targets[0].ranges);
	assert_ptr_equal(second.targets[1].ranges, &large);
	assert_false(second.targets[1].in_pieces);
	assert_int_equal(second.after.list[1].index_before, 1);
	assert_int_equal(second.after.list[1].ranges.list[0].end, 16384);
	commit_plan_deinit(&first);
	commit_plan_deinit(&second);
}

static void stat_lines(void **state)
{
	uint64_t start = 0;
	const char *rest = "1 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 3 0 4711 9 9";
	char text[256];

	snprintf(text, sizeof(text), "77 (a) S (b) S %s", rest);
	assert_int_equal(target_parse_stat(&start, text), 0);
	assert_int_equal(start, 4711);
	snprintf(text, sizeof(text), "77 (dead) Z %s", rest);
	assert_int_equal(target_parse_stat(&start, text), -ESRCH);
	assert_int_equal(target_parse_stat(&start, ""), -EINVAL);
	assert_int_equal(target_parse_stat(&start, "77 (x)"), -EINVAL);
	assert_int_equal(target_parse_stat(&start, "77 (x) S 1 2 3"), -EINVAL);
}

/* A buffer as the kernel writes it: backward, so the newest record is the first. */
#define RING_SIZE 4096
static struct {
	unsigned char data[RING_SIZE];
	uint64_t head;
} ring;

static const struct ring_layout ring_layout = {
	.fields = {{8, 8}, {16, 4}, {24, 8}, {32, 8}, {40, 4}, {44, 4}},
};

static void ring_reset(void)
{
	memset(&ring, 0, sizeof(ring));
}

static void ring_put(uint64_t time, uint64_t target, uint32_t nr, uint64_t start, uint32_t accesses)
{
	unsigned char record[72] = {0};
	struct perf_event_header header = {PERF_RECORD_SAMPLE, 0, sizeof(record)};
	uint32_t raw_size = 52, age = 3;
	uint64_t end = start + 1;

	memcpy(record, &header, 8);
	memcpy(record + 8, &time, 8);
	memcpy(record + 16, &raw_size, 4);
	memcpy(record + 20 + 8, &target, 8);
	memcpy(record + 20 + 16, &nr, 4);
	memcpy(record + 20 + 24, &start, 8);
	memcpy(record + 20 + 32, &end, 8);
	memcpy(record + 20 + 40, &accesses, 4);
	memcpy(record + 20 + 44, &age, 4);
	ring.head -= sizeof(record);
	for (size_t i = 0; i < sizeof(record); i++)
		ring.data[(ring.head + i) % RING_SIZE] = record[i];
}

/* All regions of TARGET at TIME; their start addresses are 10, 20, ... */
static void ring_report(uint64_t time, uint64_t target, uint32_t nr)
{
	for (uint32_t i = 1; i <= nr; i++)
		ring_put(time, target, nr, 10 * i, i);
}

static void decode(struct regions *out, const struct members *members)
{
	assert_int_equal(regions_reset(out, members->nr, 0, SIZE_MAX), 0);
	assert_int_equal(ring_decode(out, &ring_layout, members, ring.data, RING_SIZE, ring.head),
			 0);
}

static void assert_run(const struct regions *r, size_t i, size_t nr, uint64_t time)
{
	assert_int_equal(r->runs[i].nr, nr);
	assert_int_equal(r->runs[i].known, nr > 0);
	assert_int_equal(r->runs[i].time_ns, time);
	for (size_t k = 0; k < nr; k++) {
		assert_int_equal(r->all[r->runs[i].first + k].start, 10 * (k + 1));
		assert_int_equal(r->all[r->runs[i].first + k].nr_accesses, k + 1);
		assert_int_equal(r->all[r->runs[i].first + k].age, 3);
	}
}

static void ring_newest_whole_run(void **state)
{
	struct member list[3] = {{.index_before = MEMBER_NEW}};
	struct members members = {list, 3, 3, 0, 0};
	struct regions r = {0};

	ring_reset();
	decode(&r, &members);
	assert_run(&r, 0, 0, 0);
	ring_report(100, 0, 3);
	ring_report(100, 2, 2);
	decode(&r, &members);
	assert_run(&r, 0, 3, 100);
	assert_run(&r, 1, 0, 0);
	assert_run(&r, 2, 2, 100);
	/* we looked while the kernel reported target 1: 0 is new, the others are of last time */
	ring_report(200, 0, 4);
	ring_put(200, 1, 2, 10, 1);
	decode(&r, &members);
	assert_run(&r, 0, 4, 200);
	assert_run(&r, 1, 0, 0);
	assert_run(&r, 2, 2, 100);
	/* overwritten many times, the oldest run is torn */
	for (uint64_t t = 300; t < 3000; t += 100) {
		ring_report(t, 0, 3);
		ring_report(t, 1, 5);
		ring_report(t, 2, 1);
	}
	decode(&r, &members);
	assert_run(&r, 0, 3, 2900);
	assert_run(&r, 1, 5, 2900);
	assert_run(&r, 2, 1, 2900);
	regions_deinit(&r);
}

static void ring_in_turn(void **state)
{
	struct member list[3] = {{.index_before = MEMBER_NEW}};
	struct members members = {list, 3, 3, 0, 0};
	struct regions r = {0};

	ring_reset();
	for (uint64_t t = 100; t < 400; t += 100)
		for (uint64_t target = 0; target < 3; target++)
			ring_report(t, target, (uint32_t)target + 2);
	for (size_t turn = 0; turn < 3; turn++) {
		const size_t also = (turn + 1) % 3, other = (turn + 2) % 3;

		assert_int_equal(regions_reset(&r, members.nr, turn, 2), 0);
		assert_int_equal(
			ring_decode(&r, &ring_layout, &members, ring.data, RING_SIZE, ring.head),
			0);
		assert_run(&r, turn, turn + 2, 300);
		assert_run(&r, also, also + 2, 300);
		assert_run(&r, other, 0, 0);
	}
	regions_deinit(&r);
}

static void ring_across_a_commit(void **state)
{
	/* 0 1 2 became 0 2 and a new one, between 1000 and 1100 */
	struct member list[3] = {{.index_before = 0},
				 {.index_before = 2},
				 {.index_before = MEMBER_NEW, .since_ns = 1100}};
	struct members members = {list, 3, 3, 1000, 1100};
	struct regions r = {0};

	ring_reset();
	ring_report(900, 0, 2);
	ring_report(900, 1, 7);
	ring_report(900, 2, 4);
	ring_report(1050, 0, 9); /* of which numbering? */
	decode(&r, &members);
	assert_run(&r, 0, 2, 900);
	assert_run(&r, 1, 4, 900);
	assert_run(&r, 2, 0, 0);
	ring_report(1200, 0, 3);
	ring_report(1200, 1, 5);
	ring_report(1200, 2, 6);
	decode(&r, &members);
	assert_run(&r, 0, 3, 1200);
	assert_run(&r, 1, 5, 1200);
	assert_run(&r, 2, 6, 1200);
	regions_deinit(&r);
}

static void trace_format(void **state)
{
	const char *format = "format:\n\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"
			     "\tfield:unsigned long target_id;\toffset:8;\tsize:8;\tsigned:0;\n"
			     "\tfield:unsigned int nr_regions;\toffset:16;\tsize:4;\tsigned:0;\n"
			     "\tfield:unsigned long start;\toffset:24;\tsize:8;\tsigned:0;\n"
			     "\tfield:unsigned long end;\toffset:32;\tsize:8;\tsigned:0;\n"
			     "\tfield:unsigned int nr_accesses;\toffset:40;\tsize:4;\tsigned:0;\n";
	struct ring_layout layout;
	char text[1024];

	assert_int_equal(ring_layout_parse(&layout, ""), -EINVAL);
	assert_int_equal(ring_layout_parse(&layout, format), -EINVAL); /* no age */
	snprintf(text, sizeof(text),
		 "%s\tfield:unsigned int age;\toffset:44;\tsize:4;\tsigned:0;\n", format);
	assert_int_equal(ring_layout_parse(&layout, text), 0);
	assert_memory_equal(&layout, &ring_layout, sizeof(layout));
	snprintf(text, sizeof(text),
		 "%s\tfield:unsigned int age;\toffset:44444;\tsize:4;\tsigned:0;\n", format);
	assert_int_equal(ring_layout_parse(&layout, text), -EINVAL);
	snprintf(text, sizeof(text), "%s\tfield:u16 age;\toffset:44;\tsize:2;\tsigned:0;\n",
		 format);
	assert_int_equal(ring_layout_parse(&layout, text), -EINVAL);
}

static void put(const struct sysroot *root, const char *file, const char *text)
{
	char path[512];

	snprintf(path, sizeof(path), FILES_ROOT "/%s", file);
	sysroot_put(root, path, text);
}

static void put_region(const struct sysroot *root, const char *name, const char *start,
		       const char *end, const char *accesses, const char *age)
{
	const char *files[] = {"start", "end", "nr_accesses", "age"},
		   *values[] = {start, end, accesses, age};
	char path[256];

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(path, sizeof(path), "0/contexts/0/schemes/1/tried_regions/%s/%s", name,
			 files[i]);
		if (values[i])
			put(root, path, values[i]);
	}
}

static void tried_regions_with_gaps(void **state)
{
	_cleanup_sysroot_ struct sysroot root = {""};
	struct regions r = {0};
	struct context c = {root.path, 0};

	sysroot_init(&root, "");
	put(&root, "0/contexts/0/schemes/0/tried_regions/total_bytes", "0\n");
	put(&root, "0/contexts/0/schemes/1/tried_regions/total_bytes", "8192\n");
	put_region(&root, "10", "8192\n", "12288\n", "20\n", "4\n");
	put_region(&root, "9", "4096\n", "8192\n", "3\n", "1\n");
	put_region(&root, "11", "12288\n", "16384\n", NULL, NULL); /* vanished half way */
	put_region(&root, "12", "what\n", "16384\n", "1\n", "1\n");
	put_region(&root, "13", "16384\n", "4096\n", "1\n", "1\n");
	put_region(&root, "14", "0\n", "4096\n", "99999999999\n", "1\n");
	assert_int_equal(regions_reset(&r, 2, 0, 2), 0);
	assert_int_equal(tried_read(&r, &c, 5), 0);
	assert_false(r.runs[0].known);
	assert_int_equal(r.runs[1].nr, 2);
	assert_int_equal(r.runs[1].time_ns, 5);
	assert_int_equal(r.all[0].start, 4096);
	assert_int_equal(r.all[0].nr_accesses, 3);
	assert_int_equal(r.all[1].end, 12288);
	assert_int_equal(r.all[1].age, 4);
	assert_int_equal(regions_reset(&r, 2, 0, 1), 0);
	assert_int_equal(tried_read(&r, &c, 5), 0);
	assert_false(r.runs[1].known); /* not its turn */
	assert_int_equal(regions_reset(&r, 3, 0, 3), 0);
	assert_int_equal(tried_read(&r, &c, 5), -ENOENT);
	regions_deinit(&r);
}

static void limits_grow_in_steps(void **state)
{
	struct context_limits one = context_limits_for(1), many = context_limits_for(SIZE_MAX),
			      last = one;

	assert_true(one.min_regions >= 3);
	for (size_t nr = 1; nr < 200; nr++) {
		struct context_limits limits = context_limits_for(nr);

		assert_true(limits.min_regions >= last.min_regions &&
			    limits.max_regions >= last.max_regions);
		assert_true(limits.max_regions <= many.max_regions &&
			    limits.min_regions < limits.max_regions);
		last = limits;
	}
}

static void regions_recorded(void **state)
{
	_cleanup_sysroot_ struct sysroot root = {""};
	struct regions r = {0};
	uint64_t accessed = 0;

	/* a process that touches 8 MB of 64 */
	sysroot_init(&root, "../damon/running");
	assert_int_equal(regions_reset(&r, 2, 0, 2), 0);
	assert_int_equal(tried_read(&r, &(struct context){root.path, 0}, 1), 0);
	assert_true(r.runs[0].known && r.runs[1].known);
	for (size_t i = 0; i < r.runs[0].nr; i++) {
		const struct damon_region *region = &r.all[r.runs[0].first + i];

		accessed += region->nr_accesses ? region->end - region->start : 0;
		assert_true(!i || region->start >= region[-1].end);
	}
	assert_in_range(accessed, 7 << 20, 9 << 20);
	regions_deinit(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plan_with_obsolete),	   cmocka_unit_test(plan_with_parking),
		cmocka_unit_test(plan_of_ranges),	   cmocka_unit_test(stat_lines),
		cmocka_unit_test(ring_newest_whole_run),   cmocka_unit_test(ring_in_turn),
		cmocka_unit_test(ring_across_a_commit),	   cmocka_unit_test(trace_format),
		cmocka_unit_test(tried_regions_with_gaps), cmocka_unit_test(limits_grow_in_steps),
		cmocka_unit_test(regions_recorded),
	};

	return cmocka_run_group_tests_name("damon-regions", tests, NULL, NULL);
}
