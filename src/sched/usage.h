/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the scheduler has counted of a process, from one look to the next.
 *
 * The scheduler counts upwards.  One that is attached anew begins with all 0, and what it counts by
 * the next look is all that happened since: no difference is ever below 0.
 */
#ifndef TS_USAGE_H
#define TS_USAGE_H

#include <stdint.h>

#include "bpf/abi.h"

struct usage {
	struct ts_usage last;		  /* as of the last look */
	uint64_t class_ns[TS_NR_CLASSES]; /* run time of late, by class: halves every second ... */
	uint64_t halved_ns;		  /* ... and did last at this time */
};

/* NOW is as of NOW_NS (CLOCK_MONOTONIC).  Returns how often it moved between nodes since. */
uint32_t usage_take(struct usage *u, const struct ts_usage *now, uint64_t now_ns);

/* What its threads were for most of their run time of late; UNSET: none ran, or nobody counts. */
enum ts_class usage_class(const struct usage *u);

#endif
