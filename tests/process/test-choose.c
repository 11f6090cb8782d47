/* SPDX-License-Identifier: GPL-2.0 */
/* Whom to manage: reasons, shares, hysteresis, passes in pieces; and what /proc says of a process. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/sysfs.h"
#include "base/util.h"
#include "process/choose.h"

#define MB (1ULL << 20)

static const struct choose_options standard = {
	.min_rss_bytes = 64 * MB, .max_processes = 32, .names = {"vect", "fais", "llama"}};
#define HOUR_TICKS 360000

#define HZ 100

static struct process make(pid_t pid, const char *comm, uint64_t rss_bytes)
{
	struct process p = {
		.stat = {.pid = pid,
			 .ppid = 1,
			 .state = 'S',
			 .nr_threads = 1,
			 .start_time = 100,
			 .rss_bytes = rss_bytes},
		.task = {pid, 100},
		.note.reason = CHOOSE_NOT,
	};

	snprintf(p.stat.comm, sizeof(p.stat.comm), "%s", comm);
	return p;
}

static enum choose_reason judge(const struct process *p, bool chosen)
{
	struct choose_options o = standard;

	return choose_judge(p, &o, HOUR_TICKS, chosen);
}

static void size_has_a_threshold(void **state)
{
	struct process below = make(10, "a", 64 * MB - 1), above = make(11, "b", 64 * MB);

	assert_int_equal(judge(&below, false), CHOOSE_NOT);
	assert_int_equal(judge(&above, false), CHOOSE_SIZE);
}

static void hugetlb_pages_are_resident(void **state)
{
	struct process p = make(10, "a", 2 * MB);

	p.note.memory.hugetlb_bytes = 62 * MB;
	assert_int_equal(judge(&p, false), CHOOSE_SIZE);
}

static void the_chosen_stay_until_half_the_size(void **state)
{
	struct process above = make(10, "a", 33 * MB), below = make(10, "a", 31 * MB);

	assert_int_equal(judge(&above, true), CHOOSE_SIZE);
	assert_int_equal(judge(&below, true), CHOOSE_NOT);
}

static void short_lived_ones_cost_nothing(void **state)
{
	struct process p = make(10, "faiss", 500 * MB);

	p.stat.start_time = HOUR_TICKS - HZ + 1;
	assert_int_equal(judge(&p, false), CHOOSE_NOT);
	p.note.reason = CHOOSE_CHILD;
	assert_int_equal(judge(&p, false), CHOOSE_NOT);
	/* named by the administrator */
	p.note.reason = CHOOSE_RULE;
	assert_int_equal(judge(&p, false), CHOOSE_RULE);
	p.note.reason = CHOOSE_PID;
	assert_int_equal(judge(&p, false), CHOOSE_PID);
	/* a second old */
	p.stat.start_time--;
	p.note.reason = CHOOSE_NOT;
	assert_int_equal(judge(&p, false), CHOOSE_NAME);
	p.note.reason = CHOOSE_CHILD;
	assert_int_equal(judge(&p, false), CHOOSE_CHILD);
	/* started after the clock was read */
	p.stat.start_time = HOUR_TICKS + 1;
	assert_int_equal(judge(&p, false), CHOOSE_NOT);
}

static void kernel_threads_and_the_dead_are_not_managed(void **state)
{
	struct process thread = make(10, "vectorized", 0), dead = make(11, "faiss", 100 * MB);

	thread.stat.kernel_thread = true;
	dead.task.pid = 0;
	assert_int_equal(judge(&thread, false), CHOOSE_NOT);
	assert_int_equal(judge(&dead, false), CHOOSE_NOT);
	dead.note.reason = CHOOSE_PID;
	assert_int_equal(judge(&dead, false), CHOOSE_NOT);
}

static struct candidate want(pid_t pid, enum choose_reason reason, uint64_t private_bytes)
{
	return (struct candidate){.choice = {.proc = {.pid = pid}, .reason = reason},
				  .private_bytes = private_bytes};
}

static void pids_then_rules_then_children_then_the_rest(void **state)
{
	struct candidate all[] = {want(10, CHOOSE_SIZE, 900 * MB),  want(11, CHOOSE_NAME, 1 * MB),
				  want(12, CHOOSE_RULE, 2 * MB),    want(13, CHOOSE_PID, 3 * MB),
				  want(14, CHOOSE_SIZE, 1000 * MB), want(15, CHOOSE_CHILD, 1 * MB)};
	static const pid_t order[] = {13, 12, 15, 14, 10, 11};

	assert_int_equal(choose_rank(all, ARRAY_SIZE(all), 32), 6);
	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		assert_int_equal(all[i].choice.proc.pid, order[i]);
}

/* Of two that want one place: which? */
static pid_t winner(struct candidate a, struct candidate b)
{
	struct candidate all[] = {a, b};

	assert_int_equal(choose_rank(all, 2, 1), 1);
	return all[0].choice.proc.pid;
}

static void a_name_is_a_hint(void **state)
{
	struct candidate named = want(10, CHOOSE_NAME, 101 * MB),
			 big = want(11, CHOOSE_SIZE, 200 * MB);

	assert_int_equal(winner(named, big), 10);
	named.private_bytes = 99 * MB;
	assert_int_equal(winner(named, big), 11);
}

static void the_chosen_keep_their_place(void **state)
{
	struct candidate old = want(10, CHOOSE_SIZE, 101 * MB),
			 new = want(11, CHOOSE_SIZE, 200 * MB);

	assert_int_equal(winner(old, new), 11);
	old.chosen = true;
	assert_int_equal(winner(old, new), 10);
	new.private_bytes = 203 * MB;
	assert_int_equal(winner(old, new), 11);
}

static void the_idle_give_way(void **state)
{
	struct candidate idle = want(10, CHOOSE_NAME, 9000 * MB),
			 busy = want(11, CHOOSE_SIZE, 64 * MB);

	idle.chosen = idle.idle = true;
	assert_int_equal(winner(idle, busy), 11);
	/* but not to one that the administrator has not named */
	idle.choice.reason = CHOOSE_RULE;
	assert_int_equal(winner(idle, busy), 10);
}

static void what_is_shared_counts_less(void **state)
{
	struct candidate sharing = want(10, CHOOSE_SIZE, 4 * MB),
			 alone = want(11, CHOOSE_SIZE, 80 * MB);

	sharing.shared_bytes = 300 * MB;
	assert_int_equal(winner(sharing, alone), 11);
	/* a large file that one process has mapped is still a lot */
	sharing.shared_bytes = 900 * MB;
	assert_int_equal(winner(sharing, alone), 10);
}

static void nobody_takes_all_the_places(void **state)
{
	struct candidate all[42];

	for (pid_t i = 0; i < 40; i++) {
		all[i] = want(100 + i, CHOOSE_NAME, 900 * MB);
		all[i].uid = 1000;
		all[i].cgroup = 1;
	}
	all[40] = want(200, CHOOSE_NAME, 100 * MB);
	all[40].uid = 1001;
	/* the same user in another cgroup */
	all[41] = want(201, CHOOSE_SIZE, 64 * MB);
	all[41].uid = 1000;
	all[41].cgroup = 2;
	assert_int_equal(choose_rank(all, 42, 32), 32);
	for (pid_t pid = 200; pid <= 201; pid++) {
		bool found = false;

		for (size_t i = 0; i < 32; i++)
			found |= all[i].choice.proc.pid == pid;
		assert_true(found);
	}
}

static uint64_t draw(uint64_t *random, uint64_t below)
{
	*random = *random * 6364136223846793005 + 1442695040888963407;
	return (*random >> 33) % below;
}

static void make_crowd(struct candidate *all, size_t nr, uint64_t *random)
{
	uint64_t users = 1 + draw(random, 6), cgroups = 1 + draw(random, 4);

	for (size_t i = 0; i < nr; i++) {
		all[i] = want((pid_t)i + 1, CHOOSE_PID + draw(random, 5), draw(random, 9) * MB);
		all[i].uid = (uid_t)(draw(random, users) * draw(random, 2));
		all[i].cgroup = draw(random, cgroups);
		all[i].idle = draw(random, 2);
		all[i].chosen = draw(random, 2);
	}
}

static int tier_of(const struct candidate *c)
{
	return MIN(c->choice.reason, CHOOSE_NAME);
}

/* No user and no cgroup that has a place has two more than those of LOSER, who has none. */
static void check_shares(const struct candidate *all, size_t placed, const struct candidate *loser)
{
	size_t own = 0, of_cgroup = 0;

	for (size_t i = 0; i < placed; i++) {
		assert_true(tier_of(&all[i]) <= tier_of(loser));
		own += tier_of(&all[i]) == tier_of(loser) && all[i].uid == loser->uid;
		of_cgroup += tier_of(&all[i]) == tier_of(loser) && all[i].uid == loser->uid &&
			     all[i].cgroup == loser->cgroup;
	}
	for (size_t i = 0; i < placed; i++) {
		size_t his = 0, his_cgroup = 0;

		if (tier_of(&all[i]) != tier_of(loser))
			continue;
		for (size_t j = 0; j < placed; j++) {
			his += tier_of(&all[j]) == tier_of(loser) && all[j].uid == all[i].uid;
			his_cgroup += tier_of(&all[j]) == tier_of(loser) &&
				      all[j].uid == all[i].uid && all[j].cgroup == all[i].cgroup;
		}
		assert_true(his <= own + 1);
		if (all[i].uid == loser->uid)
			assert_true(his_cgroup <= of_cgroup + 1);
	}
}

/* Within a cgroup the better ones have the places: those that are busy. */
static void check_worth(const struct candidate *all, size_t placed, const struct candidate *loser)
{
	for (size_t i = 0; i < placed; i++)
		if (tier_of(&all[i]) == tier_of(loser) && all[i].uid == loser->uid &&
		    all[i].cgroup == loser->cgroup)
			assert_true(all[i].idle <= loser->idle);
}

/* For any crowd: all places are used, administrators' words go first, and shares are fair. */
static void places_are_shared_fairly(void **state)
{
	struct candidate all[60];
	uint64_t random = 1;

	for (int round = 0; round < 2000; round++) {
		size_t nr = draw(&random, ARRAY_SIZE(all) + 1), max = 1 + draw(&random, 40), placed;

		make_crowd(all, nr, &random);
		placed = choose_rank(all, nr, max);
		assert_int_equal(placed, MIN(nr, max));
		for (size_t i = placed; i < nr; i++) {
			check_shares(all, placed, &all[i]);
			check_worth(all, placed, &all[i]);
		}
	}
}

/* A crowd that is thinned as it comes has the same winners as all of it at once. */
static void a_crowd_may_be_ranked_in_pieces(void **state)
{
	struct candidate all[60], some[60];
	uint64_t random = 2;

	for (int round = 0; round < 2000; round++) {
		size_t nr = draw(&random, ARRAY_SIZE(all) + 1), max = 1 + draw(&random, 20);
		size_t room = 2 * max + 1 + draw(&random, 10), kept = 0, placed;

		make_crowd(all, nr, &random);
		for (size_t i = 0; i < nr; i++) {
			if (kept == room)
				kept = choose_rank(some, kept, 2 * max);
			some[kept++] = all[i];
		}
		kept = choose_rank(some, kept, max);
		placed = choose_rank(all, nr, max);
		assert_int_equal(kept, placed);
		for (size_t i = 0; i < placed; i++)
			assert_int_equal(some[i].choice.proc.pid, all[i].choice.proc.pid);
	}
}

/* Passes of a chooser over the processes that there are, until there is a choice. */
static size_t choose_now(struct chooser *c, uint64_t now_ns, uint64_t budget_ns,
			 const struct choice **out, size_t *nr_steps)
{
	size_t nr;
	int r;

	*nr_steps = 0;
	do {
		r = chooser_step(c, now_ns, budget_ns, out, &nr);
		assert_true(r >= 0);
		++*nr_steps;
	} while (!r);
	return nr;
}

static void a_pass_is_done_in_pieces(void **state)
{
	const struct choice *chosen;
	size_t nr, in_one, in_many;
	struct chooser *c;
	struct choose_options o = standard;
	pid_t pid = getppid();

	o.pids = &pid;
	o.nr_pids = 1;
	assert_int_equal(chooser_new(&c, &o), 0);
	nr = choose_now(c, 1, 3600 * NSEC_PER_SEC, &chosen, &in_one);
	assert_true(nr >= 1);
	assert_int_equal(chosen[0].proc.pid, pid);
	assert_int_equal(chosen[0].task.pid, pid);
	assert_int_equal(chosen[0].reason, CHOOSE_PID);
	assert_int_equal(in_one, 1);
	/* not twice in a second */
	assert_int_equal(chooser_step(c, NSEC_PER_SEC, 3600 * NSEC_PER_SEC, &chosen, &nr), 0);
	nr = choose_now(c, 1 + NSEC_PER_SEC, 0, &chosen, &in_many);
	assert_true(nr >= 1);
	assert_int_equal(chosen[0].proc.pid, pid);
	assert_true(in_many > 1);
	chooser_free(c);
}

/* A child of this process that sleeps until it is killed. */
static pid_t start_child(void)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (!pid)
		pause();
	return pid;
}

static void end_child(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

enum { CROWD = 2 * SCAN_READS + 50 };

/* A pass of which nobody is watched: how many of PIDS were read, each counted in TIMES. */
static size_t read_pass(struct scan *s, uint64_t now_ns, const pid_t *pids, size_t *times)
{
	struct process *p;
	size_t nr = 0;
	int r;

	scan_set_time(s, now_ns, HOUR_TICKS);
	scan_begin(s);
	while ((r = scan_next(s, &p))) {
		assert_true(r == 1 || r == -EAGAIN);
		for (size_t i = 0; r == 1 && p->fresh && i < CROWD; i++)
			if (p->stat.pid == pids[i]) {
				times[i]++;
				nr++;
			}
	}
	return nr;
}

static bool all_twice(const size_t *times)
{
	for (size_t i = 0; i < CROWD; i++)
		if (times[i] < 2)
			return false;
	return true;
}

static void sleepers_are_read_by_turns(void **state)
{
	size_t times[CROWD] = {0};
	pid_t pids[CROWD];
	size_t late_times[CROWD] = {0};
	struct scan *s;

	for (size_t i = 0; i < CROWD; i++)
		pids[i] = start_child();
	assert_int_equal(scan_new(&s), 0);
	/* all of them when they are new, then a third of them or less in a pass */
	assert_int_equal(read_pass(s, 1, pids, times), CROWD);
	assert_in_range(read_pass(s, 2, pids, times), 1, CROWD / 2);
	/* how many turns there are depends on who else is on this machine */
	for (uint64_t pass = 3; pass < 1000 && !all_twice(times); pass++)
		read_pass(s, pass, pids, times);
	assert_true(all_twice(times));
	/* one that is new is read at once */
	end_child(pids[0]);
	pids[0] = start_child();
	read_pass(s, 1001, pids, late_times);
	assert_int_equal(late_times[0], 1);
	scan_free(s);
	for (size_t i = 0; i < CROWD; i++)
		end_child(pids[i]);
}

static const struct choice *find(const struct choice *chosen, size_t nr, pid_t pid)
{
	for (size_t i = 0; i < nr; i++)
		if (chosen[i].proc.pid == pid)
			return &chosen[i];
	return NULL;
}

static void wait_for_age(pid_t pid)
{
	struct proc_stat s;

	assert_int_equal(proc_stat_read(&s, pid), 0);
	while (clock_ns(CLOCK_BOOTTIME) / (NSEC_PER_SEC / HZ) < s.start_time + HZ)
		usleep(10000);
}

static void children_follow_the_named(void **state)
{
	pid_t middle = fork(), child, other;
	const struct choice *chosen, *found;
	struct chooser *c;
	struct choose_options o = standard;
	size_t nr, steps;

	/* the named one is a process between, that has a child of its own */
	assert_true(middle >= 0);
	if (!middle)
		for (start_child();;)
			pause();
	other = start_child();
	do {
		char text[64] = "";

		usleep(10000);
		(void)!sysfs_read(text, sizeof(text), NULL, "/proc/%d/task/%d/children", middle,
				  middle);
		child = atoi(text);
	} while (!child);
	o.pids = &middle;
	o.nr_pids = 1;
	o.min_rss_bytes = UINT64_MAX;
	wait_for_age(child);
	assert_int_equal(chooser_new(&c, &o), 0);
	nr = choose_now(c, 1, 0, &chosen, &steps);
	found = find(chosen, nr, middle);
	assert_non_null(found);
	assert_int_equal(found->reason, CHOOSE_PID);
	found = find(chosen, nr, child);
	assert_non_null(found);
	assert_int_equal(found->reason, CHOOSE_CHILD);
	assert_null(find(chosen, nr, other));
	chooser_free(c);
	kill(child, SIGKILL);
	end_child(middle);
	end_child(other);
}

static void *sleep_for_ever(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static void a_living_thread_stands_for_a_dead_leader(void **state)
{
	const struct choice *chosen, *found;
	pid_t pid = fork();
	struct chooser *c;
	struct choose_options o = standard;
	struct proc_stat s;
	size_t nr, steps;
	pthread_t thread;

	assert_true(pid >= 0);
	if (!pid) {
		pthread_create(&thread, NULL, sleep_for_ever, NULL);
		syscall(SYS_exit, 0); /* this thread alone */
	}
	do {
		usleep(10000);
		assert_int_equal(proc_stat_read(&s, pid), 0);
	} while (s.state != 'Z');
	o.pids = &pid;
	o.nr_pids = 1;
	assert_int_equal(chooser_new(&c, &o), 0);
	nr = choose_now(c, 1, 0, &chosen, &steps);
	found = find(chosen, nr, pid);
	assert_non_null(found);
	assert_int_not_equal(found->task.pid, pid);
	assert_true(found->proc.rss_bytes > 0);
	/* with the last thread it is gone, though nobody has waited for it */
	kill(pid, SIGKILL);
	do {
		usleep(10000);
		assert_int_equal(proc_stat_read(&s, pid), 0);
	} while (s.nr_threads > 1);
	nr = choose_now(c, 1 + NSEC_PER_SEC, 0, &chosen, &steps);
	assert_null(find(chosen, nr, pid));
	chooser_free(c);
	waitpid(pid, NULL, 0);
}

#define TAIL " 1 2 3 0 -1 4194304 0 0 0 0 7 8 0 0 20 0 1 0 4242 1000000 256 18446744073709551615"

static void proc_stat(void **state)
{
	static const char kthreadd[] =
		"2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 1 0 0 0";
	static const char cut[] = /* all but the last field, rss */
		"17 (sh) S 1 2 3 0 -1 4194304 0 0 0 0 7 8 0 0 20 0 1 0 4242 1000000 ";
	static const char odd[] =
		"17 (sh) S 1 2 3 0 -1 4194304 0 0 0 0 7 8 0 0 20 0 1 0 x 1000000 256";
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
	assert_int_equal(proc_stat_parse(&s, kthreadd), 0);
	assert_true(s.kernel_thread);
	assert_int_equal(proc_stat_parse(&s, ""), -EINVAL);
	assert_int_equal(proc_stat_parse(&s, "17 (sh"), -EINVAL);
	assert_int_equal(proc_stat_parse(&s, "17 )sh( S" TAIL), -EINVAL);
	assert_int_equal(proc_stat_parse(&s, "17 (sh) S 1 2 3"), -EINVAL);
	assert_int_equal(proc_stat_parse(&s, "17 (sh)"), -EINVAL);
	assert_int_equal(proc_stat_parse(&s, "17 (sh) "), -EINVAL);
	assert_int_equal(proc_stat_parse(&s, "17 (sh) S"), -EINVAL);
	assert_int_equal(proc_stat_parse(&s, cut), -EINVAL);
	assert_int_equal(proc_stat_parse(&s, odd), -EINVAL);
	assert_int_equal(proc_stat_parse(&s, "x (sh) S" TAIL), -EINVAL);
}

static void proc_memory(void **state)
{
	static const char text[] =
		"Name:\tUid:\t7\nTgid:\t17\nUid:\t1000\t0\t0\t0\nVmRSS:\t   1200 kB\n"
		"RssAnon:\t    1000 kB\nRssFile:\t     150 kB\nRssShmem:\t      50 kB\n"
		"HugetlbPages:\t    2048 kB\n";
	struct proc_memory m;

	assert_int_equal(proc_memory_parse(&m, text), 0);
	assert_int_equal(m.tgid, 17);
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
	assert_int_equal(m.tgid, getpid());
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

static void *wait_for_the_end(void *lock)
{
	pthread_mutex_lock(lock);
	pthread_mutex_unlock(lock);
	return NULL;
}

static void threads_of_a_process(void **state)
{
	pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	pthread_t others[3];
	pid_t tids[8] = {0};

	assert_int_equal(proc_threads(tids, ARRAY_SIZE(tids), getpid()), 1);
	assert_int_equal(tids[0], getpid());
	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_int_equal(pthread_create(&others[i], NULL, wait_for_the_end, &lock), 0);
	assert_int_equal(proc_threads(tids, ARRAY_SIZE(tids), getpid()), 4);
	for (size_t i = 1; i < 4; i++)
		assert_true(tids[i] > 0 && tids[i] != tids[i - 1]);
	assert_int_equal(tids[4], 0);
	/* there is room for one */
	tids[1] = -1;
	assert_int_equal(proc_threads(tids, 1, getpid()), 4);
	assert_int_equal(tids[1], -1);
	pthread_mutex_unlock(&lock);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		pthread_join(others[i], NULL);
	assert_int_equal(proc_threads(tids, ARRAY_SIZE(tids), 0x7ffffff0), -ESRCH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(size_has_a_threshold),
		cmocka_unit_test(hugetlb_pages_are_resident),
		cmocka_unit_test(the_chosen_stay_until_half_the_size),
		cmocka_unit_test(short_lived_ones_cost_nothing),
		cmocka_unit_test(kernel_threads_and_the_dead_are_not_managed),
		cmocka_unit_test(pids_then_rules_then_children_then_the_rest),
		cmocka_unit_test(a_name_is_a_hint),
		cmocka_unit_test(the_chosen_keep_their_place),
		cmocka_unit_test(the_idle_give_way),
		cmocka_unit_test(what_is_shared_counts_less),
		cmocka_unit_test(nobody_takes_all_the_places),
		cmocka_unit_test(places_are_shared_fairly),
		cmocka_unit_test(a_crowd_may_be_ranked_in_pieces),
		cmocka_unit_test(a_pass_is_done_in_pieces),
		cmocka_unit_test(sleepers_are_read_by_turns),
		cmocka_unit_test(children_follow_the_named),
		cmocka_unit_test(a_living_thread_stands_for_a_dead_leader),
		cmocka_unit_test(proc_memory),
		cmocka_unit_test(proc_stat),
		cmocka_unit_test(proc_self),
		cmocka_unit_test(threads_of_a_process),
	};

	return cmocka_run_group_tests_name("choose", tests, NULL, NULL);
}
