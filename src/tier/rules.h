/* SPDX-License-Identifier: GPL-2.0 */
/* Rules out of the records of bpf/vmas.h.  Pure: no I/O. */
#ifndef TS_TIER_RULES_H
#define TS_TIER_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "bpf/vmas.h"
#include "tier/obey.h"

/*
 * A process has so many different sets of nodes in its policies.  A policy with yet another one
 * counts as not seen.
 */
#define RULES_MAX_SETS 64

/* A set of nodes that a policy names, and where pages may go by it. */
struct rules_set {
	uint64_t named[TS_VMA_MAX_WORDS];
	bool *nodes; /* [node] */
};

/* What holds for memory by a policy. */
struct rules_policy {
	enum obey_why why;
	const bool *nodes;
};

struct rules {
	struct obey_rules face; /* what the caller gets */
	unsigned int *node_ids;
	size_t nr_nodes, nr_words;
	uint64_t page_bytes;
	bool *may_lie; /* [node] */
	struct obey_range *ranges;
	size_t nr, capacity;
	struct rules_set sets[RULES_MAX_SETS];
	size_t nr_sets;
	bool *set_nodes;	  /* [set][node], what the sets point to */
	struct rules_policy task; /* where a mapping has no policy */
	size_t nr_mappings;
};

/* 0, -ERANGE where an id is too large, or -ENOMEM. */
int rules_init(struct rules *r, const unsigned int *node_ids, size_t nr_nodes);
void rules_deinit(struct rules *r);

/* How many words of nodes a record has, where it has any. */
size_t rules_nr_words(const struct rules *r);

/* Begin with another process. */
void rules_begin(struct rules *r);

/*
 * Take the records in SIZE bytes at RECORDS, which lie as a __u64 does.  Of the last one only a
 * part may be there.  Returns the number of bytes that were taken, all whole records; -ENOBUFS
 * when no more mappings are wanted, and the rules tell of the rest; -EPROTO for what is no record;
 * or -ENOMEM.
 */
ssize_t rules_take(struct rules *r, const void *records, size_t size);

/* The end of the mappings of which records were taken, 0 for none. */
uint64_t rules_seen_end(const struct rules *r);

/* The rules as of the records taken, valid until the next rules_begin(). */
const struct obey_rules *rules_end(struct rules *r);

#endif
