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
	  "points of a node near CXL memory, times the share of a task's heat there")              \
	T(points_room, "points-room", 20, 0, 50,                                                   \
	  "points of a node near memory that has room, times the share of a task's "               \
	  "heat there")                                                                            \
	T(room_percent, "room-percent", 85, 20, 100,                                               \
	  "memory has room while less than this percentage of its bandwidth is in "                \
	  "use")                                                                                   \
	T(hold_saturating, "hold-saturating", 1, 0, 1,                                             \
	  "1: processes that use up the bandwidth of some memory stay on the CPUs "                \
	  "near it; 0: they go where a CPU is free")                                               \
	T(points_hit_rate, "points-hit-rate", 15, 0, 50,                                           \
	  "points of a node whose last-level caches hit often, times the share of a "              \
	  "task's heat in memory near it")                                                         \
	T(hit_rate_percent, "hit-rate-percent", 80, 1, 100,                                        \
	  "caches hit often from this percentage on")                                              \
	T(points_latency, "points-latency", 15, 0, 50,                                             \
	  "points of a node near memory that answers quickly under its load, times "               \
	  "the share of a task's heat there")                                                      \
	T(quick_ns, "quick-ns", 120, 1, 100000, "memory answers quickly below this latency in ns") \
	T(points_idle, "points-idle", 25, 0, 100,                                                  \
	  "a task takes an idle CPU unless its best node scores better by more than "              \
	  "this")                                                                                  \
	T(priority_vector, "priority-vector", 20, 0, 40,                                           \
	  "vector and MoE tasks pay this percentage less virtual time where their "                \
	  "locality is high")                                                                      \
	T(vector_locality, "vector-locality", 80, 0, 100, "locality is high from this value on")   \
	T(priority_latency, "priority-latency", 25, 0, 40,                                         \
	  "latency sensitive tasks pay this percentage less virtual time")                         \
	T(priority_kworker, "priority-kworker", 15, 0, 40,                                         \
	  "kernel workers pay this percentage less virtual time where their work "                 \
	  "was asked for, or where tasks queue")                                                   \
	T(demotion_kworker, "demotion-kworker", 10, 0, 40,                                         \
	  "kernel workers pay this percentage more virtual time while memory is "                  \
	  "short")                                                                                 \
	T(memory_pressure, "memory-pressure", 10, 1, 100,                                          \
	  "memory is short when some task waits for it in this percentage of the "                 \
	  "time (PSI)")                                                                            \
	T(latency_burst_us, "latency-burst-us", 1000, 10, 100000,                                  \
	  "a latency sensitive task runs for less than this many us between its "                  \
	  "sleeps")                                                                                \
	T(latency_wakes_hz, "latency-wakes-hz", 20, 1, 100000,                                     \
	  "a latency sensitive task sleeps at least this many times a second")                     \
	T(move_interval_ms, "move-interval-ms", 500, 0, 10000,                                     \
	  "a task goes to a queue that is shorter by only one at most once in this "               \
	  "many ms")

#define TS_TUNABLE_STANDARD(field, option, standard, least, most, words) .field = standard,
#define TS_TUNABLES_STANDARD {TS_TUNABLES(TS_TUNABLE_STANDARD)}

#endif
