/* SPDX-License-Identifier: GPL-2.0 */
/* Where a task wants to be, and which CPU or place that comes to as of now. */
#ifndef TS_BPF_PLACEMENT_H
#define TS_BPF_PLACEMENT_H

#include "bpf/class.h"

/* Where a task wants to be. */
struct wish {
	struct ts_profile *profile; /* fresh, with a preference; or NULL */
	u32 here;		    /* place of its CPU */
	u32 home;		    /* preferred place that it may use, else here */
};

static struct ts_profile *fresh_profile(const struct task_struct *p)
{
	u32 tgid = p->tgid;
	struct ts_profile *profile = bpf_map_lookup_elem(&damon_data, &tgid);

	if (!profile)
		return NULL;
	if (scx_bpf_now() - heartbeat_ns > stale_after_ns) {
		count(TS_STAT_STALE);
		return NULL;
	}
	return profile;
}

static void make_wish(struct wish *w, struct task_struct *p, struct ts_task *t, s32 cpu)
{
	struct ts_profile *profile = fresh_profile(p);

	judge(p, t, profile);
	w->here = place_of_cpu(cpu);
	w->home = w->here;
	w->profile = NULL;
	if (profile && profile->preferred < nr_places && allowed_at(p, profile->preferred)) {
		w->profile = profile;
		w->home = profile->preferred;
	}
}

/* The I-th best place for the task: by its profile, else nearest to where it is. */
static u32 nth_place(const struct wish *w, u32 i)
{
	u32 place, here = w->here;

	if (i >= TS_MAX_CPU_NODES || here >= TS_MAX_CPU_NODES)
		return TS_NO_NODE;
	place = w->profile ? w->profile->order[i] : place_order[here][i];
	return place < nr_places ? place : TS_NO_NODE;
}

static s32 pick_idle_at(const struct task_struct *p, u32 place)
{
	if (place >= TS_MAX_CPU_NODES)
		return -1;
	return scx_bpf_pick_idle_cpu_node(
		p->cpus_ptr, place_node_id[place],
		SCX_VALUE(scx_pick_idle_cpu_flags, SCX_PICK_IDLE_IN_NODE));
}

/*
 * An idle CPU for the task, best place first, or a negative number.  A task
 * with a preference waits for its home, rather than go afar, while one of the
 * CPUs there can be made free.
 */
static s32 pick_idle(struct task_struct *p, const struct wish *w, s32 prev_cpu)
{
	u32 i, place;
	s32 cpu;

	bpf_for (i, 0, nr_places) {
		place = nth_place(w, i);
		if (place == TS_NO_NODE)
			break;
		if (i > 0 && w->profile && hold_ns && has_room(w->home))
			break;
		if (place == w->here && prev_cpu >= 0 &&
		    bpf_cpumask_test_cpu(prev_cpu, p->cpus_ptr) &&
		    scx_bpf_test_and_clear_cpu_idle(prev_cpu))
			cpu = prev_cpu;
		else
			cpu = pick_idle_at(p, place);
		if (cpu >= 0) {
			count(w->profile && place == w->home ? TS_STAT_IDLE_NEAR
							     : TS_STAT_IDLE_OTHER);
			return cpu;
		}
	}
	return -1;
}

/*
 * The place for a task with a preference when no CPU is idle for it: the lowest
 * product of the way to its memory (100 / locality) and the wait for a CPU
 * ((CPUs + queued) / CPUs).  At home only tasks that want to be there too count
 * as a queue: the others make room.
 */
static u32 cheapest_place(struct task_struct *p, const struct wish *w)
{
	u64 best_price = ~0ULL;
	u32 i, best = w->home;

	bpf_for (i, 0, nr_places) {
		u32 place = nth_place(w, i), locality;
		struct place *pl;
		u64 price, queued;

		if (place >= TS_MAX_CPU_NODES)
			break;
		pl = get_place(place);
		if (!pl || !pl->nr_cpus || (place != w->home && !allowed_at(p, place)))
			continue;
		locality = w->profile->locality[place];
		if (!locality || locality > 100)
			locality = 1;
		queued = scx_bpf_dsq_nr_queued(near_dsq(place));
		if (place != w->home)
			queued += scx_bpf_dsq_nr_queued(free_dsq(place)) + 1;
		price = ((pl->nr_cpus + queued) << 20) / (pl->nr_cpus * locality);
		if (price < best_price) {
			best_price = price;
			best = place;
		}
	}
	return best;
}

static u64 nr_queued_at(u32 place)
{
	return scx_bpf_dsq_nr_queued(near_dsq(place)) + scx_bpf_dsq_nr_queued(free_dsq(place));
}

/* The place for a task without a preference: here, unless another queue is shorter by more than
 * itself. */
static u32 shortest_place(struct task_struct *p, const struct wish *w)
{
	u32 i, best = w->here;
	struct place *pl = get_place(best);
	u64 best_queued, best_cpus;

	if (!pl || !pl->nr_cpus || !allowed_at(p, best)) {
		best_queued = ~0U;
		best_cpus = 1;
	} else {
		best_queued = nr_queued_at(best);
		best_cpus = pl->nr_cpus;
		if (!best_queued)
			return best;
	}
	bpf_for (i, 0, nr_places) {
		u32 place = nth_place(w, i);
		u64 queued;

		if (place >= TS_MAX_CPU_NODES)
			break;
		pl = get_place(place);
		if (place == w->here || !pl || !pl->nr_cpus || !allowed_at(p, place))
			continue;
		queued = nr_queued_at(place) + 1;
		if (queued * best_cpus < best_queued * pl->nr_cpus) {
			best = place;
			best_queued = queued - 1;
			best_cpus = pl->nr_cpus;
		}
	}
	if (best != w->here)
		count(TS_STAT_BALANCED);
	return best;
}

static bool is_idle_at(const struct task_struct *p, u32 place)
{
	const struct cpumask *idle;
	bool found;

	if (place >= TS_MAX_CPU_NODES)
		return false;
	idle = scx_bpf_get_idle_cpumask_node(place_node_id[place]);
	found = bpf_cpumask_intersects(idle, p->cpus_ptr);
	scx_bpf_put_cpumask(idle);
	return found;
}

/* The task could go on here; should it leave for its home instead? */
static bool wants_away(const struct task_struct *p, const struct wish *w)
{
	return w->profile && w->home != w->here && (has_room(w->home) || is_idle_at(p, w->home));
}

#endif
