/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The loader puts the BPF scheduler into the kernel.  It is the only part that sees the skeleton.
 */
#ifndef TS_SCHEDULER_H
#define TS_SCHEDULER_H

#include <stdbool.h>
#include <stdint.h>

#include "bpf/abi.h"
#include "model/machine.h"

struct sched_options {
	bool partial;			       /* only tasks with policy SCHED_EXT */
	uint64_t slice_ns;		       /* 100 us .. 1 s */
	uint64_t hold_ns;		       /* 0 .. 1 s */
	struct ts_tunables tune;	       /* see sched/tunables.h for ranges */
	char names[TS_MAX_NAMES][TS_NAME_LEN]; /* prefixes of known vector and MoE programs */
};

struct sched;

/* Why the scheduler is not attached any more. */
struct sched_exit {
	enum {
		SCHED_RUNNING = 0,
		SCHED_RESTART, /* the machine has changed: load again */
		SCHED_LEFT,    /* somebody has removed it (sysrq, unregistered) */
		SCHED_EJECTED, /* the kernel has ejected it */
	} what;
	int64_t code;
	char reason[128];
	char message[1024];
};

/*
 * Load.  When the heartbeat is older than STALE_AFTER_NS, profiles are ignored.  0 or -errno.  With
 * -v the verifier's log is printed.
 */
int sched_load(struct sched **out, const struct sched_options *o, const struct machine *m,
	       uint64_t stale_after_ns);

/* Attach.  0, -EBUSY when another sched_ext scheduler runs, or -errno. */
int sched_attach(struct sched *s);

/* Detach, so that the kernel's own scheduler takes over, and free.  S may be NULL. */
void sched_free(struct sched *s);

/* Has the scheduler left, and why? */
void sched_poll(struct sched *s, struct sched_exit *out);

/* Tell the scheduler that profiles are current as of NOW_NS (CLOCK_MONOTONIC). */
void sched_beat(struct sched *s, uint64_t now_ns);

/* Tell the scheduler whether tasks wait for memory. */
void sched_memory_is_short(struct sched *s, bool is_short);

/* Write a profile, and enter the process in the usage map.  0 or -errno. */
int sched_set_profile(struct sched *s, pid_t tgid, const struct ts_profile *profile);

/* Drop both. */
void sched_drop(struct sched *s, pid_t tgid);

/* What the scheduler has counted of a process.  False when it is not entered. */
bool sched_usage(struct sched *s, pid_t tgid, struct ts_usage *out);

/* Possible CPUs, numbered from 0. */
uint32_t sched_nr_cpus(const struct sched *s);

/* Write a CPU's context if it differs from what was written before.  0 or -errno. */
int sched_set_cpu(struct sched *s, uint32_t cpu, const struct ts_cpu *context);

/* Vector tasks without a profile go from PLACE to TO. */
void sched_set_vector_place(struct sched *s, size_t place, uint8_t to);

/* TS_NR_STATS counters, each summed over all CPUs. */
void sched_stats(struct sched *s, uint64_t *out);

/* The name of the scheduler that is attached now, by sysfs.  "" for none. */
void sched_current(char *out, size_t size, const char *sysroot);

#endif
