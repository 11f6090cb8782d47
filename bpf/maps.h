/* SPDX-License-Identifier: GPL-2.0 */
/* What the scheduler keeps: settings of the loader, maps, and functions that look into them. */
#ifndef TS_BPF_MAPS_H
#define TS_BPF_MAPS_H

#include "bpf/scx.h"
#include "bpf/abi.h"

/* The loader sets these before load. */
const volatile u32 nr_places = 1;
const volatile u64 slice_ns = 5000000;
const volatile u64 hold_ns = 5000000;
const volatile u64 stale_after_ns = 300000000;
const volatile struct ts_tunables tune;
const volatile u32 place_node_id[TS_MAX_CPU_NODES];
/* Prefixes, from the daemon's --names. */
const volatile char vector_names[TS_MAX_NAMES][TS_NAME_LEN];
/* Of each place all places, the nearest first.  It begins with the place itself. */
const volatile u8 place_order[TS_MAX_CPU_NODES][TS_MAX_CPU_NODES];

/* The daemon writes its time here every tick: CLOCK_MONOTONIC. */
volatile u64 heartbeat_ns;

/*
 * Of each place the nearest place that is near CXL memory with room.  Where there is none, the
 * place itself.  The daemon writes it.
 */
volatile u8 vector_place[TS_MAX_CPU_NODES];

/*
 * The place of each CPU that is or was online, plus 1.  0: the CPU never was online.  Only the
 * scheduler writes it, because a CPU may come at any time.
 */
u8 cpu_places[TS_MAX_CPUS];

/* How many entries damon_data has, by the daemon.  With none, nothing looks for one. */
volatile u32 nr_profiles;

/* 1 while memory is short.  The daemon writes it once a second. */
volatile u32 memory_is_short;

/* Why the scheduler left.  The daemon reads it. */
struct {
	s32 kind;
	s64 code;
	char reason[128];
	char message[1024];
} exit_record;

struct place {
	u64 vtime_now;	     /* the place's clock, see tiersched.bpf.c */
	u64 queued_weight;   /* effective weight of all tasks in its queues */
	u64 look_ns;	     /* when to look next for a task that has waited too long */
	u32 nr_cpus;	     /* online */
	u32 nr_near_running; /* CPUs that run a task which prefers this place */
	struct bpf_cpumask __kptr *cpus;
};

struct cpu_state {
	u64 run_start_ns; /* when its task went on */
	u64 run_vtime;	  /* the virtual time that the task had then */
	u32 run_weight;	  /* the task's effective weight; 0: nothing that may be preempted */
	u8 runs_near;	  /* 1: it is counted in nr_near_running */
	u8 runs_latency;  /* 1: its task is latency sensitive */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TS_MAX_CPU_NODES);
	__type(key, u32);
	__type(value, struct place);
} places SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 4096);
	__type(key, u32);
	__type(value, struct ts_profile);
} damon_data SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* the loader sets the number of possible CPUs */
	__type(key, u32);
	__type(value, struct ts_cpu);
} cpu_contexts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct ts_task);
} task_ctx_stor SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 4096);
	__type(key, u32);
	__type(value, struct ts_usage);
} process_usage SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct cpu_state);
} cpu_states SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, TS_NR_STATS);
	__type(key, u32);
	__type(value, u64);
} stats SEC(".maps");

static void count(u32 stat)
{
	u64 *value = bpf_map_lookup_elem(&stats, &stat);

	if (value)
		(*value)++;
}

static struct place *get_place(u32 place)
{
	return bpf_map_lookup_elem(&places, &place);
}

static u64 near_dsq(u32 place)
{
	return 2 * (u64)place;
}

static u64 free_dsq(u32 place)
{
	return 2 * (u64)place + 1;
}

static struct ts_task *get_task(struct task_struct *p)
{
	return bpf_task_storage_get(&task_ctx_stor, p, NULL, 0);
}

static u32 place_of_cpu(s32 cpu)
{
	u32 place = cpu >= 0 && cpu < TS_MAX_CPUS ? cpu_places[cpu] : 0;

	return place && place <= nr_places ? place - 1 : 0;
}

static u32 place_of_node(int node)
{
	u32 i;

	bpf_for(i, 0, nr_places) {
		if (i < TS_MAX_CPU_NODES && (int)place_node_id[i] == node)
			return i;
	}
	return TS_NO_NODE;
}

/* May P run on any CPU of this place? */
static bool allowed_at(const struct task_struct *p, u32 place)
{
	struct place *pl = get_place(place);
	struct bpf_cpumask *cpus;

	if (!pl || !pl->nr_cpus)
		return false;
	cpus = pl->cpus;
	return cpus && bpf_cpumask_intersects((const struct cpumask *)cpus, p->cpus_ptr);
}

/* Does anything wait in its queues?  It is cheaper than to ask them, and a no is always right. */
static bool has_queued(u32 place)
{
	struct place *pl = get_place(place);

	return pl && pl->queued_weight;
}

/* One of its CPUs that P may run on, or a negative number. */
static s32 any_cpu_at(const struct task_struct *p, u32 place)
{
	struct place *pl = get_place(place);
	struct bpf_cpumask *cpus = pl ? pl->cpus : NULL;
	u32 cpu;

	if (!cpus)
		return -1;
	cpu = bpf_cpumask_any_and_distribute((const struct cpumask *)cpus, p->cpus_ptr);
	return cpu < scx_bpf_nr_cpu_ids() ? (s32)cpu : -1;
}

/* Did some CPU of this place last run a task that does not prefer it? */
static bool has_room(u32 place)
{
	struct place *pl = get_place(place);

	return pl && pl->nr_near_running < pl->nr_cpus;
}

#endif
