/* SPDX-License-Identifier: GPL-2.0 */
/* What fuzz-policies knows of its pages, and how it judges where they go. */
#ifndef TS_GUEST_FUZZ_WATCH_H
#define TS_GUEST_FUZZ_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/lab/guest/fuzz-policies.h"

#define ALL_NODES ((1u << FUZZ_NODES) - 1)

enum kind { SMALL, HUGE, SHARED, HUGETLB, NR_KINDS };

struct policy {
	int mode;	    /* -1: none of its own */
	unsigned int nodes; /* a bit each */
	bool fixed;	    /* of shared memory: a cpuset that changes does not change it */
};

struct page {
	struct policy policy;
	bool locked;
	short node; /* where it was last seen.  Below 0: it is not there */
	/* -1, or the node that it was on before it was moved to where it may not be ... */
	short outside;
	uint64_t outside_ns; /* ... and since when it is there */
};

struct slot {
	char *at;
	enum kind kind;
	uint64_t changed_ns;
	struct page pages[FUZZ_SLOT_PAGES];
};

struct watch {
	struct slot *slots;   /* fuzz.nr_slots */
	struct policy policy; /* of the task */
	unsigned int cpuset;  /* a bit for each node */
	uint64_t changed_ns;  /* these two, CLOCK_MONOTONIC */
	struct {
		uint64_t ops, looked, moved, late, plain, back, longest_ns, stayed;
	} counts;
};

extern struct fuzz fuzz;
extern struct watch watch;

/* The nodes that a page may be moved to, a bit each. */
unsigned int watch_may_go(const struct slot *slot, const struct page *page);

enum look { BY_OTHERS, BY_US };

/*
 * Where are the pages of a slot?  BY_US: we, or the kernel for us, may have moved them.  Else moves
 * are judged, by the rules as they are and by BEFORE, where that is not NULL.
 */
void watch_look(struct slot *slot, enum look who, const unsigned int *before);
void watch_all(enum look who);

/* How many pages are where they may not be, and were moved there. */
size_t watch_nr_outside(void);

/* Print the counts: JSON, without its end. */
void watch_report(void);

#endif
