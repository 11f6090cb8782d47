/* SPDX-License-Identifier: GPL-2.0 */
/* Switching the kernel's NUMA balancing off and on again, over trees made for the purpose. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/sysfs.h"
#include "daemon/balancing.h"
#include "tests/helpers/sysroot.h"

#define SETTING "/proc/sys/kernel/numa_balancing"
#define BOOT "/proc/sys/kernel/random/boot_id"
#define KEPT "/kept"

struct bench {
	struct sysroot root;
	char kept[256];
};

static int setup(void **state)
{
	static struct bench b;

	*state = &b;
	sysroot_init(&b.root, "");
	snprintf(b.kept, sizeof(b.kept), "%s" KEPT, b.root.path);
	sysroot_put(&b.root, BOOT, "3f6c1c5e-0000-4000-8000-000000000001\n");
	sysroot_put(&b.root, SETTING, "2\n");
	return 0;
}

static int tear_down(void **state)
{
	sysroot_deinit(&((struct bench *)*state)->root);
	return 0;
}

static uint64_t setting(const struct bench *b)
{
	uint64_t mode = 99;

	assert_int_equal(balancing_read(&mode, b->root.path), 0);
	return mode;
}

static void it_is_switched_off_and_put_back(void **state)
{
	struct bench *b = *state;

	assert_int_equal(balancing_put_back(b->kept, b->root.path), 0);
	assert_int_equal(balancing_switch_off(b->kept, b->root.path), 0);
	assert_int_equal(setting(b), 0);
	assert_int_equal(balancing_put_back(b->kept, b->root.path), 1);
	assert_int_equal(setting(b), 2);
	/* once */
	assert_false(sysfs_exists(b->root.path, KEPT));
	assert_int_equal(balancing_put_back(b->kept, b->root.path), 0);
}

static void what_is_off_is_left_alone(void **state)
{
	struct bench *b = *state;

	sysroot_put(&b->root, SETTING, "0\n");
	assert_int_equal(balancing_switch_off(b->kept, b->root.path), 0);
	assert_false(sysfs_exists(b->root.path, KEPT));
	assert_int_equal(balancing_put_back(b->kept, b->root.path), 0);
}

static void what_somebody_sets_meanwhile_stays(void **state)
{
	struct bench *b = *state;

	assert_int_equal(balancing_switch_off(b->kept, b->root.path), 0);
	sysroot_put(&b->root, SETTING, "1\n");
	assert_int_equal(balancing_put_back(b->kept, b->root.path), 0);
	assert_int_equal(setting(b), 1);
	assert_false(sysfs_exists(b->root.path, KEPT));
}

static void another_boot_has_its_own_setting(void **state)
{
	struct bench *b = *state;

	assert_int_equal(balancing_switch_off(b->kept, b->root.path), 0);
	sysroot_put(&b->root, BOOT, "3f6c1c5e-0000-4000-8000-000000000002\n");
	assert_int_equal(balancing_put_back(b->kept, b->root.path), 0);
	assert_int_equal(setting(b), 0);
	assert_false(sysfs_exists(b->root.path, KEPT));
}

/* Whoever is killed while it writes the file has not changed the setting. */
static void half_a_file_says_nothing(void **state)
{
	static const char *const halves[] = {"", "3f6c1c5e-0000",
					     "3f6c1c5e-0000-4000-8000-000000000001",
					     "3f6c1c5e-0000-4000-8000-000000000001\n",
					     "3f6c1c5e-0000-4000-8000-000000000001\nx\n"};
	struct bench *b = *state;

	for (size_t i = 0; i < sizeof(halves) / sizeof(halves[0]); i++) {
		sysroot_put(&b->root, SETTING, "0\n");
		sysroot_put(&b->root, KEPT, halves[i]);
		assert_int_equal(balancing_put_back(b->kept, b->root.path), 0);
		assert_int_equal(setting(b), 0);
		assert_false(sysfs_exists(b->root.path, KEPT));
	}
}

static void a_kernel_without_it(void **state)
{
	struct bench *b = *state;
	uint64_t mode;

	sysroot_remove(&b->root, SETTING);
	assert_int_equal(balancing_read(&mode, b->root.path), -ENOENT);
	assert_int_equal(balancing_switch_off(b->kept, b->root.path), 0);
	assert_false(sysfs_exists(b->root.path, KEPT));
}

/* What cannot be kept is not changed. */
static void without_a_place_for_the_file_nothing_is_changed(void **state)
{
	struct bench *b = *state;
	char nowhere[300];

	snprintf(nowhere, sizeof(nowhere), "%s/no/such/file", b->root.path);
	assert_int_equal(balancing_switch_off(nowhere, b->root.path), -ENOENT);
	assert_int_equal(setting(b), 2);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(it_is_switched_off_and_put_back),
		TEST(what_is_off_is_left_alone),
		TEST(what_somebody_sets_meanwhile_stays),
		TEST(another_boot_has_its_own_setting),
		TEST(half_a_file_says_nothing),
		TEST(a_kernel_without_it),
		TEST(without_a_place_for_the_file_nothing_is_changed),
	};

	return cmocka_run_group_tests_name("balancing", tests, NULL, NULL);
}
