/* SPDX-License-Identifier: GPL-2.0 */
/*
 * numa/migrate over our own pages, as far as a machine with one node goes: what is looked at, what
 * is absent, and what has no room.  Pages that move are a matter of the lab
 * (tests/lab/suite/cxl/move.bats).
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/util.h"
#include "numa/migrate.h"
#include "numa/residency.h"

#define NR_PAGES 64u

static size_t page_bytes;
static char *area;	  /* NR_PAGES, absent until touched */
static unsigned int node; /* where it is */
static struct migrate m;

/* Pages of the area, from NODE to a node that is not there. */
static struct migrate_order order_of(size_t from, size_t to)
{
	return (struct migrate_order){
		.task = getpid(),
		.start = (uintptr_t)area + from * page_bytes,
		.end = (uintptr_t)area + to * page_bytes,
		.from = node,
		.to = 1023,
		.room_bytes = UINT64_MAX,
	};
}

static int find_node(void)
{
	unsigned int ids[1024];
	uint32_t counts[1024];
	_cleanup_(residency_freep) struct residency *r = NULL;
	struct residency_range range = {(uintptr_t)area, (uintptr_t)area + page_bytes, 1};
	int ret;

	for (unsigned int i = 0; i < ARRAY_SIZE(ids); i++)
		ids[i] = i;
	assert_int_equal(residency_new(&r, ids, ARRAY_SIZE(ids), 1), 0);
	ret = residency_sample(r, getpid(), &range, 1, counts);
	while (!ret && !counts[node])
		node++;
	return ret;
}

static int setup(void **state)
{
	page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	area = mmap(NULL, NR_PAGES * page_bytes, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(area != MAP_FAILED);
	madvise(area, NR_PAGES * page_bytes, MADV_NOHUGEPAGE);
	area[0] = 1;
	node = 0;
	*state = (void *)(intptr_t)find_node();
	migrate_init(&m);
	return 0;
}

static int teardown(void **state)
{
	munmap(area, NR_PAGES * page_bytes);
	return 0;
}

/* Containers often forbid move_pages(2), and some kernels have no NUMA. */
#define SKIP_UNLESS_PERMITTED(state)                                                               \
	do {                                                                                       \
		int _r = (int)(intptr_t)*(state);                                                  \
		if (_r == -EPERM || _r == -ENOSYS) {                                               \
			print_message("# skipped: move_pages(2): %s\n", strerror(-_r));            \
			skip();                                                                    \
		}                                                                                  \
	} while (0)

/* Add up all batches of an order, which must end. */
static struct migrate_result all_of(struct migrate_order order)
{
	struct migrate_result sum = {0}, batch;

	for (int i = 0; order.start < order.end; i++) {
		assert_in_range(i, 0, 1000);
		assert_int_equal(migrate_batch(&m, &batch, &order), 0);
		assert_true(batch.next > order.start);
		order.start = sum.next = batch.next;
		sum.moved_bytes += batch.moved_bytes;
		sum.elsewhere_bytes += batch.elsewhere_bytes;
		sum.absent_bytes += batch.absent_bytes;
		for (size_t r = 0; r < MIGRATE_NR_REASONS; r++)
			sum.left_bytes[r] += batch.left_bytes[r];
	}
	return sum;
}

static void test_pages_are_found(void **state)
{
	struct migrate_order order = order_of(0, NR_PAGES);
	struct migrate_result all;

	SKIP_UNLESS_PERMITTED(state);
	memset(area, 1, NR_PAGES / 4 * page_bytes);
	/* the node is not there: the call fails for all that are on FROM */
	all = all_of(order);
	assert_int_equal(all.absent_bytes, NR_PAGES * 3 / 4 * page_bytes);
	assert_int_equal(all.left_bytes[MIGRATE_FAILED], NR_PAGES / 4 * page_bytes);
	assert_int_equal(all.moved_bytes + all.elsewhere_bytes, 0);
	/* not on FROM */
	order.from = node + 1;
	all = all_of(order);
	assert_int_equal(all.elsewhere_bytes, NR_PAGES / 4 * page_bytes);
	assert_int_equal(all.left_bytes[MIGRATE_FAILED], 0);
}

static void test_room_is_kept(void **state)
{
	struct migrate_order order = order_of(0, NR_PAGES);
	struct migrate_result result;

	SKIP_UNLESS_PERMITTED(state);
	memset(area, 1, NR_PAGES * page_bytes);
	order.end = order.start + 8 * page_bytes;
	order.room_bytes = 3 * page_bytes - 1;
	assert_int_equal(migrate_batch(&m, &result, &order), 0);
	/* the batch may end before the range does */
	assert_int_equal(result.left_bytes[MIGRATE_FAILED], 2 * page_bytes);
	assert_int_equal(result.left_bytes[MIGRATE_FAILED] + result.left_bytes[MIGRATE_NO_ROOM],
			 result.next - order.start);
	order.room_bytes = 0;
	assert_int_equal(migrate_batch(&m, &result, &order), 0);
	assert_int_equal(result.left_bytes[MIGRATE_NO_ROOM], result.next - order.start);
}

static void test_ranges_are_rounded_to_pages(void **state)
{
	struct migrate_order order = order_of(1, 2);

	SKIP_UNLESS_PERMITTED(state);
	memset(area, 1, NR_PAGES * page_bytes);
	assert_int_equal(all_of(order).left_bytes[MIGRATE_FAILED], page_bytes);
	order.end++;
	assert_int_equal(all_of(order).left_bytes[MIGRATE_FAILED], 2 * page_bytes);
	order.start--;
	assert_int_equal(all_of(order).left_bytes[MIGRATE_FAILED], 3 * page_bytes);
	order.end = order.start;
	assert_int_equal(all_of(order).left_bytes[MIGRATE_FAILED], 0);
}

/* Nothing is at the ends of the address space, and asking there ends. */
static void test_ends_of_the_address_space(void **state)
{
	struct migrate_order order = order_of(0, 1);

	SKIP_UNLESS_PERMITTED(state);
	order.start = 0;
	order.end = 4 * MIGRATE_BATCH_PAGES * page_bytes;
	assert_int_equal(all_of(order).moved_bytes, 0);
	order.start = UINT64_MAX - MIGRATE_BATCH_PAGES * page_bytes;
	order.end = UINT64_MAX - page_bytes;
	assert_int_equal(all_of(order).moved_bytes, 0);
}

static void test_nobody(void **state)
{
	struct migrate_order order = order_of(0, NR_PAGES);
	struct migrate_result result;
	pid_t child = fork();
	siginfo_t info;

	if (!child)
		_exit(0);
	assert_int_not_equal(child, -1);
	SKIP_UNLESS_PERMITTED(state);
	order.task = child;
	/* a zombie has no memory left */
	assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(migrate_batch(&m, &result, &order), -ESRCH);
	waitpid(child, NULL, 0);
	assert_int_equal(migrate_batch(&m, &result, &order), -ESRCH);
	/* 0 is nobody, and not ourselves */
	order.task = 0;
	assert_int_equal(migrate_batch(&m, &result, &order), -ESRCH);
	order.task = -1;
	assert_int_equal(migrate_batch(&m, &result, &order), -ESRCH);
	order.to = order.from;
	assert_int_equal(migrate_batch(&m, &result, &order), -EINVAL);
}

static void test_measuring_needs_nodes(void **state)
{
	double ns = -1;

	SKIP_UNLESS_PERMITTED(state);
	assert_int_equal(migrate_measure(&ns, node, 1023), -ENOMEM);
	assert_true(ns < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_pages_are_found, setup, teardown),
		cmocka_unit_test_setup_teardown(test_room_is_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ranges_are_rounded_to_pages, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ends_of_the_address_space, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nobody, setup, teardown),
		cmocka_unit_test_setup_teardown(test_measuring_needs_nodes, setup, teardown),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
