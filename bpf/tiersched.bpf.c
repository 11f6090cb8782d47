/* SPDX-License-Identifier: GPL-2.0 */
/*
 * tiersched - run tasks where their hot memory is cheapest to reach.
 *
 * Queues.  Every CPU node has two queues ordered by virtual time: "near" holds
 * tasks whose profile prefers this node, "free" holds tasks that do not care.
 * A CPU serves its node's two queues by the lower virtual time of their heads,
 * so within a node the CPU is shared fairly and preference gives no priority.
 *
 * Placement.  A task with a fresh profile goes to its preferred node, or to the
 * next cheapest when that one's queue costs it more than the longer way to its
 * memory.  A task without a preference stays where it last ran unless another
 * node's queue is shorter.
 *
 * Work conservation.  A CPU that would go idle takes from other nodes: first
 * what does not care, then what does.  One exception: a task that prefers its
 * node is left there for at most hold_ns when that node runs tasks that do not
 * care, because one of those will make room within a slice and then move to the
 * idle CPU itself.  That exchange is what brings tasks to their memory on a
 * machine whose CPUs are all busy.
 *
 * Trust.  Profiles count while the daemon's heartbeat is fresh.  Without it, or
 * without a profile, this is a plain fair scheduler.
 *
 * Limits.  Virtual time is kept per node and translated when a task changes
 * nodes; fairness between nodes comes from queue lengths alone.  SMT siblings
 * are not told apart.
 */
#include "bpf/placement.h"

enum {
	ROUND_TASKS = 8,		/* queued tasks a CPU that get a full slice ... */
	MIN_SLICE_NS = 500 * 1000,	/* ... and the least that more of them get */
};
#define KTHREAD_SAVED_NS 1000000000ULL
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

char _license[] SEC("license") = "GPL";

SEC("struct_ops/ts_select_cpu")
s32 BPF_PROG(ts_select_cpu, struct task_struct *p, s32 prev_cpu, u64 wake_flags)
{
	struct ts_task *t = get_task(p);
	struct wish w = {};
	s32 cpu = -1;

	if (p->nr_cpus_allowed == 1) {
		if (scx_bpf_test_and_clear_cpu_idle(prev_cpu))
			cpu = prev_cpu;
	} else if (t) {
		make_wish(&w, p, t, prev_cpu);
		cpu = pick_idle(p, &w, prev_cpu);
	}
	if (cpu < 0)
		return prev_cpu;
	dsq_insert(p, SCX_VALUE(scx_dsq_id_flags, SCX_DSQ_LOCAL), slice_ns, 0);
	return cpu;
}

/* Carry the task's virtual time from its old place's clock to the new one's. */
static void move_vtime(struct task_struct *p, struct ts_task *t, u32 to)
{
	struct place *from, *into;

	if (t->place == to)
		return;
	from = get_place(t->place);
	into = get_place(to);
	if (into && from)
		task_set_vtime(p, p->scx.dsq_vtime - from->vtime_now + into->vtime_now);
	else if (into)
		task_set_vtime(p, into->vtime_now);
	t->place = to;
}

/* Shorter slices in a long queue, so that a round stays short: slice_ns up to ROUND_TASKS a CPU. */
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
 * Put the task into one of PLACE's queues.  Who sleeps may save up one slice of
 * virtual time, no more; a kernel thread more: the rest of the system waits for it.
 */
static void queue_at(struct task_struct *p, struct ts_task *t, u32 place, bool near, u64 enq_flags)
{
	u64 saved_ns = p->flags & PF_KTHREAD ? KTHREAD_SAVED_NS : slice_ns, vtime;
	struct place *pl = get_place(place);

	move_vtime(p, t, place);
	vtime = p->scx.dsq_vtime;
	if (pl && (s64)(vtime - (pl->vtime_now - saved_ns)) < 0)
		vtime = pl->vtime_now - saved_ns;
	t->queued_ns = scx_bpf_now();
	count(TS_STAT_QUEUED);
	dsq_insert_vtime(p, near ? near_dsq(place) : free_dsq(place), slice_at(pl, place), vtime,
			 enq_flags);
}

static void kick_idle_at(const struct task_struct *p, u32 place)
{
	s32 cpu = pick_idle_at(p, place);

	if (cpu >= 0)
		scx_bpf_kick_cpu(cpu, SCX_VALUE(scx_kick_flags, SCX_KICK_IDLE));
}

static void run_here(struct task_struct *p, u64 enq_flags)
{
	dsq_insert(p, SCX_VALUE(scx_dsq_id_flags, SCX_DSQ_LOCAL), slice_ns, enq_flags);
}

/* A task bound to one CPU. */
static void enqueue_bound(struct task_struct *p, struct ts_task *t, s32 cpu, u64 enq_flags)
{
	if (enq_flags & SCX_VALUE(scx_enq_flags, SCX_ENQ_LAST)) {
		run_here(p, enq_flags);
		return;
	}
	/* a kernel thread that wakes goes first: the CPU needs it to work at all */
	if ((p->flags & PF_KTHREAD) && (enq_flags & SCX_VALUE(scx_enq_flags, SCX_ENQ_WAKEUP))) {
		run_here(p, enq_flags | SCX_VALUE(scx_enq_flags, SCX_ENQ_HEAD));
		return;
	}
	queue_at(p, t, place_of_cpu(cpu), false, enq_flags);
	scx_bpf_kick_cpu(cpu, SCX_VALUE(scx_kick_flags, SCX_KICK_IDLE));
}

SEC("struct_ops/ts_enqueue")
void BPF_PROG(ts_enqueue, struct task_struct *p, u64 enq_flags)
{
	struct ts_task *t = get_task(p);
	s32 cpu = scx_bpf_task_cpu(p), idle;
	struct wish w = {};
	u32 place;

	if (!t) {
		run_here(p, enq_flags);
		return;
	}
	if (p->nr_cpus_allowed == 1) {
		enqueue_bound(p, t, cpu, enq_flags);
		return;
	}
	make_wish(&w, p, t, cpu);
	if ((enq_flags & SCX_VALUE(scx_enq_flags, SCX_ENQ_LAST)) && !wants_away(p, &w)) {
		run_here(p, enq_flags);
		return;
	}
	/* after a slice, say: ts_select_cpu() has not looked yet */
	if (!(enq_flags & SCX_VALUE(scx_enq_flags, SCX_ENQ_CPU_SELECTED))) {
		idle = pick_idle(p, &w, -1);
		if (idle >= 0) {
			dsq_insert(p, SCX_VALUE(scx_dsq_id_flags, SCX_DSQ_LOCAL_ON) | idle,
				   slice_ns, enq_flags);
			return;
		}
	}
	place = w.profile ? cheapest_place(p, &w) : shortest_place(p, &w);
	if (w.profile && place == w.home && w.home != w.here)
		count(TS_STAT_SWAPPED);
	queue_at(p, t, place, w.profile && place == w.home, enq_flags);
	kick_idle_at(p, place);
}

/* Take from PLACE's own queues, the one whose head has the lower virtual time first. */
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

/* May an idle CPU of another place take what waits in PLACE's near queue? */
static bool hold_is_over(u32 place)
{
	struct task_struct *p;
	struct ts_task *t;

	if (!hold_ns || !has_room(place) || !bpf_ksym_exists(scx_bpf_dsq_peek))
		return true;
	p = scx_bpf_dsq_peek(near_dsq(place));
	if (!p)
		return true;
	t = get_task(p);
	return !t || scx_bpf_now() - t->queued_ns > hold_ns;
}

static bool steal(u32 here)
{
	u32 i, place;

	if (here >= TS_MAX_CPU_NODES)
		return false;
	bpf_for (i, 1, nr_places) {
		place = i < TS_MAX_CPU_NODES ? place_order[here][i] : TS_NO_NODE;
		if (scx_bpf_dsq_nr_queued(free_dsq(place)) > 0 &&
		    dsq_move_to_local(free_dsq(place)))
			return true;
	}
	bpf_for (i, 1, nr_places) {
		place = i < TS_MAX_CPU_NODES ? place_order[here][i] : TS_NO_NODE;
		if (scx_bpf_dsq_nr_queued(near_dsq(place)) > 0 && hold_is_over(place) &&
		    dsq_move_to_local(near_dsq(place)))
			return true;
	}
	return false;
}

/* Places whose CPUs have all gone offline: their queues are everybody's. */
u32 nr_dead_places;

static bool take_orphans(void)
{
	u32 i;

	bpf_for (i, 0, nr_places) {
		struct place *pl = get_place(i);

		if (pl && !pl->nr_cpus &&
		    (dsq_move_to_local(near_dsq(i)) || dsq_move_to_local(free_dsq(i))))
			return true;
	}
	return false;
}

SEC("struct_ops/ts_dispatch")
void BPF_PROG(ts_dispatch, s32 cpu, struct task_struct *prev)
{
	u32 here = place_of_cpu(cpu);

	if (nr_dead_places && take_orphans())
		return;
	if (take_own(here))
		return;
	if (prev && (prev->scx.flags & SCX_VALUE(scx_ent_flags, SCX_TASK_QUEUED))) {
		struct ts_task *t = get_task(prev);
		struct wish w = {};

		/* Goes on for another slice, unless it had better leave: then it comes by enqueue
		 * with ENQ_LAST. */
		if (t && prev->nr_cpus_allowed > 1) {
			make_wish(&w, prev, t, cpu);
			if (wants_away(prev, &w))
				return;
		}
		task_set_slice(prev, slice_ns);
		return;
	}
	if (steal(here))
		count(TS_STAT_STOLEN);
}

/* Something waits here for longer than a tick: should an idle CPU elsewhere look? */
SEC("struct_ops/ts_tick")
void BPF_PROG(ts_tick, struct task_struct *p)
{
	s32 cpu = scx_bpf_task_cpu(p);
	u32 here = place_of_cpu(cpu);
	const struct cpumask *online;

	if (here >= TS_MAX_CPU_NODES || !nr_queued_at(here))
		return;
	online = scx_bpf_get_online_cpumask();
	cpu = scx_bpf_pick_idle_cpu_node(online, place_node_id[here], 0);
	scx_bpf_put_cpumask(online);
	if (cpu >= 0)
		scx_bpf_kick_cpu(cpu, SCX_VALUE(scx_kick_flags, SCX_KICK_IDLE));
}

/* Keep nr_near_running; shared counters are touched only when the CPU's state turns. */
static void note_runs_near(u32 place, bool near)
{
	u32 zero = 0;
	struct cpu_state *state = bpf_map_lookup_elem(&cpu_states, &zero);
	struct place *pl = get_place(place);

	if (!state || !pl || state->runs_near == near)
		return;
	state->runs_near = near;
	__sync_fetch_and_add(&pl->nr_near_running, near ? 1 : -1);
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
	if (t->ran_at != here) {
		if (t->ran_at != TS_NO_NODE)
			t->nr_node_moves++;
		t->ran_at = here;
		t->moved = 1;
	}
	move_vtime(p, t, here);
	pl = get_place(here);
	if (pl && (s64)(pl->vtime_now - p->scx.dsq_vtime) < 0)
		pl->vtime_now = p->scx.dsq_vtime;
	profile = fresh_profile(p);
	t->placed = profile && profile->preferred < nr_places;
	t->near = t->placed && profile->preferred == here;
	note_runs_near(here, t->near);
	t->run_start_ns = scx_bpf_now();
}

/* What `status` says of a managed process, and the model of its migrations. */
static void account(struct task_struct *p, struct ts_task *t, u64 used_ns)
{
	u32 tgid = p->tgid;
	struct ts_usage *usage = bpf_map_lookup_elem(&process_usage, &tgid);

	if (!usage)
		return;
	__sync_fetch_and_add(&usage->run_ns, used_ns);
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
	u64 used_ns;

	if (!t)
		return;
	used_ns = scx_bpf_now() - t->run_start_ns;
	t->run_ns += used_ns;
	account(p, t, used_ns);
	task_set_vtime(p, p->scx.dsq_vtime + used_ns * 100 / (p->scx.weight ?: 1));
}

SEC("struct_ops/ts_enable")
void BPF_PROG(ts_enable, struct task_struct *p)
{
	struct ts_task *t = get_task(p);
	u32 here = place_of_cpu(scx_bpf_task_cpu(p));
	struct place *pl = get_place(here);

	if (pl)
		task_set_vtime(p, pl->vtime_now);
	if (t)
		t->place = here;
}

SEC("struct_ops/ts_init_task")
s32 BPF_PROG(ts_init_task, struct task_struct *p, struct scx_init_task_args *args)
{
	struct ts_task *t =
		bpf_task_storage_get(&task_ctx_stor, p, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);

	/* without one the task still runs, as in ts_enqueue(): no reason to fail a fork */
	if (t)
		t->place = t->ran_at = TS_NO_NODE;
	return 0;
}

static char new_node_message[] = "a CPU of a new node came online";

static void cpu_comes(s32 cpu)
{
	unsigned long long no_arguments[1] = {};
	u32 key = cpu, place = place_of_node(scx_bpf_cpu_node(cpu));
	struct ts_cpu *c = bpf_map_lookup_elem(&cpu_contexts, &key);
	struct place *pl = get_place(place);
	struct bpf_cpumask *cpus;

	if (!pl || !c) {
		/* a node that had no CPUs when the daemon looked: start again, with it */
		scx_bpf_exit_bstr(SCX_VALUE(scx_exit_code, SCX_ECODE_ACT_RESTART), new_node_message,
				  no_arguments, sizeof(no_arguments));
		return;
	}
	c->place = place;
	c->node_id = scx_bpf_cpu_node(cpu);
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

	bpf_for (i, 0, nr_places) {
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
	bpf_for (cpu, 0, nr_cpus) {
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
	/* last: the daemon waits for it */
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
	.enable = (void *)ts_enable,
	.cpu_online = (void *)ts_cpu_online,
	.cpu_offline = (void *)ts_cpu_offline,
	.init_task = (void *)ts_init_task,
	.init = (void *)ts_init,
	.exit = (void *)ts_exit,
	.name = "tiersched_" TS_VERSION,
};
