/* SPDX-License-Identifier: GPL-2.0 */
/* The rate of a perf counter between two readings.  Pure. */
#ifndef TS_METRICS_COUNTER_H
#define TS_METRICS_COUNTER_H

#include <stdint.h>

/* What read() gives with PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING. */
struct counter_reading {
	uint64_t value;	     /* events counted so far */
	uint64_t enabled_ns; /* time the event has been enabled */
	uint64_t running_ns; /* of that, time on a hardware counter */
};

/*
 * Events per second between two readings.  A counter that shares its hardware counts only while it
 * runs.  So the events are divided by the time that it ran.  (perf scales in the same way: value x
 * enabled / running, over the same interval.)
 *
 * A rate is unknown rather than wrong.  -ENODATA: it counted for too little of the time (less
 * than a hundredth), or no time has passed.  -ERANGE: the value went backwards (wrapped or
 * reset), or it grew faster than MAX_PER_S.
 */
int counter_rate(double *per_s, const struct counter_reading *before,
		 const struct counter_reading *after, double max_per_s);

/*
 * All events since it was opened, those too that it missed while others had the hardware.  0, or
 * -ENODATA as above.  One that was never enabled, as its thread has not run, has counted 0.
 */
int counter_total(double *out, const struct counter_reading *reading);

#endif
