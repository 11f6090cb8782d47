/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which pages of a process may be moved, and to which memory nodes.
 *
 * Who has set a policy, locked memory, or put a process into a cpuset has decided where pages lie.
 * What follows from that for each range of addresses:
 *
 *   a policy that names nodes (bind, prefer)      pages may go to these, and nowhere else
 *   a policy that spreads pages (interleave)      they stay: moves would undo it
 *   locked, hugetlb, memory of devices            they stay
 *   a policy that cannot be read                  they stay
 *   none of these                                 pages may go where the cpuset allows
 *
 * A mapping without a policy of its own goes by that of the task that was asked for.  Threads may
 * have other ones, and nothing tells which thread's pages are where: these are not obeyed.
 *
 * The rules are as of the last look.  The process may change its policies at any time.
 */
#ifndef TS_TIER_OBEY_H
#define TS_TIER_OBEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * A look reads so many mappings, which takes 16 million instructions.  By default the kernel
 * allows a process four times as many.
 */
#define OBEY_MAX_MAPPINGS 16384
/* Nodes have lower ids than this. */
#define OBEY_MAX_NODE_ID 1024

enum obey_why {
	OBEY_FREE,    /* nothing but the cpuset binds it */
	OBEY_BOUND,   /* a policy names nodes */
	OBEY_SPREAD,  /* a policy spreads pages over nodes */
	OBEY_LOCKED,  /* by mlock(2) and its kind */
	OBEY_HUGETLB, /* of pages that were set aside */
	OBEY_SPECIAL, /* of a device, or of pages that the kernel does not count */
	OBEY_UNSEEN,  /* there is a policy, and it is not known what it says */
	OBEY_UNREAD,  /* behind OBEY_MAX_MAPPINGS: not known at all */
	OBEY_NR_WHY,
};

struct obey_range {
	uint64_t start, end; /* addresses */
	/*
	 * [node] where its pages may be moved to; NULL: they stay where they are.  The cpuset is
	 * in it.
	 */
	const bool *nodes;
	enum obey_why why;
	bool shared; /* other processes may map the same pages */
	/*
	 * Of shared memory: which it is.  Ranges with the same number are of the same memory, whichever
	 * process they are of, and begin at the byte OFFSET of it.  0: not known.
	 */
	uint64_t memory, offset;
};

/* All that is said of one process. */
struct obey_rules {
	const bool *may_lie; /* [node] the cpuset allows it */
	/* They ascend and do not overlap.  Addresses between them have no memory. */
	const struct obey_range *ranges;
	size_t nr_ranges;
	size_t nr_mappings; /* that were read */
};

struct obey;

/*
 * Load what reads mappings into the kernel.  Rules are about the nodes NODE_IDS, of which a copy
 * is made.  0; -ERANGE where an id is too large; -ENOMEM; or the kernel's errno where it does not
 * take the program: it is older than Linux 6.12, has no CONFIG_NUMA or no CONFIG_CPUSETS, or we
 * are not root.
 */
int obey_new(struct obey **out, const unsigned int *node_ids, size_t nr_nodes);
void obey_free(struct obey *o); /* NULL is fine */

/*
 * Look at a process.  TASK is the thread that stands for its memory.  It is a thread id: the
 * process's own, or that of another living thread of it.  *OUT is valid until the next call.
 * Memory is allocated only where a process has more ranges than all before.
 *
 * 0; -ESRCH where there is no such task or it has no memory; or another errno.  On failure nothing
 * is known, and no page must be moved.
 */
int obey_read(struct obey *o, pid_t task, const struct obey_rules **out);

/*
 * The same of a few addresses, right before their pages are moved.  It costs the same however many
 * mappings there are.  Errors as above; -EBUSY while the process changes its mappings; -ENOBUFS
 * where more than 60 of them are in START..END.
 */
int obey_read_part(struct obey *o, pid_t task, uint64_t start, uint64_t end,
		   const struct obey_rules **out);

/* For people: "free", "bound to nodes", ... */
const char *obey_why_name(enum obey_why why);

/* A walk over the parts of START..END, each with one rule. */
struct obey_walk {
	const struct obey_rules *rules;
	size_t next;	     /* range */
	uint64_t start, end; /* addresses */
};

struct obey_walk obey_walk(const struct obey_rules *rules, uint64_t start, uint64_t end);

/* The next part: a range, cut to the walk.  What lies in no range is left out.  False at the end. */
bool obey_next(struct obey_walk *walk, struct obey_range *out);

#endif
