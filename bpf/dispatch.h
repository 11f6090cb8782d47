/* SPDX-License-Identifier: GPL-2.0 */
/* What a CPU runs next: from the queues of its place, or from those of others. */
#ifndef TS_BPF_DISPATCH_H
#define TS_BPF_DISPATCH_H

#include "bpf/queue.h"

#define LOOK_NS 1000000000ULL  /* from one look for tasks that have waited longer to the next */
#define LOOK_AGAIN_NS 20000000 /* the same after a look that has found one */

/* Take from PLACE's own queues.  The queue whose head has the lower virtual time comes first. */
static bool take_own(u32 place)
{
	u64 first = near_dsq(place), second = free_dsq(place);
	s32 nr_near = scx_bpf_dsq_nr_queued(first), nr_free = scx_bpf_dsq_nr_queued(second);

	if (nr_near > 0 && nr_free > 0 && bpf_ksym_exists(scx_bpf_dsq_peek)) {
		struct task_struct *near = scx_bpf_dsq_peek(first),
				   *free = scx_bpf_dsq_peek(second);

		if (near && free && (s64)(free->scx.dsq_vtime - near->scx.dsq_vtime) < 0) {
			first = free_dsq(place);
			second = near_dsq(place);
		}
	}
	return dsq_move_to_local(first) || dsq_move_to_local(second);
}

/* May an idle CPU of HERE take what waits in PLACE's near queue? */
static bool hold_is_over(u32 place, u32 here)
{
	struct ts_profile *profile;
	struct task_struct *p;
	struct ts_task *t;

	if (!hold_ns || !bpf_ksym_exists(scx_bpf_dsq_peek))
		return true;
	p = scx_bpf_dsq_peek(near_dsq(place));
	if (!p)
		return true;
	profile = fresh_profile(p);
	if (!profile)
		return true;
	if (!saturates(profile) &&
	    (!has_room(place) || points_for(profile, place, here) <= (s32)tune.points_idle))
		return true;
	t = get_task(p);
	return !t || scx_bpf_now() - t->queued_ns > hold_ns;
}

static bool steal(u32 here)
{
	u32 i, place;

	if (here >= TS_MAX_CPU_NODES)
		return false;
	bpf_for(i, 1, nr_places) {
		place = i < TS_MAX_CPU_NODES ? place_order[here][i] : TS_NO_NODE;
		if (has_queued(place) && scx_bpf_dsq_nr_queued(free_dsq(place)) > 0 &&
		    dsq_move_to_local(free_dsq(place)))
			return true;
	}
	bpf_for(i, 1, nr_places) {
		place = i < TS_MAX_CPU_NODES ? place_order[here][i] : TS_NO_NODE;
		if (has_queued(place) && scx_bpf_dsq_nr_queued(near_dsq(place)) > 0 &&
		    hold_is_over(place, here) && dsq_move_to_local(near_dsq(place)))
			return true;
	}
	return false;
}

/* How many places have no online CPU left.  Every CPU may take from their queues. */
u32 nr_dead_places;

static bool take_orphans(void)
{
	u32 i;

	bpf_for(i, 0, nr_places) {
		struct place *pl = get_place(i);

		if (pl && !pl->nr_cpus &&
		    (dsq_move_to_local(near_dsq(i)) || dsq_move_to_local(free_dsq(i))))
			return true;
	}
	return false;
}

/* Is a task with this queue_key() due on the CPU before all that wait in the queue? */
static bool is_before(u64 key, u64 dsq, s32 cpu)
{
	struct task_struct *p;
	struct ts_task *t;

	if (scx_bpf_dsq_nr_queued(dsq) <= 0)
		return true;
	p = scx_bpf_dsq_peek(dsq);
	if (!p)
		return true;
	t = get_task(p);
	return (s64)(p->scx.dsq_vtime - key) > 0 && bpf_cpumask_test_cpu(cpu, p->cpus_ptr) && t &&
	       scx_bpf_now() - t->queued_ns < MAX_WAIT_NS;
}

/*
 * The slice of a task is over and it would go on.  It is in no queue yet.  Is it due before all
 * that wait?  Without this two tasks of a CPU would take turns, whatever their weights.
 */
static bool is_due(struct task_struct *p, s32 cpu, u32 here)
{
	struct ts_task *t = get_task(p);
	u64 vtime, key;

	if (!t || !bpf_ksym_exists(scx_bpf_dsq_peek))
		return false;
	vtime = t->vtime + (scx_bpf_now() - t->run_start_ns) * NORMAL_WEIGHT / weight_of(p, t);
	key = queue_key(p, vtime, get_place(here));
	return is_before(key, near_dsq(here), cpu) && is_before(key, free_dsq(here), cpu);
}

/* Move the last task of this queue that has waited too long to this CPU. */
static bool take_starved(u64 dsq, s32 cpu, u64 now)
{
	struct bpf_iter_scx_dsq it;
	struct task_struct *p;
	bool taken = false;

	if (scx_bpf_dsq_nr_queued(dsq) <= 0)
		return false;
	bpf_iter_scx_dsq_new(&it, dsq, SCX_VALUE(scx_dsq_iter_flags, SCX_DSQ_ITER_REV));
	while ((p = bpf_iter_scx_dsq_next(&it))) {
		struct ts_task *t = get_task(p);

		if (!t || (s64)(now - t->queued_ns) < (s64)MAX_WAIT_NS ||
		    !bpf_cpumask_test_cpu(cpu, p->cpus_ptr))
			continue;
		taken = scx_bpf_dsq_move(&it, p, SCX_VALUE(scx_dsq_id_flags, SCX_DSQ_LOCAL), 0);
		break;
	}
	bpf_iter_scx_dsq_destroy(&it);
	return taken;
}

/*
 * A task gets its virtual time when it is queued.  When many tasks come after it, the clock goes
 * slower than was foreseen.  A light task far ahead of the clock would then wait without any
 * bound.  So one CPU of a place looks for such tasks now and then.
 */
static bool rescue(u32 here, s32 cpu)
{
	struct place *pl = get_place(here);
	u64 now = scx_bpf_now();

	if (!pl || (s64)(now - pl->look_ns) < 0)
		return false;
	pl->look_ns = now + LOOK_NS;
	if (!take_starved(free_dsq(here), cpu, now) && !take_starved(near_dsq(here), cpu, now))
		return false;
	pl->look_ns = now + LOOK_AGAIN_NS;
	count(TS_STAT_RESCUED);
	return true;
}

#endif
