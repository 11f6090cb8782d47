/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What one thread has done so far: operations, units, where, and how long each took.
 *
 * Only its thread writes a tally and anybody may read it at any time: words are stored whole,
 * without locks, and every one of them only grows.  So what happened in a window is the difference
 * of two copies, and a copy taken while the thread works is wrong by the one operation that it is
 * counting.
 *
 * Latencies are in buckets, 32 to a power of two, and reported as the middle of theirs: at most
 * 1.6% off (those below 64 ns are exact).  That goes for the maximum, too: a window's maximum
 * cannot be had from a maximum that only grows.
 */
#ifndef BENCH_TALLY_H
#define BENCH_TALLY_H

#include <stdint.h>

enum {
	TALLY_SUB_BITS = 5,    /* 32 buckets to a power of two */
	TALLY_VALUE_BITS = 44, /* longer than 2^44 ns (five hours) counts as that */
	TALLY_BUCKETS = (TALLY_VALUE_BITS - TALLY_SUB_BITS + 1) << TALLY_SUB_BITS,
	TALLY_NODES = 64,
	TALLY_OWN = 4,
};

/* All words, of 64 bits each: tally.c treats it as an array of them. */
struct tally {
	uint64_t nr_ops;
	uint64_t nr_units;
	uint64_t near_ns;	       /* of node_ns, what was on the nodes that count as near */
	uint64_t node_ns[TALLY_NODES]; /* time in operations, by the node of the CPU at their end */
	uint64_t own[TALLY_OWN];       /* what the workload counts, such as right answers */
	uint64_t histogram[TALLY_BUCKETS];
};

/* For the thread whose tally it is. */
static inline void tally_bump(uint64_t *word, uint64_t by)
{
	__atomic_store_n(word, *word + by, __ATOMIC_RELAXED);
}

unsigned int tally_bucket(uint64_t ns);
uint64_t tally_bucket_ns(unsigned int bucket); /* its middle */
void tally_latency(struct tally *tally, uint64_t ns);
void tally_place(struct tally *tally, unsigned int node, uint64_t ns, uint64_t near_nodes);

/* into += from, which may be at work; end -= start. */
void tally_sum(struct tally *into, const struct tally *from);
void tally_subtract(struct tally *end, const struct tally *start);

/* The least latency that percent of all operations do not exceed, 100 for the maximum; negative
 * when there were none. */
double tally_percentile_us(const struct tally *tally, double percent);

uint64_t tally_known_ns(const struct tally *tally); /* over all nodes */

#endif
