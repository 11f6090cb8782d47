/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The mover, with a kernel that is played (tests/helpers/world.h).  Nothing here depends on how fast
 * the host is.
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/clock.h"
#include "numa/room.h"
#include "tests/helpers/world.h"
#include "tier/move.h"

static void begin(struct world *w)
{
	assert_int_equal(mover_new(&w->mover, &w->options), 0);
}

static struct process_id own_id(void)
{
	struct proc_stat stat;

	assert_int_equal(proc_stat_read(&stat, getpid()), 0);
	return proc_id(&stat);
}

/* A job of this process: BYTES from node 0 to TO.  Its addresses tell jobs apart, as TAG does. */
static struct move_job job_of(size_t tag, uint64_t bytes, unsigned int to)
{
	return (struct move_job){.process = own_id(),
				 .task = own_id(),
				 .start = (tag + 1) << 40,
				 .bytes = bytes,
				 .from = 0,
				 .to = to,
				 .direction = (enum move_direction)(tag % MOVE_NR_DIRECTIONS),
				 .tag = tag};
}

static void give(struct world *w, const struct move_job *jobs, size_t nr)
{
	assert_int_equal(mover_give(w->mover, jobs, nr), 0);
}

static void give_one(struct world *w, struct move_job job)
{
	give(w, &job, 1);
}

/* Wait for NR results. */
static void take(struct world *w, struct move_done *out, size_t nr)
{
	for (size_t taken = 0; taken < nr; usleep(1000))
		taken += mover_take(w->mover, out + taken, nr - taken);
}

static struct move_done take_one(struct world *w)
{
	struct move_done done;

	take(w, &done, 1);
	return done;
}

static struct move_totals totals(struct world *w)
{
	struct move_totals t;

	mover_totals(w->mover, &t);
	return t;
}

static uint64_t sum(const uint64_t *figures, size_t nr)
{
	uint64_t all = 0;

	for (size_t i = 0; i < nr; i++)
		all += figures[i];
	return all;
}

static uint64_t sum_left(const struct move_done *done)
{
	return sum(done->left_bytes, MIGRATE_NR_REASONS);
}

static void test_jobs_are_done_in_turn(void **state)
{
	struct world *w = *state;
	struct move_job jobs[] = {job_of(0, 5 * MB, 1), job_of(1, 4 * MB, 1), job_of(2, 1, 1)};
	struct move_done done[3];

	begin(w);
	give(w, jobs, 3);
	take(w, done, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(done[i].job.tag, i);
		assert_int_equal(done[i].end, MOVE_COMPLETE);
		assert_int_equal(done[i].error, 0);
		assert_int_equal(done[i].plan, 1);
		assert_int_equal(done[i].reached, jobs[i].start + jobs[i].bytes);
		assert_int_equal(done[i].moved_bytes, jobs[i].bytes);
		assert_int_equal(sum_left(&done[i]), 0);
		assert_int_equal(totals(w).moved_bytes[i], jobs[i].bytes);
		assert_true(done[i].when_ns <= clock_ns(CLOCK_MONOTONIC));
	}
	assert_int_equal(world_nr_calls(w), 3 + 2 + 1);
	assert_int_equal(totals(w).nr_jobs_left, 0);
	assert_int_equal(totals(w).nr_batches, 6);
	assert_int_equal(w->calls[1].start, jobs[0].start + BATCH_BYTES);
	assert_int_equal(w->calls[1].end, jobs[0].start + jobs[0].bytes);
	assert_int_equal(w->calls[1].task, getpid());
	assert_int_equal(w->calls[1].to, 1);
	assert_int_equal(mover_take(w->mover, done, 3), 0);
}

static void test_the_thread(void **state)
{
	struct world *w = *state;

	begin(w);
	give_one(w, job_of(0, MB, 1));
	take_one(w);
	assert_true(w->signals_blocked);
	assert_true(w->nice >= 0);
	assert_string_equal(w->name, "tiersched-move");
}

static void test_a_new_plan_replaces_the_old_one(void **state)
{
	struct world *w = *state;
	struct move_job old[] = {job_of(0, 10 * MB, 1), job_of(1, 10 * MB, 1)};
	struct move_done done[2];

	begin(w);
	world_allow(w, 1);
	give(w, old, 2);
	world_wait_for_calls(w, 2);
	/* in the middle of the second batch */
	give_one(w, job_of(2, 3 * MB, 1));
	world_allow(w, SIZE_MAX);
	take(w, done, 2);
	assert_int_equal(done[0].job.tag, 0);
	assert_int_equal(done[0].end, MOVE_REPLACED);
	assert_int_equal(done[0].plan, 1);
	assert_int_equal(done[0].moved_bytes, 4 * MB);
	assert_int_equal(done[0].reached, old[0].start + 4 * MB);
	assert_int_equal(done[1].job.tag, 2);
	assert_int_equal(done[1].end, MOVE_COMPLETE);
	assert_int_equal(done[1].plan, 2);
	assert_int_equal(world_nr_calls(w), 4);
}

/* The job of the batch under way may be done with it: then it is complete, and not replaced. */
static void test_an_empty_plan_stops(void **state)
{
	struct world *w = *state;
	struct move_job jobs[] = {job_of(0, 2 * MB, 1), job_of(1, 2 * MB, 1)};
	struct move_done done;

	begin(w);
	world_allow(w, 0);
	give(w, jobs, 2);
	world_wait_for_calls(w, 1);
	give(w, NULL, 0);
	world_allow(w, SIZE_MAX);
	done = take_one(w);
	assert_int_equal(done.end, MOVE_COMPLETE);
	assert_int_equal(done.moved_bytes, 2 * MB);
	assert_int_equal(totals(w).nr_jobs_left, 0);
	give_one(w, job_of(2, MB, 1));
	assert_int_equal(take_one(w).job.tag, 2);
	assert_int_equal(world_nr_calls(w), 2);
}

/* A batch now and then, so that it ends whenever it is told to. */
static void *let_batches_pass(void *arg)
{
	struct world *w = arg;

	while (!atomic_load(&w->freed)) {
		usleep(10000);
		world_allow(w, world_nr_calls(w));
	}
	return NULL;
}

static void test_it_ends_after_the_batch(void **state)
{
	struct world *w = *state;
	pthread_t other;

	begin(w);
	world_allow(w, 0);
	give_one(w, job_of(0, MAX_CALLS * BATCH_BYTES, 1));
	world_wait_for_calls(w, 1);
	assert_int_equal(pthread_create(&other, NULL, let_batches_pass, w), 0);
	mover_free(w->mover);
	w->mover = NULL;
	atomic_store(&w->freed, true);
	pthread_join(other, NULL);
	assert_true(world_nr_calls(w) < MAX_CALLS);
}

/* The second batch is due in three weeks. */
static void test_it_ends_while_it_waits(void **state)
{
	struct world *w = *state;

	w->options.max_bytes_per_s = 1;
	begin(w);
	give_one(w, job_of(0, 100 * MB, 1));
	world_wait_for_calls(w, 1);
	usleep(20000);
	assert_int_equal(world_nr_calls(w), 1);
	assert_int_equal(totals(w).nr_jobs_left, 1);
	/* a new plan does not give a new quota */
	give_one(w, job_of(1, 100 * MB, 1));
	assert_int_equal(take_one(w).end, MOVE_REPLACED);
	usleep(20000);
	assert_int_equal(world_nr_calls(w), 1);
	mover_free(w->mover);
	w->mover = NULL;
}

/*
 * A batch may begin when what was moved before it is paid for: by the time since the start, and by
 * what was saved up before.
 */
static void test_quota_of_bytes(void **state)
{
	struct world *w = *state;
	double rate = 200 * (double)MB;
	uint64_t start_ns = clock_ns(CLOCK_MONOTONIC);

	w->options.max_bytes_per_s = (uint64_t)rate;
	begin(w);
	give_one(w, job_of(0, 60 * MB, 1));
	assert_int_equal(take_one(w).moved_bytes, 60 * MB);
	for (size_t i = 1; i < 30; i++) {
		double paid_s = (double)(w->begun_ns[i] - start_ns + MOVE_BURST_NS) / 1e9;

		assert_true((double)(i * BATCH_BYTES) <= paid_s * rate);
	}
}

static void test_quota_of_cpu_time(void **state)
{
	struct world *w = *state;
	uint64_t start_ns = clock_ns(CLOCK_MONOTONIC);

	w->options.max_cpu_percent = 20;
	w->burn_ns = 3 * NSEC_PER_MSEC;
	begin(w);
	give_one(w, job_of(0, 40 * MB, 1));
	take_one(w);
	for (size_t i = 1; i < 20; i++) {
		uint64_t paid_ns = w->begun_ns[i] - start_ns + MOVE_BURST_NS;

		assert_true(w->cpu_ns[i - 1] <= paid_ns / 5);
	}
	assert_true(totals(w).cpu_ns >= 20 * w->burn_ns);
}

static void test_a_process_that_is_gone(void **state)
{
	struct world *w = *state;
	struct move_job jobs[3] = {job_of(0, MB, 1), job_of(1, MB, 1), job_of(2, MB, 1)};
	struct move_done done[3];
	pid_t child = fork();

	if (!child)
		_exit(0);
	assert_int_not_equal(child, -1);
	waitpid(child, NULL, 0);
	begin(w);
	jobs[0].task.pid = child;
	jobs[1].task.start_time++; /* its pid has been given to another one */
	world_set_answer(w, -ESRCH, -1);
	give(w, jobs, 3);
	take(w, done, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(done[i].job.tag, i);
		assert_int_equal(done[i].end, MOVE_GONE);
		assert_int_equal(done[i].moved_bytes, 0);
		assert_int_equal(done[i].reached, jobs[i].start);
	}
	assert_int_equal(world_nr_calls(w), 1);
	assert_int_equal(totals(w).nr_batches, 0);
}

static void test_reasons(void **state)
{
	static const struct {
		int reason;
		enum move_end end;
	} rows[] = {
		{MIGRATE_SHARED, MOVE_COMPLETE}, {MIGRATE_BUSY, MOVE_COMPLETE},
		{MIGRATE_FAILED, MOVE_COMPLETE}, {MIGRATE_FORBIDDEN, MOVE_FORBIDDEN},
		{MIGRATE_NO_ROOM, MOVE_NO_ROOM}, {MIGRATE_NO_HUGE_ROOM, MOVE_NO_ROOM},
	};
	struct world *w = *state;

	begin(w);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct move_job job = job_of(i, 6 * MB, 1);
		/* what cannot go on ends with its first batch */
		uint64_t seen = rows[i].end == MOVE_COMPLETE ? 6 * MB : BATCH_BYTES;
		struct move_done done;

		world_set_answer(w, 0, rows[i].reason);
		give_one(w, job);
		done = take_one(w);
		assert_int_equal(done.end, rows[i].end);
		assert_int_equal(done.left_bytes[rows[i].reason], seen);
		assert_int_equal(sum_left(&done), seen);
		assert_int_equal(done.reached, job.start + seen);
		assert_int_equal(totals(w).left_bytes[rows[i].reason], seen);
	}
	assert_int_equal(sum(totals(w).moved_bytes, MOVE_NR_DIRECTIONS), 0);
}

static void test_errors(void **state)
{
	struct world *w = *state;
	struct move_done done;

	w->room_mb = 64; /* a reading is good for some milliseconds */
	world_put_room(w);
	begin(w);
	world_set_answer(w, -EPERM, -1);
	give_one(w, job_of(0, 6 * MB, 1));
	done = take_one(w);
	assert_int_equal(done.end, MOVE_ERROR);
	assert_int_equal(done.error, -EPERM);
	world_set_answer(w, 0, -1);
	sysroot_remove(&w->root, "/proc/zoneinfo");
	usleep(100 * 1000);
	give_one(w, job_of(1, 6 * MB, 1));
	done = take_one(w);
	assert_int_equal(done.end, MOVE_ERROR);
	assert_int_equal(done.error, -ENOENT);
	world_put_room(w);
	give_one(w, job_of(2, 6 * MB, 1));
	assert_int_equal(take_one(w).end, MOVE_COMPLETE);
}

static void test_odd_jobs(void **state)
{
	struct world *w = *state;
	struct move_job job = job_of(0, 0, 1);

	begin(w);
	give_one(w, job);
	assert_int_equal(take_one(w).moved_bytes, 0);
	assert_int_equal(mover_give(w->mover, NULL, 0), 0);
	mover_free(NULL);
}

static void test_room_is_left(void **state)
{
	struct world *w = *state;
	struct move_job jobs[] = {job_of(0, 20 * MB, 1), job_of(1, 20 * MB, 1),
				  job_of(2, 20 * MB, 0), job_of(3, 20 * MB, 7)};
	struct move_done done[4];

	jobs[2].from = 2;
	w->room_mb = 5 + ROOM_SPARE_BYTES / MB;
	world_put_room(w);
	begin(w);
	give(w, jobs, 4);
	take(w, done, 4);
	assert_int_equal(done[0].end, MOVE_NO_ROOM);
	assert_int_equal(done[0].moved_bytes, 5 * MB);
	assert_int_equal(done[0].left_bytes[MIGRATE_NO_ROOM], MB);
	assert_int_equal(done[1].end, MOVE_NO_ROOM);
	assert_int_equal(done[1].moved_bytes, 0);
	/* another node has some, and one that is not there has none */
	assert_int_equal(done[2].end, MOVE_COMPLETE);
	assert_int_equal(done[2].moved_bytes, 20 * MB);
	assert_int_equal(done[3].end, MOVE_NO_ROOM);
	assert_int_equal(done[3].moved_bytes, 0);
}

/* Far from full, a reading is good for a while.  What was moved meanwhile is taken off. */
static void test_room_between_readings(void **state)
{
	struct world *w = *state;

	begin(w);
	give_one(w, job_of(0, 8 * MB, 1));
	take_one(w);
	for (size_t i = 1; i < 4; i++)
		assert_true(w->calls[i].room_bytes == w->calls[0].room_bytes ||
			    w->calls[i].room_bytes == w->calls[i - 1].room_bytes - BATCH_BYTES);
	/* no block for a huge page is known of */
	assert_int_equal(w->calls[0].huge_room_bytes, 0);
}

static void wait_for_pause(struct world *w, bool is_paused)
{
	while (totals(w).is_paused != is_paused)
		usleep(1000);
}

static void test_memory_pressure_pauses(void **state)
{
	struct world *w = *state;

	sysroot_put(&w->root, "/proc/pressure/memory", "some avg10=20.25 avg60=3.00\n");
	begin(w);
	give_one(w, job_of(0, 4 * MB, 1));
	wait_for_pause(w, true);
	assert_int_equal(world_nr_calls(w), 0);
	assert_true(totals(w).pressure_percent == 20.25);
	assert_int_equal(totals(w).nr_jobs_left, 1);
	/* plans are replaced meanwhile, and none of the old one has begun */
	give_one(w, job_of(1, 4 * MB, 1));
	sysroot_put(&w->root, "/proc/pressure/memory", "some avg10=9.00 avg60=3.00\n");
	assert_int_equal(take_one(w).job.tag, 1);
	wait_for_pause(w, false);
	assert_int_equal(world_nr_calls(w), 2);
}

static void test_no_word_of_pressure(void **state)
{
	struct world *w = *state;

	begin(w);
	assert_true(totals(w).pressure_percent < 0);
	give_one(w, job_of(0, 4 * MB, 1));
	assert_int_equal(take_one(w).end, MOVE_COMPLETE);
	assert_true(totals(w).pressure_percent < 0);
	assert_false(totals(w).is_paused);
}

/* No result is lost, and memory is bounded: so it waits for somebody to take them. */
static void test_results_that_nobody_takes(void **state)
{
	enum { NR = MOVE_MAX_RESULTS + 20 };
	struct world *w = *state;
	struct move_job *jobs = calloc(NR, sizeof(*jobs));
	struct move_done *done = calloc(NR, sizeof(*done));

	assert_non_null(jobs);
	assert_non_null(done);
	for (size_t i = 0; i < NR; i++)
		jobs[i] = job_of(i, 1, 1);
	begin(w);
	give(w, jobs, NR);
	world_wait_for_calls(w, MOVE_MAX_RESULTS);
	while (totals(w).nr_jobs_left != 20)
		usleep(1000);
	usleep(20000);
	assert_int_equal(world_nr_calls(w), MOVE_MAX_RESULTS);
	take(w, done, NR);
	for (size_t i = 0; i < NR; i++)
		assert_int_equal(done[i].job.tag, i);
	free(jobs);
	free(done);
}

/* Plans come quickly.  Whatever becomes of them, results add up to what was moved. */
static void test_sums_are_kept(void **state)
{
	struct world *w = *state;
	struct move_done done[64];
	uint64_t moved = 0, plan = 0;
	size_t tag = 0;

	begin(w);
	for (int round = 0; round < 100; round++) {
		struct move_job jobs[3];
		size_t nr;

		for (size_t i = 0; i < 3; i++, tag++)
			jobs[i] = job_of(tag, (i + 1) * MB, 1);
		give(w, jobs, 3);
		if (round % 3 == 0)
			usleep(300);
		nr = mover_take(w->mover, done, ARRAY_SIZE(done));
		for (size_t i = 0; i < nr; i++) {
			assert_true(done[i].plan >= plan);
			plan = done[i].plan;
			moved += done[i].moved_bytes;
		}
	}
	/* the last job is a mark */
	give_one(w, job_of(tag, MB, 1));
	do {
		done[0] = take_one(w);
		moved += done[0].moved_bytes;
	} while (done[0].job.tag != tag);
	assert_int_equal(sum(totals(w).moved_bytes, MOVE_NR_DIRECTIONS), moved);
	assert_int_equal(mover_take(w->mover, done, ARRAY_SIZE(done)), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_jobs_are_done_in_turn),
		TEST(test_the_thread),
		TEST(test_a_new_plan_replaces_the_old_one),
		TEST(test_an_empty_plan_stops),
		TEST(test_it_ends_after_the_batch),
		TEST(test_it_ends_while_it_waits),
		TEST(test_quota_of_bytes),
		TEST(test_quota_of_cpu_time),
		TEST(test_a_process_that_is_gone),
		TEST(test_reasons),
		TEST(test_errors),
		TEST(test_odd_jobs),
		TEST(test_room_is_left),
		TEST(test_room_between_readings),
		TEST(test_memory_pressure_pauses),
		TEST(test_no_word_of_pressure),
		TEST(test_results_that_nobody_takes),
		TEST(test_sums_are_kept),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
