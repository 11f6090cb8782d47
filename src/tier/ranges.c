/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The memory of a process in ranges for a plan.  The model keeps it in many small pieces.  A plan
 * takes longer with each of them, and most neighbours are alike.
 */
#include "base/util.h"
#include "tier/input.h"

/* Neighbours are alike where one is at most this much hotter. */
#define ALIKE 1.5

static bool are_alike(const struct plan_range *a, const struct model_range *b, double factor)
{
	return a->start + a->bytes == b->start && MAX(a->hz, b->hz) <= factor * MIN(a->hz, b->hz);
}

static void join(struct plan_range *a, const struct model_range *b)
{
	double share = (double)b->bytes / (double)(a->bytes + b->bytes);

	a->hz += share * (b->hz - a->hz);
	a->mean_hz += share * (b->mean_hz - a->mean_hz);
	a->life_s += share * (b->life_s - a->life_s);
	a->remaining_s += share * (b->remaining_s - a->remaining_s);
	a->bytes += b->bytes;
}

/* Returns how many there would be, more than MAX or not. */
static size_t fill(struct plan_range *out, size_t max, const struct model_process *p, double factor)
{
	size_t nr = 0;

	for (size_t i = 0; i < model_nr_ranges(p); i++) {
		struct model_range range = model_range(p, i);

		if (nr && nr <= max && are_alike(&out[nr - 1], &range, factor)) {
			join(&out[nr - 1], &range);
			continue;
		}
		if (nr < max)
			out[nr] = (struct plan_range){.start = range.start,
						      .bytes = range.bytes,
						      .hz = range.hz,
						      .mean_hz = range.mean_hz,
						      .life_s = range.life_s,
						      .remaining_s = range.remaining_s};
		nr++;
	}
	return nr;
}

size_t plan_ranges(struct plan_range *out, size_t max, const struct model_process *p)
{
	double factor = ALIKE;
	size_t nr;

	/* the more pieces there are, the coarser it gets */
	for (int i = 0; i < 6; i++) {
		nr = fill(out, max, p, factor);
		if (nr <= max)
			return nr;
		factor *= factor;
	}
	/* what is left over is not planned for */
	return max;
}
