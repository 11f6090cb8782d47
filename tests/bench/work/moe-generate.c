/* SPDX-License-Identifier: GPL-2.0 */
/*
 * moe-generate: text generation by a mixture of experts, memory's side of it.
 *
 * Many experts' weights lie in slow, large memory; for a token a router picks two, and all of their
 * weights are read once, in order, by a product of matrix and vector.  Activations are small and
 * stay in the cache. Experts differ in popularity (Zipf) and it drifts: every so many tokens two
 * neighbours in rank change places, so that what is hot does not stay the same.  Weights and routes
 * are random, the arithmetic is done.
 *
 * All threads have the same sequence of ranks, each at its own pace, and draw their tokens on their
 * own.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "draw.h"

enum { WIDTH = 512, LANES = 4, ACTIVE = 2, ROW_BYTES = WIDTH * sizeof(float) };

typedef float lanes_t __attribute__((vector_size(LANES * sizeof(float))));

struct generation {
	struct zipf zipf;
	uint16_t *ranks; /* experts, the most popular first */
	uint64_t drift;	 /* state of what changes the ranks */
	uint64_t nr_tokens;
	float activation[WIDTH] __attribute__((aligned(64)));
	float next[WIDTH] __attribute__((aligned(64)));
};

static uint64_t nr_experts = 64, expert_bytes = 1536 << 10, drift_tokens = 64, seed;
static char *weights;

/* Weights of the size that keeps a product about as large as its vector. */
static uint64_t setup(const struct bench_settings *settings)
{
	uint64_t bytes = nr_experts * expert_bytes, state = draw_stream(settings->seed, 1000);
	float *weight;

	seed = settings->seed;
	weights = bench_memory(bytes);
	weight = (float *)weights;
	for (uint64_t i = 0; i < bytes / sizeof(*weight); i += 4) {
		uint64_t bits = draw(&state);

		for (int k = 0; k < 4; k++, bits >>= 16)
			weight[i + (uint64_t)k] = (float)(int16_t)bits * (0.0765f / 32768);
	}
	return bytes;
}

static void begin(struct bench_worker *worker)
{
	struct generation *g = aligned_alloc(64, (sizeof(*g) + 63) & ~(size_t)63);

	if (!g || zipf_init(&g->zipf, nr_experts, 1.0) ||
	    !(g->ranks = malloc(nr_experts * sizeof(*g->ranks))))
		bench_fail("no memory for a thread's activations");
	g->nr_tokens = 0;
	g->drift = draw_stream(seed, 2000);
	for (uint64_t i = 0; i < nr_experts; i++) {
		uint64_t other = draw_below(&g->drift, i + 1);

		g->ranks[i] = g->ranks[other];
		g->ranks[other] = (uint16_t)i;
	}
	for (int i = 0; i < WIDTH; i++)
		g->activation[i] = (float)draw_unit(&worker->random) - 0.5f;
	worker->own = g;
}

static float row_times(const float *row, const float *vector)
{
	lanes_t sums[4] = {{0}};

	for (size_t i = 0; i < WIDTH; i += 4 * LANES)
		for (size_t k = 0; k < 4; k++)
			sums[k] += *(const lanes_t *)(row + i + k * LANES) *
				   *(const lanes_t *)(vector + i + k * LANES);
	sums[0] += sums[1] + sums[2] + sums[3];
	return sums[0][0] + sums[0][1] + sums[0][2] + sums[0][3];
}

/* next += share * expert(activation); a matrix higher than the vector is long is folded. */
static void run_expert(struct generation *g, unsigned int expert, float share)
{
	const float *rows = (const float *)(weights + expert * expert_bytes);
	size_t nr_rows = expert_bytes / ROW_BYTES;

	for (size_t i = 0; i < nr_rows; i++) {
		float product = row_times(rows + i * WIDTH, g->activation);

		g->next[i % WIDTH] += share * (product > 0 ? product : 0.1f * product);
	}
}

static void drift(struct generation *g)
{
	uint64_t at = draw_below(&g->drift, nr_experts - 1);
	uint16_t moved = g->ranks[at];

	g->ranks[at] = g->ranks[at + 1];
	g->ranks[at + 1] = moved;
}

/* The root mean square is one again, as between a transformer's layers; what was not finite is now.
 */
static void normalise(struct generation *g)
{
	float sum = 0, factor;

	for (int i = 0; i < WIDTH; i++)
		sum += g->next[i] * g->next[i];
	factor = sum > 1e-12f && isfinite(sum) ? 1 / sqrtf(sum / WIDTH) : 0;
	for (int i = 0; i < WIDTH; i++)
		g->activation[i] = factor > 0 ? g->next[i] * factor : 0.5f;
}

static void generate(struct bench_worker *worker, struct bench_op *op)
{
	struct generation *g = worker->own;
	size_t first = zipf_draw(&g->zipf, &worker->random), second;

	do {
		second = zipf_draw(&g->zipf, &worker->random);
	} while (second == first);
	memcpy(g->next, g->activation, sizeof(g->next));
	run_expert(g, g->ranks[first], 0.6f);
	run_expert(g, g->ranks[second], 0.4f);
	normalise(g);
	bench_consume((uint64_t)(int64_t)(g->activation[0] * 1000));
	if (++g->nr_tokens % drift_tokens == 0)
		drift(g);
}

static void check(struct bench *bench, struct bench_settings *settings)
{
	expert_bytes -= expert_bytes % ROW_BYTES;
}

static void facts(FILE *out)
{
	fprintf(out, ", \"experts\": %llu, \"expert_bytes\": %llu", (unsigned long long)nr_experts,
		(unsigned long long)expert_bytes);
}

int main(int argc, char **argv)
{
	static const struct bench_option options[] = {
		{"experts", BENCH_NUMBER, &nr_experts, ACTIVE, 65535, NULL, "two work on a token"},
		{"expert-size", BENCH_SIZE, &expert_bytes, ROW_BYTES, 1ull << 32, NULL,
		 "bytes of each one's weights"},
		{"drift-tokens", BENCH_NUMBER, &drift_tokens, 1, UINT64_MAX, NULL,
		 "popularity changes so often"},
		{0},
	};
	struct bench bench = {.workload = "moe-generate",
			      .unit = "tokens",
			      .options = options,
			      .check = check,
			      .setup = setup,
			      .begin = begin,
			      .op = generate,
			      .facts = facts};

	bench_main(&bench, argc, argv);
}
