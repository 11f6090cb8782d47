/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The plan, on a machine of two CPU nodes with DRAM (memory 0 and 1) and CXL memory near node 1
 * (memory 2).  Then its promises, on random machines and processes.
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

#define MB (UINT64_C(1) << 20)
#define HEAP UINT64_C(0x7f0000000000)

enum { CPU_NODES = 2, MEM_NODES = 3, MAX_RANGES = 8, MAX_PROCESSES = 4 };

struct fixture {
	struct machine_memory memory[MEM_NODES];
	struct machine_link links[CPU_NODES * MEM_NODES];
	struct model_machine machine;
	uint64_t room_bytes[MEM_NODES];
	double copy_ns[MEM_NODES * MEM_NODES];
	struct plan_range ranges[MAX_PROCESSES][MAX_RANGES];
	struct plan_process processes[MAX_PROCESSES];
	struct plan_input in;
	struct plan *plan;
};

static const double on_node[MEM_NODES][MEM_NODES] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};

static int setup(void **state)
{
	static const uint32_t latency_ns[] = {80, 140, 400, 140, 80, 250};
	struct fixture *f = calloc(1, sizeof(*f));

	for (size_t i = 0; i < ARRAY_SIZE(latency_ns); i++)
		f->links[i].latency_ns = latency_ns[i];
	for (size_t i = 0; i < ARRAY_SIZE(f->copy_ns); i++)
		f->copy_ns[i] = 0.5;
	for (size_t n = 0; n < MEM_NODES; n++)
		f->room_bytes[n] = 1024 * MB;
	f->machine = (struct model_machine){CPU_NODES, MEM_NODES, f->memory, f->links};
	for (size_t i = 0; i < MAX_PROCESSES; i++)
		f->processes[i] = (struct plan_process){.ranges = f->ranges[i],
							.place = MODEL_NO_NODE,
							.cpus = 64,
							.max_bytes = UINT64_MAX};
	f->in = (struct plan_input){.machine = &f->machine,
				    .room_bytes = f->room_bytes,
				    .copy_ns = f->copy_ns,
				    .processes = f->processes,
				    .max_bytes = UINT64_MAX};
	f->plan = plan_new();
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	plan_free(f->plan);
	free(f);
	return 0;
}

/* Process I gets another range of MBS megabytes on node N.  HZ is of each page. */
static void has(struct fixture *f, size_t i, uint64_t mbs, double hz, double life_s, size_t n)
{
	struct plan_process *p = &f->processes[i];

	f->ranges[i][p->nr_ranges] = (struct plan_range){.start = HEAP + p->nr_ranges * 1024 * MB,
							 .bytes = mbs * MB,
							 .hz = hz,
							 .mean_hz = hz,
							 .life_s = life_s,
							 .remaining_s = life_s,
							 .share = on_node[n]};
	p->nr_ranges++;
	f->in.nr_processes = MAX(f->in.nr_processes, i + 1);
}

static const struct plan_move *plan(struct fixture *f, size_t wanted)
{
	const struct plan_move *moves;
	size_t nr;

	assert_int_equal(plan_make(f->plan, &f->in), 0);
	moves = plan_moves(f->plan, &nr);
	assert_int_equal(nr, wanted);
	return moves;
}

static const struct plan_verdict *verdict(const struct fixture *f, size_t i)
{
	return &plan_verdicts(f->plan)[i];
}

static void hot_pages_go_near_the_task(void **state)
{
	struct fixture *f = *state;
	const struct plan_move *m;

	f->processes[0].place = 1;
	has(f, 0, 64, 100, 10, 2);
	has(f, 0, 512, 0, 10, 2);
	m = plan(f, 1);
	assert_int_equal(m->start, HEAP);
	assert_int_equal(m->bytes, 64 * MB);
	assert_int_equal(m->from, 2);
	assert_int_equal(m->to, 1);
	assert_int_equal(m->why, PLAN_PROMOTE);
	/* 16384 pages, 100 times a second, 250 - 80 ns */
	assert_true(fabs(m->gain - 16384 * 100 * 170.0) < 1);
	assert_int_equal(verdict(f, 0)->place, 1);
	assert_int_equal(verdict(f, 0)->bytes[PLAN_PROMOTE], 64 * MB);
}

/* A copy of a page costs 2048 ns, and 10 accesses a second gain 1700 ns. */
static void heat_has_to_last_for_the_copy_to_pay(void **state)
{
	struct fixture *f = *state;

	f->processes[0].place = 1;
	has(f, 0, 64, 10, 1.15, 2);
	plan(f, 0);
	assert_int_equal(verdict(f, 0)->bytes[PLAN_TOO_NEW], 64 * MB);
	assert_true(fabs(verdict(f, 0)->pays_in_s - (2048 / 1700.0 - 1.15)) < 1e-6);
	f->ranges[0][0].remaining_s = 1.25;
	plan(f, 1);
	assert_true(isinf(verdict(f, 0)->pays_in_s));
}

/* All of its pages are seen accessed, and it uses a tenth of a CPU. */
static void nobody_waits_for_longer_than_he_runs(void **state)
{
	struct fixture *f = *state;

	f->processes[0].place = 1;
	f->processes[0].cpus = 0.1;
	has(f, 0, 64, 100, 60, 2);
	plan(f, 1);
	assert_true(fabs(verdict(f, 0)->gain - 1e8 * (250 - 80) / 250) < 1);
	f->processes[0].cpus = 0;
	plan(f, 0);
}

/* A copy of a page costs 2048 ns.  It is seen accessed once a second, and that gains 170 ns. */
static void an_access_stands_for_the_lines_that_were_counted(void **state)
{
	struct fixture *f = *state;

	f->processes[0].place = 1;
	has(f, 0, 64, 1, 5, 2);
	plan(f, 0);
	/* a sweep: each is 64 lines */
	f->processes[0].lines_per_access = 64;
	plan(f, 1);
	assert_true(fabs(verdict(f, 0)->gain - 16384 * 64 * 170.0) < 1);
	/* nobody waits for longer than he runs */
	f->processes[0].cpus = 0.1;
	plan(f, 1);
	assert_true(fabs(verdict(f, 0)->gain - 1e8 * (250 - 80) / 250) < 1);
	/* caches have most of it */
	f->processes[0].cpus = 64;
	f->ranges[0][0].hz = f->ranges[0][0].mean_hz = 100;
	f->processes[0].lines_per_access = 0;
	plan(f, 1);
	f->processes[0].lines_per_access = 0.01;
	plan(f, 0);
	assert_int_equal(verdict(f, 0)->bytes[PLAN_TOO_NEW], 64 * MB);
}

static void nothing_moves_where_all_is_near(void **state)
{
	struct fixture *f = *state;

	f->processes[0].place = 0;
	has(f, 0, 64, 100, 60, 0);
	has(f, 0, 64, 0, 60, 2);
	plan(f, 0);
	assert_int_equal(verdict(f, 0)->place, 0);
	for (size_t i = 0; i < PLAN_NR_WHY; i++)
		assert_int_equal(verdict(f, 0)->bytes[i], 0);
}

static void nothing_moves_that_is_cold(void **state)
{
	struct fixture *f = *state;

	f->processes[0].place = 0;
	has(f, 0, 64, 0, 60, 2);
	f->room_bytes[0] = 0;
	plan(f, 0);
}

/* The hottest part goes where there is room for some. */
static void the_hottest_go_first(void **state)
{
	struct fixture *f = *state;
	const struct plan_move *m;

	f->processes[0].place = 1;
	f->room_bytes[1] = 48 * MB;
	f->room_bytes[0] = 0;
	has(f, 0, 32, 100, 10, 2);
	has(f, 0, 32, 300, 10, 2);
	m = plan(f, 2);
	assert_int_equal(m[0].start, HEAP + 1024 * MB);
	assert_int_equal(m[0].bytes, 32 * MB);
	assert_int_equal(m[1].bytes, 16 * MB);
	assert_int_equal(verdict(f, 0)->bytes[PLAN_NO_ROOM], 16 * MB);
}

static void the_second_nearest_is_better_than_none(void **state)
{
	struct fixture *f = *state;
	const struct plan_move *m;

	f->processes[0].place = 1;
	f->processes[0].may_run = (const bool[]){false, true};
	f->room_bytes[1] = 0;
	has(f, 0, 32, 100, 10, 2);
	m = plan(f, 1);
	assert_int_equal(m->to, 0); /* 140 ns in place of 250 */
}

static void cold_pages_make_room_for_hot_ones(void **state)
{
	struct fixture *f = *state;
	const struct plan_move *m;

	f->processes[0].place = f->processes[1].place = 1;
	f->room_bytes[0] = f->room_bytes[1] = 0;
	has(f, 0, 64, 100, 10, 2);
	has(f, 1, 128, 0, 10, 1);
	m = plan(f, 2);
	assert_int_equal(m[0].why, PLAN_DEMOTE);
	assert_int_equal(m[0].process, 1);
	assert_int_equal(m[0].bytes, 64 * MB);
	assert_int_equal(m[0].to, 2);
	assert_int_equal(m[1].why, PLAN_PROMOTE);
	assert_int_equal(m[1].bytes, 64 * MB);
}

/* Where it does not pay to move its pages, they count as where they are. */
static void what_stays_decides_the_place(void **state)
{
	struct fixture *f = *state;

	f->processes[0].place = 1;
	has(f, 0, 64, 10, 1, 2);
	/* chance of a measurement */
	f->copy_ns[2 * MEM_NODES + 1] = 0.6;
	plan(f, 0);
	assert_int_equal(verdict(f, 0)->place, 1);
	assert_int_equal(verdict(f, 0)->bytes[PLAN_TOO_NEW], 64 * MB);
}

/* Nearly as hot is not colder: to exchange the two would be work for nothing. */
static void alike_pages_do_not_change_places(void **state)
{
	struct fixture *f = *state;

	f->processes[0].place = f->processes[1].place = 1;
	f->room_bytes[0] = f->room_bytes[1] = 0;
	has(f, 0, 64, 190, 60, 2);
	has(f, 1, 64, 100, 60, 1);
	plan(f, 0);
	assert_int_equal(verdict(f, 0)->bytes[PLAN_NO_ROOM], 64 * MB);
}

/* It has been cold for a moment only. */
static void what_has_just_cooled_does_not_leave(void **state)
{
	struct fixture *f = *state;

	f->processes[0].place = f->processes[1].place = 1;
	f->room_bytes[0] = f->room_bytes[1] = 0;
	has(f, 0, 64, 100, 60, 2);
	has(f, 1, 64, 0, 0.1, 1);
	plan(f, 0);
	/* a page comes and another goes, for 17 us a second */
	assert_int_equal(verdict(f, 0)->bytes[PLAN_TOO_NEW], 64 * MB);
	assert_true(fabs(verdict(f, 0)->pays_in_s - (2 * 2048 / 17000.0 - 0.1)) < 1e-6);
}

/* Of two that are cold, the one that will be hot again sooner stays. */
static void what_stays_cold_leaves_first(void **state)
{
	struct fixture *f = *state;
	const struct plan_move *m;

	f->processes[0].place = f->processes[1].place = f->processes[2].place = 1;
	f->room_bytes[0] = f->room_bytes[1] = 0;
	has(f, 0, 64, 100, 10, 2);
	has(f, 1, 64, 0, 0.1, 1);
	has(f, 2, 64, 0, 20, 1);
	m = plan(f, 2);
	assert_int_equal(m[0].why, PLAN_DEMOTE);
	assert_int_equal(m[0].process, 2);
}

/* Heat of this process lasts, and so does cold.  But which of two is hotter may be chance. */
static void what_is_known_of_lives_counts(void **state)
{
	struct fixture *f = *state;

	f->processes[0].place = f->processes[1].place = 1;
	f->room_bytes[0] = f->room_bytes[1] = 0;
	has(f, 0, 64, 100, 0.1, 2);
	has(f, 1, 64, 0, 0.1, 1);
	f->ranges[0][0].remaining_s = f->ranges[1][0].remaining_s = 10;
	assert_int_equal(plan(f, 2)[0].why, PLAN_DEMOTE);
	f->ranges[1][0].hz = f->ranges[1][0].mean_hz = 10;
	plan(f, 0);
	f->ranges[0][0].life_s = f->ranges[1][0].life_s = 10;
	assert_int_equal(plan(f, 2)[0].why, PLAN_DEMOTE);
	/* for a moment it looks colder than it is */
	f->ranges[1][0].mean_hz = 60;
	plan(f, 0);
	f->ranges[1][0].mean_hz = 10;
	/* or the other one hotter */
	f->ranges[0][0].mean_hz = 15;
	plan(f, 0);
}

/* Node 1 is full of what is as hot, node 0 is free: task and pages both go there. */
static void task_and_pages_move_together(void **state)
{
	struct fixture *f = *state;
	const struct plan_move *m;

	f->processes[0].place = 1;
	f->room_bytes[1] = 0;
	has(f, 0, 64, 100, 10, 2);
	m = plan(f, 1);
	assert_int_equal(m->to, 0);
	assert_int_equal(verdict(f, 0)->place, 0);
	assert_true(fabs(m->gain - 16384 * 100 * 320.0) < 1);
}

static void the_task_moves_where_that_is_enough(void **state)
{
	struct fixture *f = *state;

	f->processes[0].place = 0;
	has(f, 0, 64, 100, 10, 1);
	plan(f, 0);
	assert_int_equal(verdict(f, 0)->place, 1);
}

/* Where the task may not go, its pages come to it. */
static void pages_come_where_the_task_may_not_go(void **state)
{
	struct fixture *f = *state;

	f->processes[0].place = 0;
	f->processes[0].may_run = (const bool[]){true, false};
	has(f, 0, 64, 100, 10, 1);
	assert_int_equal(plan(f, 1)->to, 0);
}

static void a_cpuset_is_obeyed(void **state)
{
	struct fixture *f = *state;

	f->processes[0].place = 1;
	has(f, 0, 64, 100, 10, 2);
	f->ranges[0][0].may_lie = (const bool[]){false, false, true};
	plan(f, 0);
	assert_int_equal(verdict(f, 0)->bytes[PLAN_NOT_ALLOWED], 64 * MB);
}

/* DRAM as loaded now answers later than CXL memory. */
static void nothing_is_packed_into_a_full_channel(void **state)
{
	struct fixture *f = *state;

	f->processes[0].place = 1;
	has(f, 0, 64, 100, 10, 2);
	f->memory[0].wait_ns = f->memory[1].wait_ns = 500;
	plan(f, 0);
}

static void what_is_not_known_is_not_guessed(void **state)
{
	struct fixture *f = *state;
	static const double unknown[MEM_NODES];

	has(f, 0, 64, 100, 10, 2);
	f->links[2].latency_ns = f->links[5].latency_ns = 0;
	plan(f, 0);
	assert_int_equal(verdict(f, 0)->place, MODEL_NO_NODE);
	f->links[5].latency_ns = 250;
	f->ranges[0][0].share = unknown;
	plan(f, 0);
}

static void a_quota_is_kept(void **state)
{
	struct fixture *f = *state;
	const struct plan_move *m;

	f->processes[0].place = 1;
	has(f, 0, 64, 100, 10, 2);
	f->in.max_bytes = 24 * MB;
	assert_int_equal(plan(f, 1)->on_from, 24 * MB);
	assert_int_equal(verdict(f, 0)->bytes[PLAN_LATER], 40 * MB);
	f->in.max_bytes = UINT64_MAX;
	f->processes[0].max_bytes = 8 * MB;
	m = plan(f, 1);
	assert_int_equal(m->on_from, 8 * MB);
	assert_int_equal(m->bytes, 8 * MB);
}

/* Half of the range lies there already: the addresses are twice what is to move. */
static void a_part_that_is_near_stays(void **state)
{
	struct fixture *f = *state;
	const struct plan_move *m;

	f->processes[0].place = 1;
	has(f, 0, 64, 100, 10, 2);
	f->ranges[0][0].share = (const double[]){0, 0.5, 0.5};
	f->in.max_bytes = 16 * MB;
	m = plan(f, 1);
	assert_int_equal(m->on_from, 16 * MB);
	assert_int_equal(m->bytes, 32 * MB);
	assert_int_equal(m->from, 2);
}

/* Promises. */

struct world {
	struct fixture f;
	double share[MAX_PROCESSES][MAX_RANGES][MEM_NODES];
	bool may_lie[MAX_PROCESSES][MAX_RANGES][MEM_NODES];
	bool may_run[MAX_PROCESSES][CPU_NODES];
	uint64_t seed;
};

static uint64_t below(struct world *w, uint64_t limit)
{
	return random_next(&w->seed) % limit;
}

static void draw_process(struct world *w, size_t i)
{
	struct plan_process *p = &w->f.processes[i];

	*p = (struct plan_process){
		.ranges = w->f.ranges[i],
		.nr_ranges = below(w, MAX_RANGES + 1),
		.place = (int)below(w, CPU_NODES + 1) - 1,
		.cpus = below(w, 4) ? 64 : (double)below(w, 100) / 100,
		.max_bytes = below(w, 2) ? UINT64_MAX : below(w, 256) * MB,
		.may_run = below(w, 2) ? w->may_run[i] : NULL,
	};
	for (size_t c = 0; c < CPU_NODES; c++)
		w->may_run[i][c] = below(w, 3);
	for (size_t r = 0; r < p->nr_ranges; r++) {
		double *share = w->share[i][r], sum = 0;

		for (size_t n = 0; n < MEM_NODES; n++)
			sum += share[n] = (double)below(w, 4);
		for (size_t n = 0; n < MEM_NODES; n++)
			share[n] = sum > 0 ? share[n] / sum : 0;
		for (size_t n = 0; n < MEM_NODES; n++)
			w->may_lie[i][r][n] = below(w, 3);
		w->f.ranges[i][r] = (struct plan_range){
			.start = HEAP + r * 1024 * MB,
			.bytes = below(w, 256) * MB + below(w, 512) * 4096,
			.hz = below(w, 2) ? (double)below(w, 1000) : 0,
			.mean_hz = (double)below(w, 1000),
			.life_s = (double)below(w, 60),
			.remaining_s = (double)below(w, 60),
			.may_lie = below(w, 2) ? w->may_lie[i][r] : NULL,
			.share = share,
		};
	}
}

static void draw(struct world *w, uint64_t seed)
{
	struct fixture *f = &w->f;

	w->seed = seed;
	for (size_t i = 0; i < ARRAY_SIZE(f->links); i++)
		f->links[i].latency_ns = below(w, 8) ? (uint32_t)below(w, 500) : 0;
	for (size_t n = 0; n < MEM_NODES; n++) {
		f->memory[n].wait_ns = below(w, 2) ? (uint32_t)below(w, 500) : 0;
		f->room_bytes[n] = below(w, 3) ? below(w, 512) * MB : 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(f->copy_ns); i++)
		f->copy_ns[i] = 0.1 + (double)below(w, 20) / 10;
	f->machine = (struct model_machine){CPU_NODES, MEM_NODES, f->memory, f->links};
	f->in = (struct plan_input){.machine = &f->machine,
				    .room_bytes = f->room_bytes,
				    .copy_ns = f->copy_ns,
				    .processes = f->processes,
				    .nr_processes = below(w, MAX_PROCESSES + 1),
				    .max_bytes = below(w, 2) ? UINT64_MAX : below(w, 512) * MB};
	for (size_t i = 0; i < f->in.nr_processes; i++)
		draw_process(w, i);
}

static double loaded_ns(const struct fixture *f, size_t c, size_t n)
{
	double ns = f->links[c * MEM_NODES + n].latency_ns;

	return ns > 0 ? ns + f->memory[n].wait_ns : 0;
}

static void check_move(const struct fixture *f, const struct plan_move *m)
{
	const struct plan_process *p = &f->processes[m->process];
	const struct plan_verdict *v = verdict(f, m->process);
	bool inside = false;

	assert_true(m->bytes > 0 && m->on_from > 0 && isfinite(m->gain) && m->cost_ns > 0);
	assert_int_not_equal(m->from, m->to);
	for (size_t r = 0; r < p->nr_ranges; r++)
		inside |= m->start >= p->ranges[r].start &&
			  m->start + m->bytes <= p->ranges[r].start + p->ranges[r].bytes &&
			  p->ranges[r].share[m->from] > 0 &&
			  (!p->ranges[r].may_lie || p->ranges[r].may_lie[m->to]);
	assert_true(inside);
	if (m->why != PLAN_PROMOTE)
		return;
	assert_true(v->place >= 0 && m->gain > 0);
	assert_true(loaded_ns(f, (size_t)v->place, m->to) <
		    loaded_ns(f, (size_t)v->place, m->from));
}

/* Never more into a node than there is room, at any moment of the plan. */
static void check_room(const struct fixture *f, const struct plan_move *moves, size_t nr)
{
	int64_t room[MEM_NODES];

	for (size_t n = 0; n < MEM_NODES; n++)
		room[n] = (int64_t)f->room_bytes[n];
	for (size_t i = 0; i < nr; i++) {
		room[moves[i].to] -= (int64_t)moves[i].on_from;
		if (moves[i].why == PLAN_DEMOTE)
			room[moves[i].from] += (int64_t)moves[i].on_from;
		assert_true(room[moves[i].to] >= 0);
	}
}

/* What moves has a reason, stays within its limits, and is what lies there. */
static void check_bytes(const struct fixture *f, const struct plan_move *moves, size_t nr)
{
	uint64_t moved[MAX_PROCESSES][PLAN_NR_WHY] = {0}, all = 0;

	for (size_t i = 0; i < nr; i++) {
		moved[moves[i].process][moves[i].why] += moves[i].on_from;
		all += moves[i].on_from;
	}
	assert_true(all <= f->in.max_bytes);
	for (size_t i = 0; i < f->in.nr_processes; i++) {
		const struct plan_process *p = &f->processes[i];
		const struct plan_verdict *v = verdict(f, i);
		uint64_t sum = 0, bytes = 0;

		assert_int_equal(moved[i][PLAN_PROMOTE], v->bytes[PLAN_PROMOTE]);
		assert_int_equal(moved[i][PLAN_DEMOTE], v->bytes[PLAN_DEMOTE]);
		assert_true(moved[i][PLAN_PROMOTE] + moved[i][PLAN_DEMOTE] <= p->max_bytes);
		assert_true(v->place < 0 || v->place == p->place || !p->may_run ||
			    p->may_run[v->place]);
		assert_true(isfinite(v->gain) && isfinite(v->cost_ns));
		for (size_t r = 0; r < p->nr_ranges; r++)
			bytes += p->ranges[r].bytes;
		for (size_t why = 0; why < PLAN_NR_WHY; why++)
			sum += v->bytes[why];
		assert_true(sum <= bytes);
	}
}

static void promises_hold_on_random_machines(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	size_t promoted = 0, demoted = 0;

	w->f.plan = plan_new();
	for (uint64_t seed = 1; seed <= 20000; seed++) {
		const struct plan_move *moves;
		size_t nr;

		draw(w, seed);
		assert_int_equal(plan_make(w->f.plan, &w->f.in), 0);
		moves = plan_moves(w->f.plan, &nr);
		for (size_t i = 0; i < nr; i++) {
			check_move(&w->f, &moves[i]);
			promoted += moves[i].why == PLAN_PROMOTE;
			demoted += moves[i].why == PLAN_DEMOTE;
		}
		check_room(&w->f, moves, nr);
		check_bytes(&w->f, moves, nr);
	}
	/* the worlds are such that things happen in them */
	assert_true(promoted > 5000 && demoted > 500);
	plan_free(w->f.plan);
	free(w);
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(hot_pages_go_near_the_task),
		test(heat_has_to_last_for_the_copy_to_pay),
		test(nobody_waits_for_longer_than_he_runs),
		test(an_access_stands_for_the_lines_that_were_counted),
		test(nothing_moves_where_all_is_near),
		test(nothing_moves_that_is_cold),
		test(the_hottest_go_first),
		test(the_second_nearest_is_better_than_none),
		test(cold_pages_make_room_for_hot_ones),
		test(what_stays_decides_the_place),
		test(alike_pages_do_not_change_places),
		test(what_has_just_cooled_does_not_leave),
		test(what_stays_cold_leaves_first),
		test(what_is_known_of_lives_counts),
		test(task_and_pages_move_together),
		test(the_task_moves_where_that_is_enough),
		test(pages_come_where_the_task_may_not_go),
		test(a_cpuset_is_obeyed),
		test(nothing_is_packed_into_a_full_channel),
		test(what_is_not_known_is_not_guessed),
		test(a_quota_is_kept),
		test(a_part_that_is_near_stays),
		cmocka_unit_test(promises_hold_on_random_machines),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
