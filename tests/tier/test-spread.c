/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Spreading, on a machine that answers: two CPU nodes with DRAM (memory 0 and 1) and CXL memory
 * near node 1 (memory 2).  Each access waits as its node is loaded, and who waits accesses less.
 * Plans are carried out one after the other.
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
#include "tier/spread.h"
#include "tier/turns.h"

#define MB (UINT64_C(1) << 20)
#define HEAP UINT64_C(0x7f0000000000)

enum { CPU_NODES = 2, MEM_NODES = 3, MAX_PARTS = 64, MAX_PROCESSES = 3 };

/* How a queue makes accesses wait, for the latency without load and a use of 0 to 1. */
typedef double queue_fn(double latency_ns, double use);

static double queue_mm1(double latency_ns, double use)
{
	return latency_ns * use / (1 - use);
}

/* It takes half as long to wait where times to serve are all the same. */
static double queue_md1(double latency_ns, double use)
{
	return latency_ns * use / (1 - use) / 2;
}

/* Nearly nothing up to four fifths, then all at once. */
static double queue_knee(double latency_ns, double use)
{
	return latency_ns * pow(use, 8) / (1 - use);
}

struct world {
	struct machine_memory memory[MEM_NODES];
	struct machine_link links[CPU_NODES * MEM_NODES];
	struct model_machine machine;
	double capacity_hz[MEM_NODES]; /* accesses a second */
	queue_fn *queue;
	uint64_t room_bytes[MEM_NODES];
	double copy_ns[MEM_NODES * MEM_NODES];
	struct plan_range ranges[MAX_PROCESSES][MAX_PARTS];
	double share[MAX_PROCESSES][MAX_PARTS][MEM_NODES];
	double weight[MAX_PROCESSES][MAX_PARTS]; /* of its accesses, sums to 1 */
	double under_way[MAX_PROCESSES];	 /* its accesses at a time, at most */
	double most_hz[MAX_PROCESSES];		 /* accesses a second, at most; 0: any number */
	double rate_hz[MAX_PROCESSES];		 /* accesses a second, all of its pages */
	struct plan_process processes[MAX_PROCESSES];
	struct plan_input in;
	struct plan *plan;
	struct spread_step steps[MEM_NODES * MEM_NODES];
	uint64_t now_ns;
	uint64_t moved, spread;
	bool is_blind; /* it is not told how long accesses wait */
};

static int setup(void **state)
{
	static const uint32_t latency_ns[] = {80, 140, 400, 140, 80, 250};
	static const uint32_t nearest_ns[] = {80, 80, 250};
	struct world *w = calloc(1, sizeof(*w));

	for (size_t i = 0; i < ARRAY_SIZE(latency_ns); i++)
		w->links[i].latency_ns = latency_ns[i];
	for (size_t i = 0; i < ARRAY_SIZE(w->copy_ns); i++)
		w->copy_ns[i] = 0.5;
	for (size_t n = 0; n < MEM_NODES; n++) {
		w->room_bytes[n] = 4096 * MB;
		w->memory[n] =
			(struct machine_memory){.nearest_ns = nearest_ns[n], .is_real = true};
	}
	/* as the lab's machine: 6, 6 and 3 GB/s in lines */
	w->capacity_hz[0] = w->capacity_hz[1] = 6e9 / 64;
	w->capacity_hz[2] = 3e9 / 64;
	w->queue = queue_mm1;
	w->machine = (struct model_machine){CPU_NODES, MEM_NODES, w->memory, w->links};
	w->in = (struct plan_input){.machine = &w->machine,
				    .room_bytes = w->room_bytes,
				    .copy_ns = w->copy_ns,
				    .processes = w->processes,
				    .max_bytes = UINT64_MAX};
	w->in.steps = w->steps;
	w->now_ns = 1;
	w->plan = plan_new();
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	plan_free(w->plan);
	free(w);
	return 0;
}

/* A process with MBS megabytes in PARTS, that are all as hot, on node N.  It runs at C alone. */
static void runs(struct world *w, size_t c, uint64_t mbs, size_t parts, double under_way, size_t n)
{
	static const bool at[CPU_NODES][CPU_NODES] = {{true, false}, {false, true}};
	size_t i = w->in.nr_processes++;

	for (size_t r = 0; r < parts; r++) {
		w->share[i][r][n] = 1;
		w->weight[i][r] = 1.0 / (double)parts;
		w->ranges[i][r] = (struct plan_range){.start = HEAP + r * mbs * MB / parts,
						      .bytes = mbs * MB / parts,
						      .life_s = 60,
						      .remaining_s = 60,
						      .share = w->share[i][r]};
	}
	w->under_way[i] = under_way;
	w->processes[i] = (struct plan_process){.ranges = w->ranges[i],
						.nr_ranges = parts,
						.place = (int)c,
						.may_run = at[c],
						.cpus = 64,
						.max_bytes = UINT64_MAX};
}

/* What part of the accesses of process I go to node N. */
static double part_at(const struct world *w, size_t i, size_t n)
{
	double part = 0;

	for (size_t r = 0; r < w->processes[i].nr_ranges; r++)
		part += w->weight[i][r] * w->share[i][r][n];
	return part;
}

/* Where the accesses of each process go. */
struct parts {
	double of[MAX_PROCESSES][MEM_NODES];
};

static double use_at(const struct world *w, const struct parts *parts, size_t n)
{
	double hz = 0;

	for (size_t i = 0; i < w->in.nr_processes; i++)
		hz += w->rate_hz[i] * parts->of[i][n];
	return MIN(hz / w->capacity_hz[n], 0.9999);
}

/* The rates go a step to what the waits allow.  Returns how far they are from it. */
static double step(struct world *w, const struct parts *parts)
{
	double wait_ns[MEM_NODES], off = 0;

	for (size_t n = 0; n < MEM_NODES; n++)
		wait_ns[n] = w->queue(w->memory[n].nearest_ns, use_at(w, parts, n));
	for (size_t i = 0; i < w->in.nr_processes; i++) {
		const struct machine_link *links = &w->links[w->processes[i].place * MEM_NODES];
		double ns = 0, wanted;

		for (size_t n = 0; n < MEM_NODES; n++)
			ns += parts->of[i][n] * (links[n].latency_ns + wait_ns[n]);
		wanted = w->under_way[i] * 1e9 / ns;
		if (w->most_hz[i] > 0)
			wanted = MIN(wanted, w->most_hz[i]);
		wanted /= w->rate_hz[i];
		off = MAX(off, fabs(wanted - 1));
		w->rate_hz[i] *= 1 + MAX(MIN(0.02 * (wanted - 1), 0.05), -0.05);
	}
	return off;
}

/* Let it run until rates and waits are those that make each other. */
static void run(struct world *w)
{
	struct parts parts;

	for (size_t i = 0; i < w->in.nr_processes; i++) {
		w->rate_hz[i] = MAX(w->rate_hz[i], 1e5);
		for (size_t n = 0; n < MEM_NODES; n++)
			parts.of[i][n] = part_at(w, i, n);
	}
	for (int i = 0; i < 4000 && step(w, &parts) > 1e-4; i++)
		;
	for (size_t n = 0; n < MEM_NODES; n++) {
		w->memory[n].wait_known = !w->is_blind;
		w->memory[n].wait_ns = w->is_blind ? 0
						   : (uint32_t)w->queue(w->memory[n].nearest_ns,
									use_at(w, &parts, n));
	}
	for (size_t i = 0; i < w->in.nr_processes; i++)
		for (size_t r = 0; r < w->processes[i].nr_ranges; r++)
			w->ranges[i][r].hz = w->rate_hz[i] * w->weight[i][r] /
					     ((double)w->ranges[i][r].bytes / 4096);
}

static double rate(const struct world *w)
{
	double hz = 0;

	for (size_t i = 0; i < w->in.nr_processes; i++)
		hz += w->rate_hz[i];
	return hz;
}

/* Carry a move out.  What of it lies elsewhere stays. */
static void carry(struct world *w, const struct plan_move *m)
{
	for (size_t r = 0; r < w->processes[m->process].nr_ranges; r++) {
		const struct plan_range *range = &w->ranges[m->process][r];
		double *share = w->share[m->process][r], part;

		if (m->start < range->start || m->start >= range->start + range->bytes)
			continue;
		part = MIN((double)m->on_from / (double)range->bytes, share[m->from]);
		share[m->from] -= part;
		share[m->to] += part;
	}
	w->room_bytes[m->to] -= m->on_from;
	w->room_bytes[m->from] += m->on_from;
	w->moved += m->on_from;
	w->spread += m->why == PLAN_SPREAD ? m->on_from : 0;
}

/* Run, plan and carry out, so many times at most.  Returns how many plans moved something. */
static size_t go_on(struct world *w, size_t most)
{
	size_t plans, nr;

	for (plans = 0; plans < most; plans++) {
		const struct plan_move *moves;

		run(w);
		assert_int_equal(plan_make(w->plan, &w->in), 0);
		moves = plan_moves(w->plan, &nr);
		w->now_ns += 3 * UINT64_C(1000000000);
		turns_learn(w->steps, MEM_NODES, moves, nr, w->now_ns);
		if (!nr)
			break;
		for (size_t i = 0; i < nr; i++)
			carry(w, &moves[i]);
		for (size_t i = 0; i < w->in.nr_processes; i++)
			w->processes[i].place = plan_verdicts(w->plan)[i].place;
	}
	run(w);
	return plans;
}

/* The best that any share of all pages on the CXL memory gives, the rest on NEAR. */
static double best_rate(const struct world *before, size_t near)
{
	struct world *w = malloc(sizeof(*w));
	double best = 0;

	for (int part = 0; part <= 25; part++) {
		memcpy(w, before, sizeof(*w));
		for (size_t i = 0; i < w->in.nr_processes; i++)
			for (size_t r = 0; r < w->processes[i].nr_ranges; r++) {
				memset(w->share[i][r], 0, sizeof(w->share[i][r]));
				w->share[i][r][2] = part / 25.0;
				w->share[i][r][near] = 1 - part / 25.0;
			}
		/* what points into the world points into the other one: only shares are used */
		for (size_t i = 0; i < w->in.nr_processes; i++)
			w->processes[i].ranges = w->ranges[i];
		run(w);
		best = MAX(best, rate(w));
	}
	free(w);
	return best;
}

/* Node 0 has no more room, so there is one DRAM. */
static void one_dram(struct world *w)
{
	w->links[0].latency_ns = w->links[3].latency_ns = 0;
}

static void pages_are_spread_where_dram_is_the_bottleneck(void **state)
{
	struct world *w = *state;
	double packed;
	size_t plans;

	one_dram(w);
	runs(w, 1, 256, 32, 80, 1);
	run(w);
	packed = rate(w);
	plans = go_on(w, 20);
	print_message("# packed %.3g, spread %.3g in %zu plans, best %.3g; waits %u %u\n", packed,
		      rate(w), plans, best_rate(w, 1), w->memory[1].wait_ns, w->memory[2].wait_ns);
	assert_true(plans > 0 && plans <= 10);
	assert_true(rate(w) > 1.2 * packed);
	assert_true(rate(w) > 0.95 * best_rate(w, 1));
	assert_int_equal(w->spread, w->moved);
}

static void they_go_back_when_the_load_ends(void **state)
{
	struct world *w = *state;
	size_t plans;

	one_dram(w);
	runs(w, 1, 256, 32, 80, 1);
	go_on(w, 20);
	assert_true(part_at(w, 0, 2) > 0.1);
	w->under_way[0] = 4;
	plans = go_on(w, 20);
	print_message("# back in %zu plans: %.2f on CXL, waits %u %u\n", plans, part_at(w, 0, 2),
		      w->memory[1].wait_ns, w->memory[2].wait_ns);
	assert_true(plans <= 3);
	assert_true(part_at(w, 0, 2) < 0.001);
}

static void nothing_is_spread_without_load(void **state)
{
	struct world *w = *state;

	one_dram(w);
	runs(w, 1, 256, 32, 2, 1);
	assert_int_equal(go_on(w, 3), 0);
}

static void nothing_is_spread_where_a_wait_is_not_known(void **state)
{
	struct world *w = *state;

	one_dram(w);
	runs(w, 1, 256, 32, 80, 1);
	run(w);
	w->memory[2].wait_known = false;
	w->memory[2].wait_ns = 0;
	assert_int_equal(plan_make(w->plan, &w->in), 0);
	assert_int_equal(plan_verdicts(w->plan)[0].bytes[PLAN_SPREAD], 0);
	w->is_blind = true;
	assert_int_equal(go_on(w, 3), 0);
}

static void nothing_moves_by_waits_that_are_old(void **state)
{
	struct world *w = *state;

	one_dram(w);
	runs(w, 1, 256, 32, 80, 1);
	w->in.loads_are_old = true;
	assert_int_equal(go_on(w, 3), 0);
	assert_int_equal(plan_verdicts(w->plan)[0].bytes[PLAN_LATER], 256 * MB);
	/* without load there is nothing that could be old */
	w->under_way[0] = 0.001;
	w->share[0][0][1] = 0;
	w->share[0][0][2] = 1;
	w->ranges[0][0].remaining_s = 1e6;
	assert_int_equal(go_on(w, 3), 1);
}

/* It starts where it would be nearest without load, of another process that loads it. */
static void pages_stay_away_from_a_busy_node(void **state)
{
	struct world *w = *state;

	one_dram(w);
	runs(w, 1, 256, 32, 80, 1);
	w->ranges[0][0].may_lie = NULL;
	for (size_t r = 0; r < 32; r++) /* bound */
		w->ranges[0][r].may_lie = (const bool[]){false, true, false};
	runs(w, 1, 64, 8, 1, 2);
	assert_int_equal(go_on(w, 3), 0);
	assert_int_equal(plan_verdicts(w->plan)[1].bytes[PLAN_BUSY], 64 * MB);
}

/* Both DRAM nodes and the CXL memory share what two nodes' CPUs want; places do not flap. */
static void all_nodes_share_a_load(void **state)
{
	struct world *w = *state;
	double packed;
	size_t plans;

	runs(w, 0, 256, 32, 80, 0);
	w->processes[0].may_run = NULL;
	run(w);
	packed = rate(w);
	plans = go_on(w, 30);
	print_message("# %.2f %.2f %.2f in %zu plans, %.2f of packed, place %d\n", part_at(w, 0, 0),
		      part_at(w, 0, 1), part_at(w, 0, 2), plans, rate(w) / packed,
		      w->processes[0].place);
	assert_true(plans <= 12);
	assert_true(rate(w) > 1.5 * packed);
	assert_true(w->moved < 512 * MB);
}

static double between(uint64_t *seed, double least, double most)
{
	return least +
	       (most - least) * (double)(random_next(seed) >> 11) / (double)(UINT64_C(1) << 53);
}

/* A world with one DRAM, by its number. */
static struct world *random_world(uint64_t *seed, size_t k)
{
	static queue_fn *const queues[] = {queue_mm1, queue_md1, queue_knee};
	struct world *w;
	void *fresh;

	setup(&fresh);
	w = fresh;
	one_dram(w);
	w->queue = queues[k % ARRAY_SIZE(queues)];
	w->links[5].latency_ns = (uint32_t)between(seed, 120, 400);
	w->memory[2].nearest_ns = w->links[5].latency_ns;
	w->capacity_hz[2] = w->capacity_hz[1] * between(seed, 0.1, 1.2);
	for (size_t i = 0; i < 1 + k % MAX_PROCESSES; i++)
		runs(w, 1, 128, 8 + k % 50, between(seed, 1, 100), 1);
	if (k % 4 == 3) /* it has a rate of its own */
		w->most_hz[0] = w->capacity_hz[1] * between(seed, 0.2, 1.2);
	return w;
}

static double on_cxl(const struct world *w)
{
	double bytes = 0;

	for (size_t i = 0; i < w->in.nr_processes; i++)
		for (size_t r = 0; r < w->processes[i].nr_ranges; r++)
			bytes += w->share[i][r][2] * (double)w->ranges[i][r].bytes;
	return bytes;
}

/*
 * Any machine, any queue, any load: after a few plans nearly all is gained, moves come to an end,
 * and little is moved that comes back.  When the load ends, pages go back, and that ends too.
 */
static void random_worlds_settle(void **state)
{
	uint64_t seed = 7;
	double worst = 1, sum = 0, most_waste = 0, worst_soon = 1;
	size_t nr = 200;

	(void)state;
	for (size_t k = 0; k < nr; k++) {
		struct world *w = random_world(&seed, k);
		double before, soon, best;
		void *old = w;

		run(w);
		before = rate(w);
		best = best_rate(w, 1);
		go_on(w, 8);
		soon = rate(w);
		assert_true(go_on(w, 40) < 40);
		worst_soon = MIN(worst_soon, soon / rate(w));
		worst = MIN(worst, rate(w) / best);
		sum += rate(w) / best;
		most_waste = MAX(most_waste, (double)w->moved - on_cxl(w));
		assert_true(rate(w) > 0.99 * before);
		for (size_t i = 0; i < w->in.nr_processes; i++)
			w->under_way[i] = 0.5;
		assert_true(go_on(w, 20) < 20);
		assert_true(on_cxl(w) < 1.0 * (double)MB);
		teardown(&old);
	}
	print_message("# of the best: at worst %.3f, mean %.3f; after 8 plans %.3f of that; moved "
		      "for nothing: %.0f MB\n",
		      worst, sum / (double)nr, worst_soon, most_waste / (double)MB);
	assert_true(worst > 0.8 && sum / (double)nr > 0.95);
	assert_true(worst_soon > 0.9);
	assert_true(most_waste < 200.0 * (double)MB);
}

static void hot_memory_is_cut_at_huge_pages(void **state)
{
	struct plan_range ranges[8] = {
		{.start = HEAP + 4096, .bytes = 32 * MB, .hz = 10},
		{.start = HEAP + 64 * MB, .bytes = 64 * MB, .hz = 0},
		{.start = HEAP + 256 * MB, .bytes = 2 * MB, .hz = 1000},
	};
	uint64_t bytes = 0;

	(void)state;
	assert_int_equal(spread_cut(ranges, 3, 8), 8);
	for (size_t i = 0; i < 8; i++) {
		bytes += ranges[i].bytes;
		if (i && i < 6) {
			assert_int_equal(ranges[i].start % (2 * MB), 0);
			assert_int_equal(ranges[i].start,
					 ranges[i - 1].start + ranges[i - 1].bytes);
			assert_true(ranges[i].bytes >= 4 * MB && ranges[i].bytes < 11 * MB);
		}
	}
	assert_int_equal(bytes, 98 * MB);
	assert_int_equal(ranges[6].bytes, 64 * MB);
	assert_int_equal(ranges[7].bytes, 2 * MB);
}

#define test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(pages_are_spread_where_dram_is_the_bottleneck),
		test(they_go_back_when_the_load_ends),
		test(nothing_is_spread_without_load),
		test(nothing_is_spread_where_a_wait_is_not_known),
		test(nothing_moves_by_waits_that_are_old),
		test(pages_stay_away_from_a_busy_node),
		test(all_nodes_share_a_load),
		cmocka_unit_test(random_worlds_settle),
		cmocka_unit_test(hot_memory_is_cut_at_huge_pages),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
