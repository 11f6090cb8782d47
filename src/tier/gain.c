/* SPDX-License-Identifier: GPL-2.0 */
/* What moves have gained.  gain.h has the theory. */
#include "tier/gain.h"

#include <string.h>

void gain_begin(struct gain *g, const struct gain_look *look)
{
	/* one that has moved nothing yet begins anew */
	if (g->is_open && g->has_moved)
		return;
	*g = (struct gain){
		.is_open = true,
		.begun_ns = look->now_ns,
		.access_hz = look->access_hz,
		.ns = look->ns,
		.nr_ranges = MIN(look->nr_ranges, (size_t)GAIN_MAX_RANGES),
	};
	if (g->nr_ranges)
		memcpy(g->ranges, look->ranges, g->nr_ranges * sizeof(*g->ranges));
}

void gain_moved(struct gain *g, struct gain_totals *totals, double promised, bool is_shared,
		uint64_t when_ns)
{
	totals->unknown += promised;
	if (!g->is_open)
		return;
	g->has_moved = true;
	g->is_mixed |= is_shared;
	g->promised += promised;
	g->moved_ns = when_ns;
}

bool gain_is_due(const struct gain *g, uint64_t now_ns)
{
	return g->is_open && g->has_moved &&
	       (now_ns >= g->moved_ns + GAIN_SETTLE_NS || now_ns >= g->begun_ns + GAIN_LONGEST_NS);
}

static double sum_heat(const struct gain_range *ranges, size_t nr)
{
	double sum = 0;

	for (size_t i = 0; i < nr; i++)
		sum += (double)ranges[i].bytes * ranges[i].hz;
	return sum;
}

/* How much of their heat two sets of ranges have in common, 0..1. */
static double common_heat(const struct gain_range *a, size_t nr_a, const struct gain_range *b,
			  size_t nr_b)
{
	double sum_a = sum_heat(a, nr_a), sum_b = sum_heat(b, nr_b), common = 0;

	if (sum_a <= 0 || sum_b <= 0)
		return 0;
	for (size_t i = 0, j = 0; i < nr_a && j < nr_b;) {
		uint64_t end_a = a[i].start + a[i].bytes, end_b = b[j].start + b[j].bytes;
		uint64_t start = MAX(a[i].start, b[j].start), end = MIN(end_a, end_b);

		if (end > start)
			common += (double)(end - start) * MIN(a[i].hz / sum_a, b[j].hz / sum_b);
		if (end_a <= end_b)
			i++;
		else
			j++;
	}
	return common;
}

/* Is all that has changed what the moves have changed? */
static bool is_comparable(const struct gain *g, const struct gain_look *look)
{
	double quicker, change;

	if (g->is_mixed || look->now_ns < g->moved_ns + GAIN_SETTLE_NS || g->ns <= 0 ||
	    look->ns <= 0 || g->access_hz <= 0 || look->access_hz <= 0)
		return false;
	/* who waits less may access more, and who waits more less */
	quicker = g->ns / look->ns;
	change = look->access_hz / g->access_hz;
	if (change > GAIN_CHANGE * MAX(quicker, 1.0) || change * GAIN_CHANGE < MIN(quicker, 1.0))
		return false;
	return common_heat(g->ranges, g->nr_ranges, look->ranges, look->nr_ranges) >= 0.5;
}

void gain_end(struct gain *g, struct gain_totals *totals, const struct gain_look *look)
{
	if (is_comparable(g, look)) {
		totals->unknown -= g->promised;
		totals->promised += g->promised;
		totals->measured += g->access_hz * (g->ns - look->ns);
		totals->nr_measured++;
	}
	g->is_open = false;
}
