/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory that several processes map: what comes of their ranges, and what a plan does with it.  The
 * machine has two CPU nodes with DRAM (memory 0 and 1) and CXL memory near node 1 (memory 2).
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "base/util.h"
#include "tier/plan.h"
#include "tier/shared.h"

#define MB (UINT64_C(1) << 20)
#define HEAP UINT64_C(0x7f0000000000)

enum { CPU_NODES = 2, MEM_NODES = 3, MAX_RANGES = 5, MAX_PROCESSES = 4, PAGES = 64 };

static struct machine_memory memory[MEM_NODES];
static struct machine_link links[CPU_NODES * MEM_NODES];
static const struct model_machine machine = {CPU_NODES, MEM_NODES, memory, links};
static const double on_node[MEM_NODES][MEM_NODES] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};

static struct plan_range ranges[MAX_PROCESSES][MAX_RANGES];
static struct plan_process processes[MAX_PROCESSES];
static uint64_t room_bytes[MEM_NODES];
static double copy_ns[MEM_NODES * MEM_NODES];
static struct plan_input in;
static struct plan *plan;

static int setup(void **state)
{
	static const uint32_t latency_ns[] = {80, 140, 400, 140, 80, 250};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(latency_ns); i++)
		links[i].latency_ns = latency_ns[i];
	for (size_t i = 0; i < ARRAY_SIZE(copy_ns); i++)
		copy_ns[i] = 0.5;
	for (size_t n = 0; n < MEM_NODES; n++)
		room_bytes[n] = 1024 * MB;
	for (size_t i = 0; i < MAX_PROCESSES; i++)
		processes[i] = (struct plan_process){
			.ranges = ranges[i], .place = 0, .cpus = 64, .max_bytes = UINT64_MAX};
	in = (struct plan_input){.machine = &machine,
				 .room_bytes = room_bytes,
				 .copy_ns = copy_ns,
				 .processes = processes,
				 .max_bytes = UINT64_MAX};
	plan = plan_new();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	plan_free(plan);
	return 0;
}

/* Process I, which stays on CPU node C, maps MBS of memory 7 from OFFSET on, which is on node 2. */
static void maps(size_t i, int c, uint64_t offset, uint64_t mbs, double hz)
{
	static const bool only[CPU_NODES][CPU_NODES] = {{true, false}, {false, true}};
	struct plan_process *p = &processes[i];

	p->place = c;
	p->may_run = only[c];
	ranges[i][p->nr_ranges++] = (struct plan_range){.start = HEAP + offset * MB,
							.bytes = mbs * MB,
							.hz = hz,
							.mean_hz = hz,
							.life_s = 60,
							.remaining_s = 60,
							.share = on_node[2],
							.memory = 7,
							.offset = offset * MB};
	in.nr_processes = MAX(in.nr_processes, i + 1);
}

static const struct plan_move *plan_of(size_t wanted)
{
	const struct plan_move *moves;
	size_t nr;

	assert_int_equal(plan_make(plan, &in), 0);
	moves = plan_moves(plan, &nr);
	assert_int_equal(nr, wanted);
	return moves;
}

static uint64_t bytes_of(size_t i, enum plan_why why)
{
	return plan_verdicts(plan)[i].bytes[why];
}

/* One on node 0 has more heat than each of two on node 1, and less than both. */
static void pages_go_where_all_wait_least(void **state)
{
	const struct plan_move *m;

	(void)state;
	maps(0, 0, 0, 64, 100);
	maps(1, 1, 0, 64, 60);
	m = plan_of(1);
	assert_int_equal(m->process, 0);
	assert_int_equal(m->to, 0);
	/* 16384 pages; 100 x (400 - 80) and 60 x (250 - 140) */
	assert_true(fabs(m->gain - 16384 * (32000.0 + 6600)) < 1);
	assert_int_equal(bytes_of(1, PLAN_SHARED), 64 * MB);
	maps(2, 1, 0, 64, 60);
	/* 100 x 320 + 120 x 110 at node 0, 100 x 260 + 120 x 170 at node 1 */
	m = plan_of(1);
	assert_int_equal(m->process, 0);
	assert_int_equal(m->to, 1);
	assert_int_equal(bytes_of(0, PLAN_PROMOTE), 64 * MB);
}

/* What is best for all may be farther for the one that decides.  It moves even so. */
static void the_whole_counts_more_than_the_owner(void **state)
{
	const struct plan_move *m;

	(void)state;
	maps(0, 0, 0, 64, 100);
	maps(1, 1, 0, 64, 90);
	maps(2, 1, 0, 64, 90);
	for (size_t i = 0; i < 3; i++)
		ranges[i][0].share = on_node[0];
	m = plan_of(1);
	assert_int_equal(m->process, 0);
	assert_int_equal(m->from, 0);
	assert_int_equal(m->to, 1);
	/* 180 x (140 - 80) less 100 x (140 - 80) */
	assert_true(fabs(m->gain - 16384 * 80 * 60.0) < 1);
}

static void other_memory_is_nobodys_business(void **state)
{
	(void)state;
	maps(0, 0, 0, 64, 100);
	maps(1, 1, 0, 64, 60);
	ranges[1][0].memory = 8;
	plan_of(2);
	ranges[1][0].memory = 7;
	ranges[1][0].offset = 64 * MB;
	plan_of(2);
	ranges[1][0].offset = 63 * MB;
	plan_of(1);
}

static void the_rules_of_all_are_obeyed(void **state)
{
	static const bool not_0[] = {false, true, true}, not_1[] = {true, false, true};

	(void)state;
	maps(0, 0, 0, 64, 100);
	maps(1, 0, 0, 64, 10);
	ranges[1][0].may_lie = not_0;
	assert_int_equal(plan_of(1)->to, 1);
	ranges[0][0].may_lie = not_1;
	plan_of(0);
	assert_int_equal(bytes_of(0, PLAN_NOT_ALLOWED), 64 * MB);
}

/* It is cold here, but not for the other one. */
static void a_page_is_as_hot_as_all_make_it(void **state)
{
	(void)state;
	maps(0, 1, 0, 64, 0);
	maps(1, 1, 0, 64, 100);
	ranges[0][0].share = ranges[1][0].share = on_node[1];
	maps(2, 1, 0, 64, 110);
	ranges[2][0].memory = 8;
	room_bytes[0] = room_bytes[1] = 0;
	plan_of(0);
	/* cold to both, it makes room */
	ranges[1][0].hz = 0;
	plan_of(2);
}

static void where_one_runs_is_not_known(void **state)
{
	static const bool nowhere[CPU_NODES];

	(void)state;
	maps(0, 0, 0, 64, 100);
	maps(1, 1, 0, 64, 60);
	processes[1].place = MODEL_NO_NODE;
	processes[1].may_run = nowhere;
	plan_of(0);
	/* who does not access it does not matter */
	ranges[1][0].hz = 0;
	plan_of(1);
}

static void one_that_maps_it_twice_moves_it_once(void **state)
{
	(void)state;
	maps(0, 0, 0, 64, 100);
	maps(0, 0, 0, 64, 100);
	ranges[0][1].start += 1024 * MB;
	plan_of(1);
}

/* Against a count of each page.  */

static uint64_t seed;

static uint64_t below(uint64_t limit)
{
	return random_next(&seed) % limit;
}

static struct shared_range drawn[MAX_PROCESSES * MAX_RANGES];
static double all_ns[MAX_PROCESSES * MAX_RANGES][MEM_NODES];
static bool all_may[MAX_PROCESSES * MAX_RANGES][MEM_NODES];
static bool may_lie[MAX_PROCESSES * MAX_RANGES][MEM_NODES];

static size_t draw(void)
{
	size_t nr = 0;

	for (size_t i = 0; i < MAX_PROCESSES; i++) {
		uint64_t at = below(8);

		for (size_t r = 0; r < below(MAX_RANGES + 1) && at < PAGES; r++) {
			drawn[nr] = (struct shared_range){.process = i,
							  .range = r,
							  .memory = 1 + below(2),
							  .offset = at * 4096,
							  .bytes = (1 + below(16)) * 4096,
							  .hz = below(3) ? (double)below(100) : 0,
							  .place = (int)below(8) ? (int)below(2)
										 : MODEL_NO_NODE,
							  .may_lie = below(2) ? may_lie[nr] : NULL,
							  .all_ns = all_ns[nr],
							  .all_may = all_may[nr]};
			for (size_t n = 0; n < MEM_NODES; n++)
				may_lie[nr][n] = below(3);
			at += drawn[nr].bytes / 4096 + below(4);
			nr++;
		}
	}
	return nr;
}

static bool has(const struct shared_range *r, uint64_t memory_id, uint64_t page)
{
	return r->memory == memory_id && r->offset <= page * 4096 &&
	       page * 4096 < r->offset + r->bytes;
}

/* What all do with the pages of R, page by page. */
static void check_owner(const struct shared_range *r, size_t nr)
{
	double hz = 0, ns[MEM_NODES] = {0}, pages = (double)r->bytes / 4096;
	bool may[MEM_NODES] = {true, true, true}, known = true;

	for (uint64_t page = r->offset / 4096; page * 4096 < r->offset + r->bytes; page++)
		for (size_t i = 0; i < nr; i++) {
			const struct shared_range *s = &drawn[i];

			if (!has(s, r->memory, page))
				continue;
			known &= s->place >= 0 || s->hz <= 0;
			hz += s->hz;
			for (size_t n = 0; n < MEM_NODES; n++) {
				may[n] &= !s->may_lie || s->may_lie[n];
				if (s->place >= 0)
					ns[n] += s->hz *
						 links[(size_t)s->place * MEM_NODES + n].latency_ns;
			}
		}
	assert_true(fabs(r->all_hz - hz / pages) < 1e-6);
	for (size_t n = 0; n < MEM_NODES; n++) {
		assert_int_equal(r->all_may[n], may[n]);
		assert_true(fabs(r->all_ns[n] - (known && hz > 0 ? ns[n] / hz : 0)) < 1e-6);
	}
}

static void random_ranges(void **state)
{
	size_t stay = 0, own = 0;

	(void)state;
	seed = 7;
	for (int round = 0; round < 5000; round++) {
		size_t nr = draw();

		shared_join(drawn, nr, &in);
		for (size_t i = 0; i < nr; i++) {
			bool alone = true;

			for (uint64_t page = 0; page < 2 * PAGES; page++)
				for (size_t j = 0; j < nr; j++) {
					bool both = i != j &&
						    has(&drawn[i], drawn[i].memory, page) &&
						    has(&drawn[j], drawn[i].memory, page);

					/* no page is moved by two */
					assert_false(both && drawn[i].owns && drawn[j].owns);
					alone &= !both;
				}
			assert_true(drawn[i].owns || !alone);
			stay += !drawn[i].owns;
			own += drawn[i].owns;
			if (drawn[i].owns)
				check_owner(&drawn[i], nr);
		}
	}
	assert_true(stay > 1000 && own > 1000);
}

/* What all wait for, with BYTES of the memory moved as the plan has it. */
static double gain_of_all(const struct plan_move *m)
{
	uint64_t start = m->start - HEAP, end = start + m->bytes;
	double gain = 0;

	for (size_t i = 0; i < in.nr_processes; i++)
		for (size_t r = 0; r < processes[i].nr_ranges; r++) {
			const struct plan_range *range = &ranges[i][r];
			uint64_t first = MAX(start, range->offset),
				 last = MIN(end, range->offset + range->bytes);
			int place = plan_verdicts(plan)[i].place;
			const struct machine_link *at;

			if (last <= first)
				continue;
			assert_true(!range->may_lie || range->may_lie[m->to]);
			/* who does not access it may have no place */
			if (range->hz <= 0)
				continue;
			assert_true(place >= 0);
			at = links + place * MEM_NODES;
			gain += (double)(last - first) / 4096 * range->hz *
				((double)at[m->from].latency_ns - (double)at[m->to].latency_ns);
		}
	return gain;
}

/* Whoever shares: a promotion never makes all wait longer, and its gain is that of all. */
static void plans_of_random_sharers(void **state)
{
	static bool may[MAX_PROCESSES][MEM_NODES];
	size_t promoted = 0;

	(void)state;
	seed = 11;
	for (int round = 0; round < 5000; round++) {
		size_t node = below(MEM_NODES), nr;
		const struct plan_move *moves;

		memset(ranges, 0, sizeof(ranges));
		in.nr_processes = 0;
		for (size_t i = 0; i < MAX_PROCESSES; i++) {
			processes[i].nr_ranges = 0;
			maps(i, (int)below(2), 4 * below(2), 32, below(3) ? (double)below(300) : 0);
			for (size_t n = 0; n < MEM_NODES; n++)
				may[i][n] = below(6);
			ranges[i][0].may_lie = may[i];
			ranges[i][0].share = on_node[node];
		}
		assert_int_equal(plan_make(plan, &in), 0);
		moves = plan_moves(plan, &nr);
		for (size_t i = 0; i < nr; i++) {
			double gain = gain_of_all(&moves[i]);

			assert_int_equal(moves[i].why, PLAN_PROMOTE);
			/* a range that begins elsewhere has its heat in the mean */
			if (moves[i].bytes == 32 * MB)
				assert_true(fabs(moves[i].gain - gain) <= 1e-6 * fabs(gain) + 1);
			for (size_t j = 0; j < i; j++)
				assert_true(moves[i].start >= moves[j].start + moves[j].bytes ||
					    moves[j].start >= moves[i].start + moves[i].bytes);
			promoted++;
		}
	}
	assert_true(promoted > 1000);
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(pages_go_where_all_wait_least),
		test(the_whole_counts_more_than_the_owner),
		test(other_memory_is_nobodys_business),
		test(the_rules_of_all_are_obeyed),
		test(a_page_is_as_hot_as_all_make_it),
		test(where_one_runs_is_not_known),
		test(one_that_maps_it_twice_moves_it_once),
		test(random_ranges),
		test(plans_of_random_sharers),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
