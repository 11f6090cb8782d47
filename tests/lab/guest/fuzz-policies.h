/* SPDX-License-Identifier: GPL-2.0 */
/* The two sides of fuzz-policies: who changes policies, and who moves pages. */
#ifndef TS_GUEST_FUZZ_POLICIES_H
#define TS_GUEST_FUZZ_POLICIES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/util.h"

#define FUZZ_NODES 3
#define FUZZ_PAGE ((size_t)4096)
#define FUZZ_SLOT ((size_t)2 << 20)
#define FUZZ_SLOT_PAGES (FUZZ_SLOT / FUZZ_PAGE)

/* In memory of both processes. */
struct fuzz_shared {
	atomic_bool ready, ends; /* of the process that changes policies */
	atomic_bool moved;	 /* some pages have been moved by the mover */
	atomic_bool rests;	 /* it changes nothing until the mover makes this false */
};

struct fuzz {
	uint64_t seed, state, seconds;
	size_t nr_slots;
	const char *cgroup;
	bool mover, unguarded, whole;
	char *memory; /* NR_SLOTS of FUZZ_SLOT bytes */
	struct fuzz_shared *shared;
};

/* A number below BELOW. */
uint64_t fuzz_random(struct fuzz *f, uint64_t below);

/* Move pages of the child until it ends.  Returns how many times the counts were wrong. */
int fuzz_move(struct fuzz *f, pid_t child);

/* Print what was moved, behind the report of the child. */
void fuzz_tell(void);

#endif
