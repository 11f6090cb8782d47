/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tier step: from a process whose pages are real to the verdict on it.  Room, latencies, rules
 * and the cost of a copy are the test's.
 */
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/log.h"
#include "base/util.h"
#include "daemon/tiering.h"
#include "numa/residency.h"
#include "tests/helpers/run.h"

#define BYTES (UINT64_C(8) << 20)
#define NOW (100 * NSEC_PER_SEC)
#define ADVICE_NS (5 * NSEC_PER_SEC)

struct bench {
	struct run run;
	struct tiering *t;
	struct managed *item;
	void *memory;
	uint64_t room_bytes[3];
	double copy_ns[9], copy_then_ns; /* what is known once rules were asked for; 0: the same */
	struct planner_machine machine;
	/* what the planner's thread is told of rules */
	pthread_mutex_t rules_lock;
	pthread_cond_t rules_changed;
	bool rules_wait, rules_are_asked;
	int nr_asked;
	int rules_error;
	const struct obey_rules *rules;
};

/* As the kernel would, it may take its time. */
static int read_rules(void *arg, pid_t task, const struct obey_rules **out)
{
	struct bench *b = arg;

	if (task != getpid())
		return -EINVAL;
	pthread_mutex_lock(&b->rules_lock);
	b->rules_are_asked = true;
	b->nr_asked++;
	pthread_cond_broadcast(&b->rules_changed);
	while (b->rules_wait)
		pthread_cond_wait(&b->rules_changed, &b->rules_lock);
	pthread_mutex_unlock(&b->rules_lock);
	for (size_t i = 0; i < 9 && b->copy_then_ns > 0; i++)
		b->copy_ns[i] = b->copy_then_ns;
	*out = b->rules;
	return b->rules_error;
}

/*
 * Pages of this process are on node 0.  As the test has it, that node is far from all CPUs, and
 * node 2 is near them.
 */
static int setup(void **state)
{
	static struct bench b;
	struct choice choice = run_choice(getpid(), 5, "search");
	struct tiering_options options = {0};
	struct machine *m;
	bool changed;

	b = (struct bench){.machine = {b.room_bytes, b.copy_ns},
			   .rules_lock = PTHREAD_MUTEX_INITIALIZER,
			   .rules_changed = PTHREAD_COND_INITIALIZER};
	*state = &b;
	run_init(&b.run, "cxl");
	m = b.run.d.machine;
	for (size_t c = 0; c < m->nr_cpu_nodes; c++)
		for (size_t n = 0; n < m->nr_mem_nodes; n++)
			machine_link(m, c, n)->latency_ns = n == 2 ? 100 : 300;
	assert_int_equal(managed_update(&b.run.d.set, &choice, 1, NULL, NOW, &changed), 0);
	b.item = &b.run.d.set.items[0];
	options.planner =
		(struct planner_options){.machine = &b.machine, .rules = read_rules, .arg = &b};
	assert_int_equal(tiering_new(&b.t, m, 4, &options), 0);
	b.memory = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(b.memory, MAP_FAILED);
	memset(b.memory, 1, BYTES);
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;

	munmap(b->memory, BYTES);
	tiering_free(b->t);
	run_deinit(&b->run);
	return 0;
}

/* The memory is hot for ten seconds. */
static void heat(struct bench *b)
{
	static const uint32_t pages[] = {64, 0, 0};
	struct sample_region hot = {.start = (uintptr_t)b->memory,
				    .bytes = BYTES,
				    .nr_accesses = 20,
				    .age = 9,
				    .pages = pages};

	for (uint64_t i = 1; i <= 100; i++) {
		b->item->sample.last = (struct sample){
			.now_ns = i * 100 * NSEC_PER_MSEC,
			.seen_ns = i * 100 * NSEC_PER_MSEC,
			.aggregation_ns = 100 * NSEC_PER_MSEC,
			.max_nr_accesses = 20,
			.regions = &hot,
			.nr_regions = 1,
			.cpu_ns = 10 * NSEC_PER_MSEC,
			.wall_ns = 100 * NSEC_PER_MSEC,
		};
		managed_model(&b->run.d.set, &b->run.d.model_options, b->item->sample.last.now_ns);
	}
	b->item->sample.last.regions = NULL;
}

static void put_machine(struct bench *b, uint64_t room_bytes, double copy_ns)
{
	b->room_bytes[2] = room_bytes;
	for (size_t i = 0; i < 9; i++)
		b->copy_ns[i] = copy_ns;
}

static int tick(struct bench *b, uint64_t now_ns)
{
	return tiering_plan(b->t, &b->run.d.set, now_ns);
}

/* Ticks go on until the plan of NOW_NS has told of the process. */
static void plan_at(struct bench *b, uint64_t now_ns)
{
	assert_int_equal(tick(b, now_ns), 0);
	while (b->item->tier_ns != now_ns) {
		usleep(1000);
		assert_int_equal(tick(b, now_ns), 0);
	}
}

static bool pages_have_nodes(void)
{
	const unsigned int node = 0;
	struct residency *residency;
	uint32_t pages = 0;
	char on_stack = 1;
	const struct residency_range here = {(uintptr_t)&on_stack, (uintptr_t)&on_stack + 1, 1};

	assert_int_equal(residency_new(&residency, &node, 1, 1), 0);
	(void)residency_sample(residency, getpid(), &here, 1, &pages);
	residency_free(residency);
	return pages > 0;
}

static void hot_memory_has_a_nearer_node(void **state)
{
	struct bench *b = *state;
	const struct plan_verdict *v = &b->item->tier;

	if (!pages_have_nodes())
		skip();
	put_machine(b, 2 * BYTES, 0.5);
	/* nothing was seen of it yet */
	plan_at(b, NOW);
	assert_int_equal(v->bytes[PLAN_PROMOTE], 0);
	heat(b);
	plan_at(b, NOW + ADVICE_NS);
	assert_int_equal(v->bytes[PLAN_PROMOTE], BYTES);
	/* a tenth of a CPU waits for it all the time, and two thirds of that are saved */
	assert_true(fabs(v->gain - 1e8 * 2 / 3) < 1e6);
	assert_true(fabs(v->cost_ns - 0.5 * BYTES) < 1);
}

/* It runs for a tenth of the time, so more than some lines do not count. */
static void lines_that_were_counted_come_back_with_the_plan(void **state)
{
	struct bench *b = *state;
	double gain;

	if (!pages_have_nodes())
		skip();
	heat(b);
	put_machine(b, 2 * BYTES, 0.001);
	plan_at(b, NOW);
	gain = b->item->tier.gain;
	assert_true(gain > 0);
	b->item->lines.per_access = 0.01;
	plan_at(b, NOW + ADVICE_NS);
	assert_true(b->item->tier.gain > 0 && b->item->tier.gain < gain / 2);
	assert_true(b->item->lines.per_access == 0.01);
}

static void without_room_it_stays(void **state)
{
	struct bench *b = *state;

	if (!pages_have_nodes())
		skip();
	heat(b);
	put_machine(b, 0, 0.5);
	plan_at(b, NOW);
	assert_int_equal(b->item->tier.bytes[PLAN_PROMOTE], 0);
	assert_int_equal(b->item->tier.bytes[PLAN_NO_ROOM], BYTES);
}

/* Node 0 is nearer than node 2 here, and busy.  The pages are alike, and known part by part. */
static void pages_leave_a_busy_node(void **state)
{
	struct bench *b = *state;
	struct machine *m = b->run.d.machine;
	const struct plan_verdict *v = &b->item->tier;

	if (!pages_have_nodes())
		skip();
	for (size_t c = 0; c < m->nr_cpu_nodes; c++) {
		machine_link(m, c, 0)->latency_ns = 100;
		machine_link(m, c, 2)->latency_ns = 300;
	}
	m->memory[0].nearest_ns = 100;
	m->memory[2].nearest_ns = 300;
	m->memory[0].wait_ns = 900;
	m->memory[0].wait_known = true;
	m->memory[2].wait_known = false;
	heat(b);
	put_machine(b, 2 * BYTES, 0.5);
	plan_at(b, NOW);
	assert_int_equal(v->bytes[PLAN_SPREAD], 0);
	m->memory[2].wait_known = true;
	plan_at(b, NOW + ADVICE_NS);
	assert_in_range(v->bytes[PLAN_SPREAD], BYTES / 20, BYTES / 2);
	assert_true(v->gain > 0);
	assert_int_equal(v->bytes[PLAN_PROMOTE], 0);
}

/* A copy whose cost was not measured may cost anything. */
static void what_a_copy_costs_is_not_guessed(void **state)
{
	struct bench *b = *state;

	if (!pages_have_nodes())
		skip();
	heat(b);
	put_machine(b, 2 * BYTES, INFINITY);
	plan_at(b, NOW);
	assert_int_equal(b->item->tier.bytes[PLAN_PROMOTE], 0);
	assert_true(isfinite(b->item->tier.gain) && isfinite(b->item->tier.cost_ns));
}

static void rules_are_obeyed(void **state)
{
	struct bench *b = *state;
	const struct obey_range bound = {
		.start = 0, .end = UINT64_MAX, .nodes = NULL, .why = OBEY_LOCKED};
	const struct obey_rules rules = {.ranges = &bound, .nr_ranges = 1, .nr_mappings = 1};

	if (!pages_have_nodes())
		skip();
	heat(b);
	put_machine(b, 2 * BYTES, 0.5);
	b->rules = &rules;
	plan_at(b, NOW);
	assert_int_equal(b->item->tier.bytes[PLAN_PROMOTE], 0);
	assert_int_equal(b->item->tier.bytes[PLAN_NOT_ALLOWED], BYTES);
	/* it is left in peace for a while, and what was told stays */
	b->rules = NULL;
	tick(b, NOW + ADVICE_NS - 1);
	assert_int_equal(b->item->tier.bytes[PLAN_NOT_ALLOWED], BYTES);
	plan_at(b, NOW + ADVICE_NS);
	assert_int_equal(b->item->tier.bytes[PLAN_PROMOTE], BYTES);
}

static void of_unknown_rules_nothing_moves(void **state)
{
	struct bench *b = *state;

	if (!pages_have_nodes())
		skip();
	heat(b);
	put_machine(b, 2 * BYTES, 0.5);
	b->rules_error = -ESRCH;
	plan_at(b, NOW);
	for (size_t why = 0; why < PLAN_NR_WHY; why++)
		assert_int_equal(b->item->tier.bytes[why], 0);
}

static uint64_t at(double seconds)
{
	return NOW + (uint64_t)(seconds * (double)NSEC_PER_SEC);
}

/* The whole of a plan.  Returns how often rules have been asked for. */
static int plan_with(struct planner *p, struct bench *b, uint64_t now_ns)
{
	struct managed_set *set = &b->run.d.set;
	int r;

	assert_true(planner_ask(p, set, NULL, 0, now_ns));
	while (!(r = planner_answer(p, set)))
		usleep(1000);
	assert_int_equal(r, 1);
	return b->nr_asked;
}

/* What cannot move is left in peace for a while, or until it has been hot for long enough. */
static void rules_are_read_when_it_may_be_worth_it(void **state)
{
	struct bench *b = *state;
	const struct planner_options options = {
		.moves = true, .machine = &b->machine, .rules = read_rules, .arg = b};
	const struct obey_range bound = {
		.start = 0, .end = UINT64_MAX, .nodes = NULL, .why = OBEY_LOCKED};
	const struct obey_rules rules = {.ranges = &bound, .nr_ranges = 1, .nr_mappings = 1};
	struct planner *p;
	size_t nr_jobs;
	double wait_s;

	if (!pages_have_nodes())
		skip();
	heat(b);
	put_machine(b, 2 * BYTES, INFINITY);
	assert_int_equal(planner_new(&p, b->run.d.machine, 4, &options), 0);
	assert_int_equal(plan_with(p, b, NOW), 1);
	assert_int_equal(b->item->tier.bytes[PLAN_TOO_NEW], BYTES);
	/* what the copy costs becomes known: a little too much */
	b->copy_then_ns = 95;
	assert_int_equal(plan_with(p, b, NOW + 5 * NSEC_PER_SEC - 1), 1);
	assert_int_equal(plan_with(p, b, NOW + 5 * NSEC_PER_SEC), 2);
	assert_int_equal(b->item->tier.bytes[PLAN_TOO_NEW], BYTES);
	wait_s = b->item->tier.pays_in_s;
	assert_true(wait_s > 0.1 && wait_s < 5);
	b->copy_then_ns = 0;
	put_machine(b, 2 * BYTES, 0.5);
	assert_int_equal(plan_with(p, b, at(5 + wait_s - 0.01)), 2);
	assert_int_equal(plan_with(p, b, at(5 + wait_s + 0.01)), 3);
	assert_int_equal(planner_jobs(p, &nr_jobs)[0].bytes, BYTES);
	assert_int_equal(nr_jobs, 1);
	/* while it moves, each time */
	assert_int_equal(plan_with(p, b, at(5 + wait_s + 0.02)), 4);
	b->rules = &rules;
	assert_int_equal(plan_with(p, b, at(20)), 5);
	(void)planner_jobs(p, &nr_jobs);
	assert_int_equal(nr_jobs, 0);
	assert_int_equal(plan_with(p, b, at(24.9)), 5);
	assert_int_equal(plan_with(p, b, at(25.1)), 6);
	planner_free(p);
}

/* The lock of an address space may be held for long: by a process that means harm, or a large one. */
static void no_tick_waits_for_a_process(void **state)
{
	struct bench *b = *state;

	if (!pages_have_nodes())
		skip();
	heat(b);
	put_machine(b, 2 * BYTES, 0.5);
	b->rules_wait = true;
	assert_int_equal(tick(b, NOW), 0);
	pthread_mutex_lock(&b->rules_lock);
	while (!b->rules_are_asked)
		pthread_cond_wait(&b->rules_changed, &b->rules_lock);
	pthread_mutex_unlock(&b->rules_lock);
	/* it waits now, and this does not; nor is there a second plan beside the first */
	assert_int_equal(tick(b, NOW + 10 * ADVICE_NS), 0);
	assert_int_equal(b->item->tier_ns, 0);
	pthread_mutex_lock(&b->rules_lock);
	b->rules_wait = false;
	pthread_cond_broadcast(&b->rules_changed);
	pthread_mutex_unlock(&b->rules_lock);
	while (!b->item->tier_ns) {
		usleep(1000);
		assert_int_equal(tick(b, NOW), 0);
	}
	assert_int_equal(b->item->tier_ns, NOW);
	assert_int_equal(b->item->tier.bytes[PLAN_PROMOTE], BYTES);
}

/* The answer comes after another process has taken the place of the one that was asked about. */
static void an_answer_is_for_the_process_that_was_meant(void **state)
{
	struct bench *b = *state;
	const struct choice two[] = {run_choice(getppid(), 7, "other"),
				     run_choice(getpid(), 5, "search")};
	const struct choice other = run_choice(getpid(), 6, "heir");
	struct managed_set *set = &b->run.d.set;
	bool changed;

	put_machine(b, 2 * BYTES, 0.5);
	assert_int_equal(tick(b, NOW), 0);
	assert_int_equal(managed_update(set, two, 2, NULL, NOW, &changed), 0);
	b->item = set->items[0].choice.proc.pid == getpid() ? &set->items[0] : &set->items[1];
	plan_at(b, NOW);
	assert_int_equal(set->items[b->item == &set->items[0]].tier_ns, 0);
	assert_int_equal(tick(b, NOW + ADVICE_NS), 0);
	assert_int_equal(managed_update(set, &other, 1, NULL, NOW, &changed), 0);
	for (int i = 0; i < 50; i++) {
		usleep(1000);
		assert_int_equal(tick(b, NOW + ADVICE_NS), 0);
	}
	assert_int_equal(set->items[0].tier_ns, 0);
}

static void advice_is_made_once_in_five_seconds(void **state)
{
	struct bench *b = *state;

	plan_at(b, NOW);
	for (int i = 0; i < 50; i++) {
		usleep(1000);
		assert_int_equal(tick(b, NOW + ADVICE_NS - 1), 0);
	}
	assert_int_equal(b->item->tier_ns, NOW);
	plan_at(b, NOW + ADVICE_NS);
}

/* It ends while it plans, or just before or after. */
static void it_ends_at_any_moment(void **state)
{
	struct bench *b = *state;

	for (int i = 0; i < 100; i++) {
		struct tiering_options options = {.planner = {.machine = &b->machine}};
		struct tiering *t;

		assert_int_equal(tiering_new(&t, b->run.d.machine, 4, &options), 0);
		assert_int_equal(tiering_plan(t, &b->run.d.set, NOW), 0);
		tiering_free(t);
	}
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(hot_memory_has_a_nearer_node),
		TEST(lines_that_were_counted_come_back_with_the_plan),
		TEST(without_room_it_stays),
		TEST(pages_leave_a_busy_node),
		TEST(what_a_copy_costs_is_not_guessed),
		TEST(rules_are_obeyed),
		TEST(of_unknown_rules_nothing_moves),
		TEST(rules_are_read_when_it_may_be_worth_it),
		TEST(no_tick_waits_for_a_process),
		TEST(an_answer_is_for_the_process_that_was_meant),
		TEST(advice_is_made_once_in_five_seconds),
		TEST(it_ends_at_any_moment),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests_name("tiering", tests, NULL, NULL);
}
