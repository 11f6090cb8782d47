/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Hit rate of the last-level caches by one process.  The counters of a thread also count the
 * threads that it starts later.
 */
#include <errno.h>

#include "base/proc.h"
#include "base/util.h"
#include "counters/llc.h"
#include "counters/metrics.h"

/* A process may have more threads when it is first seen.  Then so many stand for all. */
#define MAX_THREADS LLC_MAX_COUNTERS

struct process_llc {
	size_t nr;
	struct llc_counters threads[MAX_THREADS];
	struct llc_reading last[MAX_THREADS];
	bool primed;
};

static int open_threads(struct process_llc *p, pid_t tgid)
{
	pid_t threads[MAX_THREADS];
	ssize_t nr = proc_threads(threads, MAX_THREADS, tgid);

	for (ssize_t i = 0; i < MIN(nr, (ssize_t)MAX_THREADS); i++) {
		int r = llc_open_thread(&p->threads[p->nr], threads[i]);

		if (!r)
			p->nr++;
		else if (r != -ESRCH) /* -ESRCH: the thread has ended meanwhile */
			return p->nr ? 0 : r;
	}
	return p->nr ? 0 : -ESRCH;
}

int process_llc_new(struct process_llc **out, pid_t tgid)
{
	struct process_llc *p = calloc(1, sizeof(*p));
	int r;

	if (!p)
		return -ENOMEM;
	r = open_threads(p, tgid);
	if (r < 0) {
		free(p);
		return r;
	}
	*out = p;
	return 0;
}

void process_llc_free(struct process_llc *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->nr; i++)
		llc_close(&p->threads[i]);
	free(p);
}

struct metric process_llc_update(struct process_llc *p, uint64_t now_ns)
{
	int permille = llc_read(p->threads, p->last, p->nr, &p->primed);

	return permille < 0 ? (struct metric){0}
			    : (struct metric){permille / 10.0, now_ns, METRIC_PERF};
}
