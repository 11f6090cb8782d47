/* SPDX-License-Identifier: GPL-2.0 */
/* For tests: what a function says and returns. */
#include "tests/helpers/said.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

/* A child's copy of its parent's threads is no subject of the sanitizer that looks for leaks. */
static int is_child;

int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
	return is_child;
}

const char *said(int fd, int (*call)(void *arg), void *arg, int *status)
{
	static char text[65536];
	FILE *file = tmpfile();
	int ended;
	pid_t child;
	size_t n;

	assert_non_null(file);
	fflush(NULL);
	child = fork();
	assert_int_not_equal(child, -1);
	if (!child) {
		is_child = 1;
		dup2(fileno(file), fd);
		exit(call(arg));
	}
	assert_int_equal(waitpid(child, &ended, 0), child);
	assert_true(WIFEXITED(ended));
	*status = WEXITSTATUS(ended);
	assert_int_equal(fseek(file, 0, SEEK_SET), 0);
	n = fread(text, 1, sizeof(text) - 1, file);
	text[n] = '\0';
	fclose(file);
	return text;
}
