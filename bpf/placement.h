/* SPDX-License-Identifier: GPL-2.0 */
/* Where a task wants to be, and which CPU or place it gets now. */
#ifndef TS_BPF_PLACEMENT_H
#define TS_BPF_PLACEMENT_H

#include "bpf/priority.h"

/* Where a task wants to be. */
struct wish {
	struct ts_profile *profile; /* fresh and with a preference, or NULL */
	u32 here;		    /* place of its CPU */
	u32 home;		    /* its preferred place, if it may run there; else here */
};

static struct ts_profile *fresh_profile(const struct task_struct *p)
{
	u32 tgid = p->tgid;
	struct ts_profile *profile;

	if (!nr_profiles)
		return NULL;
	profile = bpf_map_lookup_elem(&damon_data, &tgid);
	if (!profile)
		return NULL;
	/* by the daemon's clock, because scx_bpf_now() drifts from it over days */
	if ((s64)(bpf_ktime_get_ns() - heartbeat_ns) > (s64)stale_after_ns) {
		count(TS_STAT_STALE);
		return NULL;
	}
	return profile;
}

/* Is this a vector task without a profile yet?  Its memory may well be CXL memory. */
static bool guesses_cxl(struct task_struct *p, u32 here)
{
	struct ts_task *t;

	if (here >= TS_MAX_CPU_NODES || vector_place[here] == here || !tune.points_cxl)
		return false;
	t = get_task(p);
	return t && t->class == TS_CLASS_VECTOR;
}

static void make_wish(struct wish *w, struct task_struct *p, s32 cpu)
{
	struct ts_profile *profile = fresh_profile(p);
	u32 here = place_of_cpu(cpu);

	w->here = w->home = here;
	w->profile = NULL;
	if (!profile && guesses_cxl(p, here)) {
		w->home = vector_place[here];
	} else if (profile && profile->preferred < nr_places && allowed_at(p, profile->preferred)) {
		w->profile = profile;
		w->home = profile->preferred;
	}
}

static s32 score_at(const struct ts_profile *profile, u32 place)
{
	barrier_var(place); /* else the verifier does not see the bound in the compiler's code */
	return profile->score[place & (TS_MAX_CPU_NODES - 1)];
}

/* By how much is the score at A better than at B? */
static s32 points_for(const struct ts_profile *profile, u32 a, u32 b)
{
	return score_at(profile, a) - score_at(profile, b);
}

/*
 * Does its process use up the bandwidth of the memory that it heats?  More CPUs than those near
 * the memory give it nothing, and would be taken from others.  So it waits at home for a CPU.  A
 * CPU that would idle may take it, see hold_is_over().
 */
static bool saturates(const struct ts_profile *profile)
{
	return profile && profile->flags & TS_PROFILE_SATURATES;
}

/* Is waiting for a CPU at home better than an idle one at PLACE? */
static bool home_is_worth_a_wait(const struct wish *w, u32 place)
{
	if (!w->profile || !hold_ns)
		return false;
	return saturates(w->profile) ||
	       (has_room(w->home) &&
		points_for(w->profile, w->home, place) > (s32)tune.points_idle);
}

/* The I-th best place for the task: by its profile, else by the distance from its home. */
static u32 nth_place(const struct wish *w, u32 i)
{
	u32 place, here = w->here;

	if (i >= TS_MAX_CPU_NODES || here >= TS_MAX_CPU_NODES)
		return TS_NO_NODE;
	if (w->profile)
		place = w->profile->order[i];
	else if (w->home < TS_MAX_CPU_NODES)
		place = place_order[w->home][i];
	else
		return TS_NO_NODE;
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
 * An idle CPU for the task, best place first, or a negative number.  A task with a preference
 * waits for a CPU at home while one there can be made free.
 */
static s32 pick_idle(struct task_struct *p, const struct wish *w, s32 prev_cpu)
{
	u32 i, place;
	s32 cpu;

	bpf_for(i, 0, nr_places) {
		place = nth_place(w, i);
		if (place == TS_NO_NODE)
			break;
		if (place != w->home && home_is_worth_a_wait(w, place))
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
 * The place for a task with a preference when no CPU is idle for it.  It has the lowest price: the
 * way to its memory (100 / locality) times the wait for a CPU ((CPUs + queued) / CPUs).
 *
 * At home only the near queue counts, because tasks without a preference make room.  At a place
 * that is neither home nor here, one more task counts as queued.  So a move must gain at least
 * that much.  Of the tasks that have left, those that gain most by being home return first.
 */
static u32 cheapest_place(struct task_struct *p, const struct wish *w)
{
	u64 best_price = ~0ULL;
	u32 i, best = w->home;

	if (saturates(w->profile))
		return best;
	bpf_for(i, 0, nr_places) {
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
			queued += scx_bpf_dsq_nr_queued(free_dsq(place)) + (place != w->here);
		price = ((pl->nr_cpus + queued) << 20) / (pl->nr_cpus * locality);
		if (price < best_price) {
			best_price = price;
			best = place;
		}
	}
	return best;
}

/* Did its turn end before half a slice was over?  The task that cut it short is soon done. */
static bool was_cut_short(const struct ts_task *t)
{
	return scx_bpf_now() - t->run_start_ns < slice_ns / 2;
}

/*
 * The place with the shortest queue a CPU.  It is the place here, unless another queue is shorter.
 * Where it is shorter by two tasks or more, a move evens the queues out.  Where it is shorter by
 * one, a move only passes the longer wait on to others.  That is fair in the long run, so it is
 * done, but seldom.
 */
static u32 shortest_queue(struct task_struct *p, const struct ts_task *t, const struct wish *w)
{
	u32 i, best = w->here;
	struct place *pl = get_place(best);
	u64 best_queued = ~0U, best_cpus = 1;

	if (pl && pl->nr_cpus && allowed_at(p, best)) {
		best_queued = nr_queued_at(best);
		best_cpus = pl->nr_cpus;
		if (!best_queued)
			return best;
		if (scx_bpf_now() - t->moved_ns > tune.move_interval_ms * 1000000ULL)
			best_queued++;
	}
	bpf_for(i, 0, nr_places) {
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
			best_queued = queued;
			best_cpus = pl->nr_cpus;
		}
	}
	return best;
}

/*
 * The place where the smallest part of the CPUs runs tasks that prefer it.  Where all are alike,
 * the place here.
 */
static u32 least_preferred_place(struct task_struct *p, const struct wish *w)
{
	u32 i, best = w->here;
	u64 best_near = ~0U, best_cpus = 1;

	bpf_for(i, 0, nr_places) {
		u32 place = nth_place(w, i);
		struct place *pl;

		if (place >= TS_MAX_CPU_NODES)
			break;
		pl = get_place(place);
		if (!pl || !allowed_at(p, place) ||
		    pl->nr_near_running * best_cpus >= best_near * pl->nr_cpus)
			continue;
		best = place;
		best_near = pl->nr_near_running;
		best_cpus = pl->nr_cpus;
	}
	return best;
}

/*
 * The place for a task without a preference.
 *
 * A kernel thread that wakes goes first wherever it comes.  So it goes where few CPUs run tasks at
 * their memory.  An unbound worker stays near the task that asked for the work: it will probably
 * work on that task's memory, and nothing else is known of that.
 *
 * A task that has just run stays in two cases.  Its turn was cut short: the task that took its CPU
 * is soon done.  Or another queue is shorter for the first time: a daemon that wakes, or a thread
 * that waits for a lock, makes a difference of a moment.
 */
static u32 shortest_place(struct task_struct *p, struct ts_task *t, const struct wish *w,
			  bool woken)
{
	bool stay = !woken && allowed_at(p, w->here);
	u32 place;

	if (woken && t->class == TS_CLASS_KWORKER && allowed_at(p, w->here))
		return w->here;
	if (woken && (p->flags & PF_KTHREAD))
		return least_preferred_place(p, w);
	if (stay && was_cut_short(t))
		return w->here;
	place = shortest_queue(p, t, w);
	if (place == w->here) {
		t->saw_shorter = 0;
	} else if (stay && !t->saw_shorter) {
		t->saw_shorter = 1;
		place = w->here;
	} else {
		t->saw_shorter = 0;
		count(TS_STAT_BALANCED);
	}
	return place;
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

/* The task could go on here, where nobody waits.  Should it leave for its home instead? */
static bool wants_away(const struct task_struct *p, const struct wish *w)
{
	if (!w->profile || w->home == w->here)
		return false;
	if (!saturates(w->profile) && home_is_worth_a_wait(w, w->here))
		return true;
	return points_for(w->profile, w->home, w->here) > 0 && is_idle_at(p, w->home);
}

#endif
