/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What vmas.bpf.c writes: records, one behind the other.  Only what is in use of a record is
 * there, up to the last of its nodes.
 *
 * The first record of a process is of its cpuset.  The second is of the policy of the task that
 * was asked for, where it has one.  The others are of mappings, in order of addresses.
 */
#ifndef TS_BPF_VMAS_H
#define TS_BPF_VMAS_H

#ifndef __bpf__
#include <linux/types.h>
#endif

#define TS_VMA_MAX_WORDS 16 /* of nodes; no kernel has more than 1024 nodes */

/* ts_vma.flags: what the record is of; a mapping where none of these is set */
#define TS_VMA_CPUSET 0x01 /* nodes are those that the cpuset of the task allows */
#define TS_VMA_TASK 0x02   /* mode and nodes are those of the task's policy */
/* and what is known of a mapping */
#define TS_VMA_POLICY 0x04  /* mode and nodes are those of a policy of its own */
#define TS_VMA_UNSEEN 0x08  /* it has a policy of its own that could not be read */
#define TS_VMA_LOCKED 0x10  /* by mlock(2) and its kind */
#define TS_VMA_HUGETLB 0x20 /* of pages that were set aside */
#define TS_VMA_SPECIAL 0x40 /* of a device, or of pages that the kernel does not count */
#define TS_VMA_SHARED 0x80  /* others may map the same pages */

struct ts_vma {
	__u64 start, end;	       /* addresses */
	__u32 flags;		       /* TS_VMA_* */
	__u16 mode;		       /* of the policy, the kernel's MPOL_* without flags */
	__u16 nr_words;		       /* how many of `nodes` are there */
	__u64 file;		       /* of shared memory: which it is.  0: not known, or own */
	__u64 first_page;	       /* and where in the file it begins */
	__u64 nodes[TS_VMA_MAX_WORDS]; /* a bit each, the lowest first */
};

#define TS_VMA_SIZE(nr_words) (40 + 8 * (nr_words))

/* What the program that reads a few addresses is asked, and what it says beside its records. */
struct ts_vmas_ask {
	__s32 task;	  /* thread id */
	__u32 nr_found;	  /* records */
	__u64 start, end; /* addresses */
	__s32 error;	  /* negative errno: nothing is known */
	__u32 pad;
};

#define TS_VMA_MAX_FOUND 64 /* records; with more mappings nothing is known */

#ifndef __bpf__
_Static_assert(sizeof(struct ts_vma) == TS_VMA_SIZE(TS_VMA_MAX_WORDS), "no padding");
#endif

#endif
