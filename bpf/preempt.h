/* SPDX-License-Identifier: GPL-2.0 */
/* Who makes a CPU choose anew: a task that was just queued there. */
#ifndef TS_BPF_PREEMPT_H
#define TS_BPF_PREEMPT_H

#include "bpf/placement.h"

#define PREEMPT_NS 1000000
#define PREEMPT_LATENCY_NS 100000

static bool kick_idle_at(const struct task_struct *p, u32 place)
{
	s32 cpu = pick_idle_at(p, place);

	if (cpu < 0)
		return false;
	scx_bpf_kick_cpu(cpu, SCX_VALUE(scx_kick_flags, SCX_KICK_IDLE));
	return true;
}

/*
 * How long does a task run, at least, before another may take its CPU?  It is long enough that
 * tasks which wake each other every few microseconds do not.  A latency sensitive task need not
 * wait so long for one that is not.
 */
static s64 undisturbed_ns(const struct ts_task *t, const struct cpu_state *state)
{
	return t->class == TS_CLASS_LATENCY && !state->runs_latency ? PREEMPT_LATENCY_NS
								    : PREEMPT_NS;
}

/* Has the task on this CPU run for long enough, and is it ahead of T by as much virtual time? */
static bool gives_way(s32 cpu, const struct ts_task *t)
{
	u32 zero = 0;
	struct cpu_state *state = bpf_map_lookup_percpu_elem(&cpu_states, &zero, cpu);
	s64 ran_ns, least_ns;

	if (!state || !state->run_weight)
		return false;
	least_ns = undisturbed_ns(t, state);
	/* the clocks of two CPUs may differ, so this may be a bit below 0 */
	ran_ns = scx_bpf_now() - state->run_start_ns;
	return ran_ns >= least_ns &&
	       (s64)(state->run_vtime + (u64)ran_ns * NORMAL_WEIGHT / state->run_weight -
		     t->vtime) > least_ns;
}

/*
 * P has just been queued at PLACE by a wake-up.  If the task on the CPU that P last ran on gives
 * way, that CPU chooses anew: P, or a task that is due before it.  A kernel thread or a latency
 * sensitive task that was sent to another place asks some CPU there.  A latency sensitive task
 * asks a second CPU.
 */
static void preempt_for(const struct task_struct *p, const struct ts_task *t, u32 place)
{
	s32 cpu = scx_bpf_task_cpu(p);
	bool latency = t->class == TS_CLASS_LATENCY;

	if (place_of_cpu(cpu) != place || !bpf_cpumask_test_cpu(cpu, p->cpus_ptr))
		cpu = latency || p->flags & PF_KTHREAD ? any_cpu_at(p, place) : -1;
	if (cpu < 0)
		return;
	if (!gives_way(cpu, t)) {
		cpu = latency && p->nr_cpus_allowed > 1 ? any_cpu_at(p, place) : -1;
		if (cpu < 0 || !gives_way(cpu, t))
			return;
	}
	count(TS_STAT_PREEMPTED);
	scx_bpf_kick_cpu(cpu, SCX_VALUE(scx_kick_flags, SCX_KICK_PREEMPT));
}

#endif
