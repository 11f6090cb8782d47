/* SPDX-License-Identifier: GPL-2.0 */
/* Whom to manage: the order of reasons, children, hysteresis; and /proc/PID/stat. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "choose.h"

#define MB (1ULL << 20)
#define HOUR_TICKS 360000

static struct choice make(pid_t pid, const char *comm, uint64_t rss_bytes)
{
	struct choice c = { .proc = { .pid = pid, .ppid = 1, .state = 'S', .start_time = 100, .rss_bytes = rss_bytes },
			    .reason = CHOOSE_NOT };

	snprintf(c.proc.comm, sizeof(c.proc.comm), "%s", comm);
	return c;
}

static bool never(void *user, const struct proc_stat *proc)
{
	return false;
}

static bool is_pid(void *user, const struct proc_stat *proc)
{
	return proc->pid == *(pid_t *)user;
}

static size_t rank(struct choice *all, size_t nr)
{
	struct options o;

	options_init(&o);
	return choose_rank(all, nr, &o, HOUR_TICKS, never, NULL);
}

static void pids_then_rules_then_names_then_size(void **state)
{
	struct choice all[] = { make(10, "big", 900 * MB), make(11, "faiss", 1 * MB), make(12, "by-rule", 2 * MB),
				make(13, "by-pid", 3 * MB), make(14, "bigger", 1000 * MB), make(15, "milvus", 5 * MB) };
	static const pid_t order[] = { 13, 12, 15, 11, 14, 10 };

	all[2].reason = CHOOSE_RULE;
	all[3].reason = CHOOSE_PID;
	assert_int_equal(rank(all, ARRAY_SIZE(all)), 6);
	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		assert_int_equal(all[i].proc.pid, order[i]);
}

static void size_has_a_threshold(void **state)
{
	struct choice all[] = { make(10, "a", 64 * MB - 1), make(11, "b", 64 * MB) };

	assert_int_equal(rank(all, 2), 1);
	assert_int_equal(all[0].proc.pid, 11);
	assert_int_equal(all[0].reason, CHOOSE_SIZE);
}

static void short_lived_ones_cost_nothing(void **state)
{
	struct choice all[] = { make(10, "young", 500 * MB), make(11, "faiss", 500 * MB) };

	all[0].proc.start_time = all[1].proc.start_time = HOUR_TICKS - 50;
	assert_int_equal(rank(all, 2), 1);
	assert_int_equal(all[0].proc.pid, 11); /* a known name need not be old */
}

static void the_chosen_stay_until_half_the_size(void **state)
{
	struct options o;
	pid_t chosen = 10;
	struct choice above = make(10, "a", 33 * MB), below = make(10, "a", 31 * MB);

	options_init(&o);
	assert_int_equal(choose_rank(&above, 1, &o, HOUR_TICKS, is_pid, &chosen), 1);
	assert_int_equal(choose_rank(&below, 1, &o, HOUR_TICKS, is_pid, &chosen), 0);
}

static void at_most_so_many(void **state)
{
	struct choice all[] = { make(10, "a", 100 * MB), make(11, "b", 300 * MB), make(12, "c", 200 * MB) };
	struct options o;

	options_init(&o);
	o.max_processes = 2;
	assert_int_equal(choose_rank(all, 3, &o, HOUR_TICKS, never, NULL), 2);
	assert_int_equal(all[0].proc.pid, 11);
	assert_int_equal(all[1].proc.pid, 12);
}

static void kernel_threads_and_zombies_are_not_managed(void **state)
{
	struct choice all[] = { make(10, "vectorized", 0), make(11, "faiss", 100 * MB), make(12, "faiss", 100 * MB) };

	all[1].proc.kernel_thread = true;
	all[2].proc.state = 'Z';
	assert_int_equal(rank(all, 3), 0);
}

static void children_follow_the_named(void **state)
{
	struct choice all[] = { make(10, "named", 1 * MB), make(20, "child", 2 * MB), make(30, "grandchild", 3 * MB),
				make(40, "other", 4 * MB) };
	struct options o;
	pid_t pid = 10;

	options_init(&o);
	o.pids = &pid;
	o.nr_pids = 1;
	all[0].reason = CHOOSE_PID;
	all[0].class = TS_CLASS_VECTOR;
	all[1].proc.ppid = 10;
	all[2].proc.ppid = 20;
	assert_int_equal(choose_rank(all, 4, &o, HOUR_TICKS, never, NULL), 3);
	assert_int_equal(all[0].proc.pid, 10);
	assert_int_equal(all[1].proc.pid, 30);
	assert_int_equal(all[1].reason, CHOOSE_CHILD);
	assert_int_equal(all[1].class, TS_CLASS_VECTOR);
	assert_int_equal(all[2].proc.pid, 20);
}

static void a_loop_of_parents_ends(void **state)
{
	struct choice all[] = { make(10, "a", 1 * MB), make(20, "b", 1 * MB) };
	struct options o;
	pid_t pid = 99;

	options_init(&o);
	o.pids = &pid;
	o.nr_pids = 1;
	all[0].proc.ppid = 20;
	all[1].proc.ppid = 10;
	assert_int_equal(choose_rank(all, 2, &o, HOUR_TICKS, never, NULL), 0);
}

#define TAIL " 1 2 3 0 -1 4194304 0 0 0 0 7 8 0 0 20 0 1 0 4242 1000000 256 18446744073709551615"

static void proc_stat(void **state)
{
	struct proc_stat s;

	assert_int_equal(proc_stat_parse(&s, "17 (sh) S" TAIL), 0);
	assert_int_equal(s.pid, 17);
	assert_int_equal(s.ppid, 1);
	assert_string_equal(s.comm, "sh");
	assert_int_equal(s.cpu_ticks, 7 + 8);
	assert_int_equal(s.nr_threads, 1);
	assert_int_equal(s.start_time, 4242);
	assert_int_equal(s.vm_bytes, 1000000);
	assert_int_equal(s.rss_bytes, 256 * sysconf(_SC_PAGESIZE));
	assert_false(s.kernel_thread);
	/* a name may hold anything */
	assert_int_equal(proc_stat_parse(&s, "17 (a) b (c) R 9)) S" TAIL), 0);
	assert_string_equal(s.comm, "a) b (c) R 9)");
	assert_int_equal(proc_stat_parse(&s, "17 (\n) S" TAIL), 0);
	assert_int_equal(proc_stat_parse(&s, "2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 1 0 0 0"), 0);
	assert_true(s.kernel_thread);
	assert_int_equal(proc_stat_parse(&s, ""), -EINVAL);
	assert_int_equal(proc_stat_parse(&s, "17 (sh"), -EINVAL);
	assert_int_equal(proc_stat_parse(&s, "17 )sh( S" TAIL), -EINVAL);
	assert_int_equal(proc_stat_parse(&s, "17 (sh) S 1 2 3"), -EINVAL);
	assert_int_equal(proc_stat_parse(&s, "17 (sh)"), -EINVAL);
	assert_int_equal(proc_stat_parse(&s, "17 (sh) "), -EINVAL);
	assert_int_equal(proc_stat_parse(&s, "17 (sh) S"), -EINVAL);
	/* all but the last field, rss */
	assert_int_equal(proc_stat_parse(&s, "17 (sh) S 1 2 3 0 -1 4194304 0 0 0 0 7 8 0 0 20 0 1 0 4242 1000000 "), -EINVAL);
	assert_int_equal(proc_stat_parse(&s, "17 (sh) S 1 2 3 0 -1 4194304 0 0 0 0 7 8 0 0 20 0 1 0 x 1000000 256"), -EINVAL);
	assert_int_equal(proc_stat_parse(&s, "x (sh) S" TAIL), -EINVAL);
}

static void proc_memory(void **state)
{
	struct proc_memory m;

	assert_int_equal(proc_memory_parse(&m, "Name:\tUid:\t7\nUid:\t1000\t0\t0\t0\nVmRSS:\t   1200 kB\n"
					       "RssAnon:\t    1000 kB\nRssFile:\t     150 kB\nRssShmem:\t      50 kB\n"
					       "HugetlbPages:\t    2048 kB\n"),
			 0);
	assert_int_equal(m.uid, 1000);
	assert_int_equal(m.private_bytes, 1000 << 10);
	assert_int_equal(m.shared_bytes, 200 << 10);
	assert_int_equal(m.hugetlb_bytes, 2048 << 10);
	/* one without memory */
	assert_int_equal(proc_memory_parse(&m, "Uid:\t0\t0\t0\t0\n"), 0);
	assert_int_equal(m.private_bytes, 0);
	assert_int_equal(proc_memory_parse(&m, "Name:\tx\n"), -EINVAL);
	assert_int_equal(proc_memory_parse(&m, "Uid:\tx\n"), -EINVAL);
	assert_int_equal(proc_memory_parse(&m, "Uid:\t4294967296\n"), -EINVAL);
	assert_int_equal(proc_memory_read(&m, getpid()), 0);
	assert_int_equal(m.uid, getuid());
	assert_true(m.private_bytes > 0);
	assert_int_equal(proc_memory_read(&m, 0x7ffffff0), -ESRCH);
}

static void proc_self(void **state)
{
	uint64_t cpu_ns;
	struct proc_stat s;
	char text[4096];

	assert_int_equal(proc_stat_read(&s, getpid()), 0);
	assert_int_equal(s.pid, getpid());
	assert_int_equal(proc_stat_read(&s, 0x7ffffff0), -ESRCH);
	assert_int_equal(proc_cpu_ns(&cpu_ns, getpid()), 0);
	assert_int_equal(proc_cpu_ns(&cpu_ns, 0x7ffffff0), -ESRCH);
	assert_int_equal(proc_exe(text, sizeof(text), getpid()), 0);
	assert_non_null(strstr(text, "test-choose"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pids_then_rules_then_names_then_size),
		cmocka_unit_test(size_has_a_threshold),
		cmocka_unit_test(short_lived_ones_cost_nothing),
		cmocka_unit_test(the_chosen_stay_until_half_the_size),
		cmocka_unit_test(at_most_so_many),
		cmocka_unit_test(kernel_threads_and_zombies_are_not_managed),
		cmocka_unit_test(children_follow_the_named),
		cmocka_unit_test(a_loop_of_parents_ends),
		cmocka_unit_test(proc_memory),
		cmocka_unit_test(proc_stat),
		cmocka_unit_test(proc_self),
	};

	return cmocka_run_group_tests_name("choose", tests, NULL, NULL);
}
