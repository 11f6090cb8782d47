/* SPDX-License-Identifier: GPL-2.0 */
/* Threads that work behind the tick. */
#ifndef TS_BASE_THREAD_H
#define TS_BASE_THREAD_H

#include <pthread.h>

/* Start one with all signals blocked.  NAME has at most 15 letters.  0 or a negative errno. */
int thread_start(pthread_t *thread, const char *name, void *(*run)(void *arg), void *arg);

/* The thread itself calls this: it runs at nice 0, or what is weaker here. */
void thread_be_ordinary(void);

#endif
