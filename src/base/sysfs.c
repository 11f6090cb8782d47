/* SPDX-License-Identifier: GPL-2.0 */
/* Reading and writing the small files of /sys and /proc. */
#include "base/sysfs.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/parse.h"

static int format_path(char *out, size_t size, const char *sysroot, const char *fmt, va_list args)
{
	int prefix, rest;

	prefix = snprintf(out, size, "%s", sysroot ? sysroot : "");
	if (prefix < 0 || (size_t)prefix >= size)
		return -ENAMETOOLONG;
	rest = vsnprintf(out + prefix, size - prefix, fmt, args);
	if (rest < 0 || (size_t)rest >= size - prefix)
		return -ENAMETOOLONG;
	return 0;
}

/* Formats the path and defines `int r`.  All functions below begin with it. */
#define FORMAT_PATH(path, sysroot, fmt)                                                            \
	({                                                                                         \
		va_list _args;                                                                     \
		int _r;                                                                            \
		va_start(_args, fmt);                                                              \
		_r = format_path(path, sizeof(path), sysroot, fmt, _args);                         \
		va_end(_args);                                                                     \
		_r;                                                                                \
	})

int sysfs_path(char *out, size_t size, const char *sysroot, const char *fmt, ...)
{
	char path[SYSFS_PATH_MAX];
	int r = FORMAT_PATH(path, sysroot, fmt);

	if (r < 0)
		return r;
	if (strlen(path) >= size)
		return -ENAMETOOLONG;
	strcpy(out, path);
	return 0;
}

static int read_path(char *out, size_t size, const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t used = 0;
	ssize_t n;

	if (fd < 0)
		return -errno;
	do {
		n = read(fd, out + used, size - used);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		used += (size_t)n;
		if (used == size)
			return -E2BIG;
	} while (n != 0);
	while (used && isspace((unsigned char)out[used - 1]))
		used--;
	out[used] = '\0';
	return 0;
}

int sysfs_read(char *out, size_t size, const char *sysroot, const char *fmt, ...)
{
	char path[SYSFS_PATH_MAX];
	int r = FORMAT_PATH(path, sysroot, fmt);

	return r < 0 ? r : read_path(out, size, path);
}

int sysfs_read_u64(uint64_t *out, const char *sysroot, const char *fmt, ...)
{
	char path[SYSFS_PATH_MAX], text[64];
	int r = FORMAT_PATH(path, sysroot, fmt);

	if (!r)
		r = read_path(text, sizeof(text), path);
	return r < 0 ? r : parse_u64(out, text);
}

int sysfs_read_int(int *out, const char *sysroot, const char *fmt, ...)
{
	char path[SYSFS_PATH_MAX], text[64];
	int r = FORMAT_PATH(path, sysroot, fmt);
	uint64_t value;

	if (!r)
		r = read_path(text, sizeof(text), path);
	if (!r)
		r = parse_u64(&value, text[0] == '-' ? text + 1 : text);
	if (r)
		return r;
	if (value > INT32_MAX)
		return -ERANGE;
	*out = text[0] == '-' ? -(int)value : (int)value;
	return 0;
}

int sysfs_read_idlist(struct idlist *out, const char *sysroot, const char *fmt, ...)
{
	char path[SYSFS_PATH_MAX], text[65536]; /* enough for thousands of CPUs without ranges */
	int r = FORMAT_PATH(path, sysroot, fmt);

	if (!r)
		r = read_path(text, sizeof(text), path);
	return r < 0 ? r : idlist_parse(out, text);
}

int sysfs_write(const char *text, const char *sysroot, const char *fmt, ...)
{
	char path[SYSFS_PATH_MAX];
	int r = FORMAT_PATH(path, sysroot, fmt);
	_cleanup_close_ int fd = -1;
	size_t len = strlen(text);
	ssize_t n;

	if (r < 0)
		return r;
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = write(fd, text, len);
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}

bool sysfs_exists(const char *sysroot, const char *fmt, ...)
{
	char path[SYSFS_PATH_MAX];

	return !FORMAT_PATH(path, sysroot, fmt) && !access(path, F_OK);
}

const char *sysfs_skip_fields(const char *text, int nr)
{
	for (; nr > 0; nr--) {
		text = strchr(text, ' ');
		if (!text)
			return NULL;
		text++;
	}
	return text;
}
