/* SPDX-License-Identifier: GPL-2.0 */
/* What a plan is made of.  plan.h has the theory. */
#ifndef TS_TIER_INPUT_H
#define TS_TIER_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/model.h"

/* A place is changed only for so much less wait. */
#define PLAN_PLACE_GAIN 0.05
/* Pages leave for others that are hotter by this factor.  Less may be chance. */
#define PLAN_HOTTER 2.0

/* How far moves by the load go between two nodes (turns.h).  Zeroed at first. */
struct spread_step {
	double stays;	   /* this part of the way is not gone, 0 .. 1 */
	int direction;	   /* of the last moves, 1 or -1 */
	uint64_t since_ns; /* STAYS has changed */
};

/* Ranges of a process ascend and do not overlap. */
struct plan_range {
	uint64_t start, bytes;
	double hz;	     /* accesses a second of each page, as far as seen */
	double mean_hz;	     /* the same over its life, at most over the last minute or so */
	double life_s;	     /* for so long it has been hot, or cold */
	double remaining_s;  /* for so long it is expected to stay so */
	const bool *may_lie; /* [mem node] its pages may; NULL: on all */
	const double *share; /* [mem node] of its pages, sums to at most 1.  All 0: not known */
	uint64_t memory;     /* which it is, where other processes may map it too; else 0 */
	uint64_t offset;     /* and where in that the range begins */
	bool foreign;	     /* somebody maps its pages who is no process of the input */
};

struct plan_process {
	const struct plan_range *ranges;
	size_t nr_ranges;
	int place;	     /* the CPU node where it runs, or MODEL_NO_NODE: anywhere */
	const bool *may_run; /* [cpu node] it may; NULL: on all */
	double cpus;	     /* CPU time that it uses, seconds a second */
	/* Lines that an access that was seen brings from memory, as counted; 0: not known */
	double lines_per_access;
	uint64_t max_bytes; /* this plan moves no more of it */
};

struct plan_input {
	const struct model_machine *machine;
	const uint64_t *room_bytes; /* [mem node] that may be filled */
	const double *copy_ns;	    /* [from][to] what it costs to move a byte; INFINITY: unknown */
	const struct plan_process *processes;
	size_t nr_processes;
	uint64_t max_bytes; /* in all */
	/* [from][to] how far moves go by the load; NULL: all the way */
	const struct spread_step *steps;
	/* Pages have moved since the waits at memory were measured.  Nothing moves by these. */
	bool loads_are_old;
};

/*
 * Fill OUT with the ranges of a process, at most MAX.  Neighbours that are about as hot are one
 * range.  Shares are left out: the model does not know them.  Returns how many there are.
 */
size_t plan_ranges(struct plan_range *out, size_t max, const struct model_process *p);

#endif
