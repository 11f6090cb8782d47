/* SPDX-License-Identifier: GPL-2.0 */
/* Reading tried_regions: see tried.h. */
#include "damon/read/tried.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/parse.h"
#include "base/sysfs.h"
#include "base/util.h"
#include "damon/files.h"

/* Read a number from REGION/FILE below DIR_FD.  0 or a negative errno. */
static int read_number(uint64_t *out, int dir_fd, const char *region, const char *file)
{
	char path[64], text[32];
	_cleanup_close_ int fd = -1;
	ssize_t n;

	if (snprintf(path, sizeof(path), "%s/%s", region, file) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, text, sizeof(text) - 1);
	if (n < 0)
		return -errno;
	while (n && isspace((unsigned char)text[n - 1]))
		n--;
	text[n] = '\0';
	return parse_u64(out, text);
}

static int read_region(struct damon_region *out, int dir_fd, const char *name)
{
	uint64_t start, end, nr_accesses, age;
	int r;

	r = read_number(&start, dir_fd, name, "start");
	if (!r)
		r = read_number(&end, dir_fd, name, "end");
	if (!r)
		r = read_number(&nr_accesses, dir_fd, name, "nr_accesses");
	if (!r)
		r = read_number(&age, dir_fd, name, "age");
	if (r)
		return r;
	if (start >= end || nr_accesses > UINT32_MAX || age > UINT32_MAX)
		return -EINVAL;
	*out = (struct damon_region){start, end, (uint32_t)nr_accesses, (uint32_t)age};
	return 0;
}

static int read_scheme(struct regions *out, const struct context *c, size_t index, uint64_t now_ns)
{
	struct regions_run run = {.first = out->nr, .time_ns = now_ns, .wanted = true};
	_cleanup_closedir_ DIR *dir = NULL;
	struct damon_region region;
	struct dirent *entry;
	char path[SYSFS_PATH_MAX];
	int r;

	r = sysfs_path(path, sizeof(path), c->sysroot,
		       FILES_ROOT "/%u/contexts/0/schemes/%zu/tried_regions", c->slot, index);
	if (r < 0)
		return r;
	dir = opendir(path);
	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		/* A directory may vanish meanwhile.  The next snapshot has the region. */
		if (read_region(&region, dirfd(dir), entry->d_name))
			continue;
		r = regions_add(out, &region);
		if (r < 0)
			return r;
	}
	run.nr = out->nr - run.first;
	run.known = run.nr > 0;
	regions_sort(out, &run);
	out->runs[index] = run;
	return 0;
}

int tried_read(struct regions *out, const struct context *c, uint64_t now_ns)
{
	int r = 0;

	for (size_t i = 0; !r && i < out->nr_runs; i++)
		if (out->runs[i].wanted)
			r = read_scheme(out, c, i, now_ns);
	return r;
}

int tried_snapshot(struct regions *out, const struct context *c, uint64_t now_ns)
{
	int r = context_command(c, "update_schemes_tried_regions");

	return r ? r : tried_read(out, c, now_ns);
}
