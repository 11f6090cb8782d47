/* SPDX-License-Identifier: GPL-2.0 */
/*
 * damon/ without a kernel: claiming, giving back, recovering and probing.
 * Decisions are pure functions and are tested as such; what only reads is tested
 * over trees recorded in the lab (tests/data/damon); and a whole session is opened
 * and closed on a tree of plain files, which takes every write and reacts to none.
 * How a kernel reacts is in tests/lab.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/log.h"
#include "base/sysfs.h"
#include "base/util.h"
#include "damon/damon.h"
#include "damon/files.h"
#include "damon/slot/journal.h"
#include "damon/slot/slots.h"
#include "tests/helpers/damon-tree.h"

#define BOOT TREE_BOOT
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
	/* over a longer one, on a disk that is full */
	strcat(text, "\n\n\n");
	assert_int_equal(journal_parse(&j, text), 0);
	assert_int_equal(j.thread, 4711);
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
	damon_tree_init(&root);
	assert_int_equal(try_open(&d, &root, false), 0);
	assert_file(&root, "/sys/module/damon_stat/parameters/enabled", "N");
	assert_file(&root, FILES_ROOT "/1/contexts/nr_contexts", "1");
	assert_true(sysfs_exists(root.path, "/journal"));
	/* nobody to monitor, or nobody who lives: no kdamond */
	assert_int_equal(damon_set_targets(d, NULL, 0), 0);
	assert_int_equal(
		damon_set_targets(d, &(struct damon_target){.tgid = 77, .start_time = 5}, 1), 0);
	assert_int_equal(damon_snapshot(d, SIZE_MAX, &snapshots, &nr), 0);
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
	damon_tree_init(&root);
	assert_int_equal(try_open(&d, &root, true), DAMON_E_BUSY);
	assert_string_equal(damon_holder(), "DAMON_STAT");
	damon_tree_put(&root, "1/state", "on\n");
	damon_tree_put(&root, "1/pid", "124\n");
	assert_int_equal(try_open(&d, &root, false), DAMON_E_BUSY);
	assert_string_equal(damon_holder(), "kdamond 0 (pid 123)");
	assert_file(&root, "/sys/module/damon_stat/parameters/enabled", "Y");
	damon_tree_put(&root, "1/state", "off\n");
	damon_tree_put(&root, "1/contexts/0/avail_operations", "paddr\n");
	assert_int_equal(try_open(&d, &root, false), DAMON_E_NO_VADDR);
	damon_tree_put(&root, "1/contexts/0/avail_operations", "vaddr\n");
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
	damon_tree_init(&root);
	snprintf(path, sizeof(path), "%s/journal", root.path);
	assert_int_equal(damon_recover(root.path, path), 0);
	sysroot_put(&root, "/journal", "not ours\n");
	assert_int_equal(damon_recover(root.path, path), 0);
	assert_false(sysfs_exists(root.path, "/journal"));

	j.slot = 1;
	j.nr_kdamonds_before = 2;
	j.nr_contexts_before = 0;
	damon_tree_put(&root, "1/contexts/nr_contexts", "1\n");
	damon_tree_put(&root, "1/contexts/0/monitoring_attrs/intervals/update_us", "1004711\n");
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
		cmocka_unit_test(probe_recorded),
		cmocka_unit_test(session_borrows_and_returns),
		cmocka_unit_test(session_refuses),
		cmocka_unit_test(recover_on_files),
		cmocka_unit_test(words_for_errors),
	};

	/* What a session says to people is not part of TAP. */
	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests_name("damon", tests, NULL, NULL);
}
