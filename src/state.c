/* SPDX-License-Identifier: GPL-2.0 */
/* The daemon's directory under /run. */
#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/parse.h"
#include "base/sysfs.h"
#include "base/util.h"

static const char lock_path[] = TS_STATEDIR "/lock";

int state_lock(pid_t *holder)
{
	char text[32];
	uint64_t pid;
	int fd, r;

	*holder = 0;
	if (mkdir(TS_STATEDIR, 0755) && errno != EEXIST)
		return -errno;
	fd = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		r = errno == EWOULDBLOCK ? -EBUSY : -errno;
		if (!sysfs_read(text, sizeof(text), NULL, "%s", lock_path) &&
		    !parse_u64(&pid, text))
			*holder = (pid_t)pid;
		close(fd);
		return r;
	}
	snprintf(text, sizeof(text), "%d\n", getpid());
	if (ftruncate(fd, 0) || write(fd, text, strlen(text)) < 0) {
		r = -errno;
		close(fd);
		return r;
	}
	return fd;
}
