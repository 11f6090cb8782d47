/* SPDX-License-Identifier: GPL-2.0 */
/* The running daemon: what run.c wires together and document.c describes. */
#ifndef TS_DAEMON_H
#define TS_DAEMON_H

#include "counters/metrics.h"
#include "daemon/managed.h"
#include "daemon/options.h"
#include "daemon/trouble.h"
#include "damon/damon.h"
#include "model/machine.h"
#include "numa/topology.h"
#include "process/process.h"
#include "sched/scheduler.h"

struct server;
struct tiering;

struct daemon {
	const struct options *options;
	struct model_options model_options;
	struct topology *topology;
	struct machine *machine;
	struct metrics *metrics;
	struct damon *damon;
	struct chooser *chooser;
	struct managed_set set;
	struct sched *sched; /* NULL with --observe */
	struct server *server;
	enum tier_mode tier;	 /* never TIER_AUTO */
	struct tiering *tiering; /* NULL with TIER_OFF */
	int balancing;		 /* kernel.numa_balancing before the start; < 0: not known */
	uint64_t tick_ns;	 /* the tick's period */
	uint64_t start_ns;	 /* CLOCK_MONOTONIC, as all times here */
	uint64_t start_cpu_ns;	 /* CPU time used by then */
	uint64_t scan_ns;	 /* of the last look at processes and topology */
	uint64_t targets_ns;	 /* DAMON is not told anew what to monitor before this */
	uint64_t sample_ns;	 /* of the samples that this tick collects */
	bool retarget;		 /* what DAMON monitors is no longer right */
	struct troubles troubles;
	uint64_t stats_ns;   /* of the last --stats table */
	uint64_t restart_ns; /* of the last restart of the scheduler */
	unsigned int nr_restarts;
	bool told_of_no_hits; /* the log says that hit rates of processes are not known */
	uint64_t nr_ticks;
	uint64_t ticks_cpu_ns;	 /* CPU time of all ticks */
	uint64_t choose_ns;	 /* CPU time that choosing processes may take now */
	uint64_t process_cpu_ns; /* CPU time that a tick spends on a process, averaged */
	size_t turn;		 /* processes that the next tick looks at, at most */
};

#endif
