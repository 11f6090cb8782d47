/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Dax devices, from the links of /sys/bus/dax/devices.  The target of a link tells whose memory it
 * is:
 *
 *   .../region0/dax_region0/dax0.0          volatile memory of CXL region 0
 *   .../nvdimm-bridge0/ndbus0/.../dax0.0    persistent memory of a CXL device
 *   .../ndbus0/.../dax0.0                   persistent memory on an NFIT bus
 *   .../hmem.0/dax0.0                       soft-reserved by firmware
 */
#include "numa/cxl/dax.h"

#include <errno.h>
#include <string.h>

#include "base/array.h"
#include "base/log.h"
#include "base/sysfs.h"
#include "numa/names.h"

#define DAX_DIR "/sys/bus/dax/devices"

static bool read_link(char *out, size_t size, const char *sysroot, const char *name,
		      const char *file)
{
	char path[SYSFS_PATH_MAX];
	ssize_t len;

	if (sysfs_path(path, sizeof(path), sysroot, DAX_DIR "/%s%s", name, file) < 0)
		return false;
	len = readlink(path, out, size - 1);
	out[MAX(len, (ssize_t)0)] = '\0';
	return len >= 0;
}

static void read_driver(struct topology_dax *dax, const char *sysroot)
{
	char link[SYSFS_PATH_MAX];
	const char *slash;

	if (!read_link(link, sizeof(link), sysroot, dax->name, "/driver"))
		return;
	slash = strrchr(link, '/');
	snprintf(dax->driver, sizeof(dax->driver), "%.31s", slash ? slash + 1 : link);
}

/* N of ".../dax_regionN/..." in LINK, -1 when there is none. */
static int region_of(char *link)
{
	char *name = strstr(link, "/dax_region");

	if (!name)
		return -1;
	name++;
	name[strcspn(name, "/")] = '\0';
	return names_number(name, "dax_region");
}

static int add_dax(struct topology *t, const char *name, const char *sysroot)
{
	struct topology_dax dax = {.region = -1, .target_node = -1}, *place;
	char link[SYSFS_PATH_MAX];

	if (strlen(name) >= sizeof(dax.name))
		return 0;
	strcpy(dax.name, name);
	/* a directory in place of a link does not tell where the device belongs */
	(void)read_link(link, sizeof(link), sysroot, name, "");
	dax.persistent = strstr(link, "/ndbus") != NULL;
	if (dax.persistent && !strstr(link, "/nvdimm-bridge"))
		return 0;
	dax.region = region_of(link);
	read_driver(&dax, sysroot);
	if (sysfs_read_int(&dax.target_node, sysroot, DAX_DIR "/%s/target_node", name) < 0 ||
	    dax.target_node < 0)
		dax.target_node = -1;
	(void)sysfs_read_u64(&dax.bytes, sysroot, DAX_DIR "/%s/size", name);
	place = ARRAY_PLACE(t->dax, t->nr_dax);
	if (!place)
		return -ENOMEM;
	*place = dax;
	t->nr_dax++;
	return 0;
}

int dax_read(struct topology *t, const char *sysroot)
{
	_cleanup_names_ struct names names = NAMES_INIT;
	int r = names_read(&names, "dax", sysroot, DAX_DIR);

	for (size_t i = 0; !r && i < names.nr; i++)
		r = add_dax(t, names.list[i], sysroot);
	return r;
}

/*
 * Is all of the device's memory online?  Blocks come online one by one.  Their descriptors take a
 * little of the memory itself.
 */
static bool is_all_online(const struct topology *t, const struct topology_dax *dax)
{
	int at = topology_find(t, dax->target_node);
	uint64_t bytes = 0;

	if (at < 0 || !t->nodes[at].mem_bytes)
		return false;
	for (size_t i = 0; i < t->nr_dax; i++) {
		if (t->dax[i].target_node == dax->target_node && dax_is_memory(&t->dax[i]))
			bytes += t->dax[i].bytes;
	}
	return t->nodes[at].mem_bytes >= bytes - bytes / 8;
}

char *topology_dax_advice(char *buf, size_t size, const struct topology *t,
			  const struct topology_dax *dax)
{
	buf[0] = '\0';
	if (dax_is_memory(dax)) {
		if (!is_all_online(t, dax))
			snprintf(buf, size, "daxctl online-memory %s", dax->name);
	} else if ((!dax->driver[0] || !strcmp(dax->driver, "device_dax")) && !dax->persistent) {
		snprintf(buf, size, "daxctl reconfigure-device --mode=system-ram %s", dax->name);
	}
	return buf;
}

bool dax_is_memory(const struct topology_dax *dax)
{
	return !strcmp(dax->driver, "kmem");
}
