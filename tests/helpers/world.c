/* SPDX-License-Identifier: GPL-2.0 */
/* For tests: a mover whose kernel is played. */
#include "tests/helpers/world.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/clock.h"

void world_put_room(struct world *w)
{
	uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE), plenty = 400000000,
		 pages = w->room_mb ? w->room_mb * MB / page_bytes : plenty;
	char text[512];

	snprintf(text, sizeof(text),
		 "Node 0, zone   Normal\n  pages free     %llu\n        high     100\n"
		 "        protection: (0, 0)\n"
		 "Node 1, zone   Normal\n  pages free     %llu\n        high     100\n"
		 "        protection: (0, 0)\n",
		 (unsigned long long)plenty, (unsigned long long)pages + 100);
	sysroot_put(&w->root, "/proc/zoneinfo", text);
}

static void burn(uint64_t ns)
{
	uint64_t until = clock_ns(CLOCK_THREAD_CPUTIME_ID) + ns;

	while (clock_ns(CLOCK_THREAD_CPUTIME_ID) < until)
		;
}

static void look_at_thread(struct world *w)
{
	sigset_t blocked;

	pthread_sigmask(SIG_BLOCK, NULL, &blocked);
	w->signals_blocked = sigismember(&blocked, SIGTERM) && sigismember(&blocked, SIGHUP) &&
			     sigismember(&blocked, SIGCHLD);
	w->nice = getpriority(PRIO_PROCESS, 0);
	pthread_getname_np(pthread_self(), w->name, sizeof(w->name));
}

/* What a batch does where nothing else is said: all of it moves, as far as there is room. */
static void answer(struct world *w, struct migrate_result *out, const struct migrate_order *order)
{
	uint64_t bytes = MIN(order->end - order->start, BATCH_BYTES);

	*out = (struct migrate_result){.next = order->start + bytes};
	if (w->reason >= 0) {
		out->left_bytes[w->reason] = bytes;
		return;
	}
	out->moved_bytes = MIN(bytes, order->room_bytes);
	out->left_bytes[MIGRATE_NO_ROOM] = bytes - out->moved_bytes;
	if (w->room_mb && order->to == 1) {
		w->room_mb -= out->moved_bytes / MB;
		world_put_room(w);
	}
}

static int play_batch(void *arg, struct migrate_result *out, const struct migrate_order *order)
{
	struct world *w = arg;
	size_t call;
	int error;

	pthread_mutex_lock(&w->lock);
	call = w->nr_calls++;
	assert_true(call < MAX_CALLS);
	w->calls[call] = *order;
	w->begun_ns[call] = clock_ns(CLOCK_MONOTONIC);
	look_at_thread(w);
	pthread_cond_broadcast(&w->changed);
	while (call >= w->nr_allowed)
		pthread_cond_wait(&w->changed, &w->lock);
	burn(w->burn_ns);
	error = w->error;
	if (!error)
		answer(w, out, order);
	w->cpu_ns[call] = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	pthread_mutex_unlock(&w->lock);
	return error;
}

void world_wait_for_calls(struct world *w, size_t nr)
{
	pthread_mutex_lock(&w->lock);
	while (w->nr_calls < nr)
		pthread_cond_wait(&w->changed, &w->lock);
	pthread_mutex_unlock(&w->lock);
}

size_t world_nr_calls(struct world *w)
{
	size_t nr;

	pthread_mutex_lock(&w->lock);
	nr = w->nr_calls;
	pthread_mutex_unlock(&w->lock);
	return nr;
}

void world_allow(struct world *w, size_t nr)
{
	pthread_mutex_lock(&w->lock);
	w->nr_allowed = nr;
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->lock);
}

void world_set_answer(struct world *w, int error, int reason)
{
	pthread_mutex_lock(&w->lock);
	w->error = error;
	w->reason = reason;
	pthread_mutex_unlock(&w->lock);
}

int world_setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->changed, NULL);
	w->nr_allowed = SIZE_MAX;
	w->reason = -1;
	sysroot_init(&w->root, "");
	world_put_room(w);
	w->options = (struct move_options){.max_cpu_percent = 100,
					   .max_pressure_percent = 10,
					   .sysroot = w->root.path,
					   .batch = play_batch,
					   .arg = w};
	*state = w;
	return 0;
}

int world_teardown(void **state)
{
	struct world *w = *state;

	mover_free(w->mover);
	sysroot_deinit(&w->root);
	pthread_cond_destroy(&w->changed);
	pthread_mutex_destroy(&w->lock);
	free(w);
	return 0;
}
