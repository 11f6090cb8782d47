/* SPDX-License-Identifier: GPL-2.0 */
/* What a machine has to measure with: counters are opened, and closed again at once. */
#include <errno.h>
#include <glob.h>

#include "base/sysfs.h"
#include "counters/fill-latency.h"
#include "counters/llc.h"
#include "counters/memdev-pmu.h"
#include "counters/metrics.h"
#include "counters/pmu.h"
#include "counters/resctrl.h"

size_t probe_cxl_pmus(const char *sysroot)
{
	char pattern[SYSFS_PATH_MAX];
	glob_t found = {0};
	size_t nr;

	if (!sysfs_path(pattern, sizeof(pattern), sysroot,
			PMU_DEVICES "/" MEMDEV_PMU_PREFIX "mem*"))
		(void)!glob(pattern, 0, NULL, &found);
	nr = found.gl_pathc;
	globfree(&found);
	return nr;
}

int probe_llc(const struct topology *t)
{
	struct llc *llc;
	int r = llc_new(&llc, t);

	if (r < 0)
		return r;
	r = llc_error(llc);
	llc_free(llc);
	return r;
}

int probe_fill_latency(const struct topology *t)
{
	struct fill_latency *fills;
	int r = fill_latency_new(&fills, t);

	if (!r)
		fill_latency_free(fills);
	return r;
}

/* The kernel makes the mount point where the CPUs have something to show there. */
int probe_resctrl(const char *sysroot)
{
	if (sysfs_exists(sysroot, RESCTRL "/mon_data"))
		return 0;
	if (sysfs_exists(sysroot, RESCTRL "/info"))
		return -ENODATA;
	return sysfs_exists(sysroot, RESCTRL) ? -ENOENT : -ENODEV;
}
