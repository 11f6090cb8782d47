/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The last look at the rules (obey.h) before pages are moved, and the first one after.
 *
 * The rules that a plan obeys are some seconds old when its last pages are moved, and a process may
 * change its policies at any time.  So the mover asks again for the addresses of each batch.  What
 * changes while the batch is under way is seen after it, and then the pages go back.
 *
 * Pages do not always move alone.  A huge page may lie in two mappings: a policy or a lock that is
 * set on a part of it cuts the mapping in two, and leaves the page whole.  Who moves one of its
 * addresses moves all of it.  So a block of the size of a huge page moves only where all that is
 * mapped in it may.  Where that much of the same file is mapped beside it, it may be one page too,
 * whatever it is aligned to.
 */
#ifndef TS_TIER_GUARD_H
#define TS_TIER_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "tier/obey.h"

enum guard_answer {
	GUARD_MAY,	 /* pages may be moved there */
	GUARD_STAYS,	 /* they may not be moved: locked, interleaved, not known, ... */
	GUARD_ELSEWHERE, /* their policy or cpuset names nodes, and not this one */
};

struct guard;

/* HUGE_BYTES: of a huge page, 0 where there are none.  Errors of obey_new(). */
int guard_new(struct guard **out, const unsigned int *node_ids, size_t nr_nodes,
	      uint64_t huge_bytes);
void guard_free(struct guard *g); /* NULL is fine */

/* May the pages at START..END of TASK be moved to the node with id TO? */
enum guard_answer guard_ask(struct guard *g, pid_t task, uint64_t start, uint64_t end,
			    unsigned int to);

/* What these rules say of node number TO.  Pure. */
enum guard_answer guard_judge(const struct obey_rules *rules, uint64_t start, uint64_t end,
			      size_t to);

#endif
