/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which nodes are CXL memory.  Three proofs, the best first: a CXL region whose
 * dax device has the node as its target; a dax device outside any region that
 * kmem made into memory (firmware set the region up and soft-reserved it, and
 * dax_hmem came before the CXL drivers); the administrator's word, which is
 * topology_read()'s business.
 *
 * Not every kmem node is CXL.  Persistent memory on an NFIT bus is not, and
 * neither is memory in the tier of the CPUs' own or a faster one (HBM).
 */
#include "numa/cxl.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/sysfs.h"
#include "numa/hmat.h"
#include "numa/names.h"

#define DAX_DIR "/sys/bus/dax/devices"

int inventory_add_memdev(struct inventory *inventory, const struct topology_memdev *memdev)
{
	struct topology_memdev *memdevs =
		reallocarray(inventory->memdevs, inventory->nr_memdevs + 1, sizeof(*memdevs));

	if (!memdevs)
		return -ENOMEM;
	inventory->memdevs = memdevs;
	memdevs[inventory->nr_memdevs++] = *memdev;
	return 0;
}

int inventory_add_region(struct inventory *inventory, struct inventory_region *region)
{
	struct inventory_region *regions =
		reallocarray(inventory->regions, inventory->nr_regions + 1, sizeof(*regions));

	if (!regions)
		return -ENOMEM;
	inventory->regions = regions;
	regions[inventory->nr_regions++] = *region;
	region->mems = (struct idlist)IDLIST_INIT;
	return 0;
}

void inventory_deinit(struct inventory *inventory)
{
	for (size_t i = 0; i < inventory->nr_regions; i++)
		idlist_deinit(&inventory->regions[i].mems);
	free(inventory->regions);
	free(inventory->memdevs);
	*inventory = (struct inventory)INVENTORY_INIT;
}

/* "mem0,mem1" */
static void format_mems(char *buf, size_t size, const struct idlist *mems)
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < mems->nr; i++) {
		char one[24];
		size_t room = size - used - 1;

		snprintf(one, sizeof(one), "%smem%u", i ? "," : "", mems->ids[i]);
		/* room for "..." unless this is the last */
		if (strlen(one) + (i + 1 < mems->nr ? 3 : 0) > room) {
			snprintf(buf + used, size - used, "...");
			return;
		}
		strcpy(buf + used, one);
		used += strlen(one);
	}
}

static const struct topology_memdev *find_memdev(const struct inventory *inventory,
						 unsigned int number)
{
	for (size_t i = 0; i < inventory->nr_memdevs; i++) {
		if (names_number(inventory->memdevs[i].name, "mem") == (int)number)
			return &inventory->memdevs[i];
	}
	return NULL;
}

/* Memory a node has, and no CPUs of its own: only that can be CXL. */
static struct topology_node *memory_node(struct topology *t, int id)
{
	int at = topology_find(t, id);

	if (at < 0 || t->nodes[at].cpus.nr || !t->nodes[at].mem_bytes)
		return NULL;
	return &t->nodes[at];
}

static int mark_region_node(struct topology *t, struct idlist *attach,
			    const struct inventory *inventory, struct topology_node *node)
{
	_cleanup_idlist_ struct idlist mems = IDLIST_INIT;
	int r = 0;

	for (size_t i = 0; i < inventory->nr_regions; i++) {
		const struct inventory_region *region = &inventory->regions[i];

		if (region->info.target_node != (int)node->id)
			continue;
		for (size_t m = 0; !r && m < region->mems.nr; m++)
			r = idlist_add(&mems, region->mems.ids[m]);
	}
	for (size_t m = 0; !r && m < mems.nr; m++) {
		const struct topology_memdev *memdev = find_memdev(inventory, mems.ids[m]);

		if (memdev && topology_find(t, memdev->numa_node) >= 0)
			r = idlist_add(&attach[node - t->nodes], (unsigned int)memdev->numa_node);
	}
	node->cxl = TOPOLOGY_CXL_REGION;
	format_mems(node->devices, sizeof(node->devices), &mems);
	return r;
}

static int mark_regions(struct topology *t, struct idlist *attach,
			const struct inventory *inventory)
{
	int r = 0;

	for (size_t i = 0; !r && i < inventory->nr_regions; i++) {
		struct topology_node *node =
			memory_node(t, inventory->regions[i].info.target_node);

		if (node && node->cxl != TOPOLOGY_CXL_REGION)
			r = mark_region_node(t, attach, inventory, node);
	}
	return r;
}

/* The tier of the slowest memory that CPUs have of their own; -1 unknown. */
static int cpu_memory_tier(const struct topology *t)
{
	int tier = -1;

	for (size_t i = 0; i < t->nr_nodes; i++) {
		if (t->nodes[i].cpus.nr && t->nodes[i].mem_bytes)
			tier = MAX(tier, t->nodes[i].tier);
	}
	return tier;
}

/* Is this dax device bound to kmem, and not by way of a CXL region or an NFIT bus? */
static bool is_plain_kmem(const char *sysroot, const char *name)
{
	char path[SYSFS_PATH_MAX], link[SYSFS_PATH_MAX];
	const char *driver;
	ssize_t len;

	if (sysfs_path(path, sizeof(path), sysroot, DAX_DIR "/%s/driver", name) < 0)
		return false;
	len = readlink(path, link, sizeof(link) - 1);
	if (len < 0)
		return false;
	link[len] = '\0';
	driver = strrchr(link, '/');
	if (strcmp(driver ? driver + 1 : link, "kmem"))
		return false;
	if (sysfs_path(path, sizeof(path), sysroot, DAX_DIR "/%s", name) < 0)
		return false;
	len = readlink(path, link, sizeof(link) - 1);
	link[MAX(len, (ssize_t)0)] = '\0';
	/* persistent memory of a CXL device has its ndbus below an nvdimm-bridge */
	return !strstr(link, "/dax_region") &&
	       (!strstr(link, "/ndbus") || strstr(link, "/nvdimm-bridge"));
}

/*
 * No region says which memdev is behind a dax node.  When all that have no
 * region report the same node, it does not matter which.
 */
static int common_attach(const struct inventory *inventory)
{
	int common = -1;

	for (size_t i = 0; i < inventory->nr_memdevs; i++) {
		const struct topology_memdev *memdev = &inventory->memdevs[i];
		int number = names_number(memdev->name, "mem");
		bool has_region = false;

		for (size_t k = 0; number >= 0 && k < inventory->nr_regions; k++)
			has_region |= idlist_has(&inventory->regions[k].mems, (unsigned int)number);
		if (has_region)
			continue;
		if (memdev->numa_node < 0 || (common >= 0 && common != memdev->numa_node))
			return -1;
		common = memdev->numa_node;
	}
	return common;
}

static int mark_dax(struct topology *t, struct idlist *attach, const struct inventory *inventory,
		    const char *sysroot)
{
	_cleanup_names_ struct names names = NAMES_INIT;
	int r, id, near = common_attach(inventory), cpu_tier = cpu_memory_tier(t);

	r = names_read(&names, "dax", sysroot, DAX_DIR);
	for (size_t i = 0; !r && i < names.nr; i++) {
		struct topology_node *node;

		if (!is_plain_kmem(sysroot, names.list[i]) ||
		    sysfs_read_int(&id, sysroot, DAX_DIR "/%s/target_node", names.list[i]) < 0)
			continue;
		node = memory_node(t, id);
		if (!node || node->cxl != TOPOLOGY_CXL_NO)
			continue;
		if (node->tier >= 0 && node->tier <= cpu_tier) {
			log_debug("%s: node %d is as fast as the CPUs' own memory: not CXL",
				  names.list[i], id);
			continue;
		}
		node->cxl = TOPOLOGY_CXL_DAX;
		if (topology_find(t, near) >= 0)
			r = idlist_add(&attach[node - t->nodes], (unsigned int)near);
	}
	return r;
}

static void read_coordinates(struct topology_region *region, const char *sysroot)
{
	for (int class = 0; class < 2; class++) {
		char dir[128];

		snprintf(dir, sizeof(dir), "/sys/bus/cxl/devices/%s/access%d", region->name, class);
		region->read_latency_ns[class] = hmat_read_latency(sysroot, dir);
		region->read_bandwidth_mbps[class] = hmat_read_bandwidth(sysroot, dir);
	}
}

/* Memdevs go over to T as they are, regions without the sets that only this file needs. */
static int hand_over(struct topology *t, struct inventory *inventory, const char *sysroot)
{
	struct topology_region *regions =
		calloc(MAX(inventory->nr_regions, (size_t)1), sizeof(*regions));

	if (!regions)
		return -ENOMEM;
	for (size_t i = 0; i < inventory->nr_regions; i++) {
		regions[i] = inventory->regions[i].info;
		format_mems(regions[i].devices, sizeof(regions[i].devices),
			    &inventory->regions[i].mems);
		read_coordinates(&regions[i], sysroot);
	}
	t->regions = regions;
	t->nr_regions = inventory->nr_regions;
	t->nr_memdevs = inventory->nr_memdevs;
	t->memdevs = TAKE(&inventory->memdevs);
	inventory->nr_memdevs = 0;
	return 0;
}

/* Readers find things in their own order; ours is by number. */
static int compare_memdevs(const void *a, const void *b)
{
	const struct topology_memdev *x = a, *y = b;
	int nx = names_number(x->name, "mem"), ny = names_number(y->name, "mem");

	return (nx > ny) - (nx < ny);
}

static int compare_regions(const void *a, const void *b)
{
	const struct inventory_region *x = a, *y = b;
	int nx = names_number(x->info.name, "region"), ny = names_number(y->info.name, "region");

	return (nx > ny) - (nx < ny);
}

static int read_by_best_means(struct inventory *inventory, const char *sysroot)
{
	int r;

	if (sysroot)
		return inventory_read_sysfs(inventory, sysroot);
	r = inventory_read_libcxl(inventory);
	if (r < 0 && r != -ENOMEM) {
		log_debug("libcxl: %s; reading /sys/bus/cxl instead", strerror(-r));
		inventory_deinit(inventory);
		r = inventory_read_sysfs(inventory, NULL);
	}
	return r;
}

int inventory_read(struct topology *t, struct idlist *attach, const char *sysroot)
{
	_cleanup_(inventory_deinit) struct inventory inventory = INVENTORY_INIT;
	int r = read_by_best_means(&inventory, sysroot);

	if (r < 0)
		return r;
	if (inventory.nr_memdevs)
		qsort(inventory.memdevs, inventory.nr_memdevs, sizeof(*inventory.memdevs),
		      compare_memdevs);
	if (inventory.nr_regions)
		qsort(inventory.regions, inventory.nr_regions, sizeof(*inventory.regions),
		      compare_regions);
	r = mark_regions(t, attach, &inventory);
	if (!r)
		r = mark_dax(t, attach, &inventory, sysroot);
	return r < 0 ? r : hand_over(t, &inventory, sysroot);
}
