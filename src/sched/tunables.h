/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What an administrator may tune: a row for each field of struct ts_tunables.
 * T(field, option, standard, least, most, words).  The words are those of the help.
 */
#ifndef TS_TUNABLES_H
#define TS_TUNABLES_H

#include "bpf/abi.h"

#define TS_TUNABLES(T)                                                                             \
	T(points_cxl, "points-cxl", 30, 0, 100,                                                    \
	  "points of a node near the CXL memory that a task heats, times that share of its heat")  \
	T(points_room, "points-room", 20, 0, 50,                                                   \
	  "points of a node near memory that a task heats and whose bandwidth is known to have "   \
	  "room, times that share of its heat")                                                    \
	T(room_percent, "room-percent", 85, 20, 100,                                               \
	  "memory has room while less than so many percent of its bandwidth are in use")           \
	T(hold_saturating, "hold-saturating", 1, 0, 1,                                             \
	  "1: processes that use up the bandwidth of some memory stay on the CPUs near it, and "   \
	  "leave the others to others; 0: they go where a CPU is free")                            \
	T(points_hit_rate, "points-hit-rate", 15, 0, 50,                                           \
	  "points of a node near memory that a task heats and whose last-level caches hit often, " \
	  "times that share of its heat")                                                          \
	T(hit_rate_percent, "hit-rate-percent", 80, 1, 100, "how often that is")                   \
	T(points_latency, "points-latency", 15, 0, 50,                                             \
	  "points of a node near memory that a task heats and that answers quickly as loaded "     \
	  "now, times that share of its heat")                                                     \
	T(quick_ns, "quick-ns", 120, 1, 100000, "in less than so many ns")                         \
	T(points_idle, "points-idle", 25, 0, 100,                                                  \
	  "points of an idle CPU over waiting for one that is better placed")                      \
	T(priority_vector, "priority-vector", 20, 0, 40,                                           \
	  "percent less virtual time for vector and MoE tasks where their locality is high")       \
	T(vector_locality, "vector-locality", 80, 0, 100, "the locality from which that holds")    \
	T(priority_latency, "priority-latency", 25, 0, 40,                                         \
	  "percent less virtual time for latency sensitive tasks")                                 \
	T(priority_kworker, "priority-kworker", 15, 0, 40,                                         \
	  "percent less virtual time for kernel workers where their work was asked for, or where " \
	  "tasks queue")                                                                           \
	T(demotion_kworker, "demotion-kworker", 10, 0, 40,                                         \
	  "percent more virtual time for kernel workers while memory is short")                    \
	T(memory_pressure, "memory-pressure", 10, 1, 100,                                          \
	  "memory is short when some task waits for it in so many percent of the time (PSI)")      \
	T(latency_burst_us, "latency-burst-us", 1000, 10, 100000,                                  \
	  "a task is latency sensitive when it runs for less than this between its sleeps ...")    \
	T(latency_wakes_hz, "latency-wakes-hz", 20, 1, 100000,                                     \
	  "... and sleeps at least so many times a second")                                        \
	T(move_interval_ms, "move-interval-ms", 500, 0, 10000,                                     \
	  "a task changes nodes for the sake of queues that differ by one at most this often")

#define TS_TUNABLE_STANDARD(field, option, standard, least, most, words) .field = standard,
#define TS_TUNABLES_STANDARD {TS_TUNABLES(TS_TUNABLE_STANDARD)}

#endif
