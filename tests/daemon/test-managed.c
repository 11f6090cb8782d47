/* SPDX-License-Identifier: GPL-2.0 */
/* The set of managed processes: who comes, who stays what he was, who goes, and whose a snapshot is. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/log.h"
#include "base/util.h"
#include "daemon/managed.h"
#include "tests/helpers/run.h"
#include "tests/helpers/sched.h"

#define NOW (5 * NSEC_PER_SEC)
/* No process has it: the kernel gives none above 1 << 22. */
#define NOBODY (1 << 23)

static int setup(void **state)
{
	static struct run r;

	run_init(&r, "cxl");
	r.d.sched = calloc(1, sizeof(*r.d.sched));
	assert_non_null(r.d.sched);
	*state = &r;
	return 0;
}

static int tear_down(void **state)
{
	run_deinit(*state);
	return 0;
}

static bool update(struct run *r, const struct choice *chosen, size_t nr, uint64_t now_ns)
{
	bool changed;

	assert_int_equal(managed_update(&r->d.set, chosen, nr, r->d.sched, now_ns, &changed), 0);
	return changed;
}

static void who_stays_keeps_his_history(void **state)
{
	struct run *r = *state;
	struct managed_set *set = &r->d.set;
	struct choice choices[] = {run_choice(77, 5, "a"), run_choice(88, 6, "b")};
	struct model_process *model;

	assert_true(update(r, choices, 1, NOW));
	assert_int_equal(set->nr, 1);
	assert_int_equal(set->targets[0].tgid, 77);
	assert_int_equal(set->targets[0].start_time, 5);
	assert_null(set->targets[0].ranges);
	model = set->items[0].model;
	choices[0].proc.rss_bytes = 1;
	assert_false(update(r, choices, 1, NOW + 1));
	assert_int_equal(set->items[0].choice.proc.rss_bytes, 1);
	assert_int_equal(set->items[0].since_ns, NOW);
	assert_ptr_equal(set->items[0].model, model);
	assert_true(update(r, choices, 2, NOW + 2));
	assert_int_equal(set->nr, 2);
	assert_ptr_equal(set->items[0].model, model);
	assert_int_equal(set->items[1].since_ns, NOW + 2);
}

static void who_goes_is_dropped_from_the_scheduler(void **state)
{
	struct run *r = *state;
	const struct ts_profile profile = {.generation = 1};
	struct choice choices[] = {run_choice(77, 5, "a"), run_choice(88, 6, "b")};

	update(r, choices, 2, NOW);
	assert_int_equal(sched_set_profile(r->d.sched, 77, &profile), 0);
	assert_int_equal(sched_set_profile(r->d.sched, 88, &profile), 0);
	assert_true(update(r, choices + 1, 1, NOW + 1));
	assert_int_equal(r->d.set.nr, 1);
	assert_int_equal(r->d.set.targets[0].tgid, 88);
	assert_null(sched_profile_of(r->d.sched, 77));
	assert_non_null(sched_profile_of(r->d.sched, 88));
}

/* A pid that was given anew is another process, and another thread for the memory another target. */
static void a_reused_pid_begins_anew(void **state)
{
	struct run *r = *state;
	struct choice choice = run_choice(77, 5, "a");

	update(r, &choice, 1, NOW);
	r->d.set.items[0].nr_regions = 3;
	choice.proc.start_time = choice.task.start_time = 9;
	assert_true(update(r, &choice, 1, NOW + 1));
	assert_int_equal(r->d.set.nr, 1);
	assert_int_equal(r->d.set.items[0].nr_regions, 0);
	assert_int_equal(r->d.set.items[0].since_ns, NOW + 1);
	r->d.set.items[0].nr_regions = 4;
	choice.task.pid = 78;
	assert_true(update(r, &choice, 1, NOW + 2));
	assert_int_equal(r->d.set.items[0].nr_regions, 4);
	assert_int_equal(r->d.set.targets[0].tgid, 78);
}

static void no_more_than_there_is_room_for(void **state)
{
	struct run *r = *state;
	struct choice choices[6];

	for (int i = 0; i < 6; i++)
		choices[i] = run_choice(70 + i, 5, "a");
	assert_true(update(r, choices, 6, NOW));
	assert_int_equal(r->d.set.nr, r->options.choose.max_processes);
	assert_false(update(r, choices, 6, NOW));
}

static struct choice self_choice(void)
{
	struct proc_stat self;

	assert_int_equal(proc_stat_read(&self, getpid()), 0);
	return run_choice(self.pid, self.start_time, "self");
}

static void a_snapshot_is_taken_by_whom_it_is_of(void **state)
{
	static const struct damon_region region = {0x1000, 0x5000, 7, 2};
	struct run *r = *state;
	struct choice choices[] = {run_choice(NOBODY, 5, "ended"), self_choice()};
	struct damon_snapshot snapshots[] = {
		{.target = {.tgid = NOBODY, .start_time = 5}},
		{.target = {.tgid = getpid(), .start_time = choices[1].proc.start_time + 1}},
	};
	struct managed *item = &r->d.set.items[1];

	for (size_t i = 0; i < 2; i++) {
		snapshots[i].regions = &region;
		snapshots[i].nr_regions = 1;
		snapshots[i].max_nr_accesses = 20;
		snapshots[i].aggregation_us = 100000;
		snapshots[i].time_ns = NOW;
	}
	update(r, choices, 2, NOW);
	/* of one that has ended, and of one that had our pid before */
	managed_collect(&r->d.set, snapshots, 2, r->d.sched, NOW);
	assert_true(r->d.set.items[0].gone);
	assert_int_equal(r->d.set.items[0].sample.last.now_ns, 0);
	assert_false(item->gone);
	assert_int_equal(item->sample.last.now_ns, 0);
	snapshots[1].target.start_time--;
	managed_collect(&r->d.set, snapshots, 2, NULL, NOW);
	assert_int_equal(item->sample.last.now_ns, NOW);
	assert_int_equal(item->sample.last.nr_regions, 1);
	assert_int_equal(item->sample.last.regions[0].nr_accesses, 7);
	assert_int_equal(item->nr_regions, 1);
	/* nobody counts how often it moves */
	assert_int_equal(item->sample.last.nr_migrations, 0);
	assert_int_equal(usage_class(&item->usage), TS_CLASS_UNSET);
}

static void the_scheduler_tells_of_its_moves(void **state)
{
	static const struct damon_region region = {0x1000, 0x5000, 7, 2};
	struct run *r = *state;
	struct choice choice = self_choice();
	struct damon_snapshot snapshot = {
		.target = {.tgid = getpid(), .start_time = choice.proc.start_time},
		.regions = &region,
		.nr_regions = 1,
		.max_nr_accesses = 20,
		.aggregation_us = 100000,
		.time_ns = NOW,
	};
	struct managed *item = &r->d.set.items[0];
	struct sched_profile *entry;

	update(r, &choice, 1, NOW);
	assert_int_equal(sched_set_profile(r->d.sched, getpid(), &(struct ts_profile){0}), 0);
	entry = sched_profile_of(r->d.sched, getpid());
	entry->usage.nr_node_moves = 30;
	entry->usage.class_ns[TS_CLASS_VECTOR] = 500;
	managed_collect(&r->d.set, &snapshot, 1, r->d.sched, NOW);
	assert_int_equal(item->sample.last.nr_migrations, 30);
	assert_int_equal(usage_class(&item->usage), TS_CLASS_VECTOR);
	entry->usage.nr_node_moves = 34;
	managed_collect(&r->d.set, &snapshot, 1, r->d.sched, NOW + 1);
	assert_int_equal(item->sample.last.nr_migrations, 4);
	assert_int_equal(item->usage.last.nr_node_moves, 34);
}

/* Who was not looked at in this tick learns nothing in it. */
static void only_samples_of_now_are_taken_in(void **state)
{
	static const uint32_t pages[3] = {4, 0, 0};
	static const struct sample_region hot = {
		.start = 1 << 20, .bytes = 1 << 20, .nr_accesses = 20, .pages = pages};
	struct run *r = *state;
	struct choice choices[] = {run_choice(77, 5, "a"), run_choice(88, 6, "b")};

	update(r, choices, 2, NOW);
	for (size_t i = 0; i < 2; i++)
		r->d.set.items[i].sample.last =
			(struct sample){.now_ns = NOW + i,
					.seen_ns = NOW + i,
					.aggregation_ns = 100 * NSEC_PER_MSEC,
					.max_nr_accesses = 20,
					.regions = &hot,
					.nr_regions = 1};
	managed_model(&r->d.set, &r->d.model_options, NOW + 1);
	assert_int_equal(model_profile(r->d.set.items[0].model)->working_set_bytes, 0);
	assert_int_equal(model_profile(r->d.set.items[1].model)->working_set_bytes, 1 << 20);
	assert_int_equal(model_profile(r->d.set.items[1].model)->heat_permille[0], 1000);
	for (size_t i = 0; i < 2; i++)
		r->d.set.items[i].sample.last.regions = NULL;
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(who_stays_keeps_his_history),
		TEST(who_goes_is_dropped_from_the_scheduler),
		TEST(a_reused_pid_begins_anew),
		TEST(no_more_than_there_is_room_for),
		TEST(a_snapshot_is_taken_by_whom_it_is_of),
		TEST(the_scheduler_tells_of_its_moves),
		TEST(only_samples_of_now_are_taken_in),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests_name("managed", tests, NULL, NULL);
}
