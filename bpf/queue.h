/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The two queues of a place: by what virtual time a task waits in them, and for how long it runs
 * then.
 */
#ifndef TS_BPF_QUEUE_H
#define TS_BPF_QUEUE_H

#include "bpf/cgroup.h"
#include "bpf/placement.h"

enum {
	ROUND_TASKS = 8,	   /* up to so many queued tasks a CPU get a full slice */
	MIN_SLICE_NS = 500 * 1000, /* more of them get shorter slices, but at least this */
};
#define KTHREAD_SAVED_NS 1000000000ULL
#define MAX_WAIT_NS 4000000000ULL /* the kernel ejects a scheduler after 30 s */
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

/* The task waits in no queue any more. */
static void leave_queue(struct ts_task *t)
{
	struct place *pl = t->queued_weight ? get_place(t->place) : NULL;

	if (pl)
		__sync_fetch_and_add(&pl->queued_weight, -(u64)t->queued_weight);
	t->queued_weight = 0;
}

/* Carry the task's virtual time from its old place's clock to the new one's. */
static void move_vtime(struct ts_task *t, u32 to)
{
	struct place *from, *into;

	if (t->place == to)
		return;
	from = get_place(t->place);
	into = get_place(to);
	if (into && from)
		t->vtime += into->vtime_now - from->vtime_now;
	else if (into)
		t->vtime = into->vtime_now;
	t->place = to;
}

/*
 * The slice of a task that queues here.  It is slice_ns up to ROUND_TASKS queued tasks a CPU.  In
 * a longer queue it is shorter, so that a round stays short.
 */
static u64 slice_at(const struct place *pl, u32 place)
{
	u64 queued = nr_queued_at(place), room;

	if (!pl || !pl->nr_cpus)
		return slice_ns;
	room = ROUND_TASKS * (u64)pl->nr_cpus;
	if (queued <= room)
		return slice_ns;
	return MAX(slice_ns * room / queued, MIN(slice_ns, MIN_SLICE_NS));
}

/*
 * How far the place's clock advances when its CPUs serve for NS together.  That is NS over the
 * weight of all tasks that wait or run.  Those that run are taken to weigh WEIGHT each.
 */
static u64 virtual_ns(const struct place *pl, u64 ns, u32 weight)
{
	u64 all = pl->queued_weight + (u64)weight * pl->nr_cpus;

	return ns * NORMAL_WEIGHT / (all ?: 1);
}

/*
 * How far behind the place's clock may a task queue?  A task that sleeps may save up one slice.  A
 * task that is latency sensitive may save up two, and so may one that waits without sleeping: it
 * is owed them.  A kernel thread may save up more, because the rest of the system waits for it.
 */
static u64 most_saved_ns(const struct task_struct *p, const struct ts_task *t, bool woken)
{
	if (p->flags & PF_KTHREAD)
		return KTHREAD_SAVED_NS;
	return woken && t->class != TS_CLASS_LATENCY ? slice_ns : 2 * slice_ns;
}

/* The virtual time to queue a task by. */
static u64 queue_vtime(const struct task_struct *p, const struct ts_task *t, const struct place *pl,
		       bool woken)
{
	u64 saved_ns = most_saved_ns(p, t, woken);
	u64 ahead = virtual_ns(pl, MAX_WAIT_NS * pl->nr_cpus, weight_of(p, t));
	s64 lag = t->vtime - pl->vtime_now;

	if (lag < -(s64)saved_ns)
		return pl->vtime_now - saved_ns;
	if (lag > (s64)ahead)
		return pl->vtime_now + ahead;
	return t->vtime;
}

/* Has it lost its CPU while it holds an RCU read lock?  All of the kernel waits for such tasks. */
static bool blocks_rcu(const struct task_struct *p)
{
	return bpf_core_field_exists(p->rcu_read_unlock_special) &&
	       p->rcu_read_unlock_special.b.blocked;
}

/*
 * Queues are ordered by this: virtual time in steps of a slice and a half.  Within a step the
 * first to come is the first to go.  Otherwise tasks that wake each other would take turns for
 * every few microseconds that one of them has had less.
 */
static u64 queue_key(const struct task_struct *p, u64 vtime, const struct place *pl)
{
	if (pl && blocks_rcu(p))
		vtime = pl->vtime_now - KTHREAD_SAVED_NS;
	return vtime - vtime % (slice_ns + slice_ns / 2);
}

/* Put the task into one of PLACE's queues. */
static void queue_at(struct task_struct *p, struct ts_task *t, u32 place, bool near, u64 enq_flags)
{
	struct place *pl = get_place(place);

	leave_queue(t);
	move_vtime(t, place);
	if (pl) {
		t->vtime =
			queue_vtime(p, t, pl, enq_flags & SCX_VALUE(scx_enq_flags, SCX_ENQ_WAKEUP));
		t->queued_weight = weight_of(p, t);
		__sync_fetch_and_add(&pl->queued_weight, t->queued_weight);
	}
	t->queued_ns = scx_bpf_now();
	count(TS_STAT_QUEUED);
	dsq_insert_vtime(p, near ? near_dsq(place) : free_dsq(place), slice_at(pl, place),
			 queue_key(p, t->vtime, pl), enq_flags);
}

#endif
