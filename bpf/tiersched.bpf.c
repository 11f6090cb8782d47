/* SPDX-License-Identifier: GPL-2.0 */
/*
 * tiersched - run tasks where their hot memory is cheapest to reach.
 *
 * Queues.  Every CPU node has two queues ordered by virtual time.  "near" holds the tasks whose
 * profile prefers this node, "free" holds the others.  A CPU looks at the heads of its node's two
 * queues, and serves the one with the lower virtual time.  So the CPUs of a node are shared
 * fairly, and a preference gives no priority.
 *
 * Order.  Queues are ordered in steps of virtual time, see bpf/queue.h.  Fairness is meant for the
 * long run, and within a step the first to come is the first to go.  A task that lost its CPU
 * inside an RCU read section runs before nearly all others, until it has left the section.  Until
 * then the kernel frees no memory, and after 21 s it ejects the scheduler.
 *
 * Virtual time.  Each place has a clock.  It shows where each of the place's tasks would be if
 * they had shared the CPUs by weight at every moment.  It advances by the service given, divided
 * by the weight of all tasks that want it.  It never lags behind a task that runs.  A task may
 * not queue far behind the clock, so that a sleeper does not hold the CPU.  Nor may it queue so
 * far ahead that it would wait for longer than MAX_WAIT_NS.  A nice task gets so far ahead when
 * the kernel keeps it on a CPU for longer than its slice.
 *
 * Weights are nice values and cpu.weight together, see bpf/cgroup.h.
 *
 * Placement.  A task with a fresh profile goes to its preferred node.  It goes to the next
 * cheapest when the queue costs it more than the longer way to its memory.  A task without a
 * preference stays where it last ran, unless another node's queue is shorter.  Places are
 * compared by the score that the daemon makes of locality and points (abi.h).
 *
 * Work conservation.  A CPU that would go idle takes from other nodes: first tasks without a
 * preference, then tasks with one.  There is one exception.  A task that waits at its preferred
 * node is left there for at most hold_ns, while that node runs tasks without a preference.  One of
 * those will make room within a slice, and then move to the idle CPU itself.  That exchange brings
 * tasks to their memory on a machine whose CPUs are all busy.
 *
 * Trust.  Profiles count while the daemon's heartbeat is fresh.  Without a fresh heartbeat, or
 * without a profile, this is a plain fair scheduler.
 *
 * Limits.  Virtual time is kept per node and translated when a task changes nodes.  Fairness
 * between nodes comes from the lengths of queues only.  SMT siblings are not told apart.  Before
 * Linux 6.19 a scheduler cannot look into a queue, so two tasks of a CPU take turns whatever their
 * weights.
 */
#include "bpf/dispatch.h"
#include "bpf/preempt.h"
#include "bpf/queue.h"

char _license[] SEC("license") = "GPL";

/*
 * A kernel worker wakes that is not bound to a CPU.  The kernel wakes it near the task that asked
 * for the work (the affinity scope of its workqueue).
 */
static void note_served(struct task_struct *p, s32 cpu)
{
	struct ts_task *t = get_task(p);

	if (t)
		t->served = place_of_cpu(cpu);
}

SEC("struct_ops/ts_select_cpu")
s32 BPF_PROG(ts_select_cpu, struct task_struct *p, s32 prev_cpu, u64 wake_flags)
{
	struct wish w = {};
	s32 cpu = -1;

	if (p->nr_cpus_allowed == 1) {
		if (scx_bpf_test_and_clear_cpu_idle(prev_cpu))
			cpu = prev_cpu;
	} else {
		if (p->flags & PF_WQ_WORKER)
			note_served(p, prev_cpu);
		make_wish(&w, p, prev_cpu);
		cpu = pick_idle(p, &w, prev_cpu);
	}
	if (cpu < 0)
		return prev_cpu;
	dsq_insert(p, SCX_VALUE(scx_dsq_id_flags, SCX_DSQ_LOCAL), slice_ns, 0);
	return cpu;
}

static void run_here(struct task_struct *p, u64 enq_flags)
{
	dsq_insert(p, SCX_VALUE(scx_dsq_id_flags, SCX_DSQ_LOCAL), slice_ns, enq_flags);
}

/* A task bound to one CPU. */
static void enqueue_bound(struct task_struct *p, struct ts_task *t, s32 cpu, u64 enq_flags)
{
	bool woken = enq_flags & SCX_VALUE(scx_enq_flags, SCX_ENQ_WAKEUP);
	u32 place = place_of_cpu(cpu);

	if (enq_flags & SCX_VALUE(scx_enq_flags, SCX_ENQ_LAST)) {
		run_here(p, enq_flags);
		return;
	}
	/* a kernel thread that wakes goes first, because the CPU needs it to work at all */
	if (woken && (p->flags & PF_KTHREAD)) {
		run_here(p, enq_flags | SCX_VALUE(scx_enq_flags, SCX_ENQ_HEAD));
		return;
	}
	queue_at(p, t, place, false, enq_flags);
	if (woken)
		preempt_for(p, t, place);
	scx_bpf_kick_cpu(cpu, SCX_VALUE(scx_kick_flags, SCX_KICK_IDLE));
}

SEC("struct_ops/ts_enqueue")
void BPF_PROG(ts_enqueue, struct task_struct *p, u64 enq_flags)
{
	struct ts_task *t = get_task(p);
	s32 cpu = scx_bpf_task_cpu(p), idle;
	bool woken = enq_flags & SCX_VALUE(scx_enq_flags, SCX_ENQ_WAKEUP);
	struct wish w = {};
	u32 place;

	if (!t) {
		run_here(p, enq_flags);
		return;
	}
	if (!t->weight)
		weigh(p, t);
	if (p->nr_cpus_allowed == 1) {
		enqueue_bound(p, t, cpu, enq_flags);
		return;
	}
	make_wish(&w, p, cpu);
	if ((enq_flags & SCX_VALUE(scx_enq_flags, SCX_ENQ_LAST)) && !wants_away(p, &w)) {
		run_here(p, enq_flags);
		return;
	}
	/* ts_select_cpu() has not looked for an idle CPU, for instance after a slice */
	if (!(enq_flags & SCX_VALUE(scx_enq_flags, SCX_ENQ_CPU_SELECTED))) {
		idle = pick_idle(p, &w, -1);
		if (idle >= 0) {
			dsq_insert(p, SCX_VALUE(scx_dsq_id_flags, SCX_DSQ_LOCAL_ON) | idle,
				   slice_ns, enq_flags);
			return;
		}
	}
	place = w.profile ? cheapest_place(p, &w) : shortest_place(p, t, &w, woken);
	if (w.profile && place == w.home && w.home != w.here)
		count(TS_STAT_SWAPPED);
	queue_at(p, t, place, w.profile && place == w.home, enq_flags);
	if (!kick_idle_at(p, place) && woken)
		preempt_for(p, t, place);
}

SEC("struct_ops/ts_dispatch")
void BPF_PROG(ts_dispatch, s32 cpu, struct task_struct *prev)
{
	u32 here = place_of_cpu(cpu);
	bool goes_on = prev && (prev->scx.flags & SCX_VALUE(scx_ent_flags, SCX_TASK_QUEUED));

	if (nr_dead_places && take_orphans())
		return;
	if (has_queued(here) &&
	    (rescue(here, cpu) || (!(goes_on && is_due(prev, cpu, here)) && take_own(here))))
		return;
	if (goes_on) {
		struct wish w = {};

		/*
		 * It goes on for another slice.  If it had better leave, it comes to enqueue with
		 * ENQ_LAST.
		 */
		if (prev->nr_cpus_allowed > 1) {
			make_wish(&w, prev, cpu);
			if (wants_away(prev, &w))
				return;
		}
		task_set_slice(prev, slice_at(get_place(here), here));
		return;
	}
	if (steal(here))
		count(TS_STAT_STOLEN);
}

/* Something waits here for longer than a tick, so an idle CPU elsewhere may look. */
SEC("struct_ops/ts_tick")
void BPF_PROG(ts_tick, struct task_struct *p)
{
	s32 cpu = scx_bpf_task_cpu(p);
	u32 here = place_of_cpu(cpu);
	const struct cpumask *online;

	if (here >= TS_MAX_CPU_NODES || !has_queued(here))
		return;
	online = scx_bpf_get_online_cpumask();
	cpu = scx_bpf_pick_idle_cpu_node(online, place_node_id[here], 0);
	scx_bpf_put_cpumask(online);
	if (cpu >= 0)
		scx_bpf_kick_cpu(cpu, SCX_VALUE(scx_kick_flags, SCX_KICK_IDLE));
}

/*
 * Note what this CPU runs.  CPUs share nr_near_running, so it is written only when this CPU's part
 * of it changes.
 */
static void note_running(const struct task_struct *p, const struct ts_task *t, struct place *pl)
{
	u32 zero = 0;
	struct cpu_state *state = bpf_map_lookup_elem(&cpu_states, &zero);

	if (!state)
		return;
	state->run_start_ns = t->run_start_ns;
	state->run_vtime = t->vtime;
	state->run_weight = weight_of(p, t);
	state->runs_latency = t->class == TS_CLASS_LATENCY;
	if (!pl || state->runs_near == t->near)
		return;
	state->runs_near = t->near;
	__sync_fetch_and_add(&pl->nr_near_running, t->near ? 1 : -1);
}

SEC("struct_ops/ts_running")
void BPF_PROG(ts_running, struct task_struct *p)
{
	u32 here = place_of_cpu(scx_bpf_task_cpu(p));
	struct ts_task *t = get_task(p);
	struct ts_profile *profile;
	struct place *pl;

	if (!t)
		return;
	leave_queue(t);
	t->run_start_ns = scx_bpf_now();
	if (t->ran_at != here) {
		if (t->ran_at != TS_NO_NODE)
			t->nr_node_moves++;
		t->ran_at = here;
		t->moved = 1;
		t->moved_ns = t->run_start_ns;
	}
	move_vtime(t, here);
	pl = get_place(here);
	if (pl && (s64)(pl->vtime_now - t->vtime) < 0)
		pl->vtime_now = t->vtime;
	profile = fresh_profile(p);
	judge_given(p, t, profile);
	t->priority = priority_of(t, profile, pl, here);
	if (!t->weight) /* it came to an idle CPU without ts_enqueue() */
		weigh(p, t);
	t->placed = profile && profile->preferred < nr_places;
	t->near = t->placed && profile->preferred == here;
	note_running(p, t, pl);
}

/* Count for `status`, which shows it, and for the model, which needs the migrations. */
static void account(struct task_struct *p, struct ts_task *t, u64 used_ns)
{
	u32 tgid = p->tgid;
	struct ts_usage *usage = bpf_map_lookup_elem(&process_usage, &tgid);
	u32 class = t->class;

	if (!usage || class >= TS_NR_CLASSES)
		return;
	__sync_fetch_and_add(&usage->class_ns[class], used_ns);
	usage->priority[class] = t->priority;
	if (t->placed)
		__sync_fetch_and_add(&usage->placed_ns, used_ns);
	if (t->near)
		__sync_fetch_and_add(&usage->near_ns, used_ns);
	if (t->moved)
		__sync_fetch_and_add(&usage->nr_node_moves, 1);
	t->moved = 0;
}

SEC("struct_ops/ts_stopping")
void BPF_PROG(ts_stopping, struct task_struct *p, bool runnable)
{
	struct ts_task *t = get_task(p);
	u32 zero = 0;
	struct cpu_state *state = bpf_map_lookup_elem(&cpu_states, &zero);
	struct place *pl;
	u64 used_ns;

	if (state)
		state->run_weight = 0;
	if (!t)
		return;
	used_ns = scx_bpf_now() - t->run_start_ns;
	account(p, t, used_ns); /* by the class that it had while it ran */
	t->run_ns += used_ns;
	judge_run(t);
	weigh(p, t); /* its group or its priority may have changed since */
	t->vtime += used_ns * NORMAL_WEIGHT / t->weight;
	pl = get_place(t->place);
	if (pl && pl->queued_weight) /* else the clock follows the task that runs */
		__sync_fetch_and_add(&pl->vtime_now, virtual_ns(pl, used_ns, t->weight));
}

/* The task is not runnable any more.  It may not have run at all. */
SEC("struct_ops/ts_quiescent")
void BPF_PROG(ts_quiescent, struct task_struct *p, u64 deq_flags)
{
	struct ts_task *t = get_task(p);

	if (!t)
		return;
	leave_queue(t);
	if (deq_flags & SCX_VALUE(scx_deq_flags, SCX_DEQ_SLEEP))
		judge_sleep(t, scx_bpf_now());
	unweigh(t);
}

SEC("struct_ops/ts_enable")
void BPF_PROG(ts_enable, struct task_struct *p)
{
	struct ts_task *t = get_task(p);
	u32 here = place_of_cpu(scx_bpf_task_cpu(p));
	struct place *pl = get_place(here);

	if (!t)
		return;
	if (pl)
		t->vtime = pl->vtime_now;
	t->place = here;
}

SEC("struct_ops/ts_init_task")
s32 BPF_PROG(ts_init_task, struct task_struct *p, struct scx_init_task_args *args)
{
	struct ts_task *t =
		bpf_task_storage_get(&task_ctx_stor, p, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);

	/* a task without storage still runs, see ts_enqueue(), so the fork need not fail */
	if (!t)
		return 0;
	t->place = t->ran_at = t->served = TS_NO_NODE;
	if (has_groups)
		enter_group(t, args->cgroup);
	return 0;
}

SEC("struct_ops/ts_exit_task")
void BPF_PROG(ts_exit_task, struct task_struct *p, struct scx_exit_task_args *args)
{
	struct ts_task *t = get_task(p);

	if (t)
		leave_group(t);
}

static char new_node_message[] = "a CPU of a new node came online";

static void cpu_comes(s32 cpu)
{
	unsigned long long no_arguments[1] = {};
	u32 place = place_of_node(scx_bpf_cpu_node(cpu));
	struct place *pl = get_place(place);
	struct bpf_cpumask *cpus;

	if (!pl || cpu < 0 || cpu >= TS_MAX_CPUS) {
		/* this node had no CPUs when the daemon looked: start again with it */
		scx_bpf_exit_bstr(SCX_VALUE(scx_exit_code, SCX_ECODE_ACT_RESTART), new_node_message,
				  no_arguments, sizeof(no_arguments));
		return;
	}
	cpu_places[cpu] = place + 1;
	if (!pl->nr_cpus && nr_dead_places)
		__sync_fetch_and_add(&nr_dead_places, -1);
	__sync_fetch_and_add(&pl->nr_cpus, 1);
	cpus = pl->cpus;
	if (cpus)
		bpf_cpumask_set_cpu(cpu, cpus);
}

SEC("struct_ops/ts_cpu_online")
void BPF_PROG(ts_cpu_online, s32 cpu)
{
	cpu_comes(cpu);
}

SEC("struct_ops/ts_cpu_offline")
void BPF_PROG(ts_cpu_offline, s32 cpu)
{
	u32 zero = 0, place = place_of_cpu(cpu);
	struct place *pl = get_place(place);
	struct cpu_state *state = bpf_map_lookup_percpu_elem(&cpu_states, &zero, cpu);
	struct bpf_cpumask *cpus;

	if (!pl)
		return;
	if (state && state->runs_near) {
		state->runs_near = 0;
		__sync_fetch_and_add(&pl->nr_near_running, -1);
	}
	__sync_fetch_and_add(&pl->nr_cpus, -1);
	if (!pl->nr_cpus)
		__sync_fetch_and_add(&nr_dead_places, 1);
	cpus = pl->cpus;
	if (cpus)
		bpf_cpumask_clear_cpu(cpu, cpus);
}

SEC("struct_ops.s/ts_init")
s32 BPF_PROG(ts_init)
{
	const struct cpumask *online;
	u32 i, cpu, nr_cpus = scx_bpf_nr_cpu_ids();
	s32 r;

	bpf_for(i, 0, nr_places) {
		struct place *pl = get_place(i);
		struct bpf_cpumask *cpus;

		if (!pl || i >= TS_MAX_CPU_NODES)
			return -EINVAL;
		r = scx_bpf_create_dsq(near_dsq(i), place_node_id[i]);
		if (!r)
			r = scx_bpf_create_dsq(free_dsq(i), place_node_id[i]);
		if (r)
			return r;
		cpus = bpf_cpumask_create();
		if (!cpus)
			return -ENOMEM;
		cpus = bpf_kptr_xchg(&pl->cpus, cpus);
		if (cpus)
			bpf_cpumask_release(cpus);
	}

	bpf_rcu_read_lock();
	online = scx_bpf_get_online_cpumask();
	bpf_for(cpu, 0, nr_cpus) {
		if (bpf_cpumask_test_cpu(cpu, online))
			cpu_comes(cpu);
	}
	scx_bpf_put_cpumask(online);
	bpf_rcu_read_unlock();
	return 0;
}

SEC("struct_ops/ts_exit")
void BPF_PROG(ts_exit, struct scx_exit_info *info)
{
	exit_record.code = info->exit_code;
	bpf_probe_read_kernel_str(exit_record.reason, sizeof(exit_record.reason), info->reason);
	bpf_probe_read_kernel_str(exit_record.message, sizeof(exit_record.message), info->msg);
	/* this is written last, because the daemon waits for it */
	__sync_val_compare_and_swap(&exit_record.kind, exit_record.kind, (s32)info->kind);
}

SEC(".struct_ops.link")
struct sched_ext_ops tiersched_ops = {
	.select_cpu = (void *)ts_select_cpu,
	.enqueue = (void *)ts_enqueue,
	.dispatch = (void *)ts_dispatch,
	.tick = (void *)ts_tick,
	.running = (void *)ts_running,
	.stopping = (void *)ts_stopping,
	.quiescent = (void *)ts_quiescent,
	.enable = (void *)ts_enable,
	.cpu_online = (void *)ts_cpu_online,
	.cpu_offline = (void *)ts_cpu_offline,
	.init_task = (void *)ts_init_task,
	.exit_task = (void *)ts_exit_task,
	.cgroup_init = (void *)ts_cgroup_init,
	.cgroup_exit = (void *)ts_cgroup_exit,
	.cgroup_move = (void *)ts_cgroup_move,
	.cgroup_set_weight = (void *)ts_cgroup_set_weight,
	.init = (void *)ts_init,
	.exit = (void *)ts_exit,
	.name = "tiersched_" TS_VERSION,
};
