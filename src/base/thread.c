/* SPDX-License-Identifier: GPL-2.0 */
#include "base/thread.h"

#include <signal.h>
#include <sys/resource.h>

/* A thread begins with the signals blocked that are blocked for who makes it. */
int thread_start(pthread_t *thread, const char *name, void *(*run)(void *arg), void *arg)
{
	sigset_t all, before;
	int r;

	sigfillset(&all);
	r = pthread_sigmask(SIG_SETMASK, &all, &before);
	if (r)
		return -r;
	r = pthread_create(thread, NULL, run, arg);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!r)
		(void)pthread_setname_np(*thread, name);
	return -r;
}

/* To Linux a priority is of a thread: 0 is the one that asks. */
void thread_be_ordinary(void)
{
	if (getpriority(PRIO_PROCESS, 0) < 0)
		(void)setpriority(PRIO_PROCESS, 0, 0);
}
