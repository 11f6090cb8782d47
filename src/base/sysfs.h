/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reading and writing the small files of /sys and /proc.
 *
 * SYSROOT goes in front of every path, so that a recorded machine can stand in for the real one.
 * NULL or "" is the machine itself.  Paths are printf formats.  All return 0 or a negative errno,
 * and write outputs on success only.
 */
#ifndef TS_BASE_SYSFS_H
#define TS_BASE_SYSFS_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/idlist.h"

/* Longest path after formatting; longer ones give -ENAMETOOLONG. */
#define SYSFS_PATH_MAX 1024

int sysfs_path(char *out, size_t size, const char *sysroot, const char *fmt, ...) _printf_(4, 5);

/* The whole file as a string without trailing white space, at most SIZE-1 bytes (-E2BIG beyond). */
int sysfs_read(char *out, size_t size, const char *sysroot, const char *fmt, ...) _printf_(4, 5);

/* One unsigned number, decimal or 0x-prefixed, and nothing else: -EINVAL, -ERANGE. */
int sysfs_read_u64(uint64_t *out, const char *sysroot, const char *fmt, ...) _printf_(3, 4);

/* One signed decimal number (numa_node is -1 where it is unknown). */
int sysfs_read_int(int *out, const char *sysroot, const char *fmt, ...) _printf_(3, 4);

/* A CPU or node list; the caller frees it with idlist_deinit(). */
int sysfs_read_idlist(struct idlist *out, const char *sysroot, const char *fmt, ...) _printf_(3, 4);

/* Write TEXT in one write(); never creates a file. */
int sysfs_write(const char *text, const char *sysroot, const char *fmt, ...) _printf_(3, 4);

bool sysfs_exists(const char *sysroot, const char *fmt, ...) _printf_(2, 3);

/* TEXT has fields with one space between.  The NR-th field behind its first; NULL: no such. */
const char *sysfs_skip_fields(const char *text, int nr);

#endif
