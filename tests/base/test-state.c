/* SPDX-License-Identifier: GPL-2.0 */
/* The daemon's directory: who may be in it, and who holds its lock. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/state.h"
#include "base/util.h"

static char base[] = "/tmp/test-state-XXXXXX";
static char directory[64], lock[128];

static int make_base(void **state)
{
	(void)state;
	strcpy(base, "/tmp/test-state-XXXXXX");
	if (!mkdtemp(base))
		return -1;
	snprintf(directory, sizeof(directory), "%s/run", base);
	snprintf(lock, sizeof(lock), "%s/daemon.lock", directory);
	return 0;
}

static int remove_base(void **state)
{
	(void)state;
	unlink(lock);
	if (rmdir(directory))
		unlink(directory);
	return rmdir(base);
}

static unsigned int mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return st.st_mode & 07777;
}

static void modes_whatever_the_umask(void **state)
{
	static const mode_t masks[] = {0, 022, 077};
	pid_t holder;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(masks); i++) {
		mode_t before = umask(masks[i]);
		int fd = state_lock(directory, &holder);

		umask(before);
		assert_true(fd >= 0);
		assert_int_equal(mode_of(directory), 0755);
		assert_int_equal(mode_of(lock), 0600);
		close(fd);
		unlink(lock);
		rmdir(directory);
	}
}

static void what_others_can_write_is_refused(void **state)
{
	pid_t holder;

	(void)state;
	assert_int_equal(mkdir(directory, 0700), 0);
	assert_int_equal(chmod(directory, 0775), 0);
	assert_int_equal(state_lock(directory, &holder), -EPERM);
	assert_int_equal(chmod(directory, 0757), 0);
	assert_int_equal(state_lock(directory, &holder), -EPERM);
	if (!geteuid()) {
		assert_int_equal(chmod(directory, 0755), 0);
		assert_int_equal(chown(directory, 4711, 4711), 0);
		assert_int_equal(state_lock(directory, &holder), -EPERM);
	}
	rmdir(directory);
	assert_int_equal(symlink("/tmp", directory), 0);
	assert_int_equal(state_lock(directory, &holder), -EPERM);
	unlink(directory);
	close(open(directory, O_CREAT | O_WRONLY, 0600));
	assert_int_equal(state_lock(directory, &holder), -EPERM);
}

static void a_lock_is_no_link(void **state)
{
	pid_t holder;

	(void)state;
	assert_int_equal(state_make_directory(directory), 0);
	assert_int_equal(symlink("/tmp/elsewhere", lock), 0);
	assert_int_equal(state_lock(directory, &holder), -ELOOP);
	assert_int_equal(access("/tmp/elsewhere", F_OK), -1);
}

/* In a child, which holds it until killed. */
static pid_t hold(void)
{
	int ready[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (!pid) {
		pid_t holder;

		if (state_lock(directory, &holder) >= 0 && write(ready[1], "r", 1) == 1)
			pause();
		_exit(1);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return pid;
}

static void the_holder_is_told_while_it_lives(void **state)
{
	pid_t pid = hold(), holder = 42;
	int fd;

	(void)state;
	assert_int_equal(state_lock(directory, &holder), -EBUSY);
	assert_int_equal(holder, pid);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	fd = state_lock(directory, &holder);
	assert_true(fd >= 0);
	assert_int_equal(holder, 0);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(modes_whatever_the_umask, make_base, remove_base),
		cmocka_unit_test_setup_teardown(what_others_can_write_is_refused, make_base,
						remove_base),
		cmocka_unit_test_setup_teardown(a_lock_is_no_link, make_base, remove_base),
		cmocka_unit_test_setup_teardown(the_holder_is_told_while_it_lives, make_base,
						remove_base),
	};

	return cmocka_run_group_tests_name("state", tests, NULL, NULL);
}
