/* SPDX-License-Identifier: GPL-2.0 */
/* For tests: recorded machines as trees of files. */
#include "tests/helpers/sysroot.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <setjmp.h>
#include <cmocka.h>

/* ARGV, and its success, without a shell to quote for. */
static void run(const char *const argv[])
{
	pid_t child = fork();
	int status = -1;

	assert_int_not_equal(child, -1);
	if (!child) {
		execvp(argv[0], (char *const *)argv);
		_exit(127);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void full_path(char *out, size_t size, const struct sysroot *root, const char *path)
{
	assert_true((size_t)snprintf(out, size, "%s%s", root->path, path) < size);
}

/* As mkdir -p: trees have hundreds of files, and a process for each would take its time. */
static void make_parent(const char *full)
{
	char dir[1024];

	snprintf(dir, sizeof(dir), "%s", full);
	for (char *end = strchr(dir + 1, '/'); end; end = strchr(end + 1, '/')) {
		*end = '\0';
		assert_true(!mkdir(dir, 0777) || errno == EEXIST);
		*end = '/';
	}
}

void sysroot_init(struct sysroot *root, const char *name)
{
	const char *srcdir = getenv("srcdir"), *tmpdir = getenv("TMPDIR");
	char script[512], data[512];

	assert_true(snprintf(root->path, sizeof(root->path), "%s/sysroot-XXXXXX",
			     tmpdir ? tmpdir : "/tmp") < (int)sizeof(root->path));
	assert_non_null(mkdtemp(root->path));
	if (!name[0])
		return;
	snprintf(script, sizeof(script), "%s/tests/helpers/unpack-sysroot", srcdir ? srcdir : ".");
	snprintf(data, sizeof(data), "%s/tests/data/sysroot/%s.txt", srcdir ? srcdir : ".", name);
	run((const char *[]){"sh", script, data, root->path, NULL});
}

void sysroot_put(const struct sysroot *root, const char *path, const char *text)
{
	char full[1024];
	FILE *file;

	full_path(full, sizeof(full), root, path);
	make_parent(full);
	file = fopen(full, "w");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

void sysroot_link(const struct sysroot *root, const char *path, const char *target)
{
	char full[1024];

	full_path(full, sizeof(full), root, path);
	make_parent(full);
	unlink(full);
	assert_int_equal(symlink(target, full), 0);
}

void sysroot_remove(const struct sysroot *root, const char *path)
{
	char full[1024];

	full_path(full, sizeof(full), root, path);
	run((const char *[]){"rm", "-rf", full, NULL});
}

void sysroot_deinit(struct sysroot *root)
{
	if (root->path[0])
		run((const char *[]){"rm", "-rf", root->path, NULL});
	root->path[0] = '\0';
}
