/* SPDX-License-Identifier: GPL-2.0 */
/* How long the accesses of a process wait. */
#include "daemon/waits.h"

#include "base/util.h"
#include "tier/input.h"

void waits_look(struct waits *out, const struct managed *item, int place, uint64_t now_ns)
{
	const struct model_profile *f = model_profile(item->model);
	struct plan_range ranges[GAIN_MAX_RANGES];
	struct gain_look *look = &out->look;

	*look = (struct gain_look){.now_ns = now_ns, .ranges = out->ranges};
	if (place < 0 || !item->sample.last.now_ns)
		return;
	look->nr_ranges = plan_ranges(ranges, GAIN_MAX_RANGES, item->model);
	for (size_t i = 0; i < look->nr_ranges; i++)
		out->ranges[i] =
			(struct gain_range){ranges[i].start, ranges[i].bytes, ranges[i].hz};
	look->access_hz = model_access_hz(item->model);
	if (item->lines.per_access > 0)
		look->access_hz *= item->lines.per_access;
	look->ns = f->cost_ns[place];
	/* as in a plan, nobody waits for longer than he runs */
	if (look->ns > 0)
		look->access_hz = MIN(look->access_hz, f->cpus * 1e9 / look->ns);
}
