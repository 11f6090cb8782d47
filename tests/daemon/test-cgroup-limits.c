/* SPDX-License-Identifier: GPL-2.0 */
/* Counting cgroups with a CPU limit, over trees made for the purpose. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/sysfs.h"
#include "base/util.h"
#include "daemon/cgroup-limits.h"
#include "tests/helpers/sysroot.h"

/* A group of that path below the root, with this cpu.max. */
static void make_group(const struct sysroot *root, const char *path, const char *cpu_max)
{
	char file[SYSFS_PATH_MAX];

	snprintf(file, sizeof(file), CGROUP_ROOT "%s/cgroup.procs", path);
	sysroot_put(root, file, "");
	if (!cpu_max)
		return;
	snprintf(file, sizeof(file), CGROUP_ROOT "%s/cpu.max", path);
	sysroot_put(root, file, cpu_max);
}

static void limits_are_counted_at_any_depth(void **state)
{
	_cleanup_sysroot_ struct sysroot root;
	struct cgroup_limits limits;

	(void)state;
	sysroot_init(&root, "");
	sysroot_put(&root, CGROUP_ROOT "/cgroup.controllers", "cpu io memory\n");
	make_group(&root, "/system.slice", "max 100000\n");
	make_group(&root, "/system.slice/a.service", NULL);
	assert_int_equal(cgroup_limits_read(&limits, root.path), 0);
	assert_int_equal(limits.nr, 0);
	assert_int_equal(limits.looked, 3);
	assert_true(limits.all);

	make_group(&root, "/kubepods.slice", "max 100000\n");
	make_group(&root, "/kubepods.slice/pod1", "10000 100000\n");
	make_group(&root, "/kubepods.slice/pod1/container", "10000 100000\n");
	make_group(&root, "/kubepods.slice/pod1/container/deeper", "max 100000\n");
	make_group(&root, "/user.slice", "1000 1000000\n");
	make_group(&root, "/empty", "");
	sysroot_link(&root, CGROUP_ROOT "/again", "kubepods.slice");
	assert_int_equal(cgroup_limits_read(&limits, root.path), 0);
	assert_int_equal(limits.nr, 3);
	assert_int_equal(limits.looked, 9);
	assert_true(limits.all);
}

static void where_there_is_no_version_2_nothing_is_counted(void **state)
{
	_cleanup_sysroot_ struct sysroot root;
	struct cgroup_limits limits = {.nr = 42};

	(void)state;
	sysroot_init(&root, "");
	assert_int_equal(cgroup_limits_read(&limits, root.path), -ENOENT);
	make_group(&root, "/cpu/limited", "10000 100000\n");
	assert_int_equal(cgroup_limits_read(&limits, root.path), -ENOENT);
	assert_int_equal(limits.nr, 42);
}

static void many_and_deep_groups_are_bounded(void **state)
{
	_cleanup_sysroot_ struct sysroot root;
	char path[SYSFS_PATH_MAX] = "";
	struct cgroup_limits limits;

	(void)state;
	sysroot_init(&root, "");
	sysroot_put(&root, CGROUP_ROOT "/cgroup.controllers", "cpu\n");
	for (int i = 0; i < CGROUP_LIMITS_DEPTH; i++)
		strcat(path, "/d");
	make_group(&root, path, "10000 100000\n");
	assert_int_equal(cgroup_limits_read(&limits, root.path), 0);
	assert_int_equal(limits.nr, 1);
	assert_true(limits.all);
	strcat(path, "/d");
	make_group(&root, path, "10000 100000\n");
	/* too deep: the others count all the same */
	make_group(&root, "/beside", "10000 100000\n");
	make_group(&root, "/.hidden", "10000 100000\n");
	assert_int_equal(cgroup_limits_read(&limits, root.path), 0);
	assert_int_equal(limits.nr, 3);
	assert_false(limits.all);

	for (int i = 0; i < CGROUP_LIMITS_MOST; i++) {
		assert_int_equal(sysfs_path(path, sizeof(path), root.path, CGROUP_ROOT "/g%d", i),
				 0);
		assert_int_equal(mkdir(path, 0755), 0);
	}
	assert_int_equal(cgroup_limits_read(&limits, root.path), 0);
	assert_int_equal(limits.looked, CGROUP_LIMITS_MOST);
	assert_false(limits.all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits_are_counted_at_any_depth),
		cmocka_unit_test(where_there_is_no_version_2_nothing_is_counted),
		cmocka_unit_test(many_and_deep_groups_are_bounded),
	};

	return cmocka_run_group_tests_name("cgroup-limits", tests, NULL, NULL);
}
