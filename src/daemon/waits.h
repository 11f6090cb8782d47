/* SPDX-License-Identifier: GPL-2.0 */
/* How often a managed process accesses memory now, and how long each access waits. */
#ifndef TS_WAITS_H
#define TS_WAITS_H

#include "daemon/managed.h"
#include "tier/gain.h"

struct waits {
	struct gain_look look; /* see tier/gain.h; it points to RANGES */
	struct gain_range ranges[GAIN_MAX_RANGES];
};

/* Of a process that runs at CPU node PLACE, as its model has it.  MODEL_NO_NODE: not known. */
void waits_look(struct waits *out, const struct managed *item, int place, uint64_t now_ns);

#endif
