/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Hit rate of the last-level caches by one process: counters that follow its
 * threads.  They cost each of its context switches, so this is for who asks.
 *
 * Threads that begin later are counted by their parents' counters.  Of a process
 * that has more than PROCESS_LLC_MAX_THREADS when it is first seen, that many
 * speak for all.
 */
#ifndef TS_METRICS_PROCESS_LLC_H
#define TS_METRICS_PROCESS_LLC_H

#include <sys/types.h>

#include "counters/llc.h"
#include "counters/metrics.h"

#define PROCESS_LLC_MAX_THREADS LLC_MAX_COUNTERS

struct process_llc;

/* Open the counters of process TGID: 0, -ENOENT or another errno where there are none, -ESRCH for none such. */
int process_llc_new(struct process_llc **out, pid_t tgid);
void process_llc_free(struct process_llc *p);

/* Read them: hits per thousand references since the call before, unknown as in llc.h. */
struct metric process_llc_update(struct process_llc *p, uint64_t now_ns);

#endif
