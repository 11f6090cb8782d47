/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a run refuses before it touches the machine.  The limit of open files is too low in all of
 * these, so that none of them goes on to DAMON or the scheduler whatever is asked.
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/util.h"
#include "cli/options.h"
#include "daemon/options.h"
#include "tests/helpers/said.h"

static int run_by_pid(void *arg)
{
	static const struct rlimit few = {64, 64};
	struct options o;

	if (setrlimit(RLIMIT_NOFILE, &few))
		return 99;
	options_init(&o);
	o.choose.pids = arg;
	o.choose.nr_pids = 1;
	return daemon_run(&o);
}

static void assert_refused(pid_t pid, enum ts_exit wanted, const char *words)
{
	int status;
	const char *text = said(STDERR_FILENO, run_by_pid, &pid, &status);

	assert_string_equal(text, words);
	assert_int_equal(status, wanted);
}

static void it_needs_files(void **state)
{
	assert_refused(
		getpid(), TS_EXIT_LACKING,
		"cxl-tiersched: error: open files: the limit is 64, and this needs 128; raise it "
		"(ulimit -n, or LimitNOFILE= of the service)\n");
}

static void a_pid_that_is_nobody(void **state)
{
	assert_refused(1 << 30, TS_EXIT_USAGE,
		       "cxl-tiersched: error: pid: there is no process 1073741824\n");
}

static void a_pid_that_has_ended(void **state)
{
	pid_t child = fork();
	siginfo_t info;
	char words[128];

	assert_int_not_equal(child, -1);
	if (!child)
		_exit(0);
	/* it stays a zombie */
	assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
	snprintf(words, sizeof(words),
		 "cxl-tiersched: error: pid: %d (test-hold) has ended; only its parent still knows "
		 "of it\n",
		 child);
	assert_refused(child, TS_EXIT_USAGE, words);
	assert_int_equal(waitpid(child, NULL, 0), child);
}

static int ready[2];

static void *be_a_thread(void *arg)
{
	pid_t id = (pid_t)syscall(SYS_gettid);

	(void)!write(ready[1], &id, sizeof(id));
	pause();
	return NULL;
}

static void a_pid_that_is_a_thread(void **state)
{
	pthread_t thread;
	char words[128];
	pid_t id;

	assert_int_equal(pipe(ready), 0);
	assert_int_equal(pthread_create(&thread, NULL, be_a_thread, NULL), 0);
	assert_int_equal(read(ready[0], &id, sizeof(id)), sizeof(id));
	snprintf(words, sizeof(words),
		 "cxl-tiersched: error: pid: %d (test-hold) is a thread; name its process, %d\n",
		 id, getpid());
	assert_refused(id, TS_EXIT_USAGE, words);
	pthread_cancel(thread);
	pthread_join(thread, NULL);
}

static void others_need_root(void **state)
{
	assert_refused(getpid(), TS_EXIT_FAILED,
		       "cxl-tiersched: error: this needs root; try 'sudo cxl-tiersched'\n");
}

int main(void)
{
	const struct CMUnitTest by_root[] = {
		cmocka_unit_test(it_needs_files),
		cmocka_unit_test(a_pid_that_is_nobody),
		cmocka_unit_test(a_pid_that_has_ended),
		cmocka_unit_test(a_pid_that_is_a_thread),
	};
	const struct CMUnitTest by_others[] = {
		cmocka_unit_test(others_need_root),
	};

	if (geteuid())
		return cmocka_run_group_tests_name("hold", by_others, NULL, NULL);
	return cmocka_run_group_tests_name("hold", by_root, NULL, NULL);
}
