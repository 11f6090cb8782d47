/* SPDX-License-Identifier: GPL-2.0 */
/* For tests: DAMON's sysfs as plain files. */
#include "tests/helpers/damon-tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/sysfs.h"
#include "base/util.h"
#include "damon/files.h"

#define PIECES 16 /* of a new target's memory */

void damon_tree_put(const struct sysroot *root, const char *file, const char *text)
{
	char path[512];

	snprintf(path, sizeof(path), FILES_ROOT "/%s", file);
	sysroot_put(root, path, text);
}

void damon_tree_remove(const struct sysroot *root, const char *file)
{
	char path[512];

	snprintf(path, sizeof(path), FILES_ROOT "/%s", file);
	sysroot_remove(root, path);
}

void damon_tree_init(const struct sysroot *root)
{
	static const char *const files[][2] = {
		{"nr_kdamonds", "2\n"},
		{"0/state", "on\n"},
		{"0/pid", "123\n"},
		{"0/contexts/nr_contexts", "1\n"},
		{"1/state", "off\n"},
		{"1/pid", "-1\n"},
		{"1/contexts/nr_contexts", "0\n"},
		{TREE_CONTEXT "avail_operations", "vaddr\nfvaddr\npaddr\n"},
		/* as long as what is written over it */
		{TREE_CONTEXT "monitoring_attrs/intervals/update_us", "6000000\n"},
		{TREE_CONTEXT "targets/nr_targets", "0\n"},
		{TREE_CONTEXT "targets/0/pid_target", "0\n"},
		{TREE_CONTEXT "schemes/nr_schemes", "0\n"},
		{TREE_CONTEXT "schemes/0/tried_regions/total_bytes", "0\n"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		damon_tree_put(root, files[i][0], files[i][1]);
	sysroot_put(root, "/proc/sys/kernel/random/boot_id", TREE_BOOT "\n");
	sysroot_put(root, "/sys/module/damon_stat/parameters/enabled", "Y\n");
}

/* For a number to be written over. */
static void put_blank(const struct sysroot *root, const char *dir, const char *file)
{
	char path[256];

	snprintf(path, sizeof(path), TREE_CONTEXT "%s%s", dir, file);
	damon_tree_put(root, path, "                    \n");
}

void damon_tree_make_targets(const struct sysroot *root, int targets)
{
	static const char *const of_scheme[] = {
		"action",
		"access_pattern/sz/max",
		"access_pattern/nr_accesses/max",
		"access_pattern/age/max",
		"filters/nr_filters",
		"filters/0/type",
		"filters/0/matching",
		"filters/0/damon_target_idx",
		"tried_regions/total_bytes",
	};
	static const char *const of_context[] = {
		"operations",
		"monitoring_attrs/intervals/sample_us",
		"monitoring_attrs/intervals/aggr_us",
		"monitoring_attrs/nr_regions/min",
		"monitoring_attrs/nr_regions/max",
	};
	char dir[64];

	for (size_t i = 0; i < ARRAY_SIZE(of_context); i++)
		put_blank(root, "", of_context[i]);
	for (int target = 0; target < targets; target++) {
		snprintf(dir, sizeof(dir), "targets/%d/", target);
		put_blank(root, dir, "pid_target");
		put_blank(root, dir, "regions/nr_regions");
		for (int i = 0; i < PIECES; i++) {
			snprintf(dir, sizeof(dir), "targets/%d/regions/%d/", target, i);
			put_blank(root, dir, "start");
			put_blank(root, dir, "end");
		}
		snprintf(dir, sizeof(dir), "schemes/%d/", target);
		for (size_t i = 0; i < ARRAY_SIZE(of_scheme); i++)
			put_blank(root, dir, of_scheme[i]);
	}
}

void damon_tree_put_thread(const struct sysroot *root, pid_t thread)
{
	char text[32];

	snprintf(text, sizeof(text), "%d\n", thread);
	damon_tree_put(root, "1/pid", text);
}

void damon_tree_put_region(const struct sysroot *root, int target, int at, uint64_t start,
			   uint64_t end, uint32_t nr_accesses, uint32_t age)
{
	const struct {
		const char *file;
		uint64_t value;
	} files[] = {{"start", start}, {"end", end}, {"nr_accesses", nr_accesses}, {"age", age}};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		char path[128], text[32];

		snprintf(path, sizeof(path), TREE_CONTEXT "schemes/%d/tried_regions/%d/%s", target,
			 at, files[i].file);
		snprintf(text, sizeof(text), "%llu\n", (unsigned long long)files[i].value);
		damon_tree_put(root, path, text);
	}
}

void damon_tree_put_process(const struct sysroot *root, pid_t pid, uint64_t start_time, char state)
{
	char path[64], text[256];

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	snprintf(text, sizeof(text),
		 "%d (a name) %c 1 1 1 0 -1 4194304 0 0 0 0 5 5 0 0 20 0 1 0 %llu 1000000 100\n",
		 pid, state, (unsigned long long)start_time);
	sysroot_put(root, path, text);
}

void damon_tree_assert(const struct sysroot *root, const char *file, const char *text)
{
	char read[256];

	assert_int_equal(sysfs_read(read, sizeof(read), root->path, FILES_ROOT "/%s", file), 0);
	read[MIN(strlen(text), sizeof(read) - 1)] = '\0';
	assert_string_equal(read, text);
}
