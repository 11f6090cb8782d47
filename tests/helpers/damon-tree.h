/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For tests: DAMON's sysfs as plain files.  They take what is written and do nothing about it; what
 * a kernel does, a test does by hand, between two calls.
 *
 * Slot 0 is somebody else's and runs, slot 1 is free, DAMON_STAT is on.  The files of slot 1's
 * context are there before it has one.
 */
#ifndef TS_TESTS_DAMON_TREE_H
#define TS_TESTS_DAMON_TREE_H

#include <stdint.h>
#include <sys/types.h>

#include "tests/helpers/sysroot.h"

#define TREE_BOOT "3f2b1c9e-77aa-4f0e-9a53-0c1d2e3f4a5b"
#define TREE_CONTEXT "1/contexts/0/"

void damon_tree_init(const struct sysroot *root);

/* FILE is below the kdamonds. */
void damon_tree_put(const struct sysroot *root, const char *file, const char *text);
void damon_tree_remove(const struct sysroot *root, const char *file);

/* What a kernel of TARGETS targets in slot 1 has files for; the kdamond that runs is THREAD, or -1. */
void damon_tree_make_targets(const struct sysroot *root, int targets);
void damon_tree_put_thread(const struct sysroot *root, pid_t thread);

/* One region of a target, as tried_regions shows it; AT is the name of its directory. */
void damon_tree_put_region(const struct sysroot *root, int target, int at, uint64_t start,
			   uint64_t end, uint32_t nr_accesses, uint32_t age);

/* A process of the tree's /proc.  STATE 'Z': it has ended. */
void damon_tree_put_process(const struct sysroot *root, pid_t pid, uint64_t start_time, char state);

/* FILE, below the kdamonds, begins with TEXT: what was longer before shows behind it. */
void damon_tree_assert(const struct sysroot *root, const char *file, const char *text);

#endif
