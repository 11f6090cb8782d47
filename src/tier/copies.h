/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What it costs to copy a byte from one node to another: CPU time of this machine, measured with
 * pages of our own (numa/migrate.h), when a plan first needs it.  A measurement takes some
 * milliseconds, and more where memory is slow.  So it is for a thread that may take its time.
 */
#ifndef TS_TIER_COPIES_H
#define TS_TIER_COPIES_H

#include <stddef.h>
#include <stdint.h>

/* What could not be measured, because a node is full, is tried again after this. */
#define COPIES_AGAIN_NS (5 * UINT64_C(1000000000))

struct copies;

/* The signature of migrate_measure(), for tests. */
typedef int copies_measure_fn(double *ns_per_byte, unsigned int from, unsigned int to);

/* Of the NR nodes NODE_IDS, which are copied.  MEASURE NULL: the machine's.  0 or -ENOMEM. */
int copies_new(struct copies **out, const unsigned int *node_ids, size_t nr,
	       copies_measure_fn *measure);
void copies_free(struct copies *c); /* NULL is fine */

/* [from][to] in ns a byte.  What is not known is INFINITY. */
const double *copies_ns(const struct copies *c);

/* Measure that copy (indexes of nodes), unless it is known or could not be measured of late. */
void copies_learn(struct copies *c, size_t from, size_t to, uint64_t now_ns);

#endif
