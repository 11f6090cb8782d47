/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The mover carries out plans.  It is a thread of its own, so that no tick waits for a copy.  It
 * takes one plan at a time, in batches of 2 MB or a huge page.  Before each batch it looks whether
 *
 *   - the process is still the one that was meant,
 *   - the quotas have something left, of bytes and of CPU time,
 *   - the node has more room than the kernel wants to keep free (numa/room.h).  So a move never
 *     makes the kernel reclaim memory or split a huge page,
 *   - the rules of the process still allow it (guard.h).  Where they have changed when it is done,
 *     the pages go back,
 *   - tasks wait for memory on this machine.  Then it pauses.
 *
 * What is not done when the next plan comes is dropped, because the new plan knows better.
 *
 * A quota that is not used is saved up for MOVE_BURST_NS at most.  A batch may go beyond its quota,
 * and the next one waits for that.
 */
#ifndef TS_TIER_MOVE_H
#define TS_TIER_MOVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/proc.h"
#include "base/util.h"
#include "numa/migrate.h"

struct guard;

#define MOVE_BURST_NS (100 * NSEC_PER_MSEC)
/* With so many results to be taken the mover waits until somebody takes them. */
#define MOVE_MAX_RESULTS 512

/* What the pages move for. */
enum move_direction {
	MOVE_PROMOTE, /* to be nearer */
	MOVE_DEMOTE,  /* to make room */
	MOVE_SPREAD,  /* to share bandwidth */
	MOVE_NR_DIRECTIONS,
};

struct move_job {
	struct process_id process;
	struct process_id task; /* a thread of it that lives: it stands for its memory */
	uint64_t start, bytes;	/* addresses */
	unsigned int from, to;	/* nodes, ids of the kernel */
	enum move_direction direction;
	/* Who else maps it, and may have it there (numa/migrate.h). */
	struct mapper sharers[MIGRATE_MAX_SHARERS];
	uint32_t nr_sharers;
	double gain;   /* that is expected, ns a second for each byte */
	double pays_s; /* after so long it was worth what it costs; INFINITY: never */
	size_t tag;    /* of the caller */
};

/* How a job ended. */
enum move_end {
	MOVE_COMPLETE,	/* all of it was looked at */
	MOVE_REPLACED,	/* by the next plan */
	MOVE_GONE,	/* the process or its thread has ended */
	MOVE_FORBIDDEN, /* by its cpuset.  With a guard a job goes on, as rules differ by address */
	MOVE_NO_ROOM,	/* the node is full, or has no block for a huge page */
	MOVE_ERROR,	/* see .error */
};

struct move_done {
	struct move_job job;
	enum move_end end;
	int error;	  /* negative errno of MOVE_ERROR, else 0 */
	uint64_t plan;	  /* plans are counted from 1 */
	uint64_t when_ns; /* CLOCK_MONOTONIC, of the end */
	uint64_t reached; /* the address up to which it was looked at.  The rest is not known */
	/* see struct migrate_result */
	uint64_t moved_bytes, elsewhere_bytes, absent_bytes;
	uint64_t left_bytes[MIGRATE_NR_REASONS];
};

/* The signature of migrate_batch() behind its first parameter, for tests. */
typedef int move_batch_fn(void *arg, struct migrate_result *out, const struct migrate_order *order);

struct move_options {
	uint64_t max_bytes_per_s;    /* that have moved.  0: no limit */
	uint32_t max_cpu_percent;    /* of one CPU, 1 .. 100 */
	double max_pressure_percent; /* "some avg10" of /proc/pressure/memory.  100: no limit */
	struct guard *guard; /* of the caller, for the thread alone.  NULL: nothing is asked */
	/* for tests */
	const char *sysroot;  /* of rooms and pressure.  NULL: this machine */
	move_batch_fn *batch; /* NULL: the kernel's */
	void *arg;	      /* of BATCH, which the thread calls */
};

/* Since the start.  "elsewhere" and "absent" are no figures of interest here. */
struct move_totals {
	uint64_t moved_bytes[MOVE_NR_DIRECTIONS];
	uint64_t left_bytes[MIGRATE_NR_REASONS];
	uint64_t cpu_ns;	 /* CPU time of the thread */
	uint64_t nr_batches;	 /* that moved something or tried to */
	size_t nr_jobs_left;	 /* of the current plan, with the one under way */
	bool is_paused;		 /* by memory pressure */
	double pressure_percent; /* when it was last looked at.  Below 0: never, or not known */
};

struct mover;

/*
 * Start the thread, at nice 0 or what is weaker here, with all signals blocked.  OPTIONS are
 * copied, sysroot is not.  0, -ENOMEM, or -errno.
 */
int mover_new(struct mover **out, const struct move_options *options);

/* Ends the thread, after the batch under way, and frees all.  NULL is fine. */
void mover_free(struct mover *m);

/*
 * Replace what is left of the last plan.  The jobs are copied.  0, or -ENOMEM, and the last plan
 * stays.
 */
int mover_give(struct mover *m, const struct move_job *jobs, size_t nr);

/*
 * Take up to MAX results, the oldest first: one for each job that was begun and has ended.  Returns
 * how many.
 */
size_t mover_take(struct mover *m, struct move_done *out, size_t max);

void mover_totals(struct mover *m, struct move_totals *out);

static inline void mover_freep(struct mover **m)
{
	mover_free(*m);
}

#endif
