/* SPDX-License-Identifier: GPL-2.0 */
/* The ledger: sums, what comes back, and what that does to budgets. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/random.h"
#include "tier/ledger.h"

#define MB (UINT64_C(1) << 20)
#define SECOND NSEC_PER_SEC

#define _cleanup_ledger_ _cleanup_(ledger_freep)

static const struct process_id process = {100, 7}, other = {101, 7};

static struct ledger *make(size_t max_processes)
{
	struct ledger *l = NULL;

	assert_int_equal(ledger_new(&l, max_processes), 0);
	return l;
}

/* All of START_MB..+BYTES_MB of PROCESS moved. */
static struct move_done done_of(uint64_t at_s, uint64_t start_mb, uint64_t bytes_mb,
				unsigned int from, unsigned int to)
{
	return (struct move_done){
		.job = {.process = process,
			.start = start_mb * MB,
			.bytes = bytes_mb * MB,
			.from = from,
			.to = to,
			.pays_s = 60,
			.direction = to < from ? MOVE_PROMOTE : MOVE_DEMOTE},
		.plan = at_s,
		.when_ns = at_s * SECOND,
		.reached = (start_mb + bytes_mb) * MB,
		.moved_bytes = bytes_mb * MB,
	};
}

static void add(struct ledger *l, struct move_done done)
{
	assert_int_equal(ledger_add(l, &done), 0);
}

static uint64_t returned_mb(const struct ledger *l)
{
	return ledger_of(l, process)->returned_bytes / MB;
}

static uint64_t budget_mb(const struct ledger *l, uint64_t at_s)
{
	uint64_t bytes = ledger_budget(l, process, at_s * SECOND);

	return bytes == LEDGER_NO_LIMIT ? bytes : bytes / MB;
}

static void test_nothing_is_known_of_others(void **state)
{
	_cleanup_ledger_ struct ledger *l = make(4);
	struct process_id later = {process.pid, process.start_time + 1};

	assert_null(ledger_of(l, process));
	assert_true(ledger_budget(l, process, 0) == LEDGER_NO_LIMIT);
	add(l, done_of(1, 0, 8, 2, 0));
	assert_non_null(ledger_of(l, process));
	/* the pid alone does not say who it is */
	assert_null(ledger_of(l, later));
	ledger_drop(l, later);
	assert_non_null(ledger_of(l, process));
	ledger_drop(l, process);
	assert_null(ledger_of(l, process));
	assert_int_equal(ledger_all(l)->moved_bytes[MOVE_PROMOTE], 8 * MB);
	ledger_free(NULL);
}

static void test_totals(void **state)
{
	_cleanup_ledger_ struct ledger *l = make(4);
	struct move_done done = done_of(1, 0, 8, 2, 0);
	const struct ledger_totals *t;

	done.moved_bytes = 5 * MB;
	done.left_bytes[MIGRATE_SHARED] = 2 * MB;
	done.left_bytes[MIGRATE_NO_ROOM] = MB;
	add(l, done);
	done = done_of(2, 100, 8, 0, 2);
	add(l, done);
	done = done_of(3, 200, 8, 0, 1);
	done.job.direction = MOVE_SPREAD;
	done.moved_bytes = 0;
	done.end = MOVE_ERROR;
	done.left_bytes[MIGRATE_FAILED] = 4 * MB;
	add(l, done);
	t = ledger_of(l, process);
	assert_int_equal(t->moved_bytes[MOVE_PROMOTE], 5 * MB);
	assert_int_equal(t->moved_bytes[MOVE_DEMOTE], 8 * MB);
	assert_int_equal(t->moved_bytes[MOVE_SPREAD], 0);
	assert_int_equal(t->left_bytes[MIGRATE_SHARED], 2 * MB);
	assert_int_equal(t->left_bytes[MIGRATE_NO_ROOM], MB);
	assert_int_equal(t->left_bytes[MIGRATE_FAILED], 4 * MB);
	assert_int_equal(t->left_bytes[MIGRATE_BUSY], 0);
	assert_int_equal(t->nr_errors, 1);
	assert_int_equal(t->returned_bytes, 0);
	assert_memory_equal(t, ledger_all(l), sizeof(*t));
}

static void test_what_comes_back_within_a_minute(void **state)
{
	_cleanup_ledger_ struct ledger *l = make(4);

	add(l, done_of(10, 0, 64, 2, 0));
	/* other memory, another node */
	add(l, done_of(20, 64, 64, 0, 2));
	add(l, done_of(20, 0, 64, 0, 1));
	assert_int_equal(returned_mb(l), 0);
	assert_true(budget_mb(l, 20) == LEDGER_NO_LIMIT);
	/* a part of it, by way of another node */
	add(l, done_of(70, 32, 16, 1, 2));
	assert_int_equal(returned_mb(l), 16);
	/* a moment too late, for what went to node 0; not for what then went to node 1 */
	add(l, done_of(71, 0, 32, 1, 2));
	assert_int_equal(returned_mb(l), 16);
	add(l, done_of(79, 0, 32, 2, 0));
	assert_int_equal(returned_mb(l), 48);
}

/* What has gained its copies may come back: it was moved for something. */
static void test_what_was_worth_it_is_no_ping_pong(void **state)
{
	_cleanup_ledger_ struct ledger *l = make(4);
	struct move_done done = done_of(10, 0, 64, 2, 0);

	done.job.pays_s = 4;
	add(l, done);
	done.job.start = 64 * MB;
	done.reached = 128 * MB;
	done.when_ns = 11 * SECOND;
	add(l, done);
	add(l, done_of(14, 0, 64, 0, 2));
	assert_int_equal(returned_mb(l), 64);
	assert_true(budget_mb(l, 14) == LEDGER_NO_LIMIT);
	/* of the other half a second was missing */
	add(l, done_of(14, 64, 64, 0, 2));
	assert_int_equal(returned_mb(l), 128);
	assert_true(budget_mb(l, 15) < 128);
}

/* Each byte comes back once. */
static void test_bytes_come_back_once(void **state)
{
	_cleanup_ledger_ struct ledger *l = make(4);
	struct move_done part = done_of(2, 0, 64, 0, 2);

	add(l, done_of(1, 0, 64, 2, 0));
	part.moved_bytes = 48 * MB;
	add(l, part);
	assert_int_equal(returned_mb(l), 48);
	part.when_ns += SECOND;
	add(l, part);
	assert_int_equal(returned_mb(l), 64);
	part.when_ns += SECOND;
	add(l, part);
	assert_int_equal(returned_mb(l), 64);
}

/* Of a range that has moved in part, a part of the addresses has a part of it. */
static void test_ranges_that_moved_in_part(void **state)
{
	_cleanup_ledger_ struct ledger *l = make(4);
	struct move_done done = done_of(1, 0, 64, 2, 0);

	done.moved_bytes = 16 * MB;
	add(l, done);
	add(l, done_of(2, 32, 32, 0, 2));
	assert_int_equal(returned_mb(l), 8);
}

static void test_processes_are_apart(void **state)
{
	_cleanup_ledger_ struct ledger *l = make(4);
	struct move_done back = done_of(2, 0, 64, 0, 2);

	add(l, done_of(1, 0, 64, 2, 0));
	back.job.process = other;
	add(l, back);
	assert_int_equal(ledger_all(l)->returned_bytes, 0);
	/* what is dropped is forgotten */
	ledger_drop(l, process);
	add(l, done_of(3, 0, 64, 0, 2));
	assert_int_equal(returned_mb(l), 0);
}

static void test_budgets_halve(void **state)
{
	_cleanup_ledger_ struct ledger *l = make(4);
	struct move_done done;
	uint64_t expected = 32;

	add(l, done_of(1, 0, 64, 2, 0));
	assert_true(budget_mb(l, 1) == LEDGER_NO_LIMIT);
	/* a plan of many moves halves once, whatever of them comes back */
	for (uint64_t i = 0; i < 64; i += 8) {
		done = done_of(2, i, 8, 0, 2);
		add(l, done);
	}
	assert_int_equal(budget_mb(l, 2), 32);
	for (uint64_t s = 3; s < 20; s++) {
		add(l, s % 2 ? done_of(s, 0, 64, 2, 0) : done_of(s, 0, 64, 0, 2));
		expected = expected / 2 < LEDGER_LEAST_BYTES / MB ? 0 : expected / 2;
		assert_int_equal(budget_mb(l, s), expected);
	}
	assert_int_equal(expected, 0);
}

/* Heat is seen in samples: a page that comes back is no ping-pong, and should stop nothing. */
static void test_a_few_may_come_back(void **state)
{
	_cleanup_ledger_ struct ledger *l = make(4);

	add(l, done_of(1, 0, 100, 2, 0));
	add(l, done_of(2, 0, 2, 0, 2));
	assert_int_equal(returned_mb(l), 2);
	assert_true(budget_mb(l, 2) == LEDGER_NO_LIMIT);
	/* within the same minute they add up: 5 of 103 are less than 5 %, 6 are more */
	add(l, done_of(30, 2, 3, 0, 2));
	assert_true(budget_mb(l, 30) == LEDGER_NO_LIMIT);
	add(l, done_of(31, 5, 1, 0, 2));
	assert_int_equal(returned_mb(l), 6);
	assert_int_equal(budget_mb(l, 31), 50);
	/* after that minute they do not */
	add(l, done_of(91, 200, 100, 2, 0));
	add(l, done_of(92, 200, 3, 0, 2));
	assert_int_equal(returned_mb(l), 9);
	assert_true(budget_mb(l, 92) == LEDGER_NO_LIMIT);
}

static void test_budgets_come_back(void **state)
{
	_cleanup_ledger_ struct ledger *l = make(4);

	add(l, done_of(1, 0, 64, 2, 0));
	add(l, done_of(2, 0, 64, 0, 2));
	add(l, done_of(3, 0, 64, 2, 0));
	assert_int_equal(budget_mb(l, 62), 16);
	assert_int_equal(budget_mb(l, 63), 32);
	assert_int_equal(budget_mb(l, 122), 32);
	/* again what it was cut from: then there is none */
	assert_true(budget_mb(l, 123) == LEDGER_NO_LIMIT);
	/* a return halves what it is by then, and the minute begins anew */
	add(l, done_of(64, 1000, 8, 0, 2));
	assert_int_equal(budget_mb(l, 64), 32);
	add(l, done_of(65, 1000, 8, 2, 0));
	assert_int_equal(budget_mb(l, 65), 16);
	assert_int_equal(budget_mb(l, 124), 16);
	assert_int_equal(budget_mb(l, 125), 32);
	/* an earlier time than the last return is no harm */
	assert_int_equal(budget_mb(l, 1), 16);
}

static void test_the_least_budget(void **state)
{
	_cleanup_ledger_ struct ledger *l = make(4);

	for (uint64_t s = 1; s < 20; s++)
		add(l, s % 2 ? done_of(s, 0, 64, 2, 0) : done_of(s, 0, 64, 0, 2));
	assert_int_equal(budget_mb(l, 19), 0);
	assert_int_equal(budget_mb(l, 19 + 59), 0);
	assert_int_equal(budget_mb(l, 19 + 60), LEDGER_LEAST_BYTES / MB);
	assert_int_equal(budget_mb(l, 19 + 120), 2 * LEDGER_LEAST_BYTES / MB);
	assert_true(budget_mb(l, 1000000000) == LEDGER_NO_LIMIT);
}

/* Memory is bounded: many small ranges become fewer larger ones, and returns are still found. */
static void test_more_ranges_than_are_kept(void **state)
{
	_cleanup_ledger_ struct ledger *l = make(4);
	uint64_t nr = 8 * LEDGER_MAX_RANGES;

	for (uint64_t i = 0; i < nr; i++)
		add(l, done_of(1, 2 * i, 1, 2, 0));
	for (uint64_t i = 0; i < nr; i++)
		add(l, done_of(2, 2 * i, 1, 0, 2));
	assert_in_range(returned_mb(l), nr * 9 / 10, nr);
	/* of those that are not alike the oldest are forgotten */
	ledger_drop(l, process);
	for (uint64_t i = 0; i < nr; i++)
		add(l, done_of(10 + i / 100, 2 * i, 1, 2 + (unsigned int)i, 0));
	assert_int_equal(returned_mb(l), 0);
	add(l, done_of(20, 2 * (nr - 1), 1, 0, 2 + (unsigned int)nr - 1));
	assert_int_equal(returned_mb(l), 1);
	add(l, done_of(20, 0, 1, 0, 2));
	assert_int_equal(returned_mb(l), 1);
}

static void test_more_processes_than_are_kept(void **state)
{
	_cleanup_ledger_ struct ledger *l = make(2);
	struct move_done done = done_of(1, 0, 8, 2, 0);

	add(l, done);
	done.job.process = other;
	done.when_ns += SECOND;
	add(l, done);
	/* the first one moves again, so the second is the one without a move for longest */
	add(l, done_of(3, 8, 8, 2, 0));
	done.job.process.pid = 102;
	done.when_ns += 2 * SECOND;
	add(l, done);
	assert_non_null(ledger_of(l, process));
	assert_null(ledger_of(l, other));
	assert_int_equal(ledger_all(l)->moved_bytes[MOVE_PROMOTE], 32 * MB);
}

/* Results without a range, or of nothing, change nothing but sums. */
static void test_odd_results(void **state)
{
	_cleanup_ledger_ struct ledger *l = make(0);
	struct move_done done = done_of(1, 64, 0, 2, 0);

	add(l, done);
	done.moved_bytes = MB; /* a huge page that begins before it */
	add(l, done);
	done.reached = 0;
	add(l, done);
	add(l, done_of(2, 0, 128, 0, 2));
	assert_int_equal(returned_mb(l), 0);
	assert_int_equal(ledger_of(l, process)->moved_bytes[MOVE_PROMOTE], 2 * MB);
}

/* What has moved had its part of the promise, and all is the sum of each. */
static void test_gains(void **state)
{
	_cleanup_ledger_ struct ledger *l = make(4);
	static const struct gain_range hot = {0, 8 * MB, 100};
	struct gain_look look = {
		.now_ns = SECOND, .access_hz = 1e6, .ns = 400, .ranges = &hot, .nr_ranges = 1};
	struct move_done done = done_of(1, 0, 8, 2, 0);
	const struct gain_totals *gain, *all = &ledger_all(l)->gain;

	assert_false(ledger_wants_look(l, process, SECOND));
	assert_int_equal(ledger_begin(l, process, &look), 0);
	done.when_ns = 2 * SECOND;
	done.job.gain = 10;
	done.moved_bytes = 5 * MB;
	add(l, done);
	gain = &ledger_of(l, process)->gain;
	assert_true(fabs(gain->unknown - 50.0 * MB) < 1 && gain->nr_measured == 0);
	look.now_ns = 3 * SECOND;
	ledger_look(l, process, &look);
	assert_int_equal(gain->nr_measured, 0);
	look.now_ns = 12 * SECOND;
	look.ns = 350;
	assert_true(ledger_wants_look(l, process, look.now_ns));
	ledger_look(l, process, &look);
	assert_true(fabs(gain->promised - 50.0 * MB) < 1 && fabs(gain->measured - 5e7) < 1);
	assert_true(fabs(gain->unknown) < 1 && gain->nr_measured == 1);
	assert_memory_equal(gain, all, sizeof(*all));
	/* of one that is forgotten it is not known what the rest has gained */
	assert_int_equal(ledger_begin(l, process, &look), 0);
	done.when_ns = 13 * SECOND;
	add(l, done);
	ledger_drop(l, process);
	assert_true(fabs(all->unknown - 50.0 * MB) < 1 && fabs(all->measured - 5e7) < 1);
}

/* What is known of all histories, whatever happens in them. */
static void check(const struct ledger *l, const struct process_id *ids, size_t nr, uint64_t now_ns)
{
	struct ledger_totals of_all = {0};
	const struct ledger_totals *all = ledger_all(l);

	for (size_t i = 0; i < nr; i++) {
		const struct ledger_totals *t = ledger_of(l, ids[i]);
		uint64_t moved = 0, budget = ledger_budget(l, ids[i], now_ns);

		if (!t)
			continue;
		for (size_t d = 0; d < MOVE_NR_DIRECTIONS; d++) {
			moved += t->moved_bytes[d];
			of_all.moved_bytes[d] += t->moved_bytes[d];
		}
		of_all.returned_bytes += t->returned_bytes;
		assert_true(t->returned_bytes <= moved);
		if (!t->returned_bytes)
			assert_true(budget == LEDGER_NO_LIMIT);
		assert_true(budget == LEDGER_NO_LIMIT || budget <= moved);
		assert_true(!budget || budget >= LEDGER_LEAST_BYTES);
		/* as time goes by it only grows, and at last there is no limit */
		assert_true(ledger_budget(l, ids[i], now_ns + 200 * SECOND) >= budget);
		assert_true(ledger_budget(l, ids[i], now_ns + 5000 * SECOND) == LEDGER_NO_LIMIT);
	}
	for (size_t d = 0; d < MOVE_NR_DIRECTIONS; d++)
		assert_int_equal(of_all.moved_bytes[d], all->moved_bytes[d]);
	assert_int_equal(of_all.returned_bytes, all->returned_bytes);
}

static void test_random_histories(void **state)
{
	struct process_id ids[5];
	uint64_t random = 1;

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		ids[i] = (struct process_id){(pid_t)(10 + i), 5};
	for (int history = 0; history < 50; history++) {
		_cleanup_ledger_ struct ledger *l = make(ARRAY_SIZE(ids));
		uint64_t now_ns = random_next(&random) % (1000 * SECOND);
		uint64_t plan = 1;

		for (int i = 0; i < 300; i++) {
			struct move_done done = {
				.job = {.process = ids[random_next(&random) % ARRAY_SIZE(ids)],
					.start = random_next(&random) % 64 * MB,
					.bytes = (1 + random_next(&random) % 64) * MB,
					.from = (unsigned int)(random_next(&random) % 3),
					.pays_s = (double)(random_next(&random) % 90),
					.direction = (enum move_direction)(random_next(&random) %
									   MOVE_NR_DIRECTIONS)},
				.plan = plan,
				.when_ns = now_ns,
			};
			uint64_t seen = random_next(&random) % (done.job.bytes + 1);

			done.job.to = (done.job.from + 1 + random_next(&random) % 2) % 3;
			done.reached = done.job.start + seen;
			done.moved_bytes = random_next(&random) % (seen + 1);
			add(l, done);
			check(l, ids, ARRAY_SIZE(ids), now_ns);
			plan += random_next(&random) % 3 == 0;
			if (random_next(&random) % 4 == 0)
				now_ns += random_next(&random) % (40 * SECOND);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_is_known_of_others),
		cmocka_unit_test(test_totals),
		cmocka_unit_test(test_gains),
		cmocka_unit_test(test_what_comes_back_within_a_minute),
		cmocka_unit_test(test_what_was_worth_it_is_no_ping_pong),
		cmocka_unit_test(test_bytes_come_back_once),
		cmocka_unit_test(test_ranges_that_moved_in_part),
		cmocka_unit_test(test_processes_are_apart),
		cmocka_unit_test(test_budgets_halve),
		cmocka_unit_test(test_a_few_may_come_back),
		cmocka_unit_test(test_budgets_come_back),
		cmocka_unit_test(test_the_least_budget),
		cmocka_unit_test(test_more_ranges_than_are_kept),
		cmocka_unit_test(test_more_processes_than_are_kept),
		cmocka_unit_test(test_odd_results),
		cmocka_unit_test(test_random_histories),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
