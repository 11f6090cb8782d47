/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tier step: from a process whose pages are real to the verdict on it.  Room, latencies and
 * the cost of a copy are the test's.
 */
#include <math.h>
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

struct bench {
	struct run run;
	struct tiering *t;
	struct managed *item;
	void *memory;
};

/*
 * Pages of this process are on node 0.  As the test has it, that node is far from all CPUs, and
 * node 2 is near them.
 */
static int setup(void **state)
{
	static struct bench b;
	struct choice choice = run_choice(getpid(), 5, "search");
	struct machine *m;
	bool changed;

	b = (struct bench){0};
	*state = &b;
	run_init(&b.run, "cxl");
	m = b.run.d.machine;
	for (size_t c = 0; c < m->nr_cpu_nodes; c++)
		for (size_t n = 0; n < m->nr_mem_nodes; n++)
			machine_link(m, c, n)->latency_ns = n == 2 ? 100 : 300;
	assert_int_equal(managed_update(&b.run.d.set, &choice, 1, NULL, NOW, &changed), 0);
	b.item = &b.run.d.set.items[0];
	assert_int_equal(tiering_new(&b.t, m, 4, &(struct tiering_options){.is_test = true}), 0);
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
	struct tiering_machine *machine = tiering_machine(b->t);

	for (size_t n = 0; n < b->run.d.machine->nr_mem_nodes; n++)
		machine->room_bytes[n] = n == 2 ? room_bytes : 0;
	for (size_t i = 0; i < 9; i++)
		machine->copy_ns[i] = copy_ns;
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
	assert_int_equal(tiering_plan_processes(b->t, &b->run.d.set, NOW), 0);
	assert_int_equal(v->bytes[PLAN_PROMOTE], 0);
	heat(b);
	assert_int_equal(tiering_plan_processes(b->t, &b->run.d.set, NOW + 1), 0);
	assert_int_equal(b->item->tier_ns, NOW + 1);
	assert_int_equal(v->bytes[PLAN_PROMOTE], BYTES);
	/* a tenth of a CPU waits for it all the time, and two thirds of that are saved */
	assert_true(fabs(v->gain - 1e8 * 2 / 3) < 1e6);
	assert_true(fabs(v->cost_ns - 0.5 * BYTES) < 1);
}

static void without_room_it_stays(void **state)
{
	struct bench *b = *state;

	if (!pages_have_nodes())
		skip();
	heat(b);
	put_machine(b, 0, 0.5);
	assert_int_equal(tiering_plan_processes(b->t, &b->run.d.set, NOW), 0);
	assert_int_equal(b->item->tier.bytes[PLAN_PROMOTE], 0);
	assert_int_equal(b->item->tier.bytes[PLAN_NO_ROOM], BYTES);
}

/* A copy whose cost was not measured may cost anything. */
static void what_a_copy_costs_is_not_guessed(void **state)
{
	struct bench *b = *state;

	if (!pages_have_nodes())
		skip();
	heat(b);
	put_machine(b, 2 * BYTES, INFINITY);
	assert_int_equal(tiering_plan_processes(b->t, &b->run.d.set, NOW), 0);
	assert_int_equal(b->item->tier.bytes[PLAN_PROMOTE], 0);
	assert_true(isfinite(b->item->tier.gain) && isfinite(b->item->tier.cost_ns));
}

static void advice_is_made_once_in_five_seconds(void **state)
{
	struct bench *b = *state;

	assert_int_equal(tiering_plan(b->t, &b->run.d.set, NOW), 0);
	assert_int_equal(b->item->tier_ns, NOW);
	assert_int_equal(tiering_plan(b->t, &b->run.d.set, NOW + 5 * NSEC_PER_SEC - 1), 0);
	assert_int_equal(b->item->tier_ns, NOW);
	assert_int_equal(tiering_plan(b->t, &b->run.d.set, NOW + 5 * NSEC_PER_SEC), 0);
	assert_int_equal(b->item->tier_ns, NOW + 5 * NSEC_PER_SEC);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(hot_memory_has_a_nearer_node),
		TEST(without_room_it_stays),
		TEST(what_a_copy_costs_is_not_guessed),
		TEST(advice_is_made_once_in_five_seconds),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests_name("tiering", tests, NULL, NULL);
}
