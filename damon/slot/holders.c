/* SPDX-License-Identifier: GPL-2.0 */
/* Who else uses DAMON: see holders.h. */
#include "damon/slot/holders.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/sysfs.h"
#include "damon/files.h"

#define PARAMETERS "/sys/module/%s/parameters"

static const struct {
	const char *name, *module;
} modules[NR_HOLDER_MODULES] = {
	[HOLDER_STAT] = {"DAMON_STAT", "damon_stat"},
	[HOLDER_RECLAIM] = {"DAMON_RECLAIM", "damon_reclaim"},
	[HOLDER_LRU_SORT] = {"DAMON_LRU_SORT", "damon_lru_sort"},
};

static char name[64] = "unknown";

bool holder_runs(enum holder_module module, const char *sysroot)
{
	char enabled[8];
	int pid;

	if (sysfs_read(enabled, sizeof(enabled), sysroot, PARAMETERS "/enabled",
		       modules[module].module) ||
	    (enabled[0] != 'Y' && enabled[0] != 'y' && enabled[0] != '1'))
		return false;
	/* In two of the three "enabled" is only a wish.  Where the thread is known, it decides. */
	if (!sysfs_read_int(&pid, sysroot, PARAMETERS "/kdamond_pid", modules[module].module))
		return pid > 0;
	return true;
}

int holder_stop_stat(const char *sysroot)
{
	return sysfs_write("N", sysroot, PARAMETERS "/enabled", modules[HOLDER_STAT].module);
}

int holder_start_stat(const char *sysroot)
{
	struct backoff backoff = {0};
	int r;

	/* A kdamond that was told to stop counts as running for a moment. */
	do {
		r = sysfs_write("Y", sysroot, PARAMETERS "/enabled", modules[HOLDER_STAT].module);
	} while (r == -EBUSY && backoff_wait(&backoff));
	return r;
}

bool holder_name_module(const char *sysroot)
{
	for (enum holder_module m = 0; m < NR_HOLDER_MODULES; m++) {
		if (!holder_runs(m, sysroot))
			continue;
		snprintf(name, sizeof(name), "%s", modules[m].name);
		return true;
	}
	return false;
}

void holder_name_kdamond(const char *sysroot, unsigned int slot)
{
	char pid[16];

	if (files_read(pid, sizeof(pid), sysroot, "%u/pid", slot))
		snprintf(name, sizeof(name), "kdamond %u", slot);
	else
		snprintf(name, sizeof(name), "kdamond %u (pid %s)", slot, pid);
}

const char *holder_name(void)
{
	return name;
}
