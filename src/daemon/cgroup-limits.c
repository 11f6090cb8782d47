/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Cgroups with a CPU limit.
 *
 * The tree is walked by descriptors, so that the length of a path does not matter.  Users can make
 * any number of groups, in any depth.  Here both are limited.
 */
#include "daemon/cgroup-limits.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/sysfs.h"
#include "base/util.h"

static bool has_limit(int dir)
{
	_cleanup_close_ int fd = openat(dir, "cpu.max", O_RDONLY | O_CLOEXEC);
	char text[64];
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	/* "QUOTA PERIOD"; the root has no such file, nor has a group without the cpu controller */
	return n > 0 && strncmp(text, "max", MIN((size_t)n, (size_t)3));
}

/* FD is of a directory, and is closed here. */
static void look(struct cgroup_limits *out, int fd, unsigned int depth)
{
	_cleanup_closedir_ DIR *dir = fdopendir(fd);
	const struct dirent *entry;

	if (!dir) {
		close_fd(&fd);
		return;
	}
	out->looked++;
	out->nr += has_limit(fd);
	while (out->looked < CGROUP_LIMITS_MOST && (entry = readdir(dir))) {
		const char *name = entry->d_name;
		int child;

		if (!strcmp(name, ".") || !strcmp(name, "..") ||
		    (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN))
			continue;
		child = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (child < 0)
			continue;
		if (depth < CGROUP_LIMITS_DEPTH) {
			look(out, child, depth + 1);
		} else {
			out->all = false;
			close_fd(&child);
		}
	}
}

int cgroup_limits_read(struct cgroup_limits *out, const char *sysroot)
{
	struct cgroup_limits limits = {.all = true};
	char path[SYSFS_PATH_MAX];
	int r, fd;

	/* where v1 is mounted, there are only directories of controllers, or nothing */
	if (!sysfs_exists(sysroot, CGROUP_ROOT "/cgroup.controllers"))
		return -ENOENT;
	r = sysfs_path(path, sizeof(path), sysroot, CGROUP_ROOT);
	if (r < 0)
		return r;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	look(&limits, fd, 0);
	limits.all &= limits.looked < CGROUP_LIMITS_MOST;
	*out = limits;
	return 0;
}
