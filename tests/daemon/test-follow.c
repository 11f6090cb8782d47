/* SPDX-License-Identifier: GPL-2.0 */
/* What a run does when the kernel lets its scheduler go, and when the machine changes under it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/util.h"
#include "daemon/follow.h"
#include "tests/helpers/run.h"
#include "tests/helpers/sched.h"

#define GO_ON (-1)
#define FAR_TOO_MANY 10000

static int setup(void **state)
{
	static struct run r;
	struct choice choice = run_choice(77, 5, "a");
	bool changed;

	run_init(&r, "cxl");
	r.d.sched = calloc(1, sizeof(*r.d.sched));
	assert_non_null(r.d.sched);
	assert_int_equal(managed_update(&r.d.set, &choice, 1, NULL, 1, &changed), 0);
	r.d.set.items[0].published.generation = 3;
	sched_attach_error = 0;
	sched_nr_attached = sched_nr_freed = 0;
	*state = &r;
	return 0;
}

static int tear_down(void **state)
{
	run_deinit(*state);
	return 0;
}

static void nothing_happens_while_it_runs(void **state)
{
	struct run *r = *state;

	assert_int_equal(follow_scheduler(&r->d), GO_ON);
	assert_int_equal(sched_nr_attached, 0);
	assert_int_equal(r->d.set.items[0].published.generation, 3);
}

static void one_that_restarts_gets_all_profiles_anew(void **state)
{
	struct run *r = *state;

	r->d.sched->exit.what = SCHED_RESTART;
	assert_int_equal(follow_scheduler(&r->d), GO_ON);
	assert_int_equal(sched_nr_attached, 1);
	assert_int_equal(sched_nr_freed, 1);
	assert_int_equal(r->d.nr_restarts, 1);
	assert_int_equal(r->d.set.items[0].published.generation, 0);
	assert_int_equal(r->d.sched->exit.what, SCHED_RUNNING);
	/* one that comes much later is the first again */
	r->d.nr_restarts = 4;
	r->d.restart_ns = 1;
	r->d.sched->exit.what = SCHED_RESTART;
	assert_int_equal(follow_scheduler(&r->d), GO_ON);
	assert_int_equal(r->d.nr_restarts, 1);
}

/* It is asked to restart again at once, each time. */
static void restarts_have_an_end(void **state)
{
	struct run *r = *state;
	int status = GO_ON;

	for (int i = 0; i < FAR_TOO_MANY && status == GO_ON; i++) {
		r->d.sched->exit.what = SCHED_RESTART;
		status = follow_scheduler(&r->d);
	}
	assert_int_equal(status, TS_EXIT_EJECTED);
	assert_true(sched_nr_attached >= 5);
	assert_int_equal(r->d.nr_restarts, 5);
}

static void one_that_was_ejected_ends_the_run(void **state)
{
	struct run *r = *state;

	r->d.sched->exit =
		(struct sched_exit){.what = SCHED_EJECTED, .reason = "runnable task stall"};
	assert_int_equal(follow_scheduler(&r->d), TS_EXIT_EJECTED);
	r->d.sched->exit.what = SCHED_LEFT;
	assert_int_equal(follow_scheduler(&r->d), TS_EXIT_EJECTED);
	assert_int_equal(sched_nr_attached, 0);
}

static void one_that_cannot_be_attached_is_tried_again(void **state)
{
	struct run *r = *state;

	sched_attach_error = -EAGAIN;
	r->d.sched->exit.what = SCHED_RESTART;
	assert_int_equal(follow_scheduler(&r->d), GO_ON);
	assert_null(r->d.sched);
	for (unsigned int i = 2; i <= 5; i++) {
		r->d.restart_ns = 0; /* long ago */
		assert_int_equal(follow_scheduler(&r->d), GO_ON);
		assert_int_equal(sched_nr_attached, i);
	}
	r->d.restart_ns = 0;
	assert_int_equal(follow_scheduler(&r->d), TS_EXIT_FAILED);
	assert_int_equal(sched_nr_attached, 5);
	/* it works at the last try */
	r->d.nr_restarts = 4;
	sched_attach_error = 0;
	assert_int_equal(follow_scheduler(&r->d), GO_ON);
	assert_non_null(r->d.sched);
}

static void who_observes_has_no_scheduler_to_follow(void **state)
{
	struct run *r = *state;

	r->options.observe = true;
	sched_free(r->d.sched);
	r->d.sched = NULL;
	assert_int_equal(follow_scheduler(&r->d), GO_ON);
	assert_int_equal(sched_nr_attached, 0);
}

/* The run knew a recorded machine; now it is the one that this runs on. */
static void another_machine_begins_anew(void **state)
{
	struct run *r = *state;
	struct topology_options options = {.cxl_nodes = &r->options.cxl_nodes};
	struct topology *now = NULL;

	if (topology_read(&now, &options) < 0) {
		/* half-way through a change: what was known stays */
		assert_int_equal(follow_topology(&r->d), -EAGAIN);
		assert_int_equal(r->d.topology->nr_nodes, 3);
		assert_int_equal(r->d.set.nr, 1);
		return;
	}
	assert_int_equal(follow_topology(&r->d), 0);
	assert_int_equal(r->d.topology->nr_nodes, now->nr_nodes);
	assert_ptr_equal(r->d.set.machine, r->d.machine);
	if (machine_count_cpu_nodes(now) != 2) {
		assert_int_equal(r->d.set.nr, 0);
		assert_int_equal(sched_nr_attached, 1);
	}
	/* and that is as it was */
	assert_int_equal(follow_topology(&r->d), 0);
	topology_free(now);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(nothing_happens_while_it_runs),
		TEST(one_that_restarts_gets_all_profiles_anew),
		TEST(restarts_have_an_end),
		TEST(one_that_was_ejected_ends_the_run),
		TEST(one_that_cannot_be_attached_is_tried_again),
		TEST(who_observes_has_no_scheduler_to_follow),
		TEST(another_machine_begins_anew),
	};

	/* What a run says to people is not part of TAP. */
	if (!freopen("/dev/null", "w", stderr))
		return 99;
	return cmocka_run_group_tests_name("follow", tests, NULL, NULL);
}
