/* SPDX-License-Identifier: GPL-2.0 */
/*
 * DAMON's sysfs files, with patience.
 *
 * One lock in the kernel guards the whole interface.  A file that needs it does not wait for it,
 * but fails with EBUSY while the command of another user runs.  That may take an aggregation
 * interval.  So these functions try again, for up to FILES_PATIENCE_US in all.  Then they pass
 * EBUSY up.
 *
 * Paths are relative to DAMON_SYSFS "/admin/kdamonds".  All else is as in base/sysfs.h.
 */
#ifndef TS_DAMON_FILES_H
#define TS_DAMON_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/util.h"

#define FILES_ROOT "/sys/kernel/mm/damon/admin/kdamonds"
#define FILES_PATIENCE_US 2000000

/*
 * Sleeps longer each time.  Once it has slept FILES_PATIENCE_US in all, it returns false at once.
 */
struct backoff {
	uint64_t slept_us, next_us;
};

bool backoff_wait(struct backoff *b);

int files_read(char *out, size_t size, const char *sysroot, const char *fmt, ...) _printf_(4, 5);
int files_read_u64(uint64_t *out, const char *sysroot, const char *fmt, ...) _printf_(3, 4);
int files_write(const char *text, const char *sysroot, const char *fmt, ...) _printf_(3, 4);
int files_write_u64(uint64_t value, const char *sysroot, const char *fmt, ...) _printf_(3, 4);
bool files_exists(const char *sysroot, const char *fmt, ...) _printf_(2, 3);

#endif
