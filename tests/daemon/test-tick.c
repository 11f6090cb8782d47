/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whole ticks, from a living process to its published profile.  DAMON is plain files in which the
 * test puts what it saw, and the scheduler's maps are memory; the process and its pages are real.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/log.h"
#include "base/util.h"
#include "daemon/tick.h"
#include "tests/helpers/run.h"
#include "tests/helpers/sched.h"

#define BYTES (UINT64_C(4) << 20)
#define MANY 100000 /* ticks: a tick looks at processes for a bounded time */

/* Does this machine show NUMA nodes?  Then they are the run's, since each second it looks at them again. */
static bool has_nodes;

struct bench {
	struct run run;
	void *memory; /* at the same address in the child */
	pid_t child;
	struct rule rule;
};

static pid_t start_child(void *memory)
{
	pid_t parent = getpid(), child = fork();

	assert_int_not_equal(child, -1);
	if (child)
		return child;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* a test that failed meanwhile sends nothing */
	if (getppid() != parent)
		_exit(1);
	memset(memory, 1, BYTES);
	for (;;)
		pause();
}

static void end_child(struct bench *b)
{
	if (b->child <= 0)
		return;
	kill(b->child, SIGKILL);
	assert_int_equal(waitpid(b->child, NULL, 0), b->child);
	b->child = 0;
}

static int setup(void **state)
{
	static struct bench b;
	struct choose_options *choose = &b.run.options.choose;

	b = (struct bench){0};
	*state = &b;
	run_init(&b.run, has_nodes ? NULL : "cxl");
	b.memory = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(b.memory, MAP_FAILED);
	b.child = start_child(b.memory);
	/* nobody else is that large */
	choose->min_rss_bytes = UINT64_MAX / 4;
	choose->pids = malloc(sizeof(*choose->pids));
	assert_non_null(choose->pids);
	choose->pids[0] = b.child;
	choose->nr_pids = 1;
	assert_int_equal(chooser_new(&b.run.d.chooser, choose), 0);
	b.run.d.sched = calloc(1, sizeof(*b.run.d.sched));
	assert_non_null(b.run.d.sched);
	damon_tree_put_thread(&b.run.root, 4711);
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;

	end_child(b);
	munmap(b->memory, BYTES);
	run_deinit(&b->run);
	return 0;
}

static void put_child(struct bench *b)
{
	struct proc_stat stat;

	assert_int_equal(proc_stat_read(&stat, b->child), 0);
	damon_tree_put_process(&b->run.root, b->child, stat.start_time, 'S');
}

/* Ticks until the child is managed. */
static void choose_child(struct bench *b)
{
	put_child(b);
	for (int i = 0; i < MANY && !b->run.d.set.nr; i++)
		tick(&b->run.d);
	assert_int_equal(b->run.d.set.nr, 1);
	assert_int_equal(b->run.d.set.items[0].choice.proc.pid, b->child);
	assert_int_equal(b->run.d.set.items[0].choice.reason, CHOOSE_PID);
}

static void put_heat(struct bench *b)
{
	uint64_t start = (uintptr_t)b->memory;

	damon_tree_put_region(&b->run.root, 0, 0, start, start + BYTES, 20, 5);
}

static void from_a_process_to_its_profile(void **state)
{
	struct bench *b = *state;
	struct daemon *d = &b->run.d;
	const struct sched_profile *published;
	uint64_t ticks;

	choose_child(b);
	assert_int_equal(damon_kdamond_pid(d->damon), 4711);
	/* DAMON has said nothing of it: it is no trouble, and nothing is published */
	assert_null(sched_profile_of(d->sched, b->child));
	put_heat(b);
	ticks = d->nr_ticks;
	tick(d);
	assert_int_equal(d->nr_ticks, ticks + 1);
	published = sched_profile_of(d->sched, b->child);
	assert_non_null(published);
	assert_int_equal(published->profile.generation, 1);
	assert_int_equal(published->profile.working_set_bytes, BYTES);
	assert_int_equal(published->profile.hot_bytes, BYTES);
	assert_int_equal(published->profile.nr_nodes, d->machine->nr_cpu_nodes);
	assert_int_equal(published->profile.updated_ns, d->sample_ns);
	assert_int_equal(d->sched->beat_ns, d->sample_ns);
	assert_true(d->turn >= 8);
	for (size_t cpu = 0; cpu < MIN(d->machine->nr_cpus, (size_t)SCHED_CPUS); cpu++)
		assert_true(d->sched->cpu_written[cpu]);
	for (int i = 0; i < NR_TROUBLES; i++)
		assert_int_equal(d->troubles.errors[i],
				 i == TROUBLE_TOPOLOGY && !has_nodes ? -EAGAIN : 0);
}

static void trouble_is_told_and_goes(void **state)
{
	struct bench *b = *state;
	struct daemon *d = &b->run.d;

	choose_child(b);
	put_heat(b);
	tick(d);
	damon_tree_remove(&b->run.root, TREE_CONTEXT "schemes/0/tried_regions");
	tick(d);
	assert_int_equal(d->troubles.errors[TROUBLE_SNAPSHOTS], -ENOENT);
	put_heat(b);
	tick(d);
	assert_int_equal(d->troubles.errors[TROUBLE_SNAPSHOTS], 0);
	/* what cannot be written now is written later, not forgotten */
	d->set.items[0].published = (struct ts_profile){0};
	d->sched->error = -ENOMEM;
	tick(d);
	assert_int_equal(d->troubles.errors[TROUBLE_PUBLISH], -ENOMEM);
	assert_int_equal(d->set.items[0].published.generation, 0);
	d->sched->error = 0;
	tick(d);
	assert_int_equal(d->troubles.errors[TROUBLE_PUBLISH], 0);
	assert_int_equal(d->set.items[0].published.generation, 1);
}

static void targets_that_fail_are_tried_again(void **state)
{
	struct bench *b = *state;
	struct daemon *d = &b->run.d;

	damon_tree_remove(&b->run.root, TREE_CONTEXT "operations");
	choose_child(b);
	assert_int_equal(d->troubles.errors[TROUBLE_TARGETS], -ENOENT);
	assert_true(d->retarget);
	damon_tree_put(&b->run.root, TREE_CONTEXT "operations", "                \n");
	d->targets_ns = 0; /* a second later */
	tick(d);
	assert_int_equal(d->troubles.errors[TROUBLE_TARGETS], 0);
	assert_false(d->retarget);
	damon_tree_assert(&b->run.root, TREE_CONTEXT "operations", "vaddr");
}

static void who_ends_is_dropped(void **state)
{
	struct bench *b = *state;
	struct daemon *d = &b->run.d;
	pid_t child = b->child;

	choose_child(b);
	put_heat(b);
	tick(d);
	assert_non_null(sched_profile_of(d->sched, child));
	end_child(b);
	/* DAMON has not noticed yet, and the next look at all processes is to come */
	tick(d);
	if (d->set.nr)
		assert_true(d->set.items[0].gone);
	for (int i = 0; i < MANY && d->set.nr; i++) {
		usleep(1000);
		tick(d);
	}
	assert_int_equal(d->set.nr, 0);
	assert_null(sched_profile_of(d->sched, child));
}

static void without_a_scheduler_it_only_looks(void **state)
{
	struct bench *b = *state;
	struct daemon *d = &b->run.d;
	const struct metrics_node *nodes;
	size_t nr;

	sched_free(d->sched);
	d->sched = NULL;
	b->run.options.simulate = true;
	choose_child(b);
	put_heat(b);
	tick(d);
	assert_int_equal(model_profile(d->set.items[0].model)->working_set_bytes, BYTES);
	assert_int_equal(d->set.items[0].published.generation, 0);
	assert_int_equal(d->troubles.errors[TROUBLE_PUBLISH], 0);
	/* where no counter tells, figures of CXL memory are made up, and no others */
	nodes = metrics_nodes(d->metrics, &nr);
	for (size_t i = 0; i < nr; i++)
		assert_int_equal(nodes[i].figures[FIGURE_READ].source != METRIC_UNKNOWN,
				 nodes[i].cxl);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(from_a_process_to_its_profile),	 TEST(trouble_is_told_and_goes),
		TEST(targets_that_fail_are_tried_again), TEST(who_ends_is_dropped),
		TEST(without_a_scheduler_it_only_looks),
	};
	struct topology *t = NULL;

	log_set_level(LOG_LEVEL_ERROR);
	has_nodes = !topology_read(
		&t, &(struct topology_options){.cxl_nodes = &(struct idlist)IDLIST_INIT});
	topology_free(t);
	return cmocka_run_group_tests_name("tick", tests, NULL, NULL);
}
