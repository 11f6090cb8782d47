/* SPDX-License-Identifier: GPL-2.0 */
/* Random numbers: cheap, the same on every machine, of no use for secrets. */
#ifndef BENCH_DRAW_H
#define BENCH_DRAW_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* Weyl sequence, then mixed (splitmix64): any seed will do, neighbouring ones too. */
static inline uint64_t draw(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

/* 0 to n - 1: by the high bits, without a division. */
static inline uint64_t draw_below(uint64_t *state, uint64_t n)
{
	return (uint64_t)((unsigned __int128)draw(state) * n >> 64);
}

/* 0 to less than 1. */
static inline double draw_unit(uint64_t *state)
{
	return (double)(draw(state) >> 11) * 0x1p-53;
}

/* The state of one of several independent streams of a seed. */
static inline uint64_t draw_stream(uint64_t seed, uint64_t stream)
{
	uint64_t state = seed;

	state = draw(&state) + stream;
	return draw(&state);
}

/* Ranks 0 to n - 1, the k-th with weight (k + 1)^-exponent; by its distribution function. */
struct zipf {
	size_t n;
	float *upto;
};

static inline int zipf_init(struct zipf *zipf, size_t n, double exponent)
{
	double sum = 0, at = 0;

	zipf->n = n;
	zipf->upto = (float *)malloc(n * sizeof(*zipf->upto));
	if (!zipf->upto)
		return -1;
	for (size_t k = 0; k < n; k++) {
		zipf->upto[k] = (float)pow((double)(k + 1), -exponent);
		sum += zipf->upto[k];
	}
	for (size_t k = 0; k < n; k++) {
		at += zipf->upto[k];
		zipf->upto[k] = (float)(at / sum);
	}
	return 0;
}

static inline size_t zipf_draw(const struct zipf *zipf, uint64_t *state)
{
	float at = (float)draw_unit(state);
	size_t low = 0, high = zipf->n - 1;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (zipf->upto[middle] > at)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

#endif
