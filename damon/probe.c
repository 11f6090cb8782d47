/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What this kernel's DAMON can do, and the words for what it can not.
 *
 * Most of DAMON's sysfs files exist only in a slot with a context, targets and schemes.  A probe
 * makes no slot.  Where no slot shows a file, look in /proc/kallsyms for the function that the
 * kernel calls for this file.  Names are readable there without privilege.
 */
#include "damon/damon.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/sysfs.h"
#include "base/util.h"
#include "damon/files.h"
#include "damon/read/trace.h"
#include "damon/session/context.h"
#include "damon/slot/holders.h"
#include "damon/slot/slots.h"

/*
 * Does this line of kallsyms have the symbol?  A line is "address type name[\t[module]]".  A
 * compiler may append ".suffix" to a name.
 */
static bool is_symbol(const char *line, const char *name)
{
	const char *at = strchr(line, ' ');
	size_t len = strlen(name);

	if (!at || !at[1] || at[2] != ' ' || strncmp(at + 3, name, len))
		return false;
	return strchr(".\t\n", at[3 + len]);
}

static void probe_symbols(struct damon_probe *probe, const char *sysroot)
{
	const struct {
		const char *symbol;
		enum damon_known *known;
	} wanted[] = {
		{"damon_va_prepare_access_checks", &probe->vaddr},
		{"damon_sysfs_scheme_regions_release", &probe->tried_regions},
		{"damon_sysfs_intervals_goal_release", &probe->auto_intervals},
		{"obsolete_target_show", &probe->obsolete_target},
	};
	enum damon_known found[ARRAY_SIZE(wanted)] = {DAMON_NO};
	_cleanup_fclose_ FILE *file = NULL;
	char path[SYSFS_PATH_MAX], line[512];

	if (sysfs_path(path, sizeof(path), sysroot, "/proc/kallsyms"))
		return;
	file = fopen(path, "re");
	if (!file || !fgets(line, sizeof(line), file))
		return;
	do {
		for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
			if (is_symbol(line, wanted[i].symbol))
				found[i] = DAMON_YES;
	} while (fgets(line, sizeof(line), file));
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		if (*wanted[i].known == DAMON_UNKNOWN)
			*wanted[i].known = found[i];
}

/*
 * Take from a slot what it shows.  A file tells that the kernel has a feature.  A missing file
 * tells that the kernel lacks it, if the directory of the file is there.
 */
static void probe_slot(struct damon_probe *probe, const char *sysroot, unsigned int slot)
{
	struct context context = {sysroot, slot};
	struct context_features features;

	if (!files_exists(sysroot, "%u/contexts/0", slot))
		return;
	context_features(&features, &context);
	if (features.vaddr)
		probe->vaddr = DAMON_YES;
	probe->auto_intervals = features.auto_intervals ? DAMON_YES : DAMON_NO;
	if (files_exists(sysroot, "%u/contexts/0/targets/0", slot))
		probe->obsolete_target = features.obsolete_target ? DAMON_YES : DAMON_NO;
	if (files_exists(sysroot, "%u/contexts/0/schemes/0", slot))
		probe->tried_regions = features.tried_regions ? DAMON_YES : DAMON_NO;
}

static void probe_slots(struct damon_probe *probe, const char *sysroot)
{
	struct slot_seen seen;
	uint64_t nr;

	if (files_read_u64(&nr, sysroot, "nr_kdamonds"))
		return;
	probe->nr_kdamonds = (int)MIN(nr, INT32_MAX);
	for (int i = 0; i < probe->nr_kdamonds; i++) {
		if (slot_look(&seen, sysroot, (unsigned int)i))
			continue;
		probe->nr_running += seen.running;
		probe_slot(probe, sysroot, (unsigned int)i);
	}
}

int damon_probe(struct damon_probe *out, const char *sysroot)
{
	struct damon_probe probe = {
		.sysfs = sysfs_exists(sysroot, DAMON_SYSFS "/admin"),
		.trace = trace_is_there(sysroot),
		.vaddr = DAMON_UNKNOWN,
		.tried_regions = DAMON_UNKNOWN,
		.auto_intervals = DAMON_UNKNOWN,
		.obsolete_target = DAMON_UNKNOWN,
		.stat_enabled = holder_runs(HOLDER_STAT, sysroot),
		.reclaim_enabled = holder_runs(HOLDER_RECLAIM, sysroot),
		.lru_sort_enabled = holder_runs(HOLDER_LRU_SORT, sysroot),
		.nr_kdamonds = -1,
	};

	if (probe.sysfs)
		probe_slots(&probe, sysroot);
	if (probe.vaddr == DAMON_UNKNOWN || probe.tried_regions == DAMON_UNKNOWN ||
	    probe.auto_intervals == DAMON_UNKNOWN || probe.obsolete_target == DAMON_UNKNOWN)
		probe_symbols(&probe, sysroot);
	*out = probe;
	return 0;
}

const char *damon_holder(void)
{
	return holder_name();
}

const char *damon_strerror(int error)
{
	switch (error) {
	case DAMON_E_NONE:
		return "no error";
	case DAMON_E_NO_SYSFS:
		return "the kernel has no DAMON: it needs CONFIG_DAMON, CONFIG_DAMON_VADDR and "
		       "CONFIG_DAMON_SYSFS";
	case DAMON_E_NO_VADDR:
		return "DAMON can not monitor processes on this kernel: it needs "
		       "CONFIG_DAMON_VADDR";
	case DAMON_E_NO_REGIONS:
		return "DAMON's regions can not be read: it needs tracefs and perf events, or "
		       "Linux 6.2 or later";
	case DAMON_E_BUSY:
		return "somebody else uses DAMON: stop that first";
	case DAMON_E_PERMISSION:
		return "DAMON can be used by root only: run as root";
	}
	return error < 0 ? strerror(-error) : "unknown DAMON error";
}
