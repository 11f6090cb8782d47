/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A session that monitors, over plain files (tests/helpers/damon-tree.h): what the kernel is told,
 * what is made of its regions, and what happens as processes and the kdamond come and go.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/log.h"
#include "base/sysfs.h"
#include "base/util.h"
#include "damon/damon.h"
#include "damon/files.h"
#include "tests/helpers/damon-tree.h"

#define THREAD 4711
#define CONTEXT TREE_CONTEXT

static const struct damon_target first = {.tgid = 77, .start_time = 5},
				 second = {.tgid = 88, .start_time = 6};

struct bench {
	struct sysroot root;
	struct damon *damon;
};

static void open_by(struct bench *b, struct damon_options options)
{
	char journal[256];

	snprintf(journal, sizeof(journal), "%s/journal", b->root.path);
	options.sysroot = b->root.path;
	options.journal = journal;
	options.aggregation_us = 100000;
	options.reader = DAMON_READER_TRIED_REGIONS;
	assert_int_equal(damon_open(&b->damon, &options), 0);
	/* who will run when it is turned on */
	damon_tree_put_thread(&b->root, THREAD);
}

static void setup(struct bench *b)
{
	sysroot_init(&b->root, "");
	damon_tree_init(&b->root);
	damon_tree_make_targets(&b->root, 3);
	damon_tree_put_process(&b->root, first.tgid, first.start_time, 'S');
	damon_tree_put_process(&b->root, second.tgid, second.start_time, 'S');
}

static void tear_down(struct bench *b)
{
	damon_close(b->damon);
	sysroot_deinit(&b->root);
}

static void the_kernel_is_told_once(void **state)
{
	struct bench b;

	setup(&b);
	open_by(&b, (struct damon_options){.samples = 10});
	assert_int_equal(damon_kdamond_pid(b.damon), 0);
	assert_int_equal(damon_set_targets(b.damon, &first, 1), 0);
	assert_int_equal(damon_kdamond_pid(b.damon), THREAD);
	damon_tree_assert(&b.root, "1/state", "on");
	damon_tree_assert(&b.root, CONTEXT "operations", "vaddr");
	damon_tree_assert(&b.root, CONTEXT "monitoring_attrs/intervals/sample_us", "10000");
	damon_tree_assert(&b.root, CONTEXT "monitoring_attrs/intervals/aggr_us", "100000");
	damon_tree_assert(&b.root, CONTEXT "monitoring_attrs/nr_regions/min", "10");
	damon_tree_assert(&b.root, CONTEXT "monitoring_attrs/nr_regions/max", "200");
	damon_tree_assert(&b.root, CONTEXT "targets/nr_targets", "1");
	damon_tree_assert(&b.root, CONTEXT "targets/0/pid_target", "77");
	damon_tree_assert(&b.root, CONTEXT "schemes/0/action", "stat");
	damon_tree_assert(&b.root, CONTEXT "schemes/0/filters/0/type", "target");
	damon_tree_assert(&b.root, CONTEXT "schemes/0/filters/0/matching", "N");
	damon_tree_assert(&b.root, CONTEXT "schemes/0/filters/0/damon_target_idx", "0");
	/* the same set again is no reason to write */
	damon_tree_put(&b.root, "1/state", "nothing was written here\n");
	assert_int_equal(damon_set_targets(b.damon, &first, 1), 0);
	damon_tree_assert(&b.root, "1/state", "nothing was written here");
	tear_down(&b);
}

static void regions_are_sorted_and_checked(void **state)
{
	const struct damon_snapshot *snapshots;
	struct bench b;
	size_t nr;

	setup(&b);
	open_by(&b, (struct damon_options){.samples = 20});
	assert_int_equal(damon_set_targets(b.damon, &first, 1), 0);
	/* it has said nothing yet */
	assert_int_equal(damon_snapshot(b.damon, SIZE_MAX, &snapshots, &nr), -EAGAIN);
	damon_tree_put_region(&b.root, 0, 1, 0x9000, 0xa000, 0, 7);
	damon_tree_put_region(&b.root, 0, 2, 0x1000, 0x3000, 20, 3);
	damon_tree_put_region(&b.root, 0, 3, 0x5000, 0x5000, 1, 0); /* of no length */
	damon_tree_put_region(&b.root, 0, 4, 0x6000, 0x7000, 1, 0);
	damon_tree_put(&b.root, CONTEXT "schemes/0/tried_regions/4/age", "young\n");
	assert_int_equal(damon_snapshot(b.damon, SIZE_MAX, &snapshots, &nr), 0);
	damon_tree_assert(&b.root, "1/state", "update_schemes_tried_regions");
	assert_int_equal(nr, 1);
	assert_int_equal(snapshots[0].target.tgid, 77);
	assert_int_equal(snapshots[0].max_nr_accesses, 20);
	assert_int_equal(snapshots[0].aggregation_us, 100000);
	assert_true(snapshots[0].time_ns > 0);
	assert_int_equal(snapshots[0].nr_regions, 2);
	assert_int_equal(snapshots[0].regions[0].start, 0x1000);
	assert_int_equal(snapshots[0].regions[0].end, 0x3000);
	assert_int_equal(snapshots[0].regions[0].nr_accesses, 20);
	assert_int_equal(snapshots[0].regions[0].age, 3);
	assert_int_equal(snapshots[0].regions[1].start, 0x9000);
	assert_int_equal(snapshots[0].regions[1].nr_accesses, 0);
	tear_down(&b);
}

static void a_newcomer_is_committed(void **state)
{
	const struct damon_target both[] = {first, second};
	const struct damon_snapshot *snapshots;
	struct bench b;
	size_t nr;

	setup(&b);
	open_by(&b, (struct damon_options){0});
	assert_int_equal(damon_set_targets(b.damon, both, 1), 0);
	/* named twice it is one */
	assert_int_equal(
		damon_set_targets(b.damon, (struct damon_target[]){first, second, first}, 3), 0);
	damon_tree_assert(&b.root, "1/state", "commit");
	damon_tree_assert(&b.root, CONTEXT "targets/nr_targets", "2");
	damon_tree_assert(&b.root, CONTEXT "targets/1/pid_target", "88");
	damon_tree_assert(&b.root, CONTEXT "schemes/1/filters/0/damon_target_idx", "1");
	damon_tree_put_region(&b.root, 0, 0, 0x1000, 0x2000, 1, 1);
	damon_tree_put_region(&b.root, 1, 0, 0x8000, 0x9000, 0, 1);
	assert_int_equal(damon_snapshot(b.damon, SIZE_MAX, &snapshots, &nr), 0);
	assert_int_equal(nr, 2);
	assert_int_equal(snapshots[0].target.tgid, 77);
	assert_int_equal(snapshots[1].target.tgid, 88);
	assert_int_equal(snapshots[1].regions[0].start, 0x8000);
	/* where not all may come, they take turns */
	assert_int_equal(damon_snapshot(b.damon, 1, &snapshots, &nr), 0);
	assert_int_equal(nr, 1);
	assert_int_equal(snapshots[0].target.tgid, 77);
	assert_int_equal(damon_snapshot(b.damon, 1, &snapshots, &nr), 0);
	assert_int_equal(nr, 1);
	assert_int_equal(snapshots[0].target.tgid, 88);
	tear_down(&b);
}

static void who_has_ended_is_left_out(void **state)
{
	const struct damon_target both[] = {first, second}, reused = {.tgid = 77, .start_time = 99};
	const struct damon_snapshot *snapshots;
	struct bench b;
	size_t nr;

	setup(&b);
	open_by(&b, (struct damon_options){0});
	/* a pid that means another process by now */
	assert_int_equal(damon_set_targets(b.damon, &reused, 1), 0);
	assert_int_equal(damon_kdamond_pid(b.damon), 0);
	assert_int_equal(damon_set_targets(b.damon, both, 2), 0);
	damon_tree_put_region(&b.root, 0, 0, 0x1000, 0x2000, 0, 1);
	damon_tree_put_region(&b.root, 1, 0, 0x8000, 0x9000, 0, 1);
	damon_tree_put_process(&b.root, first.tgid, first.start_time, 'Z');
	assert_int_equal(damon_snapshot(b.damon, SIZE_MAX, &snapshots, &nr), 0);
	assert_int_equal(nr, 1);
	assert_int_equal(snapshots[0].target.tgid, 88);
	/* this kernel cannot take a target out of the middle: its place is parked with ourselves */
	assert_int_equal(damon_set_targets(b.damon, both, 2), 0);
	damon_tree_assert(&b.root, CONTEXT "targets/nr_targets", "2");
	damon_tree_assert(&b.root, CONTEXT "targets/1/pid_target", "88");
	assert_int_equal(damon_snapshot(b.damon, SIZE_MAX, &snapshots, &nr), 0);
	assert_int_equal(nr, 1);
	/* with nobody left it is stopped */
	assert_int_equal(damon_set_targets(b.damon, NULL, 0), 0);
	damon_tree_assert(&b.root, "1/state", "off");
	assert_int_equal(damon_kdamond_pid(b.damon), 0);
	tear_down(&b);
}

static void obsolete_targets_are_named_to_a_kernel_that_knows_them(void **state)
{
	const struct damon_target both[] = {first, second};
	struct bench b;
	char self[32];

	setup(&b);
	damon_tree_put(&b.root, CONTEXT "targets/0/obsolete_target", "N\n");
	damon_tree_put(&b.root, CONTEXT "targets/1/obsolete_target", "N\n");
	open_by(&b, (struct damon_options){0});
	assert_int_equal(damon_set_targets(b.damon, both, 2), 0);
	damon_tree_put(&b.root, CONTEXT "targets/0/pid_target", "                \n");
	assert_int_equal(damon_set_targets(b.damon, &second, 1), 0);
	damon_tree_assert(&b.root, CONTEXT "targets/0/obsolete_target", "Y");
	damon_tree_assert(&b.root, CONTEXT "targets/1/obsolete_target", "N");
	snprintf(self, sizeof(self), "%d", getpid());
	damon_tree_assert(&b.root, CONTEXT "targets/0/pid_target", self);
	tear_down(&b);
}

static void ranges_go_in_pieces(void **state)
{
	static const struct damon_ranges ranges = {
		2, {{0x10000000, 0x10200000}, {0x20000000, 0x20040000}}};
	static const struct damon_ranges none = {0};
	struct damon_target targets[] = {first, second};
	struct bench b;

	targets[0].ranges = &none;
	targets[1].ranges = &ranges;
	setup(&b);
	open_by(&b, (struct damon_options){.by_ranges = true});
	/* of the first nothing is known yet: it waits */
	assert_int_equal(damon_set_targets(b.damon, targets, 2), 0);
	damon_tree_assert(&b.root, CONTEXT "operations", "fvaddr");
	damon_tree_assert(&b.root, CONTEXT "targets/nr_targets", "1");
	damon_tree_assert(&b.root, CONTEXT "targets/0/pid_target", "88");
	/* 2.25 MB: pieces of 256 KB make nine of them */
	damon_tree_assert(&b.root, CONTEXT "targets/0/regions/nr_regions", "9");
	damon_tree_assert(&b.root, CONTEXT "targets/0/regions/0/start", "268435456");
	damon_tree_assert(&b.root, CONTEXT "targets/0/regions/0/end", "268697600");
	damon_tree_assert(&b.root, CONTEXT "targets/0/regions/7/end", "270532608");
	damon_tree_assert(&b.root, CONTEXT "targets/0/regions/8/start", "536870912");
	damon_tree_assert(&b.root, CONTEXT "targets/0/regions/8/end", "537133056");
	tear_down(&b);
}

static void tuned_intervals_are_taken_over(void **state)
{
	static const char *const goal[] = {"access_bp", "aggrs", "min_sample_us", "max_sample_us"};
	const struct damon_snapshot *snapshots;
	struct bench b;
	char path[128];
	size_t nr;

	setup(&b);
	for (size_t i = 0; i < ARRAY_SIZE(goal); i++) {
		snprintf(path, sizeof(path), CONTEXT "monitoring_attrs/intervals/intervals_goal/%s",
			 goal[i]);
		damon_tree_put(&b.root, path, "                \n");
	}
	open_by(&b, (struct damon_options){.auto_intervals = true});
	assert_int_equal(damon_set_targets(b.damon, &first, 1), 0);
	damon_tree_put_region(&b.root, 0, 0, 0x1000, 0x2000, 0, 1);
	damon_tree_put(&b.root, CONTEXT "monitoring_attrs/intervals/sample_us", "50000\n");
	damon_tree_put(&b.root, CONTEXT "monitoring_attrs/intervals/aggr_us", "2000000\n");
	assert_int_equal(damon_snapshot(b.damon, SIZE_MAX, &snapshots, &nr), 0);
	assert_int_equal(snapshots[0].max_nr_accesses, 40);
	assert_int_equal(snapshots[0].aggregation_us, 2000000);
	/* an aggregation shorter than a sample is nonsense: the last that made sense stay */
	damon_tree_put(&b.root, CONTEXT "monitoring_attrs/intervals/aggr_us", "20000\n");
	assert_int_equal(damon_snapshot(b.damon, SIZE_MAX, &snapshots, &nr), 0);
	assert_int_equal(snapshots[0].aggregation_us, 2000000);
	tear_down(&b);
}

static void a_kernel_that_cannot_tune_is_refused(void **state)
{
	struct bench b;
	struct damon_options options = {.aggregation_us = 100000,
					.auto_intervals = true,
					.reader = DAMON_READER_TRIED_REGIONS};
	char journal[256];

	setup(&b);
	snprintf(journal, sizeof(journal), "%s/journal", b.root.path);
	options.sysroot = b.root.path;
	options.journal = journal;
	b.damon = NULL;
	assert_int_equal(damon_open(&b.damon, &options), -EOPNOTSUPP);
	assert_null(b.damon);
	damon_tree_assert(&b.root, "1/contexts/nr_contexts", "0");
	assert_false(sysfs_exists(b.root.path, "/journal"));
	tear_down(&b);
}

static void a_stopped_kdamond_is_started_again(void **state)
{
	const struct damon_snapshot *snapshots;
	struct bench b;
	size_t nr;

	setup(&b);
	open_by(&b, (struct damon_options){0});
	assert_int_equal(damon_set_targets(b.damon, &first, 1), 0);
	damon_tree_put_thread(&b.root, THREAD + 1);
	damon_tree_put(&b.root, "1/state", "off\n");
	assert_int_equal(damon_snapshot(b.damon, SIZE_MAX, &snapshots, &nr), -EAGAIN);
	damon_tree_assert(&b.root, "1/state", "on");
	assert_int_equal(damon_kdamond_pid(b.damon), THREAD + 1);
	/* it ends by itself with its last process: then there is nothing to start */
	damon_tree_put_thread(&b.root, -1);
	damon_tree_put(&b.root, "1/state", "off\n");
	damon_tree_put_process(&b.root, first.tgid, first.start_time, 'Z');
	assert_int_equal(damon_snapshot(b.damon, SIZE_MAX, &snapshots, &nr), 0);
	assert_int_equal(nr, 0);
	damon_tree_assert(&b.root, "1/state", "off");
	assert_int_equal(damon_kdamond_pid(b.damon), 0);
	tear_down(&b);
}

/* While nothing of ours runs anybody may take the slot. */
static void a_slot_that_was_taken_is_left_alone(void **state)
{
	static const char *const files[][2] = {
		{"0/state", "off\n"},
		{"0/pid", "-1\n"},
		{"0/contexts/nr_contexts", "0\n"},
		{"0/contexts/0/avail_operations", "vaddr\n"},
		{"0/contexts/0/monitoring_attrs/intervals/update_us", "6000000\n"},
		{"0/contexts/0/monitoring_attrs/intervals/sample_us", "      \n"},
		{"0/contexts/0/monitoring_attrs/intervals/aggr_us", "      \n"},
		/* the rest is missing: so far and no further */
	};
	struct bench b;

	setup(&b);
	open_by(&b, (struct damon_options){0});
	damon_tree_put(&b.root, "1/state", "on\n");
	damon_tree_put(&b.root, CONTEXT "monitoring_attrs/intervals/update_us", "1234567\n");
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		damon_tree_put(&b.root, files[i][0], files[i][1]);
	assert_int_equal(damon_set_targets(b.damon, &first, 1), -ENOENT);
	damon_tree_assert(&b.root, "0/contexts/nr_contexts", "1");
	damon_tree_assert(&b.root, "0/contexts/0/monitoring_attrs/intervals/aggr_us", "100000");
	damon_tree_assert(&b.root, CONTEXT "monitoring_attrs/intervals/update_us", "1234567");
	damon_tree_assert(&b.root, "1/state", "on");
	tear_down(&b);
}

static void an_error_of_the_kernel_is_passed_on(void **state)
{
	const struct damon_target both[] = {first, second};
	const struct damon_snapshot *snapshots;
	struct bench b;
	size_t nr;

	setup(&b);
	open_by(&b, (struct damon_options){0});
	assert_int_equal(damon_set_targets(b.damon, &first, 1), 0);
	sysroot_remove(&b.root, FILES_ROOT "/" CONTEXT "targets/1/pid_target");
	assert_int_equal(damon_set_targets(b.damon, both, 2), -ENOENT);
	/* what was monitored is so still */
	damon_tree_put_region(&b.root, 0, 0, 0x1000, 0x2000, 0, 1);
	assert_int_equal(damon_snapshot(b.damon, SIZE_MAX, &snapshots, &nr), 0);
	assert_int_equal(nr, 1);
	sysroot_remove(&b.root, FILES_ROOT "/" CONTEXT "schemes/0/tried_regions");
	assert_int_equal(damon_snapshot(b.damon, SIZE_MAX, &snapshots, &nr), -ENOENT);
	assert_int_equal(nr, 0);
	tear_down(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_kernel_is_told_once),
		cmocka_unit_test(regions_are_sorted_and_checked),
		cmocka_unit_test(a_newcomer_is_committed),
		cmocka_unit_test(who_has_ended_is_left_out),
		cmocka_unit_test(obsolete_targets_are_named_to_a_kernel_that_knows_them),
		cmocka_unit_test(ranges_go_in_pieces),
		cmocka_unit_test(tuned_intervals_are_taken_over),
		cmocka_unit_test(a_kernel_that_cannot_tune_is_refused),
		cmocka_unit_test(a_stopped_kdamond_is_started_again),
		cmocka_unit_test(a_slot_that_was_taken_is_left_alone),
		cmocka_unit_test(an_error_of_the_kernel_is_passed_on),
	};

	/* What a session says to people is not part of TAP. */
	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
