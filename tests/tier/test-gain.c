/* SPDX-License-Identifier: GPL-2.0 */
/* What moves have gained, and when that is not known. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tier/gain.h"

#define MB (UINT64_C(1) << 20)
#define NOW (100 * NSEC_PER_SEC)

static struct gain gain;
static struct gain_totals totals;

/* 16 MB at START are hot, and 16 MB behind them are warm. */
static struct gain_look look_at(uint64_t start, double access_hz, double ns, uint64_t now_ns)
{
	static struct gain_range ranges[2][2];
	static int turn;
	struct gain_range *r = ranges[turn++ % 2];

	r[0] = (struct gain_range){start, 16 * MB, 100};
	r[1] = (struct gain_range){start + 16 * MB, 16 * MB, 10};
	return (struct gain_look){now_ns, access_hz, ns, r, 2};
}

static void begin(double access_hz, double ns)
{
	const struct gain_look look = look_at(0, access_hz, ns, NOW);

	gain = (struct gain){0};
	totals = (struct gain_totals){0};
	gain_begin(&gain, &look);
}

static void end(struct gain_look look)
{
	assert_true(gain_is_due(&gain, look.now_ns));
	gain_end(&gain, &totals, &look);
	assert_false(gain_is_due(&gain, look.now_ns + GAIN_LONGEST_NS));
}

static void assert_gain(double promised, double measured, double unknown)
{
	assert_true(fabs(totals.promised - promised) < 1);
	assert_true(fabs(totals.measured - measured) < 1);
	assert_true(fabs(totals.unknown - unknown) < 1);
}

static void a_gain_is_of_the_same_accesses(void **state)
{
	(void)state;
	begin(1e6, 400);
	gain_moved(&gain, &totals, 2e8, false, NOW + 1);
	gain_moved(&gain, &totals, 1e8, false, NOW + 2);
	assert_gain(0, 0, 3e8);
	assert_false(gain_is_due(&gain, NOW + 1 + GAIN_SETTLE_NS));
	/* it accesses more now that it waits less: that is not counted */
	end(look_at(0, 3e6, 150, NOW + 2 + GAIN_SETTLE_NS));
	assert_gain(3e8, 2.5e8, 0);
	assert_int_equal(totals.nr_measured, 1);
	/* the next bout adds to that; others' pages came before its own */
	gain_begin(&gain, &(struct gain_look){.now_ns = 2 * NOW, .access_hz = 1e6, .ns = 0});
	gain_moved(&gain, &totals, -1e7, false, 2 * NOW + 1);
	end(look_at(0, 1e6, 150, 3 * NOW));
	assert_gain(3e8, 2.5e8, -1e7);
}

static void who_makes_room_loses(void **state)
{
	(void)state;
	begin(1e4, 80);
	gain_moved(&gain, &totals, -1e6, false, NOW);
	end(look_at(0, 9e3, 250, NOW + GAIN_SETTLE_NS));
	assert_gain(-1e6, -1.7e6, 0);
}

/* Where nothing has moved there is nothing to measure, and the look before is renewed. */
static void a_bout_begins_with_its_first_move(void **state)
{
	struct gain_look look = look_at(0, 1e6, 300, NOW + GAIN_LONGEST_NS);

	(void)state;
	begin(1e6, 400);
	assert_false(gain_is_due(&gain, NOW + GAIN_LONGEST_NS));
	gain_begin(&gain, &look);
	gain_moved(&gain, &totals, 1e8, false, look.now_ns + 1);
	/* not by what comes between */
	look = look_at(0, 1e6, 100, look.now_ns + 2);
	gain_begin(&gain, &look);
	end(look_at(0, 1e6, 200, look.now_ns + GAIN_SETTLE_NS));
	assert_gain(1e8, 1e8, 0);
}

static void what_else_changes_makes_it_unknown(void **state)
{
	static const struct {
		uint64_t start;
		double access_hz, ns;
		bool is_known;
	} rows[] = {
		{0, 1e6, 200, true},	    {0, 3.9e6, 200, true}, /* twice as quick, and noise */
		{0, 4.1e6, 200, false},	    {0, 0.51e6, 200, true},
		{0, 0.49e6, 200, false},    {0, 0, 200, false}, /* idle */
		{0, 1e6, 0, false},				/* a latency is not known */
		{0, 0.26e6, 800, true},	    {0, 0.24e6, 800, false},
		{4 * MB, 1e6, 200, true}, /* DAMON cuts its regions anew each time */
		{16 * MB, 1e6, 200, false}, {64 * MB, 1e6, 200, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		begin(1e6, 400);
		gain_moved(&gain, &totals, 1e8, false, NOW);
		end(look_at(rows[i].start, rows[i].access_hz, rows[i].ns, NOW + GAIN_SETTLE_NS));
		if (rows[i].is_known)
			assert_gain(1e8, 1e6 * (400 - rows[i].ns), 0);
		else
			assert_gain(0, 0, 1e8);
		assert_int_equal(totals.nr_measured, rows[i].is_known);
	}
}

static void what_others_map_is_not_measured(void **state)
{
	(void)state;
	begin(1e6, 400);
	gain_moved(&gain, &totals, 1e8, false, NOW);
	gain_moved(&gain, &totals, 1e8, true, NOW);
	end(look_at(0, 1e6, 200, NOW + GAIN_SETTLE_NS));
	assert_gain(0, 0, 2e8);
}

static void who_never_rests_is_not_measured(void **state)
{
	uint64_t now = NOW;

	(void)state;
	begin(1e6, 400);
	for (; !gain_is_due(&gain, now); now += NSEC_PER_SEC)
		gain_moved(&gain, &totals, 1e7, false, now);
	assert_int_equal(now, NOW + GAIN_LONGEST_NS);
	end(look_at(0, 1e6, 200, now));
	assert_gain(0, 0, 60e7);
}

/* A move that nobody has announced is not lost from the sum. */
static void without_a_look_it_is_unknown(void **state)
{
	(void)state;
	gain = (struct gain){0};
	totals = (struct gain_totals){0};
	gain_moved(&gain, &totals, 1e8, false, NOW);
	assert_false(gain_is_due(&gain, NOW + GAIN_LONGEST_NS));
	assert_gain(0, 0, 1e8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_gain_is_of_the_same_accesses),
		cmocka_unit_test(who_makes_room_loses),
		cmocka_unit_test(a_bout_begins_with_its_first_move),
		cmocka_unit_test(what_else_changes_makes_it_unknown),
		cmocka_unit_test(what_others_map_is_not_measured),
		cmocka_unit_test(who_never_rests_is_not_measured),
		cmocka_unit_test(without_a_look_it_is_unknown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
