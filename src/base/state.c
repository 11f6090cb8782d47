/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The daemon's directory under /run and its lock.
 *
 * Any lock on a file can be taken by whoever can open it: read locks and
 * flock(2) need no right to write.  So the file is root's alone, in a directory
 * where nobody else makes files.  Earlier versions locked "lock", which all could
 * read and somebody may still have open: this one has another name.
 *
 * It is a lock of fcntl(2), of which the kernel itself tells the holder, who is
 * alive by that.  Such a lock ends when its process closes any descriptor of the
 * file: nothing else here may open it.
 */
#include "base/state.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/util.h"

static const char lock_name[] = "daemon.lock";

/* The directory of PATH, made where there is none: a descriptor or -errno. */
static int open_directory(const char *path)
{
	_cleanup_close_ int fd = -1;
	struct stat st;

	if (mkdir(path, 0755) && errno != EEXIST)
		return -errno;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOTDIR || errno == ELOOP ? -EPERM : -errno;
	if (fstat(fd, &st))
		return -errno;
	if (st.st_uid != geteuid() || st.st_mode & (S_IWGRP | S_IWOTH))
		return -EPERM;
	/* a strict umask would keep others from the status socket */
	if ((st.st_mode & 0777) != 0755 && fchmod(fd, 0755))
		return -errno;
	return take_fd(&fd);
}

int state_make_directory(const char *path)
{
	_cleanup_close_ int fd = open_directory(path);

	return MIN(fd, 0);
}

int state_lock(const char *directory, pid_t *holder)
{
	_cleanup_close_ int at = open_directory(directory), fd = -1;
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	*holder = 0;
	if (at < 0)
		return at;
	fd = openat(at, lock_name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || fchmod(fd, 0600))
		return -errno;
	if (!fcntl(fd, F_SETLK, &lock))
		return take_fd(&fd);
	if (errno != EACCES && errno != EAGAIN)
		return -errno;
	if (!fcntl(fd, F_GETLK, &lock) && lock.l_type != F_UNLCK)
		*holder = lock.l_pid;
	return -EBUSY;
}
