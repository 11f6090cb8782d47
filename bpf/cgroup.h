/* SPDX-License-Identifier: GPL-2.0 */
/*
 * cpu.weight: a cgroup gets its share among its siblings, however many tasks it holds.
 *
 * The kernel schedules groups as a tree.  A group competes in its parent like one task of the
 * group's weight, and its members share what it gets.  Here the tree is flattened, so that one
 * queue serves all.  A task counts there with
 *
 *	its weight * W1 / S1 * W2 / S2 * ...	one factor for each group around it
 *
 * W is the group's cpu.weight.  S is the weight of all that is runnable in the group: its tasks,
 * and its child groups in which something is runnable.  A task of the root cgroup counts with its
 * own weight, and pays one test.
 *
 * Priority by name or behaviour is part of a task's own weight, and so of S.  It shifts the
 * group's share among its tasks.  It cancels out in what they get together.  Priority by rule
 * multiplies the product, at everybody's cost.
 *
 * A task is counted in S from when it first queues or runs until it is not runnable any more.
 * When the S of a group leaves 0, the group enters the S of its parent.  When it comes back to 0,
 * the group leaves it.  So mostly one sum changes.
 *
 * No locks.  Every change of a sum is an atomic addition of a difference.  A group notes by an
 * atomic exchange what it has added to its parent.  So sums are exact once all is quiet.  A reader
 * may see them before that, and is wrong by a slice's share at most.
 *
 * Groups live in slots of an array.  A walk to the root is a few loads a level and takes no
 * references.  The cgroup of a slot, each task in it and each child group keep the slot.  It is
 * free when all have left.  The map from cgroups to slots is used when a task forks or moves,
 * never when it wakes.
 *
 * Limits.  Groups deeper than MAX_DEPTH share the slot of their parent, and so do groups that find
 * no free slot.  cpu.max and cpu.idle are not honoured.
 */
#ifndef TS_BPF_CGROUP_H
#define TS_BPF_CGROUP_H

#include "bpf/priority.h"

enum {
	MAX_DEPTH = 8,	    /* levels below the root */
	MAX_GROUPS = 4096,  /* slots; slot 0 stands for the root and stays empty */
	SETTLE_TRIES = 4,   /* how many changes of one group may cross each other at once */
	WEIGHT_SHIFT = 10,  /* effective weights are in units of 1/1024 */
	WEIGHT_MARGIN = 10, /* more bits, for computing an effective weight */
	/* The weight of a nice 0 task in the root, or alone in a group. */
	NORMAL_WEIGHT = 100 << WEIGHT_SHIFT,
};

/* Does the kernel tell of cgroups?  The loader sets this before load. */
const volatile bool has_groups = true;

struct group {
	/* Weight of its runnable tasks and child groups.  It may be below 0 for a moment. */
	s64 runnable;
	u32 weight;		/* cpu.weight, 1..10000, in units of 1/1024 */
	u32 counted;		/* weight by which its parent counts it; 0: not counted */
	u32 nr_refs;		/* 0: this slot is free */
	u32 parent;		/* slot; 0: the root */
	u32 level;		/* 1 below the root */
} __attribute__((aligned(64))); /* a cache line each: other CPUs change the neighbours */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_GROUPS);
	__type(key, u32);
	__type(value, struct group);
} groups SEC(".maps");

/* Where a cgroup with the cpu controller has its group. */
struct cgroup_slot {
	u32 slot;
	u32 shared; /* 1: the slot is its parent's */
};

struct {
	__uint(type, BPF_MAP_TYPE_CGRP_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct cgroup_slot);
} cgroup_slots SEC(".maps");

static struct group *get_group(u32 slot)
{
	return bpf_map_lookup_elem(&groups, &slot);
}

static u32 weight_in_parent(const struct group *g)
{
	return g->runnable > 0 ? g->weight : 0;
}

/*
 * Note by what weight the group counts in its parent.  Return by how much that is more than
 * before.  The CPU that changes it last looks again, so the last note is right.
 */
static s64 settle(struct group *g)
{
	s64 more = 0;
	u32 i, weight;

	for (i = 0; i < SETTLE_TRIES; i++) {
		weight = weight_in_parent(g);
		more += (s64)weight - __sync_lock_test_and_set(&g->counted, weight);
		if (weight == weight_in_parent(g))
			break;
	}
	return more;
}

/* MORE weight is runnable in the group at this slot; less where it is below 0. */
static __noinline void add_runnable(u32 slot, s64 more)
{
	struct group *g;
	s64 before;
	u32 i;

	for (i = 0; i < MAX_DEPTH && more; i++) {
		g = get_group(slot);
		if (!g)
			return;
		before = __sync_fetch_and_add(&g->runnable, more);
		if (!g->parent || (before > 0) == (before + more > 0))
			return;
		more = settle(g);
		slot = g->parent;
	}
}

/* The effective weight of a task in a group.  Its group counts it with its OWN weight. */
static __noinline u32 weight_in_group(struct ts_task *t, u32 own)
{
	u64 weight = (u64)own << WEIGHT_MARGIN, part = own;
	u32 i, slot = t->group;
	struct group *g;
	s64 all;

	if (t->group_weight != own) {
		add_runnable(slot, (s64)own - t->group_weight);
		t->group_weight = own;
	}
	for (i = 0; i < MAX_DEPTH && slot; i++) {
		g = get_group(slot);
		if (!g)
			break;
		all = g->runnable;
		weight = weight * g->weight / (all > (s64)part ? (u64)all : part);
		part = g->weight;
		slot = g->parent;
	}
	return weight >> WEIGHT_MARGIN ?: 1;
}

/*
 * Weigh a runnable task anew, by nice, groups and priority.  It is not inline: else the verifier
 * would go through all of it for each priority that the caller may have found.
 */
static __noinline void weigh(const struct task_struct *p, struct ts_task *t)
{
	u32 weight = (p->scx.weight ?: 1) << WEIGHT_SHIFT;
	s32 all_pay = all_may_pay(t) ? t->priority : 0, group_pays = t->priority - all_pay;

	weight = favour(weight, group_pays);
	if (has_groups && t->group)
		weight = weight_in_group(t, weight);
	t->weight = favour(weight, all_pay);
}

/* The task's weight as of when it was last weighed: 1..10000, in units of 1/1024. */
static u32 weight_of(const struct task_struct *p, const struct ts_task *t)
{
	return t->weight ?: (p->scx.weight ?: 1) << WEIGHT_SHIFT;
}

/* The task is not runnable any more. */
static void unweigh(struct ts_task *t)
{
	t->weight = 0;
	if (!t->group_weight)
		return;
	add_runnable(t->group, -(s64)t->group_weight);
	t->group_weight = 0;
}

/*
 * Drop one reference to the group at this slot.  If it was the last one, the group drops its
 * reference to its parent, and so on.
 */
static __noinline void unref_group(u32 slot)
{
	struct group *g;
	u32 i, parent;

	for (i = 0; i <= MAX_DEPTH && slot; i++) {
		g = get_group(slot);
		if (!g)
			return;
		parent = g->parent; /* while we hold the reference */
		if (__sync_fetch_and_add(&g->nr_refs, -1) != 1)
			return;
		slot = parent;
	}
}

static void ref_group(u32 slot)
{
	struct group *g = slot ? get_group(slot) : NULL;

	if (g)
		__sync_fetch_and_add(&g->nr_refs, 1);
}

static u32 slot_of(struct cgroup *cgrp)
{
	struct cgroup_slot *s = bpf_cgrp_storage_get(&cgroup_slots, cgrp, NULL, 0);

	return s ? s->slot : 0;
}

static void enter_group(struct ts_task *t, struct cgroup *cgrp)
{
	t->group = slot_of(cgrp);
	ref_group(t->group);
}

static void leave_group(struct ts_task *t)
{
	unweigh(t);
	unref_group(t->group);
	t->group = 0;
}

/* The slot of the last group that was made.  The kernel makes them one at a time. */
static u32 last_slot;

/* A slot for a new group, or 0. */
static u32 make_group(u32 parent, u32 level, u32 weight)
{
	struct group *g;
	u32 i;

	bpf_for(i, 1, MAX_GROUPS) {
		last_slot = last_slot % (MAX_GROUPS - 1) + 1;
		g = get_group(last_slot);
		if (!g || g->nr_refs)
			continue;
		*g = (struct group){
			.weight = weight, .nr_refs = 1, .parent = parent, .level = level};
		ref_group(parent);
		return last_slot;
	}
	return 0;
}

SEC("struct_ops.s/ts_cgroup_init")
s32 BPF_PROG(ts_cgroup_init, struct cgroup *cgrp, struct scx_cgroup_init_args *args)
{
	struct cgroup_slot *s;
	struct cgroup *parent;
	struct group *g;
	u32 level = 0;

	parent = cgrp->level ? bpf_cgroup_ancestor(cgrp, cgrp->level - 1) : NULL;
	if (!parent)
		return 0; /* the root */
	s = bpf_cgrp_storage_get(&cgroup_slots, cgrp, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!s) {
		bpf_cgroup_release(parent);
		return -ENOMEM;
	}
	s->slot = slot_of(parent);
	bpf_cgroup_release(parent);
	g = s->slot ? get_group(s->slot) : NULL;
	if (g)
		level = g->level;
	s->shared = level >= MAX_DEPTH;
	if (!s->shared) {
		u32 slot = make_group(s->slot, level + 1, (args->weight ?: 1) << WEIGHT_SHIFT);

		s->shared = !slot;
		s->slot = slot ?: s->slot;
	}
	return 0;
}

SEC("struct_ops/ts_cgroup_exit")
void BPF_PROG(ts_cgroup_exit, struct cgroup *cgrp)
{
	struct cgroup_slot *s = bpf_cgrp_storage_get(&cgroup_slots, cgrp, NULL, 0);

	if (!s)
		return;
	if (!s->shared)
		unref_group(s->slot);
	bpf_cgrp_storage_delete(&cgroup_slots, cgrp);
}

/*
 * The kernel takes a runnable task out, calls this, and puts it back.  It is weighed in its new
 * group then.
 */
SEC("struct_ops/ts_cgroup_move")
void BPF_PROG(ts_cgroup_move, struct task_struct *p, struct cgroup *from, struct cgroup *to)
{
	struct ts_task *t = get_task(p);

	if (!t)
		return;
	leave_group(t);
	enter_group(t, to);
}

SEC("struct_ops/ts_cgroup_set_weight")
void BPF_PROG(ts_cgroup_set_weight, struct cgroup *cgrp, u32 weight)
{
	struct cgroup_slot *s = bpf_cgrp_storage_get(&cgroup_slots, cgrp, NULL, 0);
	struct group *g = s && !s->shared ? get_group(s->slot) : NULL;

	if (!g)
		return;
	g->weight = (weight ?: 1) << WEIGHT_SHIFT;
	if (g->parent)
		add_runnable(g->parent, settle(g));
}

#endif
