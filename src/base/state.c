/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The daemon's directory under /run and its lock.
 *
 * Who can open a file can take a lock on it: read locks and flock(2) need no right to write.  So
 * only root can open this file, and only root can make files in its directory.  Earlier versions
 * locked "lock", which everybody could read.  Somebody may still have that file open, so this one
 * has another name.
 *
 * The lock is one of fcntl(2).  The kernel tells who holds it, and a process that holds it is
 * alive.  Such a lock ends when its process closes any descriptor of the file, so nothing else
 * here may open the file.
 */
#include "base/state.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/util.h"

static const char lock_name[] = "daemon.lock";

/* Open the directory of PATH, and make it where there is none.  A descriptor or -errno. */
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
	/* with a strict umask others could not reach the status socket */
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
