/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The BPF scheduler as the daemon has it.  The loader puts it into the kernel, the publisher tells
 * it profiles, and its counts come back.
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

/* Forget a process: its profile and its counts. */
void sched_drop(struct sched *s, pid_t tgid);

/* What the scheduler has counted of a process.  False when it is not entered. */
bool sched_usage(struct sched *s, pid_t tgid, struct ts_usage *out);

/* TS_NR_STATS counters, each summed over all CPUs. */
void sched_stats(struct sched *s, uint64_t *out);

/* The name of the scheduler that is attached now, by sysfs.  "" for none. */
void sched_current(char *out, size_t size, const char *sysroot);

/*
 * The publisher writes what the model has found into the scheduler's maps, and only what has
 * changed.
 */

/*
 * Write the contexts of M's CPUs that differ from what was written before.  Also write where
 * vector tasks without a profile go.  Figures are rounded: bandwidth to 1/8 of itself,
 * utilisation and hit rate to 5 %, latency to 1/16.  0 or -errno.
 */
int publish_machine(struct sched *s, const struct machine *m);

/*
 * Write FROM for TGID if it differs from LAST.  LAST is what was written before (all zero:
 * nothing), and is updated.  Returns 1 when written, 0 when unchanged, or -errno.
 */
int publish_profile(struct sched *s, pid_t tgid, const struct model_profile *from,
		    enum ts_class class, uint64_t now_ns, struct ts_profile *last);

/*
 * What the scheduler has counted of a process, from one look to the next.
 *
 * The scheduler counts upwards.  A scheduler that is attached anew begins with 0.  Then its counts
 * at the next look are all that happened since, and no difference is ever below 0.
 */
struct usage {
	struct ts_usage last;		  /* as of the last look */
	uint64_t class_ns[TS_NR_CLASSES]; /* run time of late, by class; halved every second */
	uint64_t halved_ns;		  /* when it was halved last */
};

/*
 * Take over NOW, which is as of NOW_NS (CLOCK_MONOTONIC).  Returns how often the process has moved
 * between nodes since the last look.
 */
uint32_t usage_take(struct usage *u, const struct ts_usage *now, uint64_t now_ns);

/*
 * The class of its threads for most of their run time of late.  UNSET: none has run, or there is
 * no scheduler that counts.
 */
enum ts_class usage_class(const struct usage *u);

#endif
