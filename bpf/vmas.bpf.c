/* SPDX-License-Identifier: GPL-2.0 */
/*
 * vmas - what binds the memory of a process to nodes, mapping by mapping.
 *
 * /proc/PID/numa_maps tells policies too, but it walks all pages to count them.  This reads the
 * mappings and no page.  The kernel holds the lock of the address space for reading, as it does
 * for /proc/PID/maps.  It lets go of it when somebody waits to write, and each 32 KB.
 *
 * Which policy counts is what the kernel's page faults go by:
 *
 * - A mapping whose vm_ops have get_policy: the policy of the file's pages there.  Of shared
 *   memory (shmem, tmpfs, memfd, System V) it is in a tree by page numbers, at the inode.  All
 *   processes that map the file obey it, whoever set it.
 * - Another mapping: its vm_policy.
 * - Where there is none: the policy of the task.
 *
 * Mappings of the same file have the same page cache (f_mapping), which tells what memory it is.
 * Its address is a number that no two of them have, as long as somebody maps it.  A device and an
 * inode would take more reads, and some file systems show another device than they have.  Memory
 * that is shared without a name (MAP_ANONYMOUS, memfd, System V) is a file too.  What a fork shares
 * is no file: nothing tells.
 *
 * The tree and the task's policy may change or go while they are read, since a BPF program cannot
 * take their locks.  Reads of memory that is gone fail or give a wrong answer, for once, and do no
 * harm.  Policies of mappings are safe under the lock of the address space.
 *
 * A struct or member that is not there makes the kernel refuse the program.  That is meant: what
 * cannot be read must not be taken for free.
 *
 * There are two programs.  The one is an iterator over all mappings of a process, whose records are
 * a file.  The other reads the mappings of a few addresses, right before their pages are moved, and
 * costs the same however many mappings a process has.
 */
#include "bpf/types.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#include "bpf/vmas.h"

char _license[] SEC("license") = "GPL";

/* include/linux/mm.h.  They have been the same since 2.6. */
#define VM_MAYSHARE 0x80
#define VM_PFNMAP 0x400
#define VM_LOCKED 0x2000
#define VM_IO 0x4000
#define VM_HUGETLB 0x400000
#define VM_MIXEDMAP 0x10000000

#define TMPFS_MAGIC 0x01021994 /* include/uapi/linux/magic.h; all shmem has it */
#define MAX_DEPTH 32	       /* of a tree of policies.  Deeper ones count as not seen */

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
	unsigned long bits[1];
} nodemask_t;

struct mempolicy {
	unsigned short mode;
	nodemask_t nodes;
};

struct task_struct {
	struct mempolicy *mempolicy;
	nodemask_t mems_allowed;
};

struct vm_area_struct;

struct vm_operations_struct {
	struct mempolicy *(*get_policy)(struct vm_area_struct *, unsigned long, unsigned long *);
};

struct super_block {
	unsigned long s_magic;
};

struct inode {
	struct super_block *i_sb;
};

struct address_space;

struct file {
	struct inode *f_inode;
	struct address_space *f_mapping;
};

struct vm_area_struct {
	unsigned long vm_start;
	unsigned long vm_end;
	unsigned long vm_flags;
	const struct vm_operations_struct *vm_ops;
	unsigned long vm_pgoff;
	struct file *vm_file;
	struct mempolicy *vm_policy;
};

struct rb_node {
	struct rb_node *rb_right;
	struct rb_node *rb_left;
};

struct rb_root {
	struct rb_node *rb_node;
};

struct shared_policy {
	struct rb_root root;
};

struct shmem_inode_info {
	struct shared_policy policy;
	struct inode vfs_inode;
};

struct sp_node {
	struct rb_node nd;
	unsigned long start, end; /* page numbers in the file; the end is behind the last */
	struct mempolicy *policy;
};

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
	u64 seq_num;
};

struct bpf_iter__task_vma {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	struct vm_area_struct *vma;
};

#pragma clang attribute pop

#define ESRCH 3
#define ENOBUFS 105

struct bpf_iter_task_vma {
	u64 __opaque[1];
} __attribute__((aligned(8)));

int bpf_iter_task_vma_new(struct bpf_iter_task_vma *it, struct task_struct *task, u64 at) __ksym;
struct vm_area_struct *bpf_iter_task_vma_next(struct bpf_iter_task_vma *it) __ksym;
void bpf_iter_task_vma_destroy(struct bpf_iter_task_vma *it) __ksym;
struct task_struct *bpf_task_from_pid(s32 pid) __ksym;
void bpf_task_release(struct task_struct *task) __ksym;

const volatile __u32 nr_words = 1;    /* of nodes that anybody wants to know of */
const volatile __u32 page_shift = 12; /* a page has two to the power of this bytes */

/* Read a member into a variable, with no word to the verifier of what it points to.  0, or -errno. */
#define READ(variable, member) bpf_core_read(&(variable), sizeof(__typeof__(variable)), &(member))

/* Take the nodes of FIELD, a nodemask_t in the kernel, as far as they are wanted. */
#define TAKE_NODES(record, field)                                                                  \
	({                                                                                         \
		u32 _size = bpf_core_field_size(field);                                            \
		u32 _room = 8 * nr_words;                                                          \
                                                                                                   \
		if (_size > _room)                                                                 \
			_size = _room;                                                             \
		if (_size > sizeof((record)->nodes))                                               \
			_size = sizeof((record)->nodes);                                           \
		bpf_core_read((record)->nodes, _size, &(field));                                   \
	})

static __always_inline void take_policy(struct ts_vma *r, struct mempolicy *policy, u32 flag)
{
	if (READ(r->mode, policy->mode) || TAKE_NODES(r, policy->nodes)) {
		r->flags |= TS_VMA_UNSEEN;
		return;
	}
	r->flags |= flag;
}

static __always_inline void write_record(struct seq_file *seq, struct ts_vma *r, bool with_nodes)
{
	u32 words = with_nodes ? nr_words : 0, size = TS_VMA_SIZE(words);

	r->nr_words = words;
	if (size <= sizeof(*r))
		bpf_seq_write(seq, r, size);
}

#define NOT_ONE_POLICY 1 /* no policy has this address */

/*
 * Find the policy of all of FIRST..END in the tree.  Returns its address; 0 where there is none;
 * NOT_ONE_POLICY where parts of it have different ones, or where it cannot be told.  It is a global
 * function, which the kernel looks through once and not for each mapping.
 */
__noinline u64 find_shared_policy(u64 root, u64 first, u64 end)
{
	struct rb_node *at = (void *)root;
	struct mempolicy *policy;

	for (int depth = 0; depth < MAX_DEPTH; depth++) {
		struct sp_node *node = (void *)at - bpf_core_field_offset(struct sp_node, nd);
		u64 node_first = 0, node_end = 0;

		if (!at)
			return 0;
		if (READ(node_first, node->start) || READ(node_end, node->end))
			return NOT_ONE_POLICY;
		if (end <= node_first) {
			if (READ(at, node->nd.rb_left))
				return NOT_ONE_POLICY;
		} else if (first >= node_end) {
			if (READ(at, node->nd.rb_right))
				return NOT_ONE_POLICY;
		} else if (first < node_first || end > node_end || READ(policy, node->policy)) {
			return NOT_ONE_POLICY;
		} else {
			return (u64)policy;
		}
	}
	return NOT_ONE_POLICY;
}

static __always_inline void take_shared_policy(struct ts_vma *r, struct vm_area_struct *vma)
{
	struct file *file = NULL;
	struct inode *inode = NULL;
	struct super_block *sb = NULL;
	struct shmem_inode_info *info;
	struct rb_node *root = NULL;
	u64 first = vma->vm_pgoff, magic = 0, found_at;

	r->flags |= TS_VMA_UNSEEN;
	if (READ(file, vma->vm_file) || !file || READ(inode, file->f_inode) ||
	    READ(sb, inode->i_sb) || READ(magic, sb->s_magic) || magic != TMPFS_MAGIC)
		return;
	info = (void *)inode - bpf_core_field_offset(struct shmem_inode_info, vfs_inode);
	if (READ(root, info->policy.root.rb_node))
		return;
	found_at =
		find_shared_policy((u64)root, first, first + ((r->end - r->start) >> page_shift));
	if (found_at == NOT_ONE_POLICY)
		return;
	r->flags &= ~TS_VMA_UNSEEN;
	if (found_at)
		take_policy(r, (void *)found_at, TS_VMA_POLICY);
}

/* Which memory it is, where others may map it too. */
static __always_inline void take_file(struct ts_vma *r, struct vm_area_struct *vma)
{
	struct address_space *mapping = NULL;
	struct file *file = NULL;

	r->flags |= TS_VMA_SHARED;
	r->first_page = vma->vm_pgoff;
	if (!READ(file, vma->vm_file) && file && !READ(mapping, file->f_mapping))
		r->file = (u64)mapping;
}

/* The records that stand before those of mappings.  False: there is none. */
static __always_inline bool take_cpuset(struct ts_vma *r, struct task_struct *task)
{
	r->flags = TS_VMA_CPUSET;
	return !TAKE_NODES(r, task->mems_allowed);
}

static __always_inline bool take_task(struct ts_vma *r, struct task_struct *task)
{
	struct mempolicy *policy = NULL;

	r->flags = TS_VMA_TASK;
	if (READ(policy, task->mempolicy) || !policy)
		return false;
	take_policy(r, policy, 0);
	return true;
}

static __always_inline void take_mapping(struct ts_vma *r, struct vm_area_struct *vma)
{
	const struct vm_operations_struct *ops = vma->vm_ops;
	struct mempolicy *policy = vma->vm_policy,
			 *(*get_policy)(struct vm_area_struct *, unsigned long, unsigned long *);
	u64 flags = vma->vm_flags;

	r->flags = 0;
	r->file = 0;
	r->start = vma->vm_start;
	r->end = vma->vm_end;
	if (flags & VM_LOCKED)
		r->flags |= TS_VMA_LOCKED;
	if (flags & VM_HUGETLB)
		r->flags |= TS_VMA_HUGETLB;
	if (flags & (VM_IO | VM_PFNMAP | VM_MIXEDMAP))
		r->flags |= TS_VMA_SPECIAL;
	if (flags & VM_MAYSHARE)
		take_file(r, vma);
	if (ops && (READ(get_policy, ops->get_policy) || get_policy))
		take_shared_policy(r, vma);
	else if (policy)
		take_policy(r, policy, TS_VMA_POLICY);
}

SEC("iter/task_vma")
int ts_vmas(struct bpf_iter__task_vma *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task;
	struct vm_area_struct *vma = ctx->vma;
	struct ts_vma r = {};

	if (!task || !vma)
		return 0;
	if (!ctx->meta->seq_num) {
		if (take_cpuset(&r, task))
			write_record(seq, &r, true);
		if (take_task(&r, task))
			write_record(seq, &r, !(r.flags & TS_VMA_UNSEEN));
	}
	take_mapping(&r, vma);
	write_record(seq, &r, r.flags & TS_VMA_POLICY);
	return 0;
}

/* What the second program wrote.  Both sides see it. */
struct ts_vma found[TS_VMA_MAX_FOUND];

/* The next place for a record.  NULL: there is none. */
static __always_inline struct ts_vma *next_found(struct ts_vmas_ask *ask)
{
	u32 i = ask->nr_found;

	if (i >= TS_VMA_MAX_FOUND)
		return NULL;
	found[i].nr_words = nr_words;
	ask->nr_found = i + 1;
	return &found[i];
}

static __always_inline int find_mappings(struct ts_vmas_ask *ask, struct task_struct *task)
{
	struct bpf_iter_task_vma it;
	struct vm_area_struct *vma;
	struct ts_vma *r;
	int error = bpf_iter_task_vma_new(&it, task, ask->start);

	while (!error && (vma = bpf_iter_task_vma_next(&it))) {
		if (vma->vm_start >= ask->end)
			break;
		r = next_found(ask);
		if (!r) {
			error = -ENOBUFS;
			break;
		}
		take_mapping(r, vma);
	}
	bpf_iter_task_vma_destroy(&it);
	return error;
}

SEC("syscall")
int ts_vmas_at(struct ts_vmas_ask *ask)
{
	struct task_struct *task = bpf_task_from_pid(ask->task);
	struct ts_vma *r;

	ask->nr_found = 0;
	if (!task)
		return -ESRCH;
	r = next_found(ask);
	if (r && !take_cpuset(r, task))
		ask->nr_found--;
	r = next_found(ask);
	if (r && !take_task(r, task))
		ask->nr_found--;
	ask->error = find_mappings(ask, task);
	bpf_task_release(task);
	return 0;
}
