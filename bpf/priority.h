/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The priority of a task, by its class and by where it runs.
 *
 * A priority is percent of virtual time: at -20, 100 ms of running count as 80.  So a favoured
 * class runs more by a fixed factor, and nobody starves.
 *
 * Who pays?  Rules of the administrator and the kernel's workers may take from anybody.  Names and
 * behaviour are made by the process itself.  So the other tasks of the same cgroup pay for them
 * (weigh() in cgroup.h).  In the root cgroup everybody would pay, so they gain nothing there.
 *
 * To add a class, add a value in enum ts_class, its predicate in class.h and its case here.
 * doc/DESIGN.md has an example.
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

/*
 * A worker is promoted near the task that it serves, and where work is backed up, because a task
 * there may wait for it.
 */
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

/* May other groups pay for its priority?  A flag tells a kernel worker, never a name. */
static bool all_may_pay(const struct ts_task *t)
{
	return t->by_rule || t->class == TS_CLASS_KWORKER;
}

/* The priority of a task that goes on a CPU of this place. */
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

/* The weight that counts with this priority. */
static u32 favour(u32 weight, s32 priority)
{
	return priority ? weight * 100ULL / (u64)(100 + priority) ?: 1 : weight;
}

#endif
