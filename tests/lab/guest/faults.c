/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Makes system calls of a program fail on demand: LD_PRELOAD=faults.so FAULTS=FILE.
 *
 * FILE has one line a fault, and may change while the program runs: CALL PATH ERRNO
 *
 *   open PATH EMFILE       open(2) and opendir(3) of what begins with PATH
 *   write PATH ENOSPC      write(2) to it
 *   rename PATH EROFS      rename(2) to it
 *   bpf - ENOMEM           bpf(2), perf - for perf_event_open(2): what goes by syscall(3)
 *   ioctl PATH ENOTTY      ioctl(2) on it
 *   alloc - ENOMEM         calloc(3), realloc(3) and reallocarray(3)
 *
 * ERRNO is a number or one of the names below.  No FILE, no faults.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct {
	const char *name;
	int value;
} errors[] = {{"EBUSY", EBUSY},	  {"EINVAL", EINVAL}, {"EIO", EIO},	  {"EMFILE", EMFILE},
	      {"ENOMEM", ENOMEM}, {"ENOSPC", ENOSPC}, {"ENOTTY", ENOTTY}, {"EROFS", EROFS}};

static int error_by_name(const char *name)
{
	for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++)
		if (!strcmp(errors[i].name, name))
			return errors[i].value;
	return atoi(name);
}

/* By bare system calls: what is used here must not come back to us. */
static long raw(long nr, long a, long b, long c, long d)
{
	long r;
	register long r10 __asm__("r10") = d;

	__asm__ volatile("syscall"
			 : "=a"(r)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10)
			 : "rcx", "r11", "memory");
	return r;
}

/* The errno with which CALL on PATH shall fail, 0: not at all. */
static int fault(const char *call, const char *path)
{
	const char *file = getenv("FAULTS");
	char text[1024], *line, *rest = text;
	long fd, n;

	fd = file ? raw(SYS_openat, AT_FDCWD, (long)file, O_RDONLY | O_CLOEXEC, 0) : -1;
	if (fd < 0)
		return 0;
	n = raw(SYS_read, fd, (long)text, sizeof(text) - 1, 0);
	raw(SYS_close, fd, 0, 0, 0);
	text[n > 0 ? n : 0] = '\0';
	while ((line = strsep(&rest, "\n"))) {
		char *word = strsep(&line, " "), *prefix = strsep(&line, " ");

		if (line && !strcmp(word, call) &&
		    (!strcmp(prefix, "-") || !strncmp(path, prefix, strlen(prefix))))
			return error_by_name(line);
	}
	return 0;
}

static bool fails(const char *call, const char *path)
{
	int error = fault(call, path);

	if (error)
		errno = error;
	return error;
}

static bool fails_on_fd(const char *call, int fd)
{
	char link[64], path[512];
	long n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = raw(SYS_readlink, (long)link, (long)path, sizeof(path) - 1, 0);
	path[n > 0 ? n : 0] = '\0';
	return fails(call, path);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* NOLINTBEGIN(*-reserved-identifier,readability-inconsistent-*): these stand in for libc's */
int open(const char *path, int flags, ...)
{
	va_list args;
	long r;

	if (fails("open", path))
		return -1;
	va_start(args, flags);
	r = raw(SYS_openat, AT_FDCWD, (long)path, flags, flags & O_CREAT ? va_arg(args, int) : 0);
	va_end(args);
	if (r < 0) {
		errno = (int)-r;
		return -1;
	}
	return (int)r;
}

DIR *opendir(const char *path)
{
	return fails("open", path) ? NULL : REAL(opendir)(path);
}

ssize_t write(int fd, const void *data, size_t size)
{
	return fails_on_fd("write", fd) ? -1 : REAL(write)(fd, data, size);
}

int rename(const char *from, const char *to)
{
	return fails("rename", to) ? -1 : REAL(rename)(from, to);
}

int ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	return fails_on_fd("ioctl", fd) ? -1 : REAL(ioctl)(fd, request, arg);
}

long syscall(long nr, ...)
{
	long a[6];
	va_list args;

	va_start(args, nr);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(args, long);
	va_end(args);
	if ((nr == SYS_bpf && fails("bpf", "")) || (nr == SYS_perf_event_open && fails("perf", "")))
		return -1;
	return REAL(syscall)(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* dlsym() itself may ask for memory before we know the real ones. */
extern void *__libc_calloc(size_t nr, size_t size);
extern void *__libc_realloc(void *old, size_t size);

void *calloc(size_t nr, size_t size)
{
	return fails("alloc", "") ? NULL : __libc_calloc(nr, size);
}

static void *grow(void *old, size_t size)
{
	return fails("alloc", "") ? NULL : __libc_realloc(old, size);
}

void *realloc(void *old, size_t size)
{
	return grow(old, size);
}

void *reallocarray(void *old, size_t nr, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(nr, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	return grow(old, bytes);
}
/* NOLINTEND(*-reserved-identifier,readability-inconsistent-*) */
