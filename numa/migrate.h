/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Move pages of a process from one memory node to another, with move_pages(2).
 *
 * The kernel obeys the cpuset of the process.  It refuses pages that other processes map too, and
 * pages that are pinned.  It does not ask the policy of a mapping, and it would move pages of
 * hugetlb: the caller leaves such ranges out.
 *
 * Where the caller knows who else maps the memory, and that all of them may have it there, pages
 * that nobody but these maps are moved too.  The others are refused as before.
 *
 * A huge page moves as a whole, by the first of its addresses that is asked for.  The kernel splits
 * it where it cannot have a block of its size.  So the caller says how much room there is, and
 * nothing is tried beyond (numa/room.h).  A huge page may also be mapped in pieces: after a policy,
 * a lock or a protection was set on a part of it.  It moves as a whole, too, and the kernel
 * (6.12 to 7.3) may split it when it moves again.
 */
#ifndef TS_NUMA_MIGRATE_H
#define TS_NUMA_MIGRATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "numa/mappers.h"

/*
 * How many addresses a batch has, at most.  The kernel empties the page lists of all CPUs for each
 * call.  Of small pages on x86 it is 2 MB, as much as a huge page.
 */
#define MIGRATE_BATCH_PAGES 512
#define MIGRATE_MAX_SHARERS 15

/* Why pages did not move. */
enum migrate_reason {
	MIGRATE_SHARED,	      /* others map them too */
	MIGRATE_BUSY,	      /* pinned, locked, or under I/O */
	MIGRATE_FORBIDDEN,    /* the cpuset of the process does not allow the node; or a policy */
	MIGRATE_NO_ROOM,      /* the node is full */
	MIGRATE_NO_HUGE_ROOM, /* it has room, but no free block for a huge page */
	MIGRATE_FAILED,	      /* another reason */
	MIGRATE_NR_REASONS,
};

struct migrate_order {
	pid_t task;		  /* a living thread of the process */
	uint64_t start, end;	  /* addresses.  END is exclusive.  Rounded to whole pages */
	unsigned int from, to;	  /* nodes, ids of the kernel */
	uint64_t room_bytes;	  /* no more is put on TO */
	uint64_t huge_room_bytes; /* of that, no more in huge pages */
	bool forbidden;		  /* nothing moves.  What is on FROM is counted as forbidden */
	/* Who else maps the memory, and where START is there.  None: nobody that is known. */
	const struct mapper *sharers;
	uint32_t nr_sharers;
};

/* In bytes.  A huge page counts as a whole, even where it goes beyond the range. */
struct migrate_result {
	uint64_t next;				 /* the address that the next batch goes on with */
	uint64_t moved_bytes, moved_huge_bytes;	 /* they were on FROM and are on TO */
	uint64_t left_bytes[MIGRATE_NR_REASONS]; /* they were on FROM and are not on TO */
	uint64_t elsewhere_bytes;		 /* they were on other nodes, TO too */
	uint64_t absent_bytes;			 /* addresses without a page that can move */
};

/* What a batch is made in, for one thread. */
struct migrate {
	uint64_t page_bytes, huge_bytes; /* HUGE_BYTES 0: there are none */
	void *pages[MIGRATE_BATCH_PAGES];
	int nodes[MIGRATE_BATCH_PAGES], status[MIGRATE_BATCH_PAGES];
	uint32_t nr;
	uint64_t each_bytes; /* what an address stands for */
	/* on FROM and in the same huge page as the batch, if there is one, but beside its addresses */
	void *beside[MIGRATE_BATCH_PAGES];
	void *moved[MIGRATE_BATCH_PAGES]; /* by the last batch */
	uint32_t nr_beside, nr_moved;
	bool known[MIGRATE_BATCH_PAGES]; /* see mappers.h; of the pages from KNOWN_START on */
	uint64_t known_start;
};

void migrate_init(struct migrate *m);

/*
 * Move what lies on FROM of the first addresses of the range: up to a huge page, and up to
 * MIGRATE_BATCH_PAGES.  It asks where pages are, moves them, and asks again, because what the call
 * says of pages is not all.
 *
 * 0, or a negative errno, and then OUT is as it was:
 *   -ESRCH   it has ended, or it never had memory
 *   -EPERM   we may not
 *   -EINVAL  FROM is TO
 */
int migrate_batch(struct migrate *m, struct migrate_result *out, const struct migrate_order *order);

/*
 * Put back what the last batch, which was of ORDER, has moved.  OUT is its result: what goes back
 * counts as forbidden and not as moved.  0, or an error as above.
 */
int migrate_undo(struct migrate *m, struct migrate_result *out, const struct migrate_order *order);

/*
 * Measure what it costs to move a byte from node FROM to node TO in small pages: the CPU time of
 * this thread for half a megabyte of its own.  A huge page costs less by the byte.  Nothing of it
 * is left behind.
 * 0, or a negative errno: -ENOMEM where a node has no room for it.
 */
int migrate_measure(double *ns_per_byte, unsigned int from, unsigned int to);

#endif
