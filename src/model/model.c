/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The model.  model.h has the theory.
 *
 * Heat is smoothed in bytes, and shares are taken of the smoothed heat.  So an interval in which
 * DAMON caught little but a stack counts for little.  The time constant is two aggregation
 * intervals, so that moved pages show in full within about five.  It grows to sixteen when
 * accesses are caught so rarely that two intervals hold few hits.  Hits differ in weight, because
 * one on a large region stands for more heat.  So their effective number is counted: (sum of
 * heat)^2 / sum of (heat of each hit)^2.
 *
 * The working set needs a longer memory, which the footprint has.  Confidence is a product of
 * three parts: how many pages were looked at, how many samples there were, and how fresh the last
 * sample with heat is.
 */
#include "model/model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "model/footprint.h"

enum {
	SMOOTH_AGGREGATIONS = 2,      /* least time constant of heat and sizes */
	MAX_SMOOTH_AGGREGATIONS = 16, /* the longest, where accesses are seen rarely */
	ENOUGH_HITS = 32,	      /* so many hits tell where heat is */
	HITS_AGGREGATIONS = 10,	      /* time constant of the number of hits */
	FULL_CONFIDENCE_PAGES = 64,
	FULL_CONFIDENCE_SAMPLES = 3,
	FRESH_AGGREGATIONS = 10,  /* heat older than this begins to lose confidence */
	STALE_AGGREGATIONS = 100, /* heat of this age has no confidence left */
	MAX_LOAD_PERMILLE = 950,
};
/*
 * A page that every sample found accessed may be accessed any number of times.  It counts as if one
 * sample in so many had missed it.
 */
#define MISSED_SAMPLES 40
/* In points.  It is small, because at a full device places differ little. */
#define SATURATED_GAIN 0.2

struct model_process {
	struct model_profile profile;
	double *heat_at;    /* [mem node] smoothed heat[n] */
	double *share;	    /* [mem node] h[n], of heat_at */
	double *seen;	    /* [mem node] scratch: heat of this sample */
	double *seen_bytes; /* [mem node] scratch: accessed bytes of this sample */
	double *bytes_at;   /* [mem node] smoothed accessed bytes */
	double *rank;	    /* [cpu node] score, not rounded and without the penalty */
	struct footprint *footprint;
	double hot, cold, heat, hz, age; /* smoothed */
	double hit_heat, hit_squares;	 /* smoothed sums over hits: heat, and its square */
	double intensity;		 /* smoothed, < 0 unknown */
	double migrations_hz;
	double pages;		 /* smoothed number of pages looked at per sample */
	uint32_t nr_samples;	 /* samples that had heat */
	uint64_t heat_ns;	 /* when heat was last seen */
	uint64_t resident_bytes; /* UINT64_MAX unknown */
	double sample_s;	 /* DAMON's sampling interval as of the last sample */
};

struct model_process *model_process_new(size_t nr_cpu_nodes, size_t nr_mem_nodes)
{
	struct model_process *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->heat_at = calloc(nr_mem_nodes, sizeof(*p->heat_at));
	p->share = calloc(nr_mem_nodes, sizeof(*p->share));
	p->seen = calloc(nr_mem_nodes, sizeof(*p->seen));
	p->seen_bytes = calloc(nr_mem_nodes, sizeof(*p->seen_bytes));
	p->bytes_at = calloc(nr_mem_nodes, sizeof(*p->bytes_at));
	p->rank = calloc(nr_cpu_nodes, sizeof(*p->rank));
	p->footprint = footprint_new();
	p->profile = (struct model_profile){
		.intensity_mb_per_cpu_s = UINT32_MAX,
		.preferred = MODEL_NO_NODE,
		.nr_cpu_nodes = nr_cpu_nodes,
		.nr_mem_nodes = nr_mem_nodes,
		.heat_permille = calloc(nr_mem_nodes, sizeof(uint16_t)),
		.node_bytes = calloc(nr_mem_nodes, sizeof(uint64_t)),
		.cost_ns = calloc(nr_cpu_nodes, sizeof(uint32_t)),
		.locality = malloc(nr_cpu_nodes),
		.score = calloc(nr_cpu_nodes, 1),
		.order = malloc(nr_cpu_nodes),
	};
	p->intensity = -1;
	if (!p->heat_at || !p->share || !p->seen || !p->seen_bytes || !p->bytes_at ||
	    !p->footprint || !p->profile.heat_permille || !p->profile.node_bytes ||
	    !p->profile.cost_ns || !p->profile.locality || !p->profile.score || !p->profile.order ||
	    !p->rank) {
		model_process_free(p);
		return NULL;
	}
	memset(p->profile.locality, MODEL_UNKNOWN_LOCALITY, nr_cpu_nodes);
	for (size_t c = 0; c < nr_cpu_nodes; c++)
		p->profile.order[c] = (uint8_t)c;
	return p;
}

void model_process_free(struct model_process *p)
{
	if (!p)
		return;
	free(p->heat_at);
	free(p->share);
	free(p->seen);
	free(p->seen_bytes);
	free(p->bytes_at);
	footprint_free(p->footprint);
	free(p->profile.heat_permille);
	free(p->profile.node_bytes);
	free(p->profile.cost_ns);
	free(p->profile.locality);
	free(p->profile.score);
	free(p->rank);
	free(p->profile.order);
	free(p);
}

const struct model_profile *model_profile(const struct model_process *p)
{
	return &p->profile;
}

size_t model_nr_ranges(const struct model_process *p)
{
	return footprint_nr_segments(p->footprint);
}

void model_look_at_lives(struct model_process *p)
{
	footprint_look_at_lives(p->footprint);
}

/* Accesses come at random times: of samples, e^-(hz x interval) find none. */
static double hz_of(const struct model_process *p, double rate)
{
	return -log1p(-MIN(rate, 1 - 1.0 / MISSED_SAMPLES)) / p->sample_s;
}

struct model_range model_range(const struct model_process *p, size_t i)
{
	struct footprint_range range = footprint_range(p->footprint, i);

	return (struct model_range){
		.start = range.start,
		.bytes = range.bytes,
		.hz = hz_of(p, range.rate),
		.mean_hz = hz_of(p, range.mean_rate),
		.life_s = range.life_s,
		.remaining_s = range.remaining_s,
	};
}

double model_access_hz(const struct model_process *p)
{
	double hz = 0;

	for (size_t i = 0; i < model_nr_ranges(p); i++) {
		struct model_range range = model_range(p, i);

		hz += range.hz * (double)range.bytes / MODEL_PAGE_BYTES;
	}
	return hz;
}

uint32_t model_wait_ns(uint32_t latency_ns, uint32_t utilisation_permille)
{
	uint32_t load = MIN(utilisation_permille, MAX_LOAD_PERMILLE);

	return (uint32_t)((uint64_t)latency_ns * load / (1000 - load));
}

/* Totals of one sample over its regions. */
struct totals {
	double accessed, hot, cold, heat; /* bytes */
	double access_weight, age_weight; /* bytes x accesses, bytes x age */
	double hit_squares;		  /* sum over hits of the square of the hit's heat */
	double placed_heat;		  /* heat of regions whose nodes are known */
	double placed_bytes;		  /* accessed bytes of those regions */
	uint64_t pages;
};

static void add_region(struct model_process *p, struct totals *t, const struct sample_region *r,
		       uint32_t max_nr_accesses, size_t nr_mem_nodes)
{
	double bytes = (double)r->bytes, heat;
	uint32_t accesses = MIN(r->nr_accesses, max_nr_accesses);
	uint64_t pages = 0;

	if (!accesses) {
		t->cold += bytes;
		return;
	}
	heat = bytes * accesses / max_nr_accesses;
	t->accessed += bytes;
	t->heat += heat;
	t->hit_squares += heat * heat / accesses;
	t->access_weight += bytes * accesses;
	t->age_weight += bytes * r->age;
	if ((uint64_t)accesses * 4 >= max_nr_accesses)
		t->hot += bytes;

	for (size_t n = 0; n < nr_mem_nodes; n++)
		pages += r->pages[n];
	if (!pages)
		return;
	t->pages += pages;
	t->placed_heat += heat;
	t->placed_bytes += bytes;
	for (size_t n = 0; n < nr_mem_nodes; n++) {
		double share = (double)r->pages[n] / (double)pages;

		p->seen[n] += heat * share;
		p->seen_bytes[n] += bytes * share;
	}
}

static void smooth(double *value, double seen, double weight)
{
	*value += weight * (seen - *value);
}

/* Weight of a value that is new in this sample: 1 - e^(-dt / time constant). */
static double smoothing_weight(const struct sample *s, double aggregations)
{
	double dt = s->wall_ns ? (double)s->wall_ns : (double)s->aggregation_ns;

	return 1.0 - exp(-dt / (aggregations * (double)s->aggregation_ns));
}

/* The time constant of heat: so long that enough hits say where it is. */
static double smooth_aggregations(struct model_process *p, const struct sample *s,
				  const struct totals *t)
{
	double weight = p->nr_samples ? smoothing_weight(s, HITS_AGGREGATIONS) : 1.0, hits;

	smooth(&p->hit_heat, t->heat, weight);
	smooth(&p->hit_squares, t->hit_squares, weight);
	hits = p->hit_heat * p->hit_heat / p->hit_squares;
	return MIN(MAX(ENOUGH_HITS / hits, SMOOTH_AGGREGATIONS), MAX_SMOOTH_AGGREGATIONS);
}

static void learn(struct model_process *p, const struct sample *s, const struct totals *t)
{
	double aggregations = smooth_aggregations(p, s, t), all = 0, weight;
	size_t nr = p->profile.nr_mem_nodes;

	/* the first samples are averaged, because there is little to smooth them with */
	weight = MAX(smoothing_weight(s, aggregations), 1.0 / (p->nr_samples + 1));
	smooth(&p->hot, t->hot, weight);
	smooth(&p->cold, t->cold, weight);
	smooth(&p->heat, t->heat, weight);
	smooth(&p->pages, (double)t->pages, weight);
	smooth(&p->age, t->accessed > 0 ? t->age_weight / t->accessed : 0, weight);
	smooth(&p->hz,
	       t->accessed > 0 ? t->access_weight / t->accessed / ((double)s->aggregation_ns / 1e9)
			       : 0,
	       weight);
	if (t->placed_heat <= 0)
		return;
	for (size_t n = 0; n < nr; n++) {
		/* regions that were not looked at are taken to lie as the others do */
		smooth(&p->heat_at[n], p->seen[n] * t->heat / t->placed_heat, weight);
		smooth(&p->bytes_at[n], p->seen_bytes[n] * t->accessed / t->placed_bytes, weight);
		all += p->heat_at[n];
	}
	for (size_t n = 0; n < nr; n++)
		p->share[n] = p->heat_at[n] / all;
	p->heat_ns = s->now_ns;
	p->nr_samples++;
}

static void learn_intensity(struct model_process *p, const struct sample *s, const struct totals *t)
{
	double cpus, mb_per_cpu_s;

	if (!s->wall_ns || !s->cpu_ns)
		return;
	cpus = (double)s->cpu_ns / (double)s->wall_ns;
	mb_per_cpu_s = t->heat / 1e6 / ((double)s->aggregation_ns / 1e9) / cpus;
	if (p->intensity < 0)
		p->intensity = mb_per_cpu_s;
	else
		smooth(&p->intensity, mb_per_cpu_s, smoothing_weight(s, SMOOTH_AGGREGATIONS));
}

static uint8_t confidence(const struct model_process *p, const struct sample *s)
{
	double by_pages = MIN(p->pages / FULL_CONFIDENCE_PAGES, 1.0);
	double by_samples = MIN((double)p->nr_samples / FULL_CONFIDENCE_SAMPLES, 1.0);
	double aggregations, by_age;

	if (!p->nr_samples)
		return 0;
	aggregations = (double)(s->now_ns - p->heat_ns) / (double)s->aggregation_ns;
	by_age = 1.0 -
		 (aggregations - FRESH_AGGREGATIONS) / (STALE_AGGREGATIONS - FRESH_AGGREGATIONS);
	by_age = MAX(MIN(by_age, 1.0), 0.0);
	return (uint8_t)lround(100 * by_pages * by_samples * by_age);
}

static const struct machine_link *link_to(const struct model_machine *m, size_t c, size_t n)
{
	return &m->links[c * m->nr_mem_nodes + n];
}

static uint32_t cost_ns(const struct model_process *p, const struct model_machine *m, size_t c)
{
	double cost = 0;

	for (size_t n = 0; n < m->nr_mem_nodes; n++) {
		uint32_t latency = link_to(m, c, n)->latency_ns;

		if (p->share[n] < 0.0005)
			continue;
		if (!latency)
			return 0;
		cost += p->share[n] * ((double)latency + m->memory[n].wait_ns);
	}
	return (uint32_t)lround(cost);
}

/* Points of place C, by the share of heat on each memory node. */
static double points(const struct model_process *p, const struct model_machine *m, size_t c)
{
	double points = 0;

	for (size_t n = 0; n < m->nr_mem_nodes; n++)
		points += p->share[n] * link_to(m, c, n)->points;
	return points;
}

/* A stable insertion sort: places are few, and places of one rank keep their order. */
static void sort_by_rank(struct model_profile *f, const double *rank)
{
	for (size_t i = 0; i < f->nr_cpu_nodes; i++) {
		size_t at = i;

		for (; at > 0 && rank[f->order[at - 1]] < rank[i]; at--)
			f->order[at] = f->order[at - 1];
		f->order[at] = (uint8_t)i;
	}
}

static void prefer(struct model_process *p, const struct model_options *options)
{
	struct model_profile *f = &p->profile;
	int best = f->order[0], worst = f->order[f->nr_cpu_nodes - 1];
	double gain = f->saturates ? SATURATED_GAIN : options->gain_points;
	const double *rank = p->rank;

	if (!f->cost_ns[best] || f->confidence < options->min_confidence ||
	    rank[best] - rank[worst] < gain) {
		f->preferred = MODEL_NO_NODE;
		return;
	}
	/*
	 * Stay with the old preference, unless the new one gains enough, or the old one is no
	 * better than the worst now.
	 */
	if (f->preferred != MODEL_NO_NODE && rank[best] - rank[f->preferred] < gain &&
	    rank[f->preferred] - rank[worst] >= MIN(gain, 1.0))
		return;
	f->preferred = best;
}

static bool saturates(const struct model_process *p, const struct model_machine *m)
{
	double share = 0;

	if (!p->profile.memory_intensive)
		return false;
	for (size_t n = 0; n < m->nr_mem_nodes; n++)
		share += m->memory[n].full ? p->share[n] : 0;
	return share > 0.5;
}

static void judge(struct model_process *p, const struct model_machine *m,
		  const struct model_options *options)
{
	struct model_profile *f = &p->profile;
	double penalty = MIN(p->migrations_hz * options->penalty_per_migration, MODEL_MAX_PENALTY);
	bool known = p->nr_samples > 0;
	uint32_t least = UINT32_MAX;

	f->memory_intensive = p->intensity >= options->intensive_mb_per_cpu_s;
	f->saturates = saturates(p, m);
	for (size_t c = 0; c < f->nr_cpu_nodes; c++) {
		f->cost_ns[c] = p->nr_samples ? cost_ns(p, m, c) : 0;
		known = known && f->cost_ns[c];
		least = MIN(least, f->cost_ns[c]);
	}
	if (!known) /* with one unknown cost nothing can be compared */
		memset(f->cost_ns, 0, f->nr_cpu_nodes * sizeof(*f->cost_ns));
	for (size_t c = 0; c < f->nr_cpu_nodes; c++) {
		double locality = known ? 100.0 * least / f->cost_ns[c] : 0;

		p->rank[c] = known ? locality + points(p, m, c) : 0;
		f->locality[c] = known ? (uint8_t)lround(MAX(locality - penalty, 0.0))
				       : MODEL_UNKNOWN_LOCALITY;
		f->score[c] = (uint8_t)MIN(lround(p->rank[c]), (long)UINT8_MAX);
	}
	sort_by_rank(f, p->rank);
	prefer(p, options);
}

static void fill_sizes(struct model_process *p, const struct model_machine *m)
{
	struct model_profile *f = &p->profile;
	double cxl = 0, accessed = 0;

	for (size_t n = 0; n < f->nr_mem_nodes; n++)
		accessed += p->bytes_at[n];
	f->working_set_bytes = MIN(footprint_bytes(p->footprint), p->resident_bytes);
	f->hot_bytes = MIN((uint64_t)p->hot, p->resident_bytes);
	f->cold_bytes = (uint64_t)p->cold;
	f->heat_bytes = (uint64_t)p->heat;
	f->access_hz = (uint32_t)lround(p->hz);
	f->mean_age = (uint32_t)lround(p->age);
	for (size_t n = 0; n < f->nr_mem_nodes; n++) {
		f->heat_permille[n] = (uint16_t)lround(1000 * p->share[n]);
		f->node_bytes[n] = accessed > 0 ? (uint64_t)(p->bytes_at[n] / accessed *
							     (double)f->working_set_bytes)
						: 0;
		if (m->memory[n].cxl)
			cxl += p->share[n];
	}
	f->cxl_heat_permille = (uint16_t)lround(1000 * MIN(cxl, 1.0));
	f->intensity_mb_per_cpu_s =
		p->intensity < 0 ? UINT32_MAX : (uint32_t)lround(MIN(p->intensity, 1e9));
}

const struct model_profile *model_update(struct model_process *p,
					 const struct model_machine *machine,
					 const struct model_options *options,
					 const struct sample *sample)
{
	size_t nr_mem_nodes = p->profile.nr_mem_nodes;
	struct totals totals = {0};

	memset(p->seen, 0, nr_mem_nodes * sizeof(*p->seen));
	memset(p->seen_bytes, 0, nr_mem_nodes * sizeof(*p->seen_bytes));
	for (size_t i = 0; i < sample->nr_regions; i++)
		add_region(p, &totals, &sample->regions[i], sample->max_nr_accesses, nr_mem_nodes);

	p->resident_bytes = sample->resident_bytes ? sample->resident_bytes : UINT64_MAX;
	p->sample_s = (double)sample->aggregation_ns / 1e9 / sample->max_nr_accesses;
	footprint_update(p->footprint, sample);
	if (totals.heat > 0) {
		learn(p, sample, &totals);
		learn_intensity(p, sample, &totals);
	}
	if (sample->wall_ns) {
		double second = 1.0 - exp(-(double)sample->wall_ns / 1e9);

		smooth(&p->migrations_hz, sample->nr_migrations / ((double)sample->wall_ns / 1e9),
		       second);
		smooth(&p->profile.cpus, (double)sample->cpu_ns / (double)sample->wall_ns, second);
	}
	p->profile.confidence = confidence(p, sample);
	judge(p, machine, options);
	fill_sizes(p, machine);
	return &p->profile;
}
