/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How much of its CPU's virtual time a task pays, by what it is and where it runs.
 *
 * A priority is percent of virtual time: at -20, 100 ms of running count as 80.  So a class that is
 * favoured runs more, by a fixed factor, and nobody starves.
 *
 * Who pays?  The administrator's rules and the kernel's workers may take from anybody.  Names and
 * behaviour are what a process makes of itself: what they gain is paid by the other tasks of the
 * same cgroup (weigh() in cgroup.h), and in the root cgroup, where everybody would pay, they gain
 * nothing.
 *
 * To add a class: a value in enum ts_class, its predicate in class.h, its case here
 * (doc/DESIGN.md has an example).
 */
#ifndef TS_BPF_PRIORITY_H
#define TS_BPF_PRIORITY_H

#include "bpf/class.h"

#define MAX_PRIORITY 50

static u64 nr_queued_at(u32 place)
{
	return scx_bpf_dsq_nr_queued(near_dsq(place)) + scx_bpf_dsq_nr_queued(free_dsq(place));
}

static s32 vector_priority(const struct ts_profile *profile, u32 here)
{
	if (!profile || here >= TS_MAX_CPU_NODES || profile->locality[here] == TS_UNKNOWN_U8 ||
	    profile->locality[here] < tune.vector_locality)
		return 0;
	return -(s32)tune.priority_vector;
}

/* Promoted near what it serves, and where work is backed up: somebody there may wait for it. */
static s32 kworker_priority(const struct ts_task *t, const struct place *pl, u32 here)
{
	s32 priority = memory_is_short ? tune.demotion_kworker : 0;

	if (t->served == here || t->served == TS_NO_NODE ||
	    (pl && nr_queued_at(here) >= pl->nr_cpus))
		priority -= tune.priority_kworker;
	return priority;
}

static s32 class_priority(const struct ts_task *t, const struct ts_profile *profile,
			  const struct place *pl, u32 here)
{
	switch (t->class) {
	case TS_CLASS_VECTOR:
		return vector_priority(profile, here);
	case TS_CLASS_LATENCY:
		return -(s32)tune.priority_latency;
	case TS_CLASS_KWORKER:
		return kworker_priority(t, pl, here);
	}
	return 0;
}

/* May other groups pay for its priority?  Kernel workers are known by a flag, never by a name. */
static bool all_may_pay(const struct ts_task *t)
{
	return t->by_rule || t->class == TS_CLASS_KWORKER;
}

/* Of a task that goes on a CPU of this place. */
static s32 priority_of(const struct ts_task *t, const struct ts_profile *profile,
		       const struct place *pl, u32 here)
{
	s32 priority;

	if (!t->group && !all_may_pay(t))
		return 0;
	priority = class_priority(t, profile, pl, here);
	if (priority < -MAX_PRIORITY)
		return -MAX_PRIORITY;
	return priority > MAX_PRIORITY ? MAX_PRIORITY : priority;
}

/* What a priority makes of a weight. */
static u32 favour(u32 weight, s32 priority)
{
	return priority ? weight * 100ULL / (u64)(100 + priority) ?: 1 : weight;
}

#endif
