/* SPDX-License-Identifier: GPL-2.0 */
/* Numbered entries of a sysfs directory. */
#include "numa/names.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <string.h>

#include "base/array.h"
#include "base/log.h"
#include "base/sysfs.h"

/* Is NAME PREFIX and digits, perhaps with a dot and more digits? */
static bool is_numbered(const char *name, const char *prefix)
{
	size_t len = strlen(prefix);

	if (strncmp(name, prefix, len))
		return false;
	name += len;
	for (int part = 0; part < 2; part++) {
		if (!isdigit((unsigned char)*name))
			return false;
		while (isdigit((unsigned char)*name))
			name++;
		if (*name != '.')
			break;
		name++;
	}
	return !*name;
}

int names_number(const char *name, const char *prefix)
{
	size_t len = strlen(prefix);
	int value = 0;

	if (strncmp(name, prefix, len) || !isdigit((unsigned char)name[len]))
		return -1;
	for (name += len; isdigit((unsigned char)*name); name++) {
		if (value > (INT_MAX - 9) / 10)
			return -1;
		value = value * 10 + (*name - '0');
	}
	return *name ? -1 : value;
}

/* The kernel pads no numbers, so the shorter text is the smaller number. */
static int compare_names(const void *a, const void *b)
{
	const char *x = *(char *const *)a, *y = *(char *const *)b;
	size_t nx = strcspn(x, "."), ny = strcspn(y, ".");

	if (nx != ny)
		return nx < ny ? -1 : 1;
	if (strncmp(x, y, nx))
		return strncmp(x, y, nx);
	nx = strlen(x);
	ny = strlen(y);
	return nx != ny ? (nx < ny ? -1 : 1) : strcmp(x, y);
}

static int add_name(struct names *names, const char *name)
{
	char **place = ARRAY_PLACE(names->list, names->nr);

	if (!place)
		return -ENOMEM;
	*place = strdup(name);
	if (!*place)
		return -ENOMEM;
	names->nr++;
	return 0;
}

int names_read(struct names *out, const char *prefix, const char *sysroot, const char *fmt, ...)
{
	_cleanup_names_ struct names names = NAMES_INIT;
	_cleanup_closedir_ DIR *dir = NULL;
	char tail[SYSFS_PATH_MAX], path[SYSFS_PATH_MAX];
	struct dirent *entry;
	va_list args;
	int r;

	va_start(args, fmt);
	r = vsnprintf(tail, sizeof(tail), fmt, args);
	va_end(args);
	if (r >= 0 && (size_t)r < sizeof(tail) &&
	    !sysfs_path(path, sizeof(path), sysroot, "%s", tail))
		dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		if (!is_numbered(entry->d_name, prefix))
			continue;
		r = add_name(&names, entry->d_name);
		if (r < 0)
			return r;
	}
	if (names.nr)
		qsort(names.list, names.nr, sizeof(*names.list), compare_names);
	*out = names;
	names = (struct names)NAMES_INIT;
	return 0;
}

void names_deinit(struct names *names)
{
	for (size_t i = 0; i < names->nr; i++)
		free(names->list[i]);
	free(names->list);
	*names = (struct names)NAMES_INIT;
}
