/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The CXL inventory from the files of /sys/bus/cxl (Documentation/ABI/testing/
 * sysfs-bus-cxl).  Links of the tree tell what its files do not:
 *
 *   /sys/bus/cxl/devices/mem0 -> .../0000:0d:00.0/mem0      host of the memdev
 *   /sys/bus/cxl/devices/decoder3.0 -> .../endpoint3/decoder3.0
 *   .../endpoint3/uport -> .../mem0                          memdev of an endpoint
 *   regionN/targetM: "decoder3.0"                            endpoints of a region
 */
#include "numa/cxl/cxl.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/sysfs.h"
#include "numa/names.h"

#define CXL_DIR "/sys/bus/cxl/devices"

/* *OUT is the target of the link SYSROOT/PATH, as written.  0 or a negative errno. */
static int read_link(char *out, size_t size, const char *sysroot, const char *path)
{
	char full[SYSFS_PATH_MAX];
	int r = sysfs_path(full, sizeof(full), sysroot, "%s", path);
	ssize_t len;

	if (r < 0)
		return r;
	len = readlink(full, out, size);
	if (len < 0)
		return -errno;
	if ((size_t)len == size)
		return -ENAMETOOLONG;
	out[len] = '\0';
	return 0;
}

/*
 * The component of PATH that is FROM_END before the last one.  PATH is cut behind it.  NULL when
 * there is none.
 */
static char *path_component(char *path, int from_end)
{
	char *slash;

	for (;; from_end--) {
		slash = strrchr(path, '/');
		if (!slash || !from_end)
			return slash ? slash + 1 : NULL;
		*slash = '\0';
	}
}

static uint64_t read_size(const char *sysroot, const char *dir, const char *name, const char *file)
{
	uint64_t bytes = 0;

	if (sysfs_read_u64(&bytes, sysroot, "%s/%s/%s", dir, name, file) < 0)
		log_debug("%s: no readable %s", name, file);
	return bytes;
}

static void read_host(struct topology_memdev *memdev, const char *sysroot, const char *name)
{
	char path[SYSFS_PATH_MAX], link[SYSFS_PATH_MAX];
	const char *host = NULL;

	snprintf(path, sizeof(path), CXL_DIR "/%s", name);
	if (!read_link(link, sizeof(link), sysroot, path))
		host = path_component(link, 1);
	if (host && strlen(host) < sizeof(memdev->host))
		strcpy(memdev->host, host);
}

static int read_memdevs(struct inventory *inventory, const char *sysroot)
{
	_cleanup_names_ struct names names = NAMES_INIT;
	int r = names_read(&names, "mem", sysroot, CXL_DIR);

	for (size_t i = 0; !r && i < names.nr; i++) {
		struct topology_memdev memdev = {.numa_node = -1};
		const char *name = names.list[i];

		if (names_number(name, "mem") < 0 || strlen(name) >= sizeof(memdev.name))
			continue;
		strcpy(memdev.name, name);
		read_host(&memdev, sysroot, name);
		sysfs_read_u64(&memdev.serial, sysroot, CXL_DIR "/%s/serial", name);
		memdev.ram_bytes = read_size(sysroot, CXL_DIR, name, "ram/size");
		memdev.pmem_bytes = read_size(sysroot, CXL_DIR, name, "pmem/size");
		if (sysfs_read_int(&memdev.numa_node, sysroot, CXL_DIR "/%s/numa_node", name) < 0 ||
		    memdev.numa_node < 0)
			memdev.numa_node = -1;
		r = inventory_add_memdev(inventory, &memdev);
	}
	return r;
}

/* N of the memN behind an endpoint decoder.  -1 when the links do not say. */
static int decoder_mem(const char *sysroot, const char *decoder)
{
	char path[SYSFS_PATH_MAX], link[SYSFS_PATH_MAX];
	const char *name;

	if (strlen(decoder) > 64)
		return -1;
	snprintf(path, sizeof(path), CXL_DIR "/%s", decoder);
	if (read_link(link, sizeof(link), sysroot, path) < 0)
		return -1;
	name = path_component(link, 1);
	if (!name || strlen(name) > 64)
		return -1;
	snprintf(path, sizeof(path), CXL_DIR "/%.64s/uport", name);
	if (read_link(link, sizeof(link), sysroot, path) < 0)
		return -1;
	name = path_component(link, 0);
	return name ? names_number(name, "mem") : -1;
}

static int read_region_mems(struct inventory_region *region, const char *sysroot)
{
	_cleanup_names_ struct names targets = NAMES_INIT;
	const char *name = region->info.name;
	int r = names_read(&targets, "target", sysroot, CXL_DIR "/%s", name);

	for (size_t i = 0; !r && i < targets.nr; i++) {
		char decoder[64] = "";
		int mem = -1;

		/* the file of a position without a decoder is empty */
		if (!sysfs_read(decoder, sizeof(decoder), sysroot, CXL_DIR "/%s/%s", name,
				targets.list[i]) &&
		    decoder[0])
			mem = decoder_mem(sysroot, decoder);
		if (mem >= 0)
			r = idlist_add(&region->mems, (unsigned int)mem);
		else
			log_debug("%s: %s \"%s\" leads to no memdev", name, targets.list[i],
				  decoder);
	}
	return r;
}

static int read_region_node(struct inventory_region *region, const char *sysroot)
{
	_cleanup_names_ struct names dax = NAMES_INIT;
	const char *name = region->info.name, *number = name + strlen("region");
	int r, node;

	r = names_read(&dax, "dax", sysroot, CXL_DIR "/%s/dax_region%s", name, number);
	for (size_t i = 0; !r && i < dax.nr; i++) {
		if (!sysfs_read_int(&node, sysroot, CXL_DIR "/%s/dax_region%s/%s/target_node", name,
				    number, dax.list[i]) &&
		    node >= 0)
			region->info.target_node = node;
	}
	return r;
}

static int read_regions(struct inventory *inventory, const char *sysroot)
{
	_cleanup_names_ struct names names = NAMES_INIT;
	int r = names_read(&names, "region", sysroot, CXL_DIR);

	for (size_t i = 0; !r && i < names.nr; i++) {
		struct inventory_region region = {.info.target_node = -1};
		const char *name = names.list[i];

		if (names_number(name, "region") < 0 || strlen(name) >= sizeof(region.info.name))
			continue;
		strcpy(region.info.name, name);
		region.info.bytes = read_size(sysroot, CXL_DIR, name, "size");
		r = read_region_mems(&region, sysroot);
		if (!r)
			r = read_region_node(&region, sysroot);
		if (!r)
			r = inventory_add_region(inventory, &region);
		idlist_deinit(&region.mems);
	}
	return r;
}

int inventory_read_sysfs(struct inventory *out, const char *sysroot)
{
	int r = read_memdevs(out, sysroot);

	return r < 0 ? r : read_regions(out, sysroot);
}
