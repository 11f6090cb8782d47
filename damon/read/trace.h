/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A kdamond's regions through the tracepoint damon:damon_aggregated.
 *
 * A perf event is bound to the kdamond's thread.  At the end of each aggregation it writes one
 * record for each region into a buffer, which keeps the newest.  A snapshot is a look into that
 * memory.  It needs no lock of DAMON, no waiting, no files, and no DAMOS scheme for the kdamond
 * to apply.  With tried_regions the kernel creates and removes a directory for every region,
 * under the lock that every other user of DAMON needs.
 */
#ifndef TS_DAMON_TRACE_H
#define TS_DAMON_TRACE_H

#include <stdbool.h>
#include <sys/types.h>

#include "damon/read/regions.h"
#include "damon/session/members.h"

struct trace;

/* Is there such an event in tracefs, and readable?  For the probe. */
bool trace_is_there(const char *sysroot);

/*
 * Find the event and check that perf events may be opened.  -ENOENT without
 * tracefs or event, or the errno of perf_event_open(2).
 */
int trace_new(struct trace **out);

/*
 * Begin to record the kdamond with this thread id.  The buffer is large enough for MAX_REGIONS.  0
 * or a negative errno.
 */
int trace_attach(struct trace *t, pid_t thread, size_t max_regions);
void trace_detach(struct trace *t);

/* Has the thread ended?  True when none is attached. */
bool trace_ended(const struct trace *t);

/* 0 or a negative errno. */
int trace_read(struct trace *t, struct regions *out, const struct members *members);

void trace_free(struct trace *t);

#endif
