/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pingpong - how long does a woken task wait beside another that is always busy?
 *
 * Two pairs of threads on CPU 0 hand a ball to and fro by futex.  The slow pair computes 10 ms before each throw, so that the
 * CPU is never idle; the fast one computes 100 us and sleeps 9.9 ms.  Prints the fast pair's latency from just before the
 * wake-up to running, in microseconds: p50 and p90, and how many there were.  Argument: seconds.
 */
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { MAX_CATCHES = 1 << 16 };

struct pair {
	atomic_uint turn; /* of player 0 or 1 */
	uint64_t sent_ns;
	uint64_t work_ns, rest_ns;
	size_t nr_catches;
	uint64_t latency_ns[MAX_CATCHES];
};

struct player {
	struct pair *pair;
	uint32_t side;
};

static struct pair slow = {.work_ns = 10000000}, fast = {.work_ns = 100000, .rest_ns = 9900000};

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static void *play(void *argument)
{
	const struct player *me = argument;
	struct pair *pair = me->pair;
	struct timespec rest = {.tv_nsec = (long)pair->rest_ns};

	for (;;) {
		uint64_t until;
		uint32_t turn;

		while ((turn = atomic_load(&pair->turn)) != me->side)
			syscall(SYS_futex, &pair->turn, FUTEX_WAIT_PRIVATE, turn, NULL, NULL, 0);
		if (pair->nr_catches < MAX_CATCHES)
			pair->latency_ns[pair->nr_catches++] =
				clock_ns(CLOCK_MONOTONIC) - pair->sent_ns;
		/* CPU time: what is taken away meanwhile is no work done */
		until = clock_ns(CLOCK_THREAD_CPUTIME_ID) + pair->work_ns;
		while (clock_ns(CLOCK_THREAD_CPUTIME_ID) < until)
			;
		if (pair->rest_ns)
			nanosleep(&rest, NULL);
		pair->sent_ns = clock_ns(CLOCK_MONOTONIC);
		atomic_store(&pair->turn, !me->side);
		syscall(SYS_futex, &pair->turn, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
	}
	return NULL;
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	static struct player players[] = {{&slow, 0}, {&slow, 1}, {&fast, 0}, {&fast, 1}};
	cpu_set_t cpus;
	pthread_t thread;
	size_t nr;

	if (argc != 2) {
		fprintf(stderr, "usage: pingpong SECONDS\n");
		return 2;
	}
	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		return 1;
	slow.sent_ns = fast.sent_ns = clock_ns(CLOCK_MONOTONIC);
	for (size_t i = 0; i < 4; i++)
		if (pthread_create(&thread, NULL, play, &players[i]))
			return 1;
	sleep((unsigned int)atoi(argv[1]));
	nr = fast.nr_catches;
	if (!nr)
		return 1;
	qsort(fast.latency_ns, nr, sizeof(fast.latency_ns[0]), by_value);
	printf("{\"p50_us\": %llu, \"p90_us\": %llu, \"wakes\": %zu}\n",
	       (unsigned long long)fast.latency_ns[nr / 2] / 1000,
	       (unsigned long long)fast.latency_ns[nr * 9 / 10] / 1000, nr);
	fflush(stdout);
	_exit(0);
}
