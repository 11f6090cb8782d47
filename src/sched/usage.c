/* SPDX-License-Identifier: GPL-2.0 */
/* What the scheduler has counted of a process. */
#include <stdbool.h>
#include <stddef.h>

#include "base/util.h"
#include "sched/scheduler.h"

static uint64_t since(uint64_t was, uint64_t is)
{
	return is < was ? is : is - was;
}

uint32_t usage_take(struct usage *u, const struct ts_usage *now, uint64_t now_ns)
{
	uint64_t moves = since(u->last.nr_node_moves, now->nr_node_moves);
	bool halves = now_ns - u->halved_ns >= NSEC_PER_SEC;

	for (size_t c = 0; c < TS_NR_CLASSES; c++)
		u->class_ns[c] =
			(u->class_ns[c] >> halves) + since(u->last.class_ns[c], now->class_ns[c]);
	if (halves)
		u->halved_ns = now_ns;
	u->last = *now;
	return (uint32_t)MIN(moves, (uint64_t)UINT32_MAX);
}

enum ts_class usage_class(const struct usage *u)
{
	enum ts_class most = TS_CLASS_UNSET;

	for (size_t c = 0; c < TS_NR_CLASSES; c++)
		if (u->class_ns[c] > u->class_ns[most])
			most = (enum ts_class)c;
	return most;
}
