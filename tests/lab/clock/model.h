/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The model: what an access costs, and when a vCPU has to wait.  No QEMU, no clock and no I/O in
 * here; time comes in as numbers.
 *
 * An access goes through a small cache by virtual address (nearly free to ask: the physical address
 * is the costly part of the emulation), the vCPU's L2, the last-level cache of the vCPU's node, and
 * then to memory.  A line from memory costs
 *
 *   latency    as the table has it for (node of the vCPU, node of the memory), unless the line
 *              continues a stream: then the prefetcher has it already
 *   transfer   its time on the memory's channel, prefetched or not; a store moves its line twice,
 *              in, and back some day
 *
 * Costs are gathered and settled in lumps of about SETTLE_NS.  For a lump in which the vCPU ran for
 * R, with latencies L, transfers T, and a channel that others have booked for a further Q:
 *
 *   stall = max(L - hidden + Q, T + Q - R),   hidden = min(R, misses x overlap)
 *
 * R is what emulation took.  Part of it is the price of emulating the missing accesses themselves,
 * so a core's overlap of work and misses, `hidden`, is taken out: a chain of dependent loads costs
 * the table's latency and no more.  Q is how a saturated node's latency rises: each vCPU has at
 * most one lump on a channel, so Q ends at the others' lumps.  A sleep that lasted too long is
 * given back (`late`).
 *
 * Not modelled: cache hits and computing cost what emulation costs; descending and strided streams,
 * parallel misses, page walks, and devices' accesses are not seen; dirty lines cost their way back
 * when they are first stored to, not when they leave.
 */
#ifndef LAB_CLOCK_MODEL_H
#define LAB_CLOCK_MODEL_H

#include "settings.h"

enum {
	LINE_SHIFT = 6,
	L1_LINES = 512,
	L2_WAYS = 8,
	LLC_WAYS = 16,
	STREAMS = 16,
	SETTLE_NS = 200 * 1000,
	MAX_LATE_NS = 10 * 1000 * 1000, /* more than this is the host's trouble, and lost */
	NO_NODE = 255,
};

struct node_counts {
	uint64_t accesses;   /* that missed the small cache */
	uint64_t lookups;    /* of these, in the last-level cache */
	uint64_t misses;     /* lines from this node's memory */
	uint64_t prefetched; /* of these */
	uint64_t bytes;	     /* moved, both ways */
	uint64_t stalled_ns; /* guest time: latency, waiting for the channel, transfer */
};

/* Written by the vCPU's own thread alone. */
struct vcpu {
	uint64_t l1[L1_LINES];	  /* virtual line numbers, direct mapped */
	uint32_t stream[STREAMS]; /* virtual line that would continue each stream */
	unsigned int next_stream;
	unsigned int node;
	uint32_t *l2;
	uint32_t *llc;		    /* shared with the node's other vCPUs, see cache_touch */
	const uint64_t *latency_ns; /* by memory node, scaled */

	/* gathered since the last settling */
	uint64_t latency_due_ns;
	uint64_t transfer_due_ns;
	uint64_t waited_for; /* misses that paid latency */
	uint64_t transfer_ns[CLOCK_MAX_NODES];

	uint64_t resumed_ns; /* running since */
	uint64_t idle_ns;    /* halted since */
	uint64_t late_ns;    /* slept too long by, still to be given back */

	uint64_t accesses;
	uint64_t slept_ns;
	struct node_counts counts[CLOCK_MAX_NODES];
} __attribute__((aligned(64)));

struct model {
	struct settings settings;
	uint64_t overlap_ns; /* the rest of this struct: scaled, guest time */
	uint64_t latency_ns[CLOCK_MAX_NODES][CLOCK_MAX_NODES];
	uint64_t line_ns[CLOCK_MAX_NODES]; /* one line on the channel, in 1/1024 ns */
	uint32_t l2_mask;		   /* sets - 1 */
	uint32_t llc_mask;
	uint8_t *node_of; /* by physical address >> CLOCK_GRANULE_SHIFT */
	struct vcpu *vcpus;
	uint32_t *llc[CLOCK_MAX_NODES];
	struct {
		uint64_t until_ns; /* the channel is booked up to here; atomic */
	} __attribute__((aligned(64))) channel[CLOCK_MAX_NODES];
};

/* Zero or -ENOMEM. */
int model_init(struct model *m, const struct settings *settings);
void model_deinit(struct model *m);

/* Empties counts and what is due; the caches stay as they are.  Every vCPU runs from @now on, or
 * halts. */
void model_restart(struct model *m, uint64_t now_ns);

/* An access the small cache does not have, to physical address @pa. */
void model_access(struct model *m, struct vcpu *v, uint64_t va, uint64_t pa, bool store);

/* Books what is due and returns how long to sleep; then model_slept tells how that went. */
uint64_t model_settle(struct model *m, struct vcpu *v, uint64_t now_ns);
void model_slept(struct vcpu *v, uint64_t asked_ns, uint64_t from_ns, uint64_t to_ns);

/* A halted vCPU is not running. */
static inline void model_idle(struct vcpu *v, uint64_t now_ns)
{
	v->idle_ns = now_ns;
}

static inline void model_resume(struct vcpu *v, uint64_t now_ns)
{
	if (v->idle_ns > v->resumed_ns)
		v->resumed_ns += now_ns - v->idle_ns;
	else
		v->resumed_ns = now_ns;
}

/* Does the small cache have it?  It is asked by virtual address: right after a process switch it
 * may be wrong for its few lines. */
static inline bool model_near(struct vcpu *v, uint64_t va)
{
	const uint64_t line = va >> LINE_SHIFT;
	uint64_t *slot = &v->l1[line % L1_LINES];

	v->accesses++;
	if (*slot == line)
		return true;
	*slot = line;
	return false;
}

static inline bool model_due(const struct vcpu *v)
{
	return v->latency_due_ns + v->transfer_due_ns >= SETTLE_NS;
}

#endif
