/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pages that move by the load of memory change that load.  Where the queue at a node is unlike
 * the one that spread.h reckons with, a plan moves too many, and the next one moves some back.
 * Each time that the direction between two nodes turns, moves go half as far.  So they close in on
 * the middle, whatever the queue is like.  After TURNS_CALM_NS without a turn they go farther
 * again.  Pure.
 */
#ifndef TS_TIER_TURNS_H
#define TS_TIER_TURNS_H

#include "tier/plan.h"

#define TURNS_CALM_NS (60 * UINT64_C(1000000000))

/*
 * Learn from the moves that a plan has made at NOW_NS (CLOCK_MONOTONIC), also where there are
 * none.  STEPS is [from][to].  Plans take it as it is then.
 */
void turns_learn(struct spread_step *steps, size_t nr_mem_nodes, const struct plan_move *moves,
		 size_t nr, uint64_t now_ns);

#endif
