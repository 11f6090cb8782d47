/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel's own NUMA balancing.  The file has two lines: the boot, and the setting then. */
#include "daemon/balancing.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/parse.h"
#include "base/proc.h"
#include "base/sysfs.h"
#include "base/util.h"

#define SETTING "/proc/sys/kernel/numa_balancing"

int balancing_read(uint64_t *mode, const char *sysroot)
{
	return sysfs_read_u64(mode, sysroot, SETTING);
}

static int write_mode(uint64_t mode, const char *sysroot)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, mode);
	return sysfs_write(text, sysroot, SETTING);
}

/* It is there before the setting is changed, so whatever kills us, the setting can be put back. */
static int keep(const char *file, uint64_t mode, const char *sysroot)
{
	_cleanup_close_ int fd = -1;
	char boot_id[PROC_BOOT_ID_SIZE];
	int r = proc_boot_id(boot_id, sysroot);

	if (r < 0)
		return r;
	fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	if (dprintf(fd, "%s\n%" PRIu64 "\n", boot_id, mode) >= 0)
		return 0;
	r = -errno;
	unlink(file);
	return r;
}

/* -ESTALE: of another boot, or no such file was ever written whole. */
static int recall(uint64_t *mode, const char *file, const char *sysroot)
{
	char text[PROC_BOOT_ID_SIZE + 32], boot_id[PROC_BOOT_ID_SIZE], *end;
	int r = proc_boot_id(boot_id, sysroot);

	if (r < 0)
		return r;
	r = sysfs_read(text, sizeof(text), NULL, "%s", file);
	if (r < 0)
		return r;
	end = strchr(text, '\n');
	if (!end)
		return -ESTALE;
	*end = '\0';
	if (strcmp(text, boot_id) || parse_u64(mode, end + 1) < 0)
		return -ESTALE;
	return 0;
}

int balancing_switch_off(const char *file, const char *sysroot)
{
	uint64_t mode;
	int r = balancing_read(&mode, sysroot);

	if (r < 0 || !mode)
		return r == -ENOENT ? 0 : r;
	r = keep(file, mode, sysroot);
	if (r < 0)
		return r;
	r = write_mode(0, sysroot);
	if (r < 0)
		unlink(file);
	return r;
}

int balancing_put_back(const char *file, const char *sysroot)
{
	uint64_t mode, now;
	int r = recall(&mode, file, sysroot);

	if (r == -ENOENT)
		return 0;
	if (!r)
		r = balancing_read(&now, sysroot);
	if (!r && !now)
		r = write_mode(mode, sysroot) ?: 1;
	if (r < 0 && r != -ESTALE)
		return r;
	unlink(file);
	return MAX(r, 0);
}
