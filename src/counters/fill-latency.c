/* SPDX-License-Identifier: GPL-2.0 */
/* Latency of fills of the last-level caches from CXL memory. */
#include "counters/fill-latency.h"

#include <errno.h>
#include <string.h>

#include "base/sysfs.h"
#include "base/util.h"

#define NS_PER_UNIT 10
/* A counter that grows faster has jumped.  The time of all fills under way adds up. */
#define MAX_PER_S 1e12
#define LEAST_NS 10
#define MOST_NS 100000

/* All cores, threads and slices of an L3. */
#define WHOLE_CACHE ",umask=0x10,enallcores=1,enallslices=1,sliceid=3,threadmask=3"

enum { TIME, FILLS, NR_COUNTERS };

struct cache {
	unsigned int node; /* the node of its CPUs */
	int fd[NR_COUNTERS];
};

struct fill_latency {
	struct cache *caches;
	struct fill_reading *before, *after, *some; /* [nr]; SOME is scratch for chosen nodes */
	size_t nr;
	int nr_updates; /* up to 2 */
};

double fill_latency_mean_ns(const struct fill_reading *before, const struct fill_reading *after,
			    size_t nr)
{
	double time = 0, fills = 0, mean;

	for (size_t i = 0; i < nr; i++) {
		double some_time, some_fills;

		if (counter_rate(&some_time, &before[i].time, &after[i].time, MAX_PER_S) ||
		    counter_rate(&some_fills, &before[i].fills, &after[i].fills, MAX_PER_S))
			return -1;
		time += some_time;
		fills += some_fills;
	}
	if (fills < FILL_LEAST_PER_S)
		return -1;
	mean = NS_PER_UNIT * time / fills;
	return mean >= LEAST_NS && mean <= MOST_NS ? mean : -1;
}

int fill_latency_events(struct pmu_config out[2], const struct pmu *pmu, const char *sysroot)
{
	char time[] = "event=0xac" WHOLE_CACHE, fills[] = "event=0xad" WHOLE_CACHE;
	int r = pmu_terms(&out[TIME], pmu, sysroot, time);

	return r < 0 ? r : pmu_terms(&out[FILLS], pmu, sysroot, fills);
}

static int node_of_cpu(const struct topology *t, unsigned int cpu)
{
	for (size_t i = 0; i < t->nr_nodes; i++)
		if (idlist_has(&t->nodes[i].cpus, cpu))
			return (int)t->nodes[i].id;
	return -1;
}

/* The unit names one CPU for each L3. */
static int open_caches(struct fill_latency *f, const struct topology *t, struct pmu *pmu,
		       const struct pmu_config events[NR_COUNTERS], const struct idlist *cpus)
{
	for (size_t i = 0; i < cpus->nr; i++) {
		int node = node_of_cpu(t, cpus->ids[i]), r;

		if (node < 0)
			continue;
		pmu->cpu = cpus->ids[i];
		r = pmu_open_group(f->caches[f->nr].fd, NR_COUNTERS, pmu, events);
		if (r < 0)
			return r;
		f->caches[f->nr++].node = (unsigned int)node;
	}
	return f->nr ? 0 : -ENOENT;
}

int fill_latency_new(struct fill_latency **out, const struct topology *t)
{
	_cleanup_idlist_ struct idlist cpus = IDLIST_INIT;
	struct pmu_config events[NR_COUNTERS];
	struct fill_latency *f;
	struct pmu pmu;
	int r = pmu_find(&pmu, NULL, FILL_LATENCY_UNIT);

	if (!r && fill_latency_events(events, &pmu, NULL) < 0)
		r = -ENOENT;
	if (!r)
		r = sysfs_read_idlist(&cpus, NULL, PMU_DEVICES "/" FILL_LATENCY_UNIT "/cpumask");
	if (r < 0)
		return r;
	f = calloc(1, sizeof(*f));
	if (!f)
		return -ENOMEM;
	f->caches = calloc(cpus.nr, sizeof(*f->caches));
	f->before = calloc(cpus.nr, sizeof(*f->before));
	f->after = calloc(cpus.nr, sizeof(*f->after));
	f->some = calloc(2 * cpus.nr, sizeof(*f->some));
	r = f->caches && f->before && f->after && f->some ? open_caches(f, t, &pmu, events, &cpus)
							  : -ENOMEM;
	if (r < 0) {
		fill_latency_free(f);
		return r;
	}
	*out = f;
	return 0;
}

void fill_latency_free(struct fill_latency *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->nr; i++)
		for (size_t k = 0; k < NR_COUNTERS; k++)
			close(f->caches[i].fd[k]);
	free(f->caches);
	free(f->before);
	free(f->after);
	free(f->some);
	free(f);
}

void fill_latency_update(struct fill_latency *f)
{
	struct fill_reading *oldest = f->before;

	f->before = f->after;
	f->after = oldest;
	for (size_t i = 0; i < f->nr; i++) {
		struct counter_reading now[NR_COUNTERS] = {0};

		/* a counter that has gone has counted nothing in no time, so it is unknown */
		(void)pmu_read_group(now, NR_COUNTERS, f->caches[i].fd[0]);
		f->after[i] = (struct fill_reading){now[TIME], now[FILLS]};
	}
	f->nr_updates = MIN(f->nr_updates + 1, 2);
}

double fill_latency_ns(const struct fill_latency *f, const struct idlist *nodes)
{
	struct fill_reading *before = f->some, *after = f->some + f->nr;
	size_t nr = 0;

	if (f->nr_updates < 2)
		return -1;
	for (size_t i = 0; i < f->nr; i++)
		if (idlist_has(nodes, f->caches[i].node)) {
			before[nr] = f->before[i];
			after[nr++] = f->after[i];
		}
	return fill_latency_mean_ns(before, after, nr);
}
