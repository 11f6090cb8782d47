/* SPDX-License-Identifier: GPL-2.0 */
/* The rate of a perf counter. */
#include "counters/counter.h"

#include <errno.h>

#include "base/util.h"

#define LEAST_RUNNING_SHARE 100 /* 1/100 of the time enabled */

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
	if (!running_ns || running_ns < enabled_ns / LEAST_RUNNING_SHARE)
		return -ENODATA;
	rate = (double)(after->value - before->value) * 1e9 / (double)running_ns;
	if (rate > max_per_s)
		return -ERANGE;
	*per_s = rate;
	return 0;
}
