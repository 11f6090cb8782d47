/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The footprint.  footprint.h has the theory.
 *
 * An update is one walk over the old segments and the new regions, which are both sorted.  It cuts
 * the new segments at the boundaries of both, and writes them into a second array.  A walk back
 * into the first array joins neighbours that are alike.  So a boundary stays only where both sides
 * differ.
 */
#include "model/footprint.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "model/lives.h"

#define PAGE_BYTES 4096
/* Boundaries are rounded to this share of the footprint. */
#define GRIDS_PER_FOOTPRINT 512

/* After so many hits, for each region's worth of the set, the old is forgotten. */
#define FULL_EVIDENCE 40.0
/*
 * While fewer hits have been seen in all, this share of them is enough.  Otherwise the first
 * snapshots would count for long.
 */
#define EARLY_EVIDENCE 0.3
/* So many hits of a region may be chance.  More are believed from this part of the set on. */
#define CHANCE_HITS 8
#define LEAST_PART 0.02
/* Also with many hits the old is remembered for this time constant. */
#define SHORTEST_S 0.6
/*
 * In the beginning regions are huge and are cut soon.  So the time constant is at most this share
 * of the time so far, plus FIRST_S.
 */
#define EARLY_TIME 0.25
#define FIRST_S 0.05

/* The longest memory.  With few hits it is the time constant, without hits it is the end. */
#define RECENT_S 8.0
#define RECENT_AGGREGATIONS 10

/*
 * Two shares of the heat-weighted mean rate.  PRIOR: this much of a mixed region's accesses goes
 * to memory that was cold.  NOISE: less than this may be noise.  The fewer hits are seen, the
 * less is sure.  The values are for one hit a snapshot for each region's worth of the set.  They
 * go by the root of that number, within the bounds.
 */
#define PRIOR_SHARE 0.05
#define MIN_PRIOR_SHARE 0.01
#define MAX_PRIOR_SHARE 0.1
#define NOISE_SHARE 0.1
#define MIN_NOISE_SHARE 0.05
#define MAX_NOISE_SHARE 0.15
/* Hits are averaged over so many snapshots for that. */
#define NR_HITS_AVERAGED 20

/*
 * A rate below COLD_SHARE of that mean counts as cold.  Two rates are alike when they differ by at
 * most ALIKE_SHARE of the larger.  Two lives are alike when one is at most ALIKE_LIVES times as
 * long as the other.
 */
#define COLD_SHARE 0.002
#define ALIKE_SHARE 0.02
#define ALIKE_LIVES 2
/* Less than this share of the rates of its regions is only the rim of something hot. */
#define RIM_SHARE 0.25
/*
 * A segment becomes hot with the footprint, and cold at this share of the rate that it needs for
 * that.  So how long it has been hot does not hang on noise.
 */
#define STAYS_HOT_SHARE 0.5
/* The mean of a rate over more than this follows it with this time constant. */
#define MEAN_S 60.0
/* What ends before this ends because regions are cut for the first time. */
#define CUT_S 3.0

struct segment {
	uint64_t start, end;
	double rate;	   /* share of samples that find it accessed */
	double mean_rate;  /* of its life, or of the last MEAN_S */
	double peers;	   /* heat-weighted mean rate of the regions it was part of */
	double accessed_s; /* active time when a region around it last had an access */
	double since_s;	   /* active time when it became hot, or cold */
	bool hot;
};

struct footprint {
	struct segment *segments, *scratch; /* capacity each */
	size_t nr, capacity;
	uint64_t grid_bytes; /* boundaries are rounded to this */
	uint64_t bytes;
	double heat_rate; /* heat-weighted mean rate of all */
	double hits;	  /* mean hits of a snapshot, for each region's worth of the set */
	int nr_weighed;	  /* snapshots in that mean, up to NR_HITS_AVERAGED */
	double evidence;  /* the sum of all hits */
	double prior_share, noise_share;
	uint64_t seen_ns; /* time of the last snapshot, 0 none */
	double active_s;  /* active time: that of the snapshots with accesses */
	struct lives cold_lives, hot_lives;
	double looked_s; /* active time when they were looked at */
};

struct footprint *footprint_new(void)
{
	struct footprint *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->grid_bytes = PAGE_BYTES;
	f->prior_share = PRIOR_SHARE;
	f->noise_share = MIN_NOISE_SHARE;
	return f;
}

void footprint_free(struct footprint *f)
{
	if (!f)
		return;
	free(f->segments);
	free(f->scratch);
	free(f);
}

uint64_t footprint_bytes(const struct footprint *f)
{
	return f->bytes;
}

size_t footprint_nr_segments(const struct footprint *f)
{
	return f->nr;
}

size_t footprint_capacity(const struct footprint *f)
{
	return f->capacity;
}

struct footprint_range footprint_range(const struct footprint *f, size_t i)
{
	const struct segment *s = &f->segments[i];
	double life_s = f->active_s - s->since_s;

	return (struct footprint_range){
		.start = s->start,
		.bytes = s->end - s->start,
		.rate = s->hot ? s->rate : 0,
		.mean_rate = s->hot ? s->mean_rate : 0,
		.life_s = life_s,
		.remaining_s = lives_remaining(s->hot ? &f->hot_lives : &f->cold_lives, life_s),
	};
}

/*
 * Make room for WANTED segments, or for as many as there may be.  Give back room that is not
 * needed any more: there are many processes, and each has its worst moment.  Without memory the
 * old room stays.
 */
static void reserve(struct footprint *f, size_t wanted)
{
	size_t capacity = MIN(2 * wanted, (size_t)FOOTPRINT_MAX_SEGMENTS);
	struct segment *segments, *scratch;

	if (f->capacity >= MIN(wanted, capacity) && f->capacity <= 4 * capacity)
		return;
	segments = calloc(capacity, sizeof(*segments));
	scratch = calloc(capacity, sizeof(*scratch));
	if (!segments || !scratch) {
		free(segments);
		free(scratch);
		return;
	}
	if (f->nr)
		memcpy(segments, f->segments, f->nr * sizeof(*segments));
	free(f->segments);
	free(f->scratch);
	f->segments = segments;
	f->scratch = scratch;
	f->capacity = capacity;
}

static double length(const struct segment *s)
{
	return (double)(s->end - s->start);
}

/* Means over segments. */
struct means {
	double rate;
	double heat_rate; /* weighted by heat: the rate of memory that gets most accesses */
};

static struct means means_of(const struct segment *segments, size_t nr)
{
	double bytes = 0, heat = 0, square = 0;

	for (size_t i = 0; i < nr; i++) {
		double h = length(&segments[i]) * segments[i].rate;

		bytes += length(&segments[i]);
		heat += h;
		square += h * segments[i].rate;
	}
	return (struct means){bytes > 0 ? heat / bytes : 0, heat > 0 ? square / heat : 0};
}

/* How one snapshot changes the segments. */
struct evidence {
	uint32_t max_nr_accesses;
	double weight;	 /* of this snapshot, compared with all before, 0..1 */
	double recent_s; /* memory without an access for so long is not used any more */
};

/*
 * Cut START..END where old segments begin and end, from segment *OLD on.  There are at most MAX
 * pieces, and the last one takes the rest.  *OLD moves past the segments that end before END.
 * Returns the number of pieces.
 */
static size_t cut(struct segment *pieces, size_t max, const struct footprint *f, size_t *old,
		  uint64_t start, uint64_t end)
{
	size_t nr = 0;

	while (start < end) {
		struct segment piece = {.start = start, .end = end, .since_s = f->active_s};

		while (*old < f->nr && f->segments[*old].end <= start)
			++*old;
		if (*old < f->nr && f->segments[*old].start <= start) {
			piece = f->segments[*old];
			piece.start = start;
			piece.end = MIN(piece.end, end);
		} else if (*old < f->nr) {
			piece.end = MIN(f->segments[*old].start, end);
		}
		if (nr + 1 == max)
			piece.end = end;
		pieces[nr++] = piece;
		start = piece.end;
	}
	return nr;
}

/* Share out the accesses of a region among its pieces. */
static void deal(const struct footprint *f, struct segment *pieces, size_t nr, uint32_t nr_accesses,
		 const struct evidence *evidence)
{
	struct means means = means_of(pieces, nr);
	double seen =
		(double)MIN(nr_accesses, evidence->max_nr_accesses) / evidence->max_nr_accesses;
	/* the 1e-9 is for the first snapshot, when all rates are 0 */
	double prior = f->prior_share * f->heat_rate + 1e-9;

	for (size_t i = 0; i < nr; i++) {
		struct segment *s = &pieces[i];
		double due = seen * (s->rate + prior) / (means.rate + prior);

		s->rate += evidence->weight * (due - s->rate);
		s->peers += evidence->weight * (means.heat_rate - s->peers);
		if (nr_accesses)
			s->accessed_s = f->active_s;
		else if (f->active_s - s->accessed_s > evidence->recent_s)
			s->rate = 0;
	}
}

static uint64_t round_to(uint64_t address, uint64_t grid_bytes)
{
	return (address + grid_bytes / 2) / grid_bytes * grid_bytes;
}

/*
 * Write the segments as of this snapshot into scratch.  Addresses that are not monitored any more
 * are left out.  Returns how many segments there are.
 */
static size_t refine(struct footprint *f, const struct sample *sample,
		     const struct evidence *evidence)
{
	size_t nr = 0, old = 0;

	for (size_t i = 0; i < sample->nr_regions; i++) {
		const struct sample_region *r = &sample->regions[i];
		uint64_t start = round_to(r->start, f->grid_bytes);
		uint64_t end = round_to(r->start + r->bytes, f->grid_bytes);
		size_t after = sample->nr_regions - i - 1, pieces;

		/* leave room for one piece of each region to come */
		if (start >= end || nr + after >= f->capacity)
			continue;
		pieces = cut(f->scratch + nr, f->capacity - nr - after, f, &old, start, end);
		deal(f, f->scratch + nr, pieces, r->nr_accesses, evidence);
		nr += pieces;
	}
	return nr;
}

/*
 * Two rates may be the same for a moment only, while the one falls and the other rises.  So hot
 * segments are alike only if their lives are alike, too.
 */
static bool alike(const struct footprint *f, const struct segment *a, const struct segment *b)
{
	double more = MAX(a->rate, b->rate);
	double old_s = f->active_s - MIN(a->since_s, b->since_s);
	double young_s = f->active_s - MAX(a->since_s, b->since_s);

	if (a->hot != b->hot || (a->hot && young_s * ALIKE_LIVES < old_s))
		return false;
	return a->end == b->start &&
	       (more < COLD_SHARE * f->heat_rate || fabs(a->rate - b->rate) <= ALIKE_SHARE * more);
}

static void join(struct segment *a, const struct segment *b)
{
	double share = length(b) / (length(a) + length(b));

	a->rate += share * (b->rate - a->rate);
	a->mean_rate += share * (b->mean_rate - a->mean_rate);
	a->peers += share * (b->peers - a->peers);
	a->accessed_s = MAX(a->accessed_s, b->accessed_s);
	a->since_s += share * (b->since_s - a->since_s);
	a->end = b->end;
}

/* Take NR refined segments back from scratch, and join neighbours that are alike. */
static void settle(struct footprint *f, size_t nr)
{
	f->nr = 0;
	for (size_t i = 0; i < nr; i++) {
		if (f->nr && alike(f, &f->segments[f->nr - 1], &f->scratch[i]))
			join(&f->segments[f->nr - 1], &f->scratch[i]);
		else
			f->segments[f->nr++] = f->scratch[i];
	}
}

/* Does it have PART of the rate that makes a segment part of the footprint? */
static bool is_used(const struct footprint *f, const struct segment *s, double part)
{
	return s->rate > 0 && s->rate >= part * f->noise_share * f->heat_rate &&
	       s->rate >= part * RIM_SHARE * s->peers;
}

/* A segment becomes hot, or cold. */
static void turn(struct footprint *f, struct segment *s)
{
	if (f->active_s >= CUT_S)
		lives_add_ended(s->hot ? &f->hot_lives : &f->cold_lives, length(s),
				f->active_s - s->since_s);
	s->hot = !s->hot;
	s->since_s = f->active_s;
}

/* DT_S after the last time. */
static void measure(struct footprint *f, double dt_s)
{
	f->bytes = 0;
	for (size_t i = 0; i < f->nr; i++) {
		struct segment *s = &f->segments[i];
		bool used = is_used(f, s, 1);
		bool hot = s->hot ? is_used(f, s, STAYS_HOT_SHARE) : used;

		f->bytes += used ? s->end - s->start : 0;
		if (hot != s->hot)
			turn(f, s);
		s->mean_rate += (s->rate - s->mean_rate) * dt_s /
				(dt_s + MIN(f->active_s - s->since_s, MEAN_S));
	}
	f->grid_bytes = PAGE_BYTES;
	while (f->grid_bytes < f->bytes / GRIDS_PER_FOOTPRINT)
		f->grid_bytes *= 2;
}

void footprint_look_at_lives(struct footprint *f)
{
	lives_begin(&f->hot_lives, f->active_s - f->looked_s);
	lives_begin(&f->cold_lives, f->active_s - f->looked_s);
	f->looked_s = f->active_s;
	for (size_t i = 0; i < f->nr; i++) {
		const struct segment *s = &f->segments[i];

		lives_add_living(s->hot ? &f->hot_lives : &f->cold_lives, length(s),
				 f->active_s - s->since_s);
	}
}

/* Sums of a snapshot over its regions. */
struct found {
	double bytes;  /* of regions with an access */
	double heat;   /* bytes x accesses */
	double square; /* bytes x accesses x accesses */
};

static struct found find(const struct sample *sample)
{
	struct found found = {0};

	for (size_t i = 0; i < sample->nr_regions; i++) {
		const struct sample_region *r = &sample->regions[i];
		uint32_t accesses = MIN(r->nr_accesses, sample->max_nr_accesses);
		double heat = (double)r->bytes * accesses;

		found.bytes += accesses ? (double)r->bytes : 0;
		found.heat += heat;
		found.square += heat * accesses;
	}
	return found;
}

/*
 * Hits that can not be chance.  When all memory is touched alike but seldom, a region with an
 * access has few hits.  Many hits in a part of the set mean that the rest is not touched any
 * more, however large it was.
 */
static double sure_hits(const struct footprint *f, const struct found *found)
{
	if (found->bytes < LEAST_PART * (double)f->bytes)
		return 0;
	return found->square / found->heat - CHANCE_HITS;
}

static double within(double value, double min, double max)
{
	return MAX(MIN(value, max), min);
}

/* Average how many hits a snapshot of the process has.  This one has HITS. */
static void average_hits(struct footprint *f, double hits)
{
	f->nr_weighed = MIN(f->nr_weighed + 1, NR_HITS_AVERAGED);
	f->hits += (hits - f->hits) / f->nr_weighed;
	f->evidence += hits;
	f->prior_share = within(PRIOR_SHARE / sqrt(f->hits), MIN_PRIOR_SHARE, MAX_PRIOR_SHARE);
	f->noise_share = within(NOISE_SHARE / sqrt(f->hits), MIN_NOISE_SHARE, MAX_NOISE_SHARE);
}

/* The weight of a snapshot that comes DT_S after the one before. */
static double weigh(struct footprint *f, const struct found *found, double dt_s,
		    const struct evidence *evidence)
{
	double hits = f->bytes ? MIN(found->heat / (double)f->bytes, evidence->max_nr_accesses) : 1;
	double shortest_s = MIN(SHORTEST_S, EARLY_TIME * f->active_s + FIRST_S);
	double weight;

	average_hits(f, hits);
	weight = MAX(hits, sure_hits(f, found)) / MIN(FULL_EVIDENCE, EARLY_EVIDENCE * f->evidence);
	weight = MAX(weight, dt_s / evidence->recent_s);
	return MIN(weight, 1 - exp(-dt_s / shortest_s));
}

void footprint_update(struct footprint *f, const struct sample *sample)
{
	double aggregation_s = (double)sample->aggregation_ns / NSEC_PER_SEC, dt_s = aggregation_s;
	struct evidence evidence = {
		.max_nr_accesses = sample->max_nr_accesses,
		.weight = 1,
		.recent_s = MAX(RECENT_S, RECENT_AGGREGATIONS * aggregation_s),
	};
	struct found found = find(sample);
	size_t nr;

	if (!sample->nr_regions || sample->seen_ns <= f->seen_ns)
		return;
	if (f->seen_ns)
		dt_s = (double)(sample->seen_ns - f->seen_ns) / NSEC_PER_SEC;
	f->seen_ns = sample->seen_ns;
	if (found.heat <= 0)
		return;
	f->active_s += dt_s;
	/* the first snapshot is taken whole, because there is nothing to compare it with */
	if (f->nr)
		evidence.weight = weigh(f, &found, dt_s, &evidence);
	reserve(f, f->nr + 2 * sample->nr_regions);
	nr = refine(f, sample, &evidence);
	f->heat_rate = means_of(f->scratch, nr).heat_rate;
	settle(f, nr);
	measure(f, dt_s);
}
