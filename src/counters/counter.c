/* SPDX-License-Identifier: GPL-2.0 */
/* The rate of a perf counter. */
#include "counters/counter.h"

#include <errno.h>
#include <stdbool.h>

#include "base/util.h"

#define LEAST_RUNNING_SHARE 100 /* 1/100 of the time enabled */

static bool counts_enough(uint64_t enabled_ns, uint64_t running_ns)
{
	return running_ns && running_ns >= enabled_ns / LEAST_RUNNING_SHARE;
}

int counter_total(double *out, const struct counter_reading *reading)
{
	uint64_t enabled_ns = reading->enabled_ns, running_ns = reading->running_ns;

	*out = 0;
	if (!enabled_ns)
		return 0;
	if (!counts_enough(enabled_ns, running_ns))
		return -ENODATA;
	*out = (double)reading->value * (double)enabled_ns / (double)running_ns;
	return 0;
}

int counter_rate(double *per_s, const struct counter_reading *before,
		 const struct counter_reading *after, double max_per_s)
{
	uint64_t enabled_ns, running_ns;
	double rate;

	if (after->value < before->value || after->enabled_ns < before->enabled_ns ||
	    after->running_ns < before->running_ns)
		return -ERANGE;
	enabled_ns = after->enabled_ns - before->enabled_ns;
	running_ns = after->running_ns - before->running_ns;
	if (!counts_enough(enabled_ns, running_ns))
		return -ENODATA;
	rate = (double)(after->value - before->value) * 1e9 / (double)running_ns;
	if (rate > max_per_s)
		return -ERANGE;
	*per_s = rate;
	return 0;
}
