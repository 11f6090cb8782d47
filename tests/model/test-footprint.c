/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The footprint, on three kinds of streams: regions as drawn by hand; the regions
 * of a small DAMON (below) over memory whose heat we know; and recordings of the
 * kernel's DAMON.  The bar is 10% from the sixth second on.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "base/util.h"
#include "model/footprint.h"

#define PAGE UINT64_C(4096)
#define PAGES_PER_MB 256
#define MB (PAGES_PER_MB * PAGE)
#define SAMPLES 20
#define HEAP (UINT64_C(0x555555000000) / PAGE)
#define MAPPED (UINT64_C(0x7f0000000000) / PAGE)
#define STACK (UINT64_C(0x7ffffffde000) / PAGE)

static double mb(const struct footprint *f)
{
	return (double)footprint_bytes(f) / (double)MB;
}

static void assert_near(double value, double wanted, double percent)
{
	if (value < wanted * (1 - percent / 100) || value > wanted * (1 + percent / 100))
		fail_msg("%.2f is not within %g%% of %.2f", value, percent, wanted);
}

/* Drawn by hand. */

struct hand {
	struct footprint *footprint;
	uint64_t now_ns;
};

static int setup(void **state)
{
	struct hand *h = calloc(1, sizeof(*h));

	h->footprint = footprint_new();
	h->now_ns = NSEC_PER_SEC;
	*state = h;
	return 0;
}

static int teardown(void **state)
{
	struct hand *h = *state;

	footprint_free(h->footprint);
	free(h);
	return 0;
}

static double update_after(struct hand *h, uint64_t dt_ns, uint64_t aggregation_ns,
			   const struct sample_region *regions, size_t nr)
{
	struct sample sample = {
		.seen_ns = h->now_ns += dt_ns,
		.aggregation_ns = aggregation_ns,
		.max_nr_accesses = SAMPLES,
		.regions = regions,
		.nr_regions = nr,
	};

	footprint_update(h->footprint, &sample);
	return mb(h->footprint);
}

static double update(struct hand *h, const struct sample_region *regions, size_t nr, int times)
{
	while (times-- > 0)
		update_after(h, 100 * NSEC_PER_MSEC, 100 * NSEC_PER_MSEC, regions, nr);
	return mb(h->footprint);
}

static struct sample_region region(double start_mb, double size_mb, uint32_t nr_accesses)
{
	return (struct sample_region){
		.start = MAPPED * PAGE + (uint64_t)(start_mb * PAGES_PER_MB) * PAGE,
		.bytes = (uint64_t)(size_mb * PAGES_PER_MB) * PAGE,
		.nr_accesses = nr_accesses,
	};
}

static void nothing_before_the_first_access(void **state)
{
	const struct sample_region cold[] = {region(0, 100, 0)}, hot[] = {region(0, 100, 1)};

	assert_true(update(*state, NULL, 0, 3) == 0);
	assert_true(update(*state, cold, 1, 3) == 0);
	assert_true(update(*state, hot, 1, 1) == 100);
}

static void regions_with_accesses_count(void **state)
{
	const struct sample_region regions[] = {region(0, 8, 20), region(8, 100, 0),
						region(300, 16, 20), region(400, 32, 10)};

	assert_true(update(*state, regions, ARRAY_SIZE(regions), 1) == 56);
	assert_true(update(*state, regions, ARRAY_SIZE(regions), 100) == 56);
	assert_in_range(footprint_nr_segments(((struct hand *)*state)->footprint), 4, 4);
}

static void cold_memory_leaves_when_it_is_cut_away(void **state)
{
	const struct sample_region before[] = {region(0, 100, 16)};
	const struct sample_region after[] = {region(0, 10, 16), region(10, 90, 0)};

	assert_true(update(*state, before, 1, 10) == 100);
	assert_true(update(*state, after, 2, 25) < 11);
}

/* The segment around an address, MBS into what is mapped. */
static struct footprint_range range_at(const struct hand *h, double mbs)
{
	uint64_t address = MAPPED * PAGE + (uint64_t)(mbs * PAGES_PER_MB) * PAGE;

	footprint_look_at_lives(h->footprint);
	for (size_t i = 0; i < footprint_nr_segments(h->footprint); i++) {
		struct footprint_range range = footprint_range(h->footprint, i);

		if (address >= range.start && address < range.start + range.bytes)
			return range;
	}
	fail_msg("no segment at %g MB", mbs);
	return (struct footprint_range){0};
}

static void it_is_known_how_long_something_is_hot(void **state)
{
	const struct sample_region first[] = {region(0, 16, 10), region(16, 16, 0)};
	const struct sample_region then[] = {region(0, 16, 0), region(16, 16, 10)};
	const struct hand *h = *state;

	update(*state, first, 2, 100);
	assert_near(range_at(h, 8).rate, 0.5, 5);
	assert_near(range_at(h, 8).life_s, 9.9, 2);
	assert_true(range_at(h, 24).rate == 0);
	assert_near(range_at(h, 24).life_s, 10, 2);
	/* it moves: both are what they are since a moment */
	update(*state, then, 2, 40);
	assert_true(range_at(h, 8).rate == 0);
	assert_in_range((uint64_t)(range_at(h, 8).life_s * 10), 10, 40);
	assert_near(range_at(h, 24).rate, 0.5, 5);
	assert_in_range((uint64_t)(range_at(h, 24).life_s * 10), 30, 40);
}

/* A half is hot for ten seconds, then the other one, and so on. */
static void it_is_expected_to_be_as_before(void **state)
{
	const struct sample_region first[] = {region(0, 16, 10), region(16, 16, 0)};
	const struct sample_region then[] = {region(0, 16, 0), region(16, 16, 10)};
	const struct hand *h = *state;

	update(*state, first, 2, 100);
	assert_near(range_at(h, 8).remaining_s, range_at(h, 8).life_s, 1);
	update(*state, then, 2, 30);
	assert_true(range_at(h, 24).life_s < 3);
	assert_true(range_at(h, 24).remaining_s > 4);
	update(*state, then, 2, 70);
	update(*state, first, 2, 30);
	assert_true(range_at(h, 8).remaining_s > 5);
	/* and so is how long it stays cold */
	assert_true(range_at(h, 24).life_s < 3);
	assert_true(range_at(h, 24).remaining_s > 3);
}

/* Half of the accesses for a while, and most snapshots noisy: it is hot all the time. */
static void noise_does_not_end_a_life(void **state)
{
	struct sample_region regions[] = {region(0, 16, 12), region(16, 16, 0)};
	uint64_t random = 1;

	for (int i = 0; i < 200; i++) {
		regions[0].nr_accesses = (uint32_t)(random_next(&random) % 12);
		regions[1].nr_accesses = (uint32_t)(random_next(&random) % 3);
		update(*state, regions, 2, 1);
	}
	assert_true(range_at(*state, 8).life_s > 19);
	assert_true(range_at(*state, 8).rate > range_at(*state, 24).rate);
}

static void rims_do_not_count(void **state)
{
	struct sample_region regions[] = {region(0, 24, 12), region(24, 20, 0)};

	/* DAMON tries a boundary beyond the hot part now and then */
	for (int i = 0; i < 100; i++) {
		double rim = i % 3 ? 0 : 4;

		regions[0] = region(0, 24 + rim, 12);
		regions[1] = region(24 + rim, 20 - rim, 0);
		update(*state, regions, 2, 1);
		if (i > 20)
			assert_near(mb(((struct hand *)*state)->footprint), 24, 5);
	}
}

static void one_silent_interval_is_no_loss(void **state)
{
	const struct sample_region both[] = {region(0, 24, 5), region(24, 24, 5)};
	const struct sample_region one[] = {region(0, 24, 5), region(24, 24, 0)};

	update(*state, both, 2, 20);
	assert_true(update(*state, one, 2, 3) == 48);
}

static void the_same_snapshot_tells_nothing_new(void **state)
{
	const struct sample_region hot[] = {region(0, 24, 20)}, none[] = {region(0, 24, 0)};

	update(*state, hot, 1, 5);
	for (int i = 0; i < 100; i++)
		assert_true(update_after(*state, 0, NSEC_PER_SEC, none, 1) == 24);
}

static void a_sleeper_keeps_its_footprint(void **state)
{
	const struct sample_region hot[] = {region(0, 24, 20), region(24, 100, 0)};
	const struct sample_region asleep[] = {region(0, 124, 0)};

	update(*state, hot, 2, 20);
	assert_true(update(*state, asleep, 1, 1200) == 24);
	assert_true(update(*state, hot, 2, 1) == 24);
}

static void what_is_used_no_more_leaves(void **state)
{
	const struct sample_region all[] = {region(0, 96, 2), region(96, 0.125, 20)};
	const struct sample_region little[] = {region(0, 96, 0), region(96, 0.125, 20)};

	assert_true(update(*state, all, 2, 100) >= 96);
	update(*state, little, 2, 85);
	assert_true(mb(((struct hand *)*state)->footprint) < 0.2);
}

static void unmapped_memory_leaves_at_once(void **state)
{
	const struct sample_region before[] = {region(0, 24, 20), region(24, 24, 20)};

	update(*state, before, 2, 20);
	assert_true(update(*state, before, 1, 1) == 24);
}

static void after_a_long_gap_the_old_is_forgotten(void **state)
{
	const struct sample_region both[] = {region(0, 24, 5), region(24, 24, 5)};
	const struct sample_region one[] = {region(0, 24, 5), region(24, 24, 0)};

	update(*state, both, 2, 20);
	assert_true(update_after(*state, 100 * NSEC_PER_SEC, 100 * NSEC_PER_MSEC, one, 2) == 24);
	assert_true(update(*state, both, 2, 5) == 48);
}

static void long_intervals_remember_too(void **state)
{
	const struct sample_region both[] = {region(0, 24, 5), region(24, 24, 5)};
	const struct sample_region one[] = {region(0, 24, 5), region(24, 24, 0)};

	for (int i = 0; i < 10; i++)
		update_after(*state, 10 * NSEC_PER_SEC, 10 * NSEC_PER_SEC, both, 2);
	assert_true(update_after(*state, 10 * NSEC_PER_SEC, 10 * NSEC_PER_SEC, one, 2) == 48);
}

static void more_accesses_than_possible_count_as_all(void **state)
{
	const struct sample_region odd[] = {region(0, 24, UINT32_MAX), region(24, 24, SAMPLES),
					    region(48, 48, 0)};

	assert_true(update(*state, odd, 3, 10) == 48);
}

static void segments_are_bounded(void **state)
{
	enum { NR = 6000 };
	struct hand *h = *state;
	struct sample_region *regions = calloc(NR, sizeof(*regions));
	uint64_t seed = 1;

	/* nothing is alike, no boundary is where it was; more regions than segments in the end */
	for (size_t nr = 100; nr <= NR; nr *= 2) {
		for (int round = 0; round < 20; round++) {
			uint64_t at = MAPPED * PAGE;

			for (size_t i = 0; i < nr; i++) {
				seed = seed * 6364136223846793005ULL + 1;
				regions[i].start = at + (seed >> 60) % 2 * PAGE;
				regions[i].bytes = (1 + (seed >> 40) % 200) * PAGE;
				regions[i].nr_accesses = (uint32_t)(seed >> 33) % (SAMPLES + 1);
				at = regions[i].start + regions[i].bytes;
			}
			update(h, regions, nr, 1);
			assert_true(footprint_nr_segments(h->footprint) <= FOOTPRINT_MAX_SEGMENTS);
			assert_true(footprint_bytes(h->footprint) <= at - MAPPED * PAGE);
		}
	}
	assert_int_equal(footprint_capacity(h->footprint), FOOTPRINT_MAX_SEGMENTS);
	/* the worst moment has passed, and what was mapped is not */
	regions[0] = region(1e6, 64, SAMPLES);
	update(h, regions, 1, 2);
	assert_in_range(footprint_capacity(h->footprint), 1, 10);
	assert_true(update(h, regions, 1, 1) == 64);
	free(regions);
}

/*
 * A small DAMON, of pages: looks at one random page of each region a sample,
 * joins neighbours that differ by less than a tenth of the most accesses seen,
 * with a mean that is rounded down, and cuts each region in two or three at
 * random tenths; as mm/damon/core.c does.
 */

enum { MIN_REGIONS = 10, MAX_REGIONS = 1000, MAX_AREAS = 4 };

struct page_region {
	uint64_t start, end;
	uint32_t nr_accesses;
};

struct area {
	uint64_t start, end;
	double chance; /* of a page to be accessed within a sampling interval, while it runs */
};

struct world {
	struct page_region regions[4 * MAX_REGIONS], cut[4 * MAX_REGIONS];
	struct sample_region shown[4 * MAX_REGIONS];
	size_t nr, last_nr;
	uint64_t nr_pages, random;
	struct area areas[MAX_AREAS];
	double run_samples, wait_samples; /* mean lengths; wait 0: always runs */
	bool runs;
	double now_s, aggregation_s;
	struct footprint *footprint;
};

static uint64_t next_random(struct world *w)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return w->random * 0x2545f4914f6cdd1dULL >> 11;
}

static bool happens(struct world *w, double chance)
{
	return (double)next_random(w) < chance * 0x1p53;
}

static void add_extent(struct world *w, uint64_t start, uint64_t nr_pages)
{
	w->regions[w->nr++] = (struct page_region){.start = start, .end = start + nr_pages};
	w->nr_pages += nr_pages;
}

/* DAMON begins with even regions. */
static void cut_evenly(struct world *w)
{
	size_t nr = w->nr, out = 0;
	uint64_t size = w->nr_pages / MIN_REGIONS;

	memcpy(w->cut, w->regions, nr * sizeof(*w->cut));
	for (size_t i = 0; i < nr; i++) {
		struct page_region *r = &w->cut[i];

		for (; r->end - r->start >= 2 * size; r->start += size)
			w->regions[out++] =
				(struct page_region){.start = r->start, .end = r->start + size};
		w->regions[out++] = *r;
	}
	w->nr = out;
}

/* Heap, stack, and a mapping of TOTAL_MB somewhere between libraries. */
static struct world *world_new(uint64_t seed, double total_mb)
{
	struct world *w = calloc(1, sizeof(*w));

	w->random = seed * 0x9e3779b97f4a7c15ULL;
	w->footprint = footprint_new();
	add_extent(w, HEAP, 132);
	add_extent(w, MAPPED, (uint64_t)(total_mb * PAGES_PER_MB) + 5000 + seed * 3000);
	add_extent(w, STACK, 33);
	cut_evenly(w);
	w->aggregation_s = 0.11;
	return w;
}

static void world_free(struct world *w)
{
	footprint_free(w->footprint);
	free(w);
}

static void heat_area(struct world *w, int area, double start_mb, double size_mb, double chance)
{
	uint64_t start = MAPPED + 1700 + (uint64_t)(start_mb * PAGES_PER_MB);

	w->areas[area] = (struct area){start, start + (uint64_t)(size_mb * PAGES_PER_MB), chance};
}

static bool is_accessed(struct world *w, uint64_t page)
{
	for (size_t i = 0; i < MAX_AREAS; i++)
		if (page >= w->areas[i].start && page < w->areas[i].end)
			return happens(w, w->areas[i].chance);
	return false;
}

static void take_samples(struct world *w)
{
	for (int sample = 0; sample < SAMPLES; sample++) {
		if (!w->wait_samples)
			w->runs = true;
		else if (happens(w, 1 / (w->runs ? w->run_samples : w->wait_samples)))
			w->runs = !w->runs;
		for (size_t i = 0; w->runs && i < w->nr; i++) {
			struct page_region *r = &w->regions[i];

			r->nr_accesses +=
				is_accessed(w, r->start + next_random(w) % (r->end - r->start));
		}
	}
}

static bool may_join(const struct world *w, const struct page_region *a,
		     const struct page_region *b, uint32_t difference)
{
	return a->end == b->start && b->end - a->start <= w->nr_pages / MIN_REGIONS &&
	       MAX(a->nr_accesses, b->nr_accesses) - MIN(a->nr_accesses, b->nr_accesses) <=
		       difference;
}

static void join_alike(struct world *w, uint32_t difference)
{
	size_t out = 0;

	for (size_t i = 1; i < w->nr; i++) {
		struct page_region *a = &w->regions[out], *b = &w->regions[i];

		if (may_join(w, a, b, difference)) {
			a->nr_accesses = (uint32_t)(((a->end - a->start) * a->nr_accesses +
						     (b->end - b->start) * b->nr_accesses) /
						    (b->end - a->start));
			a->end = b->end;
		} else {
			w->regions[++out] = *b;
		}
	}
	w->nr = out + 1;
}

static void join_all_alike(struct world *w)
{
	uint32_t most = 0, difference;

	for (size_t i = 0; i < w->nr; i++)
		most = MAX(most, w->regions[i].nr_accesses);
	difference = most / 10;
	do {
		join_alike(w, difference);
		difference = MAX(1, 2 * difference);
	} while (w->nr > MAX_REGIONS && difference / 2 < SAMPLES);
}

static void cut_randomly(struct world *w)
{
	int nr_cuts = w->nr == w->last_nr && w->nr < MAX_REGIONS / 3 ? 2 : 1;
	size_t out = 0;

	w->last_nr = w->nr;
	if (w->nr > MAX_REGIONS / 2)
		nr_cuts = 0;
	for (size_t i = 0; i < w->nr; i++) {
		uint64_t at[3] = {w->regions[i].end}, nr = 1;
		uint64_t start = w->regions[i].start, size = w->regions[i].end - start;

		for (int k = 0; k < nr_cuts; k++) {
			uint64_t part = size * (1 + next_random(w) % 9) / 10;

			if (!part || part >= size)
				continue;
			at[nr++] = start + part;
			size = part;
		}
		while (nr--) {
			w->cut[out++] = (struct page_region){.start = start, .end = at[nr]};
			start = at[nr];
		}
	}
	memcpy(w->regions, w->cut, out * sizeof(*w->cut));
	w->nr = out;
}

static void aggregate(struct world *w)
{
	struct sample sample = {
		.aggregation_ns = 100 * NSEC_PER_MSEC,
		.max_nr_accesses = SAMPLES,
		.regions = w->shown,
	};

	take_samples(w);
	join_all_alike(w);
	for (size_t i = 0; i < w->nr; i++)
		w->shown[i] = (struct sample_region){
			.start = w->regions[i].start * PAGE,
			.bytes = (w->regions[i].end - w->regions[i].start) * PAGE,
			.nr_accesses = w->regions[i].nr_accesses,
		};
	sample.nr_regions = w->nr;
	w->now_s += w->aggregation_s;
	sample.seen_ns = (uint64_t)(w->now_s * NSEC_PER_SEC);
	footprint_update(w->footprint, &sample);
	cut_randomly(w);
}

static void run_to(struct world *w, double end_s)
{
	while (w->now_s < end_s)
		aggregate(w);
}

/* Until END_S; how many percent of the time the footprint is within 10% of WANTED_MB. */
static int percent_right(struct world *w, double end_s, double wanted_mb)
{
	int nr = 0, nr_right = 0;

	while (w->now_s < end_s) {
		aggregate(w);
		nr++;
		nr_right +=
			mb(w->footprint) > 0.9 * wanted_mb && mb(w->footprint) < 1.1 * wanted_mb;
	}
	return 100 * nr_right / nr;
}

/* Many worlds that differ in luck. */
enum { NR_SEEDS = 5 };

static void even_heat(double size_mb, double chance, double run, double wait, int wanted_percent)
{
	int percent = 0;

	for (uint64_t seed = 1; seed <= NR_SEEDS; seed++) {
		struct world *w = world_new(seed, 512);

		heat_area(w, 0, 0, size_mb, chance);
		w->run_samples = run;
		w->wait_samples = wait;
		run_to(w, 6);
		percent += percent_right(w, 16, size_mb) / NR_SEEDS;
		world_free(w);
	}
	if (percent < wanted_percent)
		fail_msg("%g MB: within 10%% only %d%% of the time", size_mb, percent);
}

static void sets_that_are_touched_fast(void **state)
{
	(void)state;
	even_heat(8, 1, 0, 0, 100);
	even_heat(24, 0.9, 0, 0, 100);
	even_heat(96, 0.5, 0, 0, 99);
}

static void sets_that_are_touched_slowly(void **state)
{
	(void)state;
	even_heat(256, 0.15, 0, 0, 95);
	even_heat(256, 0.05, 0, 0, 95);
}

static void sets_of_processes_that_wait_for_a_cpu(void **state)
{
	(void)state;
	even_heat(24, 0.9, 4, 8, 95);
	even_heat(96, 0.4, 2, 12, 85);
	even_heat(256, 0.15, 2, 14, 80);
}

/* The part of an area that has been hot for SECONDS or longer. */
static double part_hot_for(const struct world *w, int area, double seconds)
{
	uint64_t start = w->areas[area].start * PAGE, end = w->areas[area].end * PAGE, bytes = 0;

	for (size_t i = 0; i < footprint_nr_segments(w->footprint); i++) {
		struct footprint_range range = footprint_range(w->footprint, i);
		uint64_t first = MAX(range.start, start),
			 last = MIN(range.start + range.bytes, end);

		if (first < last && range.rate > 0 && range.life_s >= seconds)
			bytes += last - first;
	}
	return (double)bytes / (double)(end - start);
}

/* Few hits make it look cold now and then.  That is chance, and it has been hot all the time. */
static void a_slow_set_keeps_its_life(void **state)
{
	static const struct {
		double size_mb, chance, run, wait;
	} sets[] = {{96, 0.05, 0, 0}, {96, 0.02, 0, 0}, {96, 0.05, 4, 4}, {24, 0.3, 2, 12}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sets); i++)
		for (uint64_t seed = 1; seed <= NR_SEEDS; seed++) {
			struct world *w = world_new(seed, 512);

			heat_area(w, 0, 0, sets[i].size_mb, sets[i].chance);
			w->run_samples = sets[i].run;
			w->wait_samples = sets[i].wait;
			run_to(w, 12);
			assert_true(part_hot_for(w, 0, 6) > 0.9);
			world_free(w);
		}
}

static void lukewarm_memory_belongs_to_it(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= NR_SEEDS; seed++) {
		struct world *w = world_new(seed, 512);

		heat_area(w, 0, 0, 24, 0.9);
		heat_area(w, 1, 24, 64, 0.2); /* a tenth of the touches: 1 - 0.1^0.1 */
		run_to(w, 5);
		assert_true(percent_right(w, 12, 88) >= 95);
		world_free(w);
	}
}

static void a_set_that_moves_is_followed(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= NR_SEEDS; seed++) {
		struct world *w = world_new(seed, 512);

		heat_area(w, 0, 0, 24, 0.9);
		run_to(w, 6);
		assert_near(mb(w->footprint), 24, 10);
		heat_area(w, 0, 300, 24, 0.9);
		run_to(w, 11);
		assert_true(percent_right(w, 13, 24) == 100);
		world_free(w);
	}
}

static void a_set_that_shrinks_or_grows_is_followed(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= NR_SEEDS; seed++) {
		struct world *w = world_new(seed, 512);

		heat_area(w, 0, 0, 96, 0.5);
		run_to(w, 6);
		assert_near(mb(w->footprint), 96, 10);
		heat_area(w, 0, 0, 8, 1);
		run_to(w, 10);
		assert_true(percent_right(w, 12, 8) == 100);
		heat_area(w, 0, 0, 96, 0.5);
		run_to(w, 16);
		assert_true(percent_right(w, 18, 96) == 100);
		world_free(w);
	}
}

/* Half a second here, half a second there: both were accessed within the last seconds. */
static void quick_phases_count_together(void **state)
{
	int percent = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= NR_SEEDS; seed++) {
		struct world *w = world_new(seed, 512);
		int nr = 0;

		for (; w->now_s < 12; nr++) {
			heat_area(w, 0, nr % 2 ? 0 : 200, 24, 1);
			if (w->now_s < 6)
				run_to(w, w->now_s + 0.5);
			else
				percent += percent_right(w, w->now_s + 0.5, 48);
		}
		world_free(w);
	}
	assert_true(percent / NR_SEEDS / 12 >= 80);
}

/* Recordings. */

struct recording {
	FILE *file;
	struct sample_region regions[4 * MAX_REGIONS];
	struct sample sample;
	uint64_t next_ms;
	uint32_t next_max;
};

static bool next_snapshot(struct recording *r)
{
	char line[128];
	uint64_t first, nr_pages;
	uint32_t nr_accesses;
	size_t nr = 0;

	r->sample = (struct sample){
		.seen_ns = r->next_ms * NSEC_PER_MSEC,
		.aggregation_ns = 100 * NSEC_PER_MSEC,
		.max_nr_accesses = r->next_max,
		.regions = r->regions,
	};
	while (fgets(line, sizeof(line), r->file)) {
		if (sscanf(line, "@ %" SCNu64 " %" SCNu32, &r->next_ms, &r->next_max) == 2)
			break;
		if (sscanf(line, "%" SCNx64 " %" SCNu64 " %" SCNu32, &first, &nr_pages,
			   &nr_accesses) == 3)
			r->regions[nr++] = (struct sample_region){.start = first * PAGE,
								  .bytes = nr_pages * PAGE,
								  .nr_accesses = nr_accesses};
	}
	r->sample.nr_regions = nr;
	return nr || !feof(r->file);
}

/* From FROM_S on, at least PERCENT of the snapshots leave the footprint within 10% of WANTED_MB. */
static void replay(const char *name, double wanted_mb, double from_s, int wanted_percent)
{
	const char *srcdir = getenv("srcdir");
	struct recording *r = calloc(1, sizeof(*r));
	struct footprint *f = footprint_new();
	int nr = 0, nr_right = 0;
	char path[4096];

	snprintf(path, sizeof(path), "%s/tests/data/footprint/%s", srcdir ? srcdir : ".", name);
	r->file = fopen(path, "r");
	if (!r->file)
		fail_msg("%s: cannot be read", path);
	while (next_snapshot(r)) {
		if (!r->sample.nr_regions)
			continue;
		footprint_update(f, &r->sample);
		if (r->sample.seen_ns < (uint64_t)(from_s * NSEC_PER_SEC))
			continue;
		nr++;
		nr_right += mb(f) > 0.9 * wanted_mb && mb(f) < 1.1 * wanted_mb;
	}
	if (nr_right * 100 < nr * wanted_percent)
		fail_msg("%s: %d of %d are right", name, nr_right, nr);
	fclose(r->file);
	footprint_free(f);
	free(r);
}

static void recordings(void **state)
{
	(void)state;
	replay("24-of-48-hogs.txt", 24, 5, 95);
	replay("256-of-512-two.txt", 256, 5, 90);
	replay("256-of-512-hogs.txt", 256, 5, 85);
}

#define by_hand(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		by_hand(nothing_before_the_first_access),
		by_hand(regions_with_accesses_count),
		by_hand(cold_memory_leaves_when_it_is_cut_away),
		by_hand(it_is_known_how_long_something_is_hot),
		by_hand(it_is_expected_to_be_as_before),
		by_hand(noise_does_not_end_a_life),
		by_hand(rims_do_not_count),
		by_hand(one_silent_interval_is_no_loss),
		by_hand(the_same_snapshot_tells_nothing_new),
		by_hand(a_sleeper_keeps_its_footprint),
		by_hand(what_is_used_no_more_leaves),
		by_hand(unmapped_memory_leaves_at_once),
		by_hand(after_a_long_gap_the_old_is_forgotten),
		by_hand(long_intervals_remember_too),
		by_hand(more_accesses_than_possible_count_as_all),
		by_hand(segments_are_bounded),
		cmocka_unit_test(sets_that_are_touched_fast),
		cmocka_unit_test(sets_that_are_touched_slowly),
		cmocka_unit_test(sets_of_processes_that_wait_for_a_cpu),
		cmocka_unit_test(a_slow_set_keeps_its_life),
		cmocka_unit_test(lukewarm_memory_belongs_to_it),
		cmocka_unit_test(a_set_that_moves_is_followed),
		cmocka_unit_test(a_set_that_shrinks_or_grows_is_followed),
		cmocka_unit_test(quick_phases_count_together),
		cmocka_unit_test(recordings),
	};

	return cmocka_run_group_tests_name("footprint", tests, NULL, NULL);
}
