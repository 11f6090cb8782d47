/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the scheduler has counted of a process, from one look to the next.
 *
 * The scheduler counts upwards.  A scheduler that is attached anew begins with 0.  Then its counts
 * at the next look are all that happened since, and no difference is ever below 0.
 */
#ifndef TS_USAGE_H
#define TS_USAGE_H

#include <stdint.h>

#include "bpf/abi.h"

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
