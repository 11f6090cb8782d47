/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What passes between the daemon and the BPF scheduler: the only header both
 * sides read.  Fixed-width fields, explicit padding, every field with its unit.
 *
 * CPU nodes (NUMA nodes that have CPUs) are numbered densely here, 0..nr-1, in
 * ascending order of their kernel ids: a "place".  The kernel's ids may be
 * sparse and include nodes without CPUs, which never appear on this side.
 */
#ifndef TS_BPF_ABI_H
#define TS_BPF_ABI_H

#ifndef __bpf__
#include <linux/types.h>
#endif

#define TS_MAX_CPU_NODES 32 /* places; the daemon refuses a machine with more */
#define TS_NO_NODE 0xff	    /* no place */
#define TS_MAX_NAMES 16	    /* known names, see vector_names in the scheduler */
#define TS_NAME_LEN 16
#define TS_UNKNOWN_U8 0xff
#define TS_UNKNOWN_U16 0xffff
#define TS_UNKNOWN_U32 0xffffffffu

/* What a task is, for placement and priority. */
enum ts_class {
	TS_CLASS_UNSET =
		0, /* not judged yet; a profile with it leaves the judgement to the scheduler */
	TS_CLASS_REGULAR,
	TS_CLASS_VECTOR,  /* vector database or mixture-of-experts inference */
	TS_CLASS_KWORKER, /* kernel worker */
	TS_CLASS_LATENCY, /* latency sensitive */
	TS_NR_CLASSES,
};

/* ts_profile.flags */
#define TS_PROFILE_MEMORY_INTENSIVE 0x01

/* damon_data, hash by tgid: one process as the model sees it. */
struct ts_profile {
	__u64 generation;	 /* 1 for the first, one more with every change */
	__u64 updated_ns;	 /* CLOCK_MONOTONIC time of the sample behind the last change */
	__u64 working_set_bytes; /* memory accessed in the last aggregation interval */
	__u64 hot_bytes;	 /* of it, accessed in at least a quarter of the samples */
	__u64 cold_bytes;	 /* monitored memory with no access seen */
	__u32 access_hz; /* how often a page of the working set is seen accessed, per second */
	__u32 intensity_mb_per_cpu_s; /* heat per second of CPU time, MB (10^6 bytes);
					 TS_UNKNOWN_U32 */
	__u16 cxl_heat_permille;      /* share of its heat on CXL nodes */
	__u8 confidence;	      /* 0..100 */
	__u8 flags;		      /* TS_PROFILE_* */
	__u8 class;		      /* enum ts_class by rule, or TS_CLASS_UNSET */
	__u8 preferred; /* place where its accesses are cheapest; TS_NO_NODE: all alike or unknown
			 */
	__u8 nr_nodes;	/* places below that are filled in */
	__u8 pad;
	__u8 locality[TS_MAX_CPU_NODES]; /* score at each place, 0..100; TS_UNKNOWN_U8 */
	__u8 order[TS_MAX_CPU_NODES];	 /* places, cheapest first */
};

/* cpu_contexts, array by CPU number: where a CPU sits and how its memory does. */
struct ts_cpu {
	__u32 node_id;	   /* kernel's NUMA node */
	__u8 place;	   /* its CPU node; TS_NO_NODE for a CPU that is not there */
	__u8 cxl_attached; /* 1: a CXL node is nearest to this CPU's node */
	__u8 pad[2];
	__u32 bandwidth_mbps;	    /* of the attached CXL device; TS_UNKNOWN_U32 */
	__u32 utilisation_permille; /* of that bandwidth in use; TS_UNKNOWN_U32 */
	__u32 hit_rate_permille;    /* last-level cache; TS_UNKNOWN_U32 */
	__u32 latency_ns;	    /* loaded latency of the nearest memory; TS_UNKNOWN_U32 */
};

/* task_ctx_stor, task storage: what the scheduler knows of a thread. */
struct ts_task {
	__u64 queued_ns;     /* when it was last put into a node's queue */
	__u64 run_start_ns;  /* when it last went on a CPU */
	__u64 run_ns;	     /* time it has run altogether */
	__u32 nr_node_moves; /* times it went on a CPU of another node than before */
	__u8 class;	     /* enum ts_class */
	__u8 place;  /* CPU node whose clock its virtual time belongs to; TS_NO_NODE: none yet */
	__u8 ran_at; /* CPU node it last ran at; TS_NO_NODE before its first run */
	__u8 placed; /* 1: it had a preferred place when it last went on a CPU ... */
	__u8 near;   /* ... and this was it */
	__u8 moved;  /* 1: not at the node it ran at before */
	__u8 pad[6];
	char comm[16]; /* the name that the class was judged by */
};

/* process_usage, hash by tgid, kept by the scheduler for processes that the daemon has entered. */
struct ts_usage {
	__u64 run_ns;	     /* all its threads have run */
	__u64 placed_ns;     /* of it, while the process had a preferred place ... */
	__u64 near_ns;	     /* ... and of that, on CPUs of this place */
	__u64 nr_node_moves; /* node changes of all its threads */
};

/* Per-CPU counters, map stats. */
enum ts_stat {
	TS_STAT_IDLE_NEAR,  /* woken onto an idle CPU of its preferred node */
	TS_STAT_IDLE_OTHER, /* woken onto an idle CPU elsewhere, or had no preference */
	TS_STAT_QUEUED,	    /* put into a node's queue */
	TS_STAT_STOLEN,	    /* taken by an idle CPU from another node's queue */
	TS_STAT_SWAPPED,    /* left its node for its preferred one though that had no idle CPU */
	TS_STAT_BALANCED,   /* without a preference, put into a shorter queue of another node */
	TS_STAT_STALE,	    /* profile ignored because the daemon's heartbeat was old */
	TS_NR_STATS,
};

#ifdef __cplusplus
#define TS_ASSERT_SIZE(type, n) static_assert(sizeof(type) == (n), #type)
#else
#define TS_ASSERT_SIZE(type, n) _Static_assert(sizeof(type) == (n), #type)
#endif
TS_ASSERT_SIZE(struct ts_profile, 120);
TS_ASSERT_SIZE(struct ts_cpu, 24);
TS_ASSERT_SIZE(struct ts_task, 56);
TS_ASSERT_SIZE(struct ts_usage, 32);

#endif
