/* SPDX-License-Identifier: GPL-2.0 */
/* For tests: recorded machines as trees of files under a directory of their own, to read and to spoil. */
#ifndef TS_TESTS_SYSROOT_H
#define TS_TESTS_SYSROOT_H

#include <stddef.h>

struct sysroot {
	char path[128];
};

/* Unpack tests/data/sysroot/NAME.txt ("" for an empty tree); fails the test where it cannot. */
void sysroot_init(struct sysroot *root, const char *name);
void sysroot_deinit(struct sysroot *root);

/* PATH is from the tree's root.  Directories on the way are made. */
void sysroot_put(const struct sysroot *root, const char *path, const char *text);
void sysroot_link(const struct sysroot *root, const char *path, const char *target);
void sysroot_remove(const struct sysroot *root, const char *path);

#define _cleanup_sysroot_ __attribute__((cleanup(sysroot_deinit)))

#endif
