/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Hit rate of the last-level caches by one process, with counters that follow its threads.  They
 * make each of its context switches slower, so an option turns this on.
 *
 * The counters of a thread also count the threads that it starts later.  A process may have more
 * than PROCESS_LLC_MAX_THREADS when it is first seen.  Then so many threads stand for all.
 */
#ifndef TS_METRICS_PROCESS_LLC_H
#define TS_METRICS_PROCESS_LLC_H

#include <sys/types.h>

#include "counters/figure.h"
#include "counters/llc.h"

#define PROCESS_LLC_MAX_THREADS LLC_MAX_COUNTERS

struct process_llc;

/*
 * Open the counters of process TGID.  0, -ESRCH where there is no such process, or -ENOENT or
 * another errno where there are no counters.
 */
int process_llc_new(struct process_llc **out, pid_t tgid);
void process_llc_free(struct process_llc *p);

/* Percent of references that hit, since the call before.  Unknown as in llc.h. */
struct metric process_llc_update(struct process_llc *p, uint64_t now_ns);

#endif
