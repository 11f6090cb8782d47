/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the daemon and the BPF scheduler tell each other.  This is the only header that both sides
 * read.  Fields have a fixed width, padding is explicit, and every field tells its unit.
 *
 * A "place" is the number of a CPU node here.  A CPU node is a NUMA node that has CPUs.  Places
 * are dense, 0..nr-1, in ascending order of the kernel's node ids.  Those ids may be sparse and
 * include nodes without CPUs, which never appear on this side.
 */
#ifndef TS_BPF_ABI_H
#define TS_BPF_ABI_H

#ifndef __bpf__
#include <linux/types.h>
#endif

#define TS_MAX_CPU_NODES 32 /* places; the daemon refuses a machine with more */
#define TS_MAX_CPUS 8192    /* possible CPUs; no distribution's kernel has more */
#define TS_NO_NODE 0xff	    /* no place */
#define TS_MAX_NAMES 16	    /* known names, see vector_names in the scheduler */
#define TS_NAME_LEN 16
#define TS_UNKNOWN_U8 0xff
#define TS_UNKNOWN_U16 0xffff
#define TS_UNKNOWN_U32 0xffffffffu

/* What a task is, for placement and priority. */
enum ts_class {
	/* Not judged yet.  A profile with it leaves the judgement to the scheduler. */
	TS_CLASS_UNSET = 0,
	TS_CLASS_REGULAR,
	TS_CLASS_VECTOR,  /* vector database or mixture-of-experts inference */
	TS_CLASS_KWORKER, /* kernel worker */
	TS_CLASS_LATENCY, /* latency sensitive */
	TS_NR_CLASSES,
};

/*
 * What an administrator may tune.  src/sched/tunables.h has the ranges and the words.
 *
 * The score of a place is its locality for the task (0..100) plus points.
 */
struct ts_tunables {
	/* Points of a node near memory count times the share of the task's heat there. */
	__u32 points_cxl;	/* of a node near CXL memory */
	__u32 points_room;	/* of a node near memory whose bandwidth is known to have room */
	__u32 room_percent;	/* memory has room below so many percent of its bandwidth */
	__u32 hold_saturating;	/* 1: processes that use up memory's bandwidth stay near it */
	__u32 points_hit_rate;	/* of a node near memory whose last-level caches hit often */
	__u32 hit_rate_percent; /* caches that hit so often hit often */
	__u32 points_latency;	/* of a node near memory that answers quickly, as loaded now */
	__u32 quick_ns;		/* memory that answers in less answers quickly */
	__u32 points_idle;	/* of an idle CPU; waiting for a better placed one must gain more */
	/* Percent of virtual time: 20 less means that 100 ms of running count as 80. */
	__u32 priority_vector;	/* less, for vector and MoE tasks with high locality */
	__u32 vector_locality;	/* locality is high from here on, 0..100 */
	__u32 priority_latency; /* less, for latency sensitive tasks */
	__u32 priority_kworker; /* less, for kernel workers where a task waits for them */
	__u32 demotion_kworker; /* more, for kernel workers while memory is short */
	/* Memory is short when some task waits for it in so many percent of the time. */
	__u32 memory_pressure;
	__u32 latency_burst_us; /* a latency sensitive task runs for less between its sleeps */
	__u32 latency_wakes_hz; /* and it sleeps so many times a second at least */
	__u32 move_interval_ms; /* between two moves to a queue that is shorter by one */
};

/* ts_profile.flags */
#define TS_PROFILE_MEMORY_INTENSIVE 0x01
#define TS_PROFILE_SATURATES 0x02 /* the memory it heats has no bandwidth left */

/* Map damon_data, a hash by tgid: one process as the model sees it. */
struct ts_profile {
	__u64 generation;	 /* 1 for the first, one more with every change */
	__u64 updated_ns;	 /* CLOCK_MONOTONIC time of the sample behind the last change */
	__u64 working_set_bytes; /* accessed in the last seconds, see src/model/footprint.h */
	__u64 hot_bytes;	 /* of it, accessed in at least a quarter of the samples */
	__u64 cold_bytes;	 /* monitored memory with no access seen */
	__u32 access_hz;	 /* mean accesses seen of a page of the working set, per second */
	/* Heat per second of CPU time, MB (10^6 bytes), or TS_UNKNOWN_U32. */
	__u32 intensity_mb_per_cpu_s;
	__u16 cxl_heat_permille; /* share of its heat on CXL nodes */
	__u8 confidence;	 /* 0..100 */
	__u8 flags;		 /* TS_PROFILE_* */
	__u8 class;		 /* enum ts_class by rule, or TS_CLASS_UNSET */
	__u8 preferred;		 /* place of the best score; TS_NO_NODE: all alike or unknown */
	__u8 nr_nodes;		 /* how many places are filled in below */
	__u8 pad;
	__u8 locality[TS_MAX_CPU_NODES]; /* score at each place, 0..100; TS_UNKNOWN_U8 */
	__u8 score[TS_MAX_CPU_NODES];	 /* locality and points, 0..255; 0 where unknown */
	__u8 order[TS_MAX_CPU_NODES];	 /* places, best score first */
};

/*
 * Map cpu_contexts, an array by CPU number: the place of a CPU, and the load of its memory.  Only
 * the daemon writes it, for people.  The scheduler keeps the places of CPUs for itself.
 */
struct ts_cpu {
	__u32 node_id;	   /* kernel's NUMA node */
	__u8 place;	   /* its CPU node; TS_NO_NODE for a CPU that is not there */
	__u8 cxl_attached; /* 1: a CXL node is nearest to this CPU's node */
	__u8 simulated;	   /* 1: the figures below are made up (--simulate) */
	__u8 pad;
	/* TS_UNKNOWN_U32 where one of these is not known. */
	__u32 bandwidth_mbps;	    /* in use, to and from the CXL memory that the CPU is near */
	__u32 utilisation_permille; /* of what the busiest node of that memory can deliver */
	__u32 hit_rate_permille;    /* of the last-level cache */
	__u32 latency_ns;	    /* of the nearest memory, as loaded now */
};

/* Map task_ctx_stor, task storage: what the scheduler knows of a thread. */
struct ts_task {
	__u64 vtime;	     /* virtual time, by the clock of `place` */
	__u64 queued_ns;     /* when it was last put into a node's queue */
	__u64 run_start_ns;  /* when it last went on a CPU */
	__u64 run_ns;	     /* all the time it has run */
	__u64 slept_run_ns;  /* run_ns as it was when the task last went to sleep */
	__u64 slept_ns;	     /* when it last went to sleep; 0 before the first time */
	__u64 moved_ns;	     /* when it last went on a CPU of another node than before */
	__u32 burst_us;	     /* how long it runs between two sleeps, on average */
	__u32 gap_us;	     /* time from one sleep to the next, on average */
	__u32 nr_node_moves; /* how often it went on a CPU of another node than before */
	__u32 weight;	     /* effective, 1/1024 of the kernel's unit; 0: not runnable */
	__u32 group_weight;  /* its own weight as counted in `group`; 0: not runnable */
	__u32 queued_weight; /* as counted in the queues of `place`; 0: it waits in none */
	__u16 group;	     /* slot of its cgroup's group, see bpf/cgroup.h; 0: the root */
	__u8 class;	     /* enum ts_class as of now */
	__u8 given_class;    /* the class by rule or name; behaviour may refine a regular one */
	__u8 nr_sleeps;	     /* up to 255 */
	__s8 priority;	     /* percent of virtual time more (> 0) or less */
	__u8 place;	     /* CPU node whose clock `vtime` goes by; TS_NO_NODE: none yet */
	__u8 ran_at;	     /* CPU node it last ran at; TS_NO_NODE before its first run */
	__u8 placed;	     /* 1: it had a preferred place when it last went on a CPU */
	__u8 near;	     /* 1: it went on a CPU of that preferred place */
	__u8 moved;	     /* 1: this run is not at the node of the run before */
	__u8 saw_shorter;    /* 1: when its last slice ended, another queue was shorter */
	/* Of a kernel worker: CPU node where its work was asked for; TS_NO_NODE: its own. */
	__u8 served;
	__u8 by_rule; /* 1: a rule gives the class; other groups may pay for the priority */
	__u8 pad[2];
	char comm[16]; /* the name that the class was judged by */
};

/*
 * Map process_usage, a hash by tgid.  The daemon enters a process, and the scheduler counts what
 * its threads do.
 */
struct ts_usage {
	__u64 class_ns[TS_NR_CLASSES]; /* run time of all threads, by their class at the time */
	__u64 placed_ns;	       /* run time while the process had a preferred place */
	__u64 near_ns;		       /* run time of that on CPUs of the preferred place */
	__u64 nr_node_moves;	       /* node changes of all its threads */
	__s8 priority[TS_NR_CLASSES];  /* of the thread that last ran in this class */
	__u8 pad[3];
};

/* Map stats: per-CPU counters of tasks. */
enum ts_stat {
	TS_STAT_IDLE_NEAR,  /* got an idle CPU of its preferred node */
	TS_STAT_IDLE_OTHER, /* got another idle CPU, or had no preference */
	TS_STAT_QUEUED,	    /* put into a node's queue */
	TS_STAT_STOLEN,	    /* taken by an idle CPU from another node's queue */
	TS_STAT_SWAPPED,    /* left its node for its preferred one, which had no idle CPU */
	TS_STAT_BALANCED,   /* had no preference, was put into a shorter queue elsewhere */
	TS_STAT_STALE,	    /* its profile was ignored: the daemon's heartbeat was old */
	TS_STAT_PREEMPTED,  /* woke, and took a CPU from a task that was ahead of it */
	TS_STAT_RESCUED,    /* had waited too long by its virtual time, and went first */
	TS_NR_STATS,
};

#ifdef __cplusplus
#define TS_ASSERT_SIZE(type, n) static_assert(sizeof(type) == (n), #type)
#else
#define TS_ASSERT_SIZE(type, n) _Static_assert(sizeof(type) == (n), #type)
#endif
TS_ASSERT_SIZE(struct ts_profile, 152);
TS_ASSERT_SIZE(struct ts_cpu, 24);
TS_ASSERT_SIZE(struct ts_task, 112);
TS_ASSERT_SIZE(struct ts_usage, 72);

#endif
