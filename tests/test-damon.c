/* SPDX-License-Identifier: GPL-2.0 */
/*
 * damon/ without a kernel.  Decisions are pure functions and are tested as such;
 * what only reads is tested over trees recorded in the lab (tests/data/damon); and
 * a whole session is opened and closed on a tree of plain files, which takes
 * every write and reacts to none.  How a kernel reacts is in tests/lab.
 */
#include <errno.h>
#include <linux/perf_event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/log.h"
#include "base/sysfs.h"
#include "base/util.h"
#include "damon/context.h"
#include "damon/damon.h"
#include "damon/files.h"
#include "damon/journal.h"
#include "damon/members.h"
#include "damon/ring.h"
#include "damon/slots.h"
#include "damon/tried.h"
#include "tests/sysroot.h"

#define BOOT "3f2b1c9e-77aa-4f0e-9a53-0c1d2e3f4a5b"
#define MARK 1004711

static const struct journal full_journal = {
	.boot_id = BOOT,
	.stat_lifted = true,
	.stage = JOURNAL_MARKED,
	.slot = 2,
	.nr_kdamonds_before = 3,
	.nr_contexts_before = 1,
	.mark = MARK,
	.thread = 4711,
};

static void journal_round_trip(void **state)
{
	char text[JOURNAL_TEXT_SIZE], again[JOURNAL_TEXT_SIZE];
	struct journal j;

	journal_format(text, &full_journal);
	assert_int_equal(journal_parse(&j, text), 0);
	assert_string_equal(j.boot_id, BOOT);
	assert_true(j.stat_lifted);
	assert_int_equal(j.stage, JOURNAL_MARKED);
	assert_int_equal(j.slot, 2);
	assert_int_equal(j.nr_kdamonds_before, 3);
	assert_int_equal(j.nr_contexts_before, 1);
	assert_int_equal(j.mark, MARK);
	assert_int_equal(j.thread, 4711);
	journal_format(again, &j);
	assert_string_equal(text, again);
}

static void journal_refuses_what_it_did_not_write(void **state)
{
	char text[JOURNAL_TEXT_SIZE], bad[JOURNAL_TEXT_SIZE + 16];
	struct journal j = {.slot = 99};

	journal_format(text, &full_journal);
	for (size_t len = 0; len < strlen(text); len++) {
		snprintf(bad, sizeof(bad), "%.*s", (int)len, text);
		assert_int_equal(journal_parse(&j, bad), -EINVAL);
	}
	snprintf(bad, sizeof(bad), "%sx\n", text);
	assert_int_equal(journal_parse(&j, bad), -EINVAL);
	snprintf(bad, sizeof(bad), "%s", text);
	memcpy(strstr(bad, "slot 2"), "slot x", 6);
	assert_int_equal(journal_parse(&j, bad), -EINVAL);
	snprintf(bad, sizeof(bad), "%s", text);
	memcpy(strstr(bad, "marked"), "market", 6);
	assert_int_equal(journal_parse(&j, bad), -EINVAL);
	assert_int_equal(j.slot, 99);
}

static void journal_on_disk(void **state)
{
	_cleanup_sysroot_ struct sysroot root = {""};
	struct journal j;
	char path[256];

	sysroot_init(&root, "");
	snprintf(path, sizeof(path), "%s/journal", root.path);
	assert_int_equal(journal_load(&j, path), -ENOENT);
	assert_int_equal(journal_store(&full_journal, path), 0);
	assert_int_equal(journal_store(&full_journal, path), 0);
	assert_int_equal(journal_load(&j, path), 0);
	assert_int_equal(j.mark, MARK);
	journal_remove(path);
	assert_int_equal(journal_load(&j, path), -ENOENT);
	snprintf(path, sizeof(path), "%s/no/such/place", root.path);
	assert_int_equal(journal_store(&full_journal, path), -ENOENT);
}

static void slot_choice(void **state)
{
	const struct slot_seen running = {.running = true, .nr_contexts = 1}, empty = {0},
			       configured = {.nr_contexts = 1};

	assert_int_equal(slots_choose(NULL, 0), -1);
	assert_int_equal(slots_choose((struct slot_seen[]){running, running}, 2), -1);
	assert_int_equal(slots_choose((struct slot_seen[]){running, empty}, 2), 1);
	assert_int_equal(slots_choose((struct slot_seen[]){configured, running, empty}, 3), 2);
	assert_int_equal(slots_choose((struct slot_seen[]){running, configured, configured}, 3), 1);
}

/* A session that made slot 0 and ran as thread 4711 has died. */
struct recovery {
	struct journal j;
	struct slots_found found;
};

static struct recovery died(void)
{
	return (struct recovery){
		.j = {.boot_id = BOOT,
		      .stat_lifted = true,
		      .stage = JOURNAL_MARKED,
		      .mark = MARK,
		      .thread = 4711},
		.found = {.same_boot = true,
			  .nr_kdamonds = 1,
			  .seen_valid = true,
			  .seen = {true, 4711, 1, 2, MARK}},
	};
}

static void assert_put_back(const struct recovery *r, bool stop, bool free_kdamonds, bool reset,
			    bool stat)
{
	struct slots_putback put = slots_decide(&r->j, &r->found);

	assert_int_equal(put.stop, stop);
	assert_int_equal(put.free_kdamonds, free_kdamonds);
	assert_int_equal(put.reset_contexts, reset);
	assert_int_equal(put.start_stat, stat);
}

static void recover_running(void **state)
{
	struct recovery r = died();

	assert_put_back(&r, true, true, false, true);
	/* killed between "on" and the note of the thread */
	r.j.thread = 0;
	assert_put_back(&r, true, true, false, true);
	/* a borrowed slot is emptied, not removed */
	r.j.nr_kdamonds_before = r.found.nr_kdamonds = 4;
	assert_put_back(&r, true, false, true, true);
}

static void recover_stopped(void **state)
{
	struct recovery r = died();

	r.found.seen.running = false;
	r.found.seen.thread = 0;
	assert_put_back(&r, false, true, false, true);
	/* killed while closing: the slot is gone, or all is done */
	r.found.seen_valid = false;
	r.found.nr_kdamonds = 0;
	assert_put_back(&r, false, false, false, true);
	r.found.stat_runs = true;
	assert_put_back(&r, false, false, false, false);
}

static void recover_leaves_others_alone(void **state)
{
	struct recovery r = died();

	/* another boot: numbers mean nothing */
	r.found.same_boot = false;
	assert_put_back(&r, false, false, false, false);
	/* somebody has started our configuration anew */
	r = died();
	r.found.seen.thread = 5000;
	assert_put_back(&r, false, false, false, true);
	/* somebody has made slots anew */
	r = died();
	r.found.seen.update_us = 1000000;
	assert_put_back(&r, false, false, false, true);
	/* somebody has emptied it */
	r.found.seen = (struct slot_seen){0};
	assert_put_back(&r, false, false, false, true);
}

static void recover_while_claiming(void **state)
{
	struct recovery r = died();

	r.j.stage = JOURNAL_CLAIMING;
	r.j.thread = 0;
	/* before or after nr_kdamonds, nr_contexts, update_us was written */
	r.found.nr_kdamonds = 0;
	r.found.seen_valid = false;
	assert_put_back(&r, false, false, false, true);
	r.found.nr_kdamonds = 1;
	r.found.seen_valid = true;
	r.found.seen = (struct slot_seen){0};
	assert_put_back(&r, false, true, false, true);
	r.found.seen = (struct slot_seen){.nr_contexts = 1, .update_us = SLOTS_DEFAULT_UPDATE_US};
	assert_put_back(&r, false, true, false, true);
	r.found.seen.update_us = MARK;
	assert_put_back(&r, false, true, false, true);
	/* nothing of ours runs in that stage */
	r.found.seen.running = true;
	assert_put_back(&r, false, false, false, true);
	/* a borrowed slot before we touched it */
	r.j.nr_kdamonds_before = r.found.nr_kdamonds = 2;
	r.found.seen = (struct slot_seen){0};
	assert_put_back(&r, false, false, false, true);
	/* stat alone */
	r.j.stage = JOURNAL_NO_SLOT;
	assert_put_back(&r, false, false, false, true);
	r.j.stat_lifted = false;
	assert_put_back(&r, false, false, false, false);
}

static struct damon_target process(pid_t pid)
{
	return (struct damon_target){pid, 1000 + (uint64_t)pid};
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
	assert_int_equal(tried_read(&r, &c, 2, 5), 0);
	assert_false(r.runs[0].known);
	assert_int_equal(r.runs[1].nr, 2);
	assert_int_equal(r.runs[1].time_ns, 5);
	assert_int_equal(r.all[0].start, 4096);
	assert_int_equal(r.all[0].nr_accesses, 3);
	assert_int_equal(r.all[1].end, 12288);
	assert_int_equal(r.all[1].age, 4);
	assert_int_equal(tried_read(&r, &c, 3, 5), -ENOENT);
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

static void probe_recorded(void **state)
{
	_cleanup_sysroot_ struct sysroot root = {""};
	struct damon_probe p;

	sysroot_init(&root, "");
	assert_int_equal(damon_probe(&p, root.path), 0);
	assert_false(p.sysfs || p.trace || p.stat_enabled);
	assert_int_equal(p.vaddr, DAMON_UNKNOWN);
	assert_int_equal(p.nr_kdamonds, -1);
	sysroot_deinit(&root);

	/* after boot: DAMON_STAT runs, no slots, so the symbols tell */
	sysroot_init(&root, "../damon/boot");
	assert_int_equal(damon_probe(&p, root.path), 0);
	assert_true(p.sysfs && p.trace && p.stat_enabled);
	assert_false(p.reclaim_enabled || p.lru_sort_enabled);
	assert_int_equal(p.nr_kdamonds, 0);
	assert_int_equal(p.vaddr, DAMON_YES);
	assert_int_equal(p.obsolete_target, DAMON_YES);
	sysroot_remove(&root, "/proc/kallsyms");
	assert_int_equal(damon_probe(&p, root.path), 0);
	assert_int_equal(p.vaddr, DAMON_UNKNOWN);
	sysroot_put(&root, "/proc/kallsyms",
		    "0000000000000000 t damon_va_prepare_access_checks_not\n");
	assert_int_equal(damon_probe(&p, root.path), 0);
	assert_int_equal(p.vaddr, DAMON_NO);
	sysroot_deinit(&root);

	sysroot_init(&root, "../damon/running");
	assert_int_equal(damon_probe(&p, root.path), 0);
	assert_false(p.stat_enabled);
	assert_int_equal(p.nr_kdamonds, 1);
	assert_int_equal(p.nr_running, 1);
	assert_int_equal(p.vaddr, DAMON_YES);
	assert_int_equal(p.tried_regions, DAMON_YES);
	assert_int_equal(p.auto_intervals, DAMON_YES);
	assert_int_equal(p.obsolete_target, DAMON_YES);
}

static void regions_recorded(void **state)
{
	_cleanup_sysroot_ struct sysroot root = {""};
	struct regions r = {0};
	uint64_t accessed = 0;

	/* a process that touches 8 MB of 64 */
	sysroot_init(&root, "../damon/running");
	assert_int_equal(tried_read(&r, &(struct context){root.path, 0}, 2, 1), 0);
	assert_true(r.runs[0].known && r.runs[1].known);
	for (size_t i = 0; i < r.runs[0].nr; i++) {
		const struct damon_region *region = &r.all[r.runs[0].first + i];

		accessed += region->nr_accesses ? region->end - region->start : 0;
		assert_true(!i || region->start >= region[-1].end);
	}
	assert_in_range(accessed, 7 << 20, 9 << 20);
	regions_deinit(&r);
}

/*
 * Slots on plain files: slot 0 runs, slot 1 is empty, but its files are there once it gets a
 * context.
 */
static void put_slots(const struct sysroot *root)
{
	static const char *const files[][2] = {
		{"nr_kdamonds", "2\n"},
		{"0/state", "on\n"},
		{"0/pid", "123\n"},
		{"0/contexts/nr_contexts", "1\n"},
		{"1/state", "off\n"},
		{"1/pid", "-1\n"},
		{"1/contexts/nr_contexts", "0\n"},
		{"1/contexts/0/avail_operations", "vaddr\nfvaddr\npaddr\n"},
		/* as long as what is written over it */
		{"1/contexts/0/monitoring_attrs/intervals/update_us", "6000000\n"},
		{"1/contexts/0/targets/nr_targets", "0\n"},
		{"1/contexts/0/targets/0/pid_target", "0\n"},
		{"1/contexts/0/schemes/nr_schemes", "0\n"},
		{"1/contexts/0/schemes/0/tried_regions/total_bytes", "0\n"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		put(root, files[i][0], files[i][1]);
	sysroot_put(root, "/proc/sys/kernel/random/boot_id", BOOT "\n");
	sysroot_put(root, "/sys/module/damon_stat/parameters/enabled", "Y\n");
}

static void assert_file(const struct sysroot *root, const char *path, const char *text)
{
	char read[256];

	assert_int_equal(sysfs_read(read, sizeof(read), root->path, "%s", path), 0);
	assert_string_equal(read, text);
}

static int try_open(struct damon **out, const struct sysroot *root, bool keep_stat)
{
	char journal[256];
	struct damon_options options = {
		.sysroot = root->path,
		.journal = journal,
		.aggregation_us = 100000,
		.keep_stat = keep_stat,
		.reader = DAMON_READER_TRIED_REGIONS,
	};

	snprintf(journal, sizeof(journal), "%s/journal", root->path);
	return damon_open(out, &options);
}

static void session_borrows_and_returns(void **state)
{
	_cleanup_sysroot_ struct sysroot root = {""};
	const struct damon_snapshot *snapshots;
	struct damon *d = NULL;
	size_t nr = 7;

	sysroot_init(&root, "");
	put_slots(&root);
	assert_int_equal(try_open(&d, &root, false), 0);
	assert_file(&root, "/sys/module/damon_stat/parameters/enabled", "N");
	assert_file(&root, FILES_ROOT "/1/contexts/nr_contexts", "1");
	assert_true(sysfs_exists(root.path, "/journal"));
	/* nobody to monitor, or nobody who lives: no kdamond */
	assert_int_equal(damon_set_targets(d, NULL, 0), 0);
	assert_int_equal(damon_set_targets(d, &(struct damon_target){77, 5}, 1), 0);
	assert_int_equal(damon_snapshot(d, &snapshots, &nr), 0);
	assert_int_equal(nr, 0);
	assert_int_equal(damon_kdamond_pid(d), 0);
	damon_close(d);
	assert_file(&root, "/sys/module/damon_stat/parameters/enabled", "Y");
	assert_file(&root, FILES_ROOT "/1/contexts/nr_contexts", "0");
	assert_file(&root, FILES_ROOT "/nr_kdamonds", "2");
	assert_file(&root, FILES_ROOT "/0/state", "on");
	assert_false(sysfs_exists(root.path, "/journal"));
}

static void session_refuses(void **state)
{
	_cleanup_sysroot_ struct sysroot root = {""};
	struct damon *d = NULL;

	sysroot_init(&root, "");
	assert_int_equal(try_open(&d, &root, false), DAMON_E_NO_SYSFS);
	put_slots(&root);
	assert_int_equal(try_open(&d, &root, true), DAMON_E_BUSY);
	assert_string_equal(damon_holder(), "DAMON_STAT");
	put(&root, "1/state", "on\n");
	put(&root, "1/pid", "124\n");
	assert_int_equal(try_open(&d, &root, false), DAMON_E_BUSY);
	assert_string_equal(damon_holder(), "kdamond 0 (pid 123)");
	assert_file(&root, "/sys/module/damon_stat/parameters/enabled", "Y");
	put(&root, "1/state", "off\n");
	put(&root, "1/contexts/0/avail_operations", "paddr\n");
	assert_int_equal(try_open(&d, &root, false), DAMON_E_NO_VADDR);
	put(&root, "1/contexts/0/avail_operations", "vaddr\n");
	sysroot_remove(&root, FILES_ROOT "/1/contexts/0/schemes/0/tried_regions");
	assert_int_equal(try_open(&d, &root, false), DAMON_E_NO_REGIONS);
	assert_file(&root, "/sys/module/damon_stat/parameters/enabled", "Y");
	assert_file(&root, FILES_ROOT "/1/contexts/nr_contexts", "0");
	sysroot_put(&root, "/sys/module/damon_stat/parameters/enabled", "N\n");
	sysroot_put(&root, "/sys/module/damon_reclaim/parameters/enabled", "Y\n");
	assert_int_equal(try_open(&d, &root, false), DAMON_E_BUSY);
	assert_string_equal(damon_holder(), "DAMON_RECLAIM");
	assert_file(&root, "/sys/module/damon_reclaim/parameters/enabled", "Y");
	assert_null(d);
	assert_false(sysfs_exists(root.path, "/journal"));
}

static void recover_on_files(void **state)
{
	_cleanup_sysroot_ struct sysroot root = {""};
	struct journal j = full_journal;
	char path[256];

	sysroot_init(&root, "");
	put_slots(&root);
	snprintf(path, sizeof(path), "%s/journal", root.path);
	assert_int_equal(damon_recover(root.path, path), 0);
	sysroot_put(&root, "/journal", "not ours\n");
	assert_int_equal(damon_recover(root.path, path), 0);
	assert_false(sysfs_exists(root.path, "/journal"));

	j.slot = 1;
	j.nr_kdamonds_before = 2;
	j.nr_contexts_before = 0;
	put(&root, "1/contexts/nr_contexts", "1\n");
	put(&root, "1/contexts/0/monitoring_attrs/intervals/update_us", "1004711\n");
	sysroot_put(&root, "/sys/module/damon_stat/parameters/enabled", "N\n");
	assert_int_equal(journal_store(&j, path), 0);
	assert_int_equal(damon_recover(root.path, path), 2);
	assert_file(&root, FILES_ROOT "/1/contexts/nr_contexts", "0");
	assert_file(&root, "/sys/module/damon_stat/parameters/enabled", "Y");
	assert_int_equal(damon_recover(root.path, path), 0);
}

static void words_for_errors(void **state)
{
	for (int e = DAMON_E_NONE; e <= DAMON_E_PERMISSION; e++) {
		assert_true(strlen(damon_strerror(e)) > 5);
		assert_string_not_equal(damon_strerror(e), damon_strerror(DAMON_E_PERMISSION + 1));
	}
	assert_string_equal(damon_strerror(-ENOMEM), strerror(ENOMEM));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(journal_round_trip),
		cmocka_unit_test(journal_refuses_what_it_did_not_write),
		cmocka_unit_test(journal_on_disk),
		cmocka_unit_test(slot_choice),
		cmocka_unit_test(recover_running),
		cmocka_unit_test(recover_stopped),
		cmocka_unit_test(recover_leaves_others_alone),
		cmocka_unit_test(recover_while_claiming),
		cmocka_unit_test(plan_with_obsolete),
		cmocka_unit_test(plan_with_parking),
		cmocka_unit_test(stat_lines),
		cmocka_unit_test(ring_newest_whole_run),
		cmocka_unit_test(ring_across_a_commit),
		cmocka_unit_test(trace_format),
		cmocka_unit_test(tried_regions_with_gaps),
		cmocka_unit_test(limits_grow_in_steps),
		cmocka_unit_test(probe_recorded),
		cmocka_unit_test(regions_recorded),
		cmocka_unit_test(session_borrows_and_returns),
		cmocka_unit_test(session_refuses),
		cmocka_unit_test(recover_on_files),
		cmocka_unit_test(words_for_errors),
	};

	/* What a session says to people is not part of TAP. */
	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests_name("damon", tests, NULL, NULL);
}
