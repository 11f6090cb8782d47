/* SPDX-License-Identifier: GPL-2.0 */
/*
 * wakeup: how long from being woken to running, after schbench's idea.
 *
 * A messenger wakes its workers one after the other, waits until each has worked and answered,
 * sleeps, and begins again.  A worker's latency is from just before its futex is woken to when it
 * runs.  The work is a number of iterations, not a time: with a time, a worker that is kept waiting
 * would have less to do.
 */
#include <errno.h>
#include <linux/futex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

/* What a messenger and a worker have in common, or a messenger and all of its own. */
struct mailbox {
	uint32_t word; /* worker's: there is work; messenger's: workers that have not answered */
	uint64_t sent_ns;
} __attribute__((aligned(64)));

static uint64_t nr_messengers = 2, nr_workers = 2, nr_iterations = 20000, sleep_us = 2000;
static struct mailbox boxes[BENCH_MAX_THREADS];

/* Threads come in groups of a messenger and its workers. */
static void check(struct bench *bench, struct bench_settings *settings)
{
	uint64_t nr = nr_messengers * (nr_workers + 1);

	if (nr > BENCH_MAX_THREADS)
		bench_usage("--messengers %llu with --workers %llu are %llu threads, more than %d",
			    (unsigned long long)nr_messengers, (unsigned long long)nr_workers,
			    (unsigned long long)nr, BENCH_MAX_THREADS);
	settings->nr_threads = nr;
}

static uint64_t setup(const struct bench_settings *settings)
{
	return 0;
}

static void futex_wait_while(uint32_t *word, uint32_t value)
{
	syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

static void futex_wake(uint32_t *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void send(struct mailbox *mine)
{
	struct timespec rest = {.tv_sec = (time_t)(sleep_us / 1000000),
				.tv_nsec = (long)(sleep_us % 1000000 * 1000)};
	uint32_t left;

	__atomic_store_n(&mine->word, (uint32_t)nr_workers, __ATOMIC_RELAXED);
	for (uint64_t i = 1; i <= nr_workers; i++) {
		mine[i].sent_ns = bench_now_ns();
		__atomic_store_n(&mine[i].word, 1, __ATOMIC_RELEASE);
		futex_wake(&mine[i].word);
	}
	while ((left = __atomic_load_n(&mine->word, __ATOMIC_ACQUIRE)))
		futex_wait_while(&mine->word, left);
	while (nanosleep(&rest, &rest) && errno == EINTR)
		;
}

static void receive(struct mailbox *mine, struct mailbox *messenger, struct bench_op *op)
{
	uint64_t state = 1, awake_ns;

	while (!__atomic_load_n(&mine->word, __ATOMIC_ACQUIRE))
		futex_wait_while(&mine->word, 0);
	awake_ns = bench_now_ns();
	__atomic_store_n(&mine->word, 0, __ATOMIC_RELAXED);
	op->latency_ns = awake_ns - mine->sent_ns;
	for (uint64_t i = 0; i < nr_iterations; i++)
		bench_consume(state = state * 6364136223846793005ull + 1);
	op->busy_ns = bench_now_ns() - awake_ns;
	if (!__atomic_sub_fetch(&messenger->word, 1, __ATOMIC_RELEASE))
		futex_wake(&messenger->word);
}

static void work(struct bench_worker *worker, struct bench_op *op)
{
	struct mailbox *mine = &boxes[worker->index];
	uint64_t place = worker->index % (nr_workers + 1);

	if (place) {
		receive(mine, mine - place, op);
	} else {
		send(mine);
		op->unrecorded = true;
	}
}

static void facts(FILE *out)
{
	fprintf(out, ", \"messengers\": %llu, \"workers\": %llu", (unsigned long long)nr_messengers,
		(unsigned long long)nr_workers);
}

int main(int argc, char **argv)
{
	static const struct bench_option options[] = {
		{"messengers", BENCH_NUMBER, &nr_messengers, 1, BENCH_MAX_THREADS, NULL,
		 "these and their workers make --threads"},
		{"workers", BENCH_NUMBER, &nr_workers, 1, BENCH_MAX_THREADS, NULL,
		 "of each messenger"},
		{"work", BENCH_NUMBER, &nr_iterations, 0, UINT64_MAX, NULL,
		 "iterations of each worker, once awake"},
		{"sleep-us", BENCH_NUMBER, &sleep_us, 0, 60000000, NULL,
		 "of a messenger between two rounds"},
		{0},
	};
	struct bench bench = {.workload = "wakeup",
			      .unit = "wakes",
			      .options = options,
			      .check = check,
			      .setup = setup,
			      .op = work,
			      .facts = facts,
			      .keep_tlb = true};

	bench_main(&bench, argc, argv);
}
