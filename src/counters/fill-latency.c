/* SPDX-License-Identifier: GPL-2.0 */
/* Latency of fills of the last-level caches from memory. */
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
#define WHOLE_CACHE ",enallcores=1,enallslices=1,sliceid=3,threadmask=3"

enum { TIME, FILLS, NR_COUNTERS };

struct cache {
	unsigned int node; /* the node of its CPUs */
	enum fill_source source;
	int fd[NR_COUNTERS];
};

struct fill_latency {
	struct cache *caches;			    /* each once for each source */
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

int fill_latency_events(struct pmu_config out[2], enum fill_source source, const struct pmu *pmu,
			const char *sysroot)
{
	static const char *const events[NR_COUNTERS] = {[TIME] = "0xac", [FILLS] = "0xad"};
	int r = 0;

	for (size_t k = 0; !r && k < NR_COUNTERS; k++) {
		char terms[128];

		snprintf(terms, sizeof(terms), "event=%s,umask=%s" WHOLE_CACHE, events[k],
			 source == FILL_DRAM ? "0x01" : "0x10");
		r = pmu_terms(&out[k], pmu, sysroot, terms);
	}
	return r;
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
		       enum fill_source source, const struct idlist *cpus)
{
	struct pmu_config events[NR_COUNTERS];

	if (fill_latency_events(events, source, pmu, NULL) < 0)
		return -ENOENT;
	for (size_t i = 0; i < cpus->nr; i++) {
		int node = node_of_cpu(t, cpus->ids[i]), r;

		if (node < 0)
			continue;
		pmu->cpu = cpus->ids[i];
		r = pmu_open_group(f->caches[f->nr].fd, NR_COUNTERS, pmu, events);
		if (r < 0)
			return r;
		f->caches[f->nr].node = (unsigned int)node;
		f->caches[f->nr++].source = source;
	}
	return f->nr ? 0 : -ENOENT;
}

int fill_latency_new(struct fill_latency **out, const struct topology *t)
{
	_cleanup_idlist_ struct idlist cpus = IDLIST_INIT;
	struct fill_latency *f;
	size_t most;
	struct pmu pmu;
	int r = pmu_find(&pmu, NULL, FILL_LATENCY_UNIT);

	if (!r)
		r = sysfs_read_idlist(&cpus, NULL, PMU_DEVICES "/" FILL_LATENCY_UNIT "/cpumask");
	if (r < 0)
		return r;
	f = calloc(1, sizeof(*f));
	if (!f)
		return -ENOMEM;
	most = FILL_NR_SOURCES * cpus.nr;
	f->caches = calloc(most, sizeof(*f->caches));
	f->before = calloc(most, sizeof(*f->before));
	f->after = calloc(most, sizeof(*f->after));
	f->some = calloc(2 * most, sizeof(*f->some));
	r = f->caches && f->before && f->after && f->some ? 0 : -ENOMEM;
	for (int source = 0; !r && source < FILL_NR_SOURCES; source++)
		r = open_caches(f, t, &pmu, (enum fill_source)source, &cpus);
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

double fill_latency_ns(const struct fill_latency *f, enum fill_source source,
		       const struct idlist *nodes)
{
	struct fill_reading *before = f->some, *after = f->some + f->nr;
	size_t nr = 0;

	if (f->nr_updates < 2)
		return -1;
	for (size_t i = 0; i < f->nr; i++)
		if (f->caches[i].source == source && idlist_has(nodes, f->caches[i].node)) {
			before[nr] = f->before[i];
			after[nr++] = f->after[i];
		}
	return fill_latency_mean_ns(before, after, nr);
}
