/* SPDX-License-Identifier: GPL-2.0 */
/*
 * policies [COUNT]: a process with a mapping of each kind of policy, for rules.  It writes a line
 * "NAME START END" for each, addresses in hex, then "ready", and sleeps until it is killed.  What
 * the kernel or the machine does not have is left out.  Without a COUNT nodes 0 and 1 are needed.
 *
 * With COUNT it makes so many mappings and nothing else: each second one is read-only, so that the
 * kernel does not merge them.
 */
#include <err.h>
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef MPOL_PREFERRED_MANY
#define MPOL_PREFERRED_MANY 5
#endif
#define WEIGHTED_INTERLEAVE 6 /* Linux 6.9 */
#define HUGE_BYTES ((size_t)2 << 20)

enum { PAGES = 16, NO_POLICY = -1 };

static size_t page;

static char *map(size_t bytes, int flags, int fd)
{
	return mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, fd, 0);
}

static void tell(const char *name, const char *at, size_t bytes)
{
	printf("%s %jx %jx\n", name, (uintmax_t)(uintptr_t)at, (uintmax_t)(uintptr_t)at + bytes);
}

/* False where the kernel does not know the mode. */
static int bind_to(char *at, size_t bytes, int mode, unsigned long nodes)
{
	return !syscall(SYS_mbind, at, bytes, mode, nodes ? &nodes : NULL, nodes ? 8 : 0, 0);
}

/* A mapping with a policy of its own, between two pages that cannot be touched. */
static void make(const char *name, int flags, int fd, int mode, unsigned long nodes)
{
	size_t bytes = PAGES * page;
	char *room = mmap(NULL, bytes + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *at;

	if (room == MAP_FAILED)
		err(1, "mmap");
	at = mmap(room + page, bytes, PROT_READ | PROT_WRITE, flags | MAP_FIXED, fd, 0);
	if (at == MAP_FAILED)
		err(1, "%s", name);
	if (mode != NO_POLICY && !bind_to(at, bytes, mode, nodes))
		return;
	tell(name, at, bytes);
}

static int make_file(const char *path)
{
	int fd = path ? open(path, O_RDWR | O_CREAT | O_TRUNC, 0600)
		      : (int)syscall(SYS_memfd_create, "policies", 0);

	if (fd < 0 || ftruncate(fd, (off_t)(PAGES * page)))
		err(1, "%s", path ? path : "memfd");
	return fd;
}

/* Two views of one file.  The policy is set on a half of the first, or on all of it. */
static void make_views(const char *name, size_t pages)
{
	size_t bytes = PAGES * page;
	int fd = make_file(NULL);
	char *one = map(bytes, MAP_SHARED, fd), *two = map(bytes, MAP_SHARED, fd);
	char text[64];

	if (one == MAP_FAILED || two == MAP_FAILED)
		err(1, "%s", name);
	if (!bind_to(one, pages * page, MPOL_BIND, 2))
		err(1, "mbind");
	snprintf(text, sizeof(text), "%s-one", name);
	tell(text, one, bytes);
	snprintf(text, sizeof(text), "%s-two", name);
	tell(text, two, bytes);
}

/* A policy, and memory that is locked or of another kind too. */
static void make_others(void)
{
	size_t bytes = PAGES * page;
	char *locked = map(bytes, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	char *huge = map(HUGE_BYTES, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1);
	char *bound = map(bytes, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	if (locked == MAP_FAILED || bound == MAP_FAILED)
		err(1, "mmap");
	if (mlock(locked, bytes) || mlock(bound, bytes) || !bind_to(bound, bytes, MPOL_BIND, 2))
		err(1, "mlock");
	tell("locked", locked, bytes);
	tell("locked-bind", bound, bytes);
	if (huge != MAP_FAILED)
		tell("hugetlb", huge, HUGE_BYTES);
}

/* Free, bound, free, with nothing in between. */
static void make_middle(void)
{
	size_t bytes = PAGES * page;
	char *at = map(bytes, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	if (at == MAP_FAILED || !bind_to(at + 4 * page, 4 * page, MPOL_BIND, 2))
		err(1, "mmap");
	tell("middle", at, bytes);
}

static void make_all(void)
{
	const int private = MAP_PRIVATE | MAP_ANONYMOUS, shared = MAP_SHARED | MAP_ANONYMOUS;
	char path[] = "/root/policies.XXXXXX";
	int disk = mkstemp(path);

	if (disk < 0 || ftruncate(disk, (off_t)(PAGES * page)))
		err(1, "%s", path);
	unlink(path);
	make("plain", private, -1, NO_POLICY, 0);
	make("bind", private, -1, MPOL_BIND, 2);
	make("bind-both", private, -1, MPOL_BIND, 3);
	make("bind-static", private, -1, MPOL_BIND | MPOL_F_STATIC_NODES, 2);
	make("prefer", private, -1, MPOL_PREFERRED, 1);
	make("prefer-none", private, -1, MPOL_PREFERRED, 0);
	make("prefer-many", private, -1, MPOL_PREFERRED_MANY, 3);
	make("local", private, -1, MPOL_LOCAL, 0);
	make("interleave", private, -1, MPOL_INTERLEAVE, 3);
	make("weighted", private, -1, WEIGHTED_INTERLEAVE, 3);
	make("shared", shared, -1, NO_POLICY, 0);
	make("shared-bind", shared, -1, MPOL_BIND, 2);
	make("shared-interleave", shared, -1, MPOL_INTERLEAVE, 3);
	make("file", MAP_SHARED, disk, NO_POLICY, 0);
	make("file-private", MAP_PRIVATE, disk, NO_POLICY, 0);
	make("file-bind", MAP_PRIVATE, disk, MPOL_BIND, 2);
	make_views("whole", PAGES);
	make_views("half", PAGES / 2);
	make_others();
	make_middle();
}

static void make_many(long count)
{
	size_t bytes = (size_t)count * page;
	char *at = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		err(1, "mmap");
	for (long i = 0; i < count; i += 2)
		if (mprotect(at + (size_t)i * page, page, PROT_READ))
			err(1, "mapping %ld", i);
	tell("many", at, bytes);
}

int main(int argc, char **argv)
{
	page = (size_t)sysconf(_SC_PAGESIZE);
	if (argc > 1)
		make_many(strtol(argv[1], NULL, 10));
	else
		make_all();
	puts("ready");
	if (fflush(stdout))
		err(1, "stdout");
	for (;;)
		pause();
}
