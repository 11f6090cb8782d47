/* SPDX-License-Identifier: GPL-2.0 */
#include "counters/figure.h"

#include <stddef.h>

#include "base/util.h"

/* clang-format off */
const struct figure_row figure_rows[NR_FIGURES] = {
	[FIGURE_READ] = {"read_mbps", "READ", FIGURE_MBPS, FIGURE_OF_MEMORY,
		"what is read from CXL memory"},
	[FIGURE_WRITE] = {"write_mbps", "WRITE", FIGURE_MBPS, FIGURE_OF_MEMORY,
		"what is written to CXL memory"},
	[FIGURE_UTILISATION] = {"utilisation_percent", "USED", FIGURE_PERCENT, FIGURE_OF_MEMORY,
		"reads and writes of what the memory can deliver"},
	[FIGURE_LATENCY] = {"latency_ns", "LATENCY", FIGURE_NS, FIGURE_OF_MEMORY,
		"how long loads of the CPUs near CXL memory take, as loaded now"},
	[FIGURE_LLC_HITS] = {"llc_hit_percent", "HITS", FIGURE_PERCENT, FIGURE_OF_CPUS,
		"hits of the references to the last-level caches"},
	[FIGURE_MBM_TOTAL] = {"mbm_total_mbps", "TOTAL", FIGURE_MBPS, FIGURE_OF_CPUS,
		"what passes between the last-level caches and all memory"},
	[FIGURE_MBM_LOCAL] = {"mbm_local_mbps", "LOCAL", FIGURE_MBPS, FIGURE_OF_CPUS,
		"what passes between them and memory of the same node"},
	[FIGURE_MBM_SLOW] = {"mbm_slow_mbps", "SLOW", FIGURE_MBPS, FIGURE_OF_CPUS,
		"what they read from slow memory"},
};
/* clang-format on */

const char *metric_source_name(enum metric_source source)
{
	static const char *const names[] = {"unknown", "simulated", "cxl-pmu", "perf", "resctrl"};

	return (size_t)source < ARRAY_SIZE(names) ? names[source] : names[0];
}
