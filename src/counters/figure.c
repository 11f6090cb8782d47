/* SPDX-License-Identifier: GPL-2.0 */
#include "counters/figure.h"

#include <stddef.h>

#include "base/util.h"

#define FIGURE_ROW(name, key, heading, unit, of) {key, heading, FIGURE_##unit, FIGURE_##of},
const struct figure_row figure_rows[NR_FIGURES] = {FIGURES(FIGURE_ROW)};

const char *metric_source_name(enum metric_source source)
{
	static const char *const names[] = {"unknown", "simulated", "cxl-pmu", "perf", "resctrl"};

	return (size_t)source < ARRAY_SIZE(names) ? names[source] : names[0];
}
