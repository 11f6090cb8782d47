/* SPDX-License-Identifier: GPL-2.0 */
/* DAMON's sysfs files, with patience: see files.h. */
#include "damon/files.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include "base/parse.h"
#include "base/sysfs.h"

#define FIRST_WAIT_US 500
#define LONGEST_WAIT_US 50000

bool backoff_wait(struct backoff *b)
{
	uint64_t us = b->next_us ? b->next_us : FIRST_WAIT_US;

	if (b->slept_us >= FILES_PATIENCE_US)
		return false;
	nanosleep(&(struct timespec){.tv_nsec = (long)(us * NSEC_PER_USEC)}, NULL);
	b->slept_us += us;
	b->next_us = MIN(us * 2, LONGEST_WAIT_US);
	return true;
}

/* Put the variadic path below FILES_ROOT.  This defines int _r. */
#define FORMAT_PATH(path, fmt)                                                                     \
	({                                                                                         \
		va_list _args;                                                                     \
		int _n, _r = 0;                                                                    \
		va_start(_args, fmt);                                                              \
		_n = vsnprintf(path, sizeof(path), fmt, _args);                                    \
		va_end(_args);                                                                     \
		if (_n < 0 || (size_t)_n >= sizeof(path))                                          \
			_r = -ENAMETOOLONG;                                                        \
		_r;                                                                                \
	})

static int read_patiently(char *out, size_t size, const char *sysroot, const char *path)
{
	struct backoff backoff = {0};
	int r;

	do {
		r = sysfs_read(out, size, sysroot, FILES_ROOT "/%s", path);
	} while (r == -EBUSY && backoff_wait(&backoff));
	return r;
}

static int write_patiently(const char *text, const char *sysroot, const char *path)
{
	struct backoff backoff = {0};
	int r;

	do {
		r = sysfs_write(text, sysroot, FILES_ROOT "/%s", path);
	} while (r == -EBUSY && backoff_wait(&backoff));
	return r;
}

int files_read(char *out, size_t size, const char *sysroot, const char *fmt, ...)
{
	char path[SYSFS_PATH_MAX];
	int r = FORMAT_PATH(path, fmt);

	return r < 0 ? r : read_patiently(out, size, sysroot, path);
}

int files_read_u64(uint64_t *out, const char *sysroot, const char *fmt, ...)
{
	char path[SYSFS_PATH_MAX], text[64];
	int r = FORMAT_PATH(path, fmt);

	if (!r)
		r = read_patiently(text, sizeof(text), sysroot, path);
	return r < 0 ? r : parse_u64(out, text);
}

int files_write(const char *text, const char *sysroot, const char *fmt, ...)
{
	char path[SYSFS_PATH_MAX];
	int r = FORMAT_PATH(path, fmt);

	return r < 0 ? r : write_patiently(text, sysroot, path);
}

int files_write_u64(uint64_t value, const char *sysroot, const char *fmt, ...)
{
	char path[SYSFS_PATH_MAX], text[32];
	int r = FORMAT_PATH(path, fmt);

	snprintf(text, sizeof(text), "%" PRIu64, value);
	return r < 0 ? r : write_patiently(text, sysroot, path);
}

bool files_exists(const char *sysroot, const char *fmt, ...)
{
	char path[SYSFS_PATH_MAX];

	return !FORMAT_PATH(path, fmt) && sysfs_exists(sysroot, FILES_ROOT "/%s", path);
}
