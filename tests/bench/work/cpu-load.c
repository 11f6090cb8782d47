/* SPDX-License-Identifier: GPL-2.0 */
/*
 * cpu-load: work that needs no memory, for the cost of scheduling itself.
 *
 *   spin    a loop of fixed length: what a thread gets done is what the scheduler leaves it
 *   fork    a child that ends at once: how quickly tasks come and go
 *
 * The length is in iterations, not in time, so that a clock that counts instructions measures it.
 */
#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

enum { SPIN_ITERATIONS = 200000 };

static const char *kind = "spin";

static uint64_t setup(const struct bench_settings *settings)
{
	return 0;
}

static void spin(struct bench_worker *worker, struct bench_op *op)
{
	for (int i = 0; i < SPIN_ITERATIONS; i++)
		bench_consume(worker->random = worker->random * 6364136223846793005ull + 1);
}

static void fork_once(struct bench_worker *worker, struct bench_op *op)
{
	pid_t child = fork();
	int status;

	if (!child)
		_exit(0);
	if (child < 0)
		bench_fail("fork: %s", strerror(errno));
	if (waitpid(child, &status, 0) < 0 || status)
		bench_fail("the child did not end well");
}

static void check(struct bench *bench, struct bench_settings *settings)
{
	bench->variant = kind;
	bench->op = strcmp(kind, "fork") ? spin : fork_once;
}

int main(int argc, char **argv)
{
	static const struct bench_option options[] = {
		{"kind", BENCH_WORD, &kind, 0, 0, "spin|fork", "what an operation is"},
		{0},
	};
	struct bench bench = {.workload = "cpu-load",
			      .unit = "ops",
			      .options = options,
			      .check = check,
			      .setup = setup,
			      .keep_tlb = true};

	bench_main(&bench, argc, argv);
}
