/* SPDX-License-Identifier: GPL-2.0 */
/*
 * tlb-drop.so: preloaded into a program that is not ours, has a thread drop the process's TLB every
 * ten milliseconds, as bench.h has it and for the same reason.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PERIOD_US = 10000, SCRATCH_PAGES = 64 };

static void *drop(void *arg)
{
	size_t page = (size_t)getpagesize(), size = SCRATCH_PAGES * page;
	char *scratch =
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	pthread_setname_np(pthread_self(), "tlb-drop");
	while (scratch != MAP_FAILED) {
		for (size_t i = 0; i < SCRATCH_PAGES; i++)
			scratch[i * page] = 1;
		if (mprotect(scratch, size, PROT_READ))
			break;
		usleep(PERIOD_US);
		if (mprotect(scratch, size, PROT_READ | PROT_WRITE))
			break;
	}
	fprintf(stderr, "tlb-drop: mprotect does not work here\n");
	_exit(1);
}

__attribute__((constructor)) static void start(void)
{
	pthread_t thread;

	unsetenv("LD_PRELOAD"); /* not for its children */
	if (pthread_create(&thread, NULL, drop, NULL)) {
		fprintf(stderr, "tlb-drop: no thread\n");
		_exit(1);
	}
	pthread_detach(thread);
}
