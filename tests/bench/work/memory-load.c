/* SPDX-License-Identifier: GPL-2.0 */
/*
 * memory-load: memory and nothing else.
 *
 *   random   256 accesses to random lines an operation, none of which waits for another: latency,
 *            hidden as far as the processor can
 *   sweep    one word of each line of 64 KiB an operation, on and on through the thread's share of
 *            the part that is used: bandwidth.  Memory moves whole lines, and the emulation of
 *            loads is not what is measured
 *   phase    one of the two, with two buffers on two nodes, of which in turn only one is used: what
 *            is near changes under the scheduler's feet
 *   drift    random, in a part of the buffer, and after a while in the next part: what is hot
 *            changes.  It begins with SIGUSR1
 */
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

#include "bench.h"
#include "draw.h"

enum { LINE = 64, BATCH = 256, BLOCK = 65536 };

struct position {
	uint64_t sweep_at[2]; /* in each buffer */
	uint64_t share;	      /* of reads, in percent, carried to the next access */
};

static uint64_t size = 96 << 20, read_percent = 100;
static const char *pattern = "random";
static double phase_seconds, drift_seconds;
static uint64_t nr_parts = 1; /* of the buffer, one of them hot */
static struct bench_nodes phase_nodes;
static char *buffers[2];
static uint64_t near_masks[2], begin_ns;
static volatile sig_atomic_t drift_is_due; /* with the next operation */
static _Atomic uint64_t drift_begin_ns;	   /* 0: it has not begun */

static uint64_t setup(const struct bench_settings *settings)
{
	if (phase_seconds <= 0) {
		buffers[0] = bench_memory(size);
		return size;
	}
	for (size_t i = 0; i < 2; i++) {
		bench_bind("nodes", phase_nodes.node[i]);
		buffers[i] = bench_memory(size);
		near_masks[i] = settings->near.nr ? 1ull << settings->near.node[i] : 0;
	}
	begin_ns = bench_now_ns();
	return 2 * size;
}

static void begin(struct bench_worker *worker)
{
	static struct position positions[BENCH_MAX_THREADS];

	worker->own = &positions[worker->index];
}

/* Which buffer, and who is near to it. */
static size_t hot_buffer(struct bench_op *op)
{
	size_t hot;

	if (phase_seconds <= 0)
		return 0;
	hot = (op->start_ns - begin_ns) / (uint64_t)(phase_seconds * 1e9) % 2;
	op->near_nodes = near_masks[hot];
	return hot;
}

static void begin_drift(int sig)
{
	drift_is_due = 1;
}

/* Where the part begins that is hot now. */
static uint64_t hot_part(const struct bench_op *op)
{
	uint64_t begin = 0;

	/* the first thread that sees it sets the time for all */
	if (drift_is_due && atomic_compare_exchange_strong(&drift_begin_ns, &begin, op->start_ns))
		begin = op->start_ns;
	if (!begin || op->start_ns < begin)
		return 0;
	return (op->start_ns - begin) / (uint64_t)(drift_seconds * 1e9) % nr_parts *
	       (size / nr_parts & ~(uint64_t)(LINE - 1));
}

static inline uint64_t access_line(struct position *position, char *line)
{
	volatile uint64_t *word = (volatile uint64_t *)line;

	position->share += read_percent;
	if (position->share >= 100) {
		position->share -= 100;
		return *word;
	}
	*word = position->share;
	return 0;
}

static void random_lines(struct bench_worker *worker, struct bench_op *op)
{
	struct position *position = worker->own;
	char *buffer = buffers[hot_buffer(op)] + hot_part(op);
	uint64_t nr_lines = size / nr_parts / LINE, state = worker->random, sum = 0;

	for (int i = 0; i < BATCH; i++)
		sum += access_line(position, buffer + LINE * draw_below(&state, nr_lines));
	bench_consume(sum);
	worker->random = state;
	op->units = BATCH;
}

static void sweep(struct bench_worker *worker, struct bench_op *op)
{
	struct position *position = worker->own;
	size_t hot = hot_buffer(op);
	uint64_t part = size / nr_parts / worker->nr & ~(uint64_t)(BLOCK - 1), sum = 0;
	uint64_t *at = &position->sweep_at[hot];
	char *block = buffers[hot] + worker->index * part + *at;

	for (size_t i = 0; i < BLOCK; i += LINE)
		sum += access_line(position, block + i);
	bench_consume(sum);
	*at = *at + BLOCK < part ? *at + BLOCK : 0;
	op->units = BLOCK;
}

static void check(struct bench *bench, struct bench_settings *settings)
{
	bool sweeps = !strcmp(pattern, "sweep");

	bench->op = sweeps ? sweep : random_lines;
	bench->unit = sweeps ? "bytes" : "accesses";
	bench->variant = phase_seconds > 0 ? "phase" : drift_seconds > 0 ? "drift" : pattern;
	if (phase_seconds > 0 && nr_parts > 1)
		bench_usage("--parts and --phase do not go together");
	if (drift_seconds > 0 && (sweeps || nr_parts < 2))
		bench_usage("--drift %g needs --pattern random, and --parts of at least 2",
			    drift_seconds);
	if (drift_seconds > 0)
		(void)signal(SIGUSR1, begin_drift);
	if (size / nr_parts / settings->nr_threads < BLOCK)
		bench_usage("a part of --size %llu is less than 64K for each of %llu threads",
			    (unsigned long long)size, (unsigned long long)settings->nr_threads);
	if (phase_seconds > 0 && !phase_nodes.nr)
		bench_usage("--phase %g needs --nodes A,B", phase_seconds);
	if (phase_nodes.nr && phase_seconds <= 0)
		bench_usage("--nodes %d,%d needs --phase SECONDS", phase_nodes.node[0],
			    phase_nodes.node[1]);
	if (phase_nodes.nr && (settings->node.nr || settings->interleave.nr))
		bench_usage("--nodes %d,%d says where the data lie: --node and --interleave do not "
			    "go with it",
			    phase_nodes.node[0], phase_nodes.node[1]);
	if (phase_nodes.nr && settings->near.nr && settings->near.nr != 2)
		bench_usage("--near takes two nodes with --phase, one for each of --nodes, not %zu",
			    settings->near.nr);
}

static void facts(FILE *out)
{
	fprintf(out, ", \"pattern\": \"%s\", \"reads_percent\": %llu, \"address\": %llu", pattern,
		(unsigned long long)read_percent, (unsigned long long)(uintptr_t)buffers[0]);
	if (phase_seconds > 0)
		fprintf(out, ", \"phase_seconds\": %g", phase_seconds);
	if (nr_parts > 1)
		fprintf(out, ", \"parts\": %llu", (unsigned long long)nr_parts);
	if (drift_seconds > 0)
		fprintf(out, ", \"drift_seconds\": %g", drift_seconds);
}

int main(int argc, char **argv)
{
	static const struct bench_option options[] = {
		{"size", BENCH_SIZE, &size, BLOCK, 1ull << 40, NULL,
		 "bytes, of each buffer with --phase"},
		{"pattern", BENCH_WORD, &pattern, 0, 0, "random|sweep", "in what order"},
		{"reads", BENCH_NUMBER, &read_percent, 0, 100, NULL,
		 "percent of accesses; others write"},
		{"phase", BENCH_SECONDS, &phase_seconds, 0, 0, NULL,
		 "the other buffer's turn so often"},
		{"nodes", BENCH_NODES, &phase_nodes, 2, 2, NULL,
		 "where the two lie; --near then has a node for each"},
		{"parts", BENCH_NUMBER, &nr_parts, 1, 1024, NULL,
		 "of the buffer, of which only the first is used"},
		{"drift", BENCH_SECONDS, &drift_seconds, 0, 0, NULL,
		 "the next part's turn so often"},
		{0},
	};
	struct bench bench = {.workload = "memory-load",
			      .options = options,
			      .check = check,
			      .setup = setup,
			      .begin = begin,
			      .facts = facts};

	bench_main(&bench, argc, argv);
}
