/* SPDX-License-Identifier: GPL-2.0 */
#include "tally.h"

#include <stddef.h>

enum { SUB = 1 << TALLY_SUB_BITS };

/* Bucket numbers go on evenly: 0 to 63 are the values themselves, then 32 for each power of two. */
unsigned int tally_bucket(uint64_t ns)
{
	unsigned int shift;

	if (ns >> TALLY_VALUE_BITS)
		ns = (1ull << TALLY_VALUE_BITS) - 1;
	if (ns < 2 * SUB)
		return (unsigned int)ns;
	shift = 63 - (unsigned int)__builtin_clzll(ns) - TALLY_SUB_BITS;
	return (shift << TALLY_SUB_BITS) + (unsigned int)(ns >> shift);
}

uint64_t tally_bucket_ns(unsigned int bucket)
{
	unsigned int shift;

	if (bucket < 2 * SUB)
		return bucket;
	shift = (bucket >> TALLY_SUB_BITS) - 1;
	return ((uint64_t)(SUB + (bucket & (SUB - 1))) << shift) + ((1ull << shift) >> 1);
}

void tally_latency(struct tally *tally, uint64_t ns)
{
	tally_bump(&tally->histogram[tally_bucket(ns)], 1);
}

void tally_place(struct tally *tally, unsigned int node, uint64_t ns, uint64_t near_nodes)
{
	if (node >= TALLY_NODES)
		return;
	tally_bump(&tally->node_ns[node], ns);
	if (near_nodes >> node & 1)
		tally_bump(&tally->near_ns, ns);
}

void tally_sum(struct tally *into, const struct tally *from)
{
	const uint64_t *word = (const uint64_t *)from;
	uint64_t *sum = (uint64_t *)into;

	for (size_t i = 0; i < sizeof(*from) / sizeof(*word); i++)
		sum[i] += __atomic_load_n(&word[i], __ATOMIC_RELAXED);
}

void tally_subtract(struct tally *end, const struct tally *start)
{
	const uint64_t *word = (const uint64_t *)start;
	uint64_t *difference = (uint64_t *)end;

	for (size_t i = 0; i < sizeof(*start) / sizeof(*word); i++)
		difference[i] -= word[i];
}

double tally_percentile_us(const struct tally *tally, double percent)
{
	uint64_t total = 0, seen = 0, bucket = 0;

	for (size_t i = 0; i < TALLY_BUCKETS; i++)
		total += tally->histogram[i];
	if (!total)
		return -1;
	while (bucket < TALLY_BUCKETS - 1) {
		seen += tally->histogram[bucket];
		if (seen && (double)seen * 100 >= percent * (double)total)
			break;
		bucket++;
	}
	return (double)tally_bucket_ns((unsigned int)bucket) / 1000;
}

uint64_t tally_known_ns(const struct tally *tally)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < TALLY_NODES; i++)
		sum += tally->node_ns[i];
	return sum;
}
