/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which nodes are CXL memory?  There are three proofs, the best first:
 *
 * - A CXL region has a dax device with the node as its target.  Or the addresses of the region are
 *   the node's, because firmware put it into the memory map.
 * - kmem made memory of a dax device outside any region.  This happens when firmware set the
 * region
 *   up and soft-reserved it, and dax_hmem came before the CXL drivers.
 * - The administrator says so.  topology_read() takes care of that.
 *
 * Not every kmem node is CXL.  Persistent memory on an NFIT bus is not.  Nor is memory that is as
 * fast as the CPUs' own (HBM, numa/cxl/dram.c).
 */
#include "numa/cxl/cxl.h"

#include <errno.h>
#include <string.h>

#include "base/array.h"
#include "base/log.h"
#include "base/sysfs.h"
#include "numa/cxl/blocks.h"
#include "numa/cxl/dax.h"
#include "numa/cxl/dram.h"
#include "numa/hmat.h"
#include "numa/names.h"

#define CXL_DIR "/sys/bus/cxl/devices"

int inventory_add_memdev(struct inventory *inventory, const struct topology_memdev *memdev)
{
	struct topology_memdev *place = ARRAY_PLACE(inventory->memdevs, inventory->nr_memdevs);

	if (!place)
		return -ENOMEM;
	*place = *memdev;
	inventory->nr_memdevs++;
	return 0;
}

int inventory_add_region(struct inventory *inventory, struct inventory_region *region)
{
	struct inventory_region *place = ARRAY_PLACE(inventory->regions, inventory->nr_regions);

	if (!place)
		return -ENOMEM;
	*place = *region;
	inventory->nr_regions++;
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

/* The node of this id if it has memory and no CPUs: only such a node can be CXL.  Else NULL. */
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
		struct topology_node *node = memory_node(t, inventory->regions[i].info.target_node);

		if (node && node->cxl != TOPOLOGY_CXL_REGION)
			r = mark_region_node(t, attach, inventory, node);
	}
	return r;
}

/*
 * No region says which memdev is behind a dax node, or behind a node that the administrator names.
 * So look at the memdevs that are not known to be behind another node.  When all of these report
 * the same node as their own, it does not matter which memdev it is.
 */
static int common_attach(const struct inventory *inventory)
{
	int common = -1;

	for (size_t i = 0; i < inventory->nr_memdevs; i++) {
		const struct topology_memdev *memdev = &inventory->memdevs[i];
		int number = names_number(memdev->name, "mem");
		bool is_elsewhere = false;

		for (size_t k = 0; number >= 0 && k < inventory->nr_regions; k++)
			is_elsewhere |=
				inventory->regions[k].info.target_node >= 0 &&
				idlist_has(&inventory->regions[k].mems, (unsigned int)number);
		if (is_elsewhere)
			continue;
		if (memdev->numa_node < 0 || (common >= 0 && common != memdev->numa_node))
			return -1;
		common = memdev->numa_node;
	}
	return common;
}

static int mark_dax(struct topology *t, const char *sysroot)
{
	for (size_t i = 0; i < t->nr_dax; i++) {
		const struct topology_dax *dax = &t->dax[i];
		struct topology_node *node = memory_node(t, dax->target_node);
		bool is_fast;
		int r;

		if (!node || node->cxl >= TOPOLOGY_CXL_DAX || dax->region >= 0 ||
		    !dax_is_memory(dax))
			continue;
		r = dram_is_as_fast(&is_fast, t, (size_t)(node - t->nodes), sysroot);
		if (r < 0)
			return r;
		if (is_fast)
			log_debug("%s: node %d is as fast as the CPUs' own memory: not CXL",
				  dax->name, dax->target_node);
		else
			node->cxl = TOPOLOGY_CXL_DAX;
	}
	return 0;
}

/* The nodes that count as CXL without a region. */
static int attach_others(struct topology *t, struct idlist *attach,
			 const struct inventory *inventory)
{
	int near = common_attach(inventory), r = 0;

	for (size_t i = 0; !r && i < t->nr_nodes && topology_find(t, near) >= 0; i++) {
		if (t->nodes[i].cxl != TOPOLOGY_CXL_NO && t->nodes[i].cxl != TOPOLOGY_CXL_REGION)
			r = idlist_add(&attach[i], (unsigned int)near);
	}
	return r;
}

static bool has_dax(const struct topology *t, int region)
{
	for (size_t i = 0; i < t->nr_dax; i++) {
		if (t->dax[i].region == region)
			return true;
	}
	return false;
}

/*
 * A region may be set up and in the memory map before the drivers come.  It stays as it is: no dax
 * device is made of it, and only its address leads to its node.
 */
static void read_state(struct topology_region *region, const struct topology *t,
		       const char *sysroot)
{
	int number = names_number(region->name, "region"), committed = 0, r;
	uint64_t start;
	char mode[16];

	if (has_dax(t, number) || region->target_node >= 0) {
		region->state = TOPOLOGY_REGION_DAX;
		return;
	}
	if (sysfs_read(mode, sizeof(mode), sysroot, CXL_DIR "/%s/mode", region->name) < 0 ||
	    strcmp(mode, "ram") ||
	    sysfs_read_int(&committed, sysroot, CXL_DIR "/%s/commit", region->name) < 0)
		return;
	if (!committed)
		region->state = TOPOLOGY_REGION_OFF;
	else if (sysfs_exists(sysroot, CXL_DIR "/dax_region%d", number))
		region->state = TOPOLOGY_REGION_NO_DAX;
	else
		region->state = TOPOLOGY_REGION_RAM;
	if (region->state != TOPOLOGY_REGION_RAM ||
	    sysfs_read_u64(&start, sysroot, CXL_DIR "/%s/resource", region->name) < 0)
		return;
	r = blocks_node(&region->target_node, t, start, region->bytes, sysroot);
	if (r == -ENOENT)
		region->state = TOPOLOGY_REGION_OFF;
}

static void read_coordinates(struct topology_region *region, const char *sysroot)
{
	for (int access = 0; access < 2; access++) {
		char dir[128];

		snprintf(dir, sizeof(dir), CXL_DIR "/%s/access%d", region->name, access);
		region->read_latency_ns[access] = hmat_read_latency(sysroot, dir);
		region->read_bandwidth_mbps[access] = hmat_read_bandwidth(sysroot, dir);
	}
}

static bool has_region(const struct inventory *inventory, const struct topology_memdev *memdev)
{
	int number = names_number(memdev->name, "mem");

	for (size_t i = 0; number >= 0 && i < inventory->nr_regions; i++) {
		if (idlist_has(&inventory->regions[i].mems, (unsigned int)number))
			return true;
	}
	return false;
}

/* Give T the memdevs as they are, and the regions without the sets that only this file needs. */
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
	for (size_t i = 0; i < inventory->nr_memdevs; i++)
		inventory->memdevs[i].has_region = has_region(inventory, &inventory->memdevs[i]);
	t->regions = regions;
	t->nr_regions = inventory->nr_regions;
	t->nr_memdevs = inventory->nr_memdevs;
	t->memdevs = TAKE(&inventory->memdevs);
	inventory->nr_memdevs = 0;
	return 0;
}

/* Each reader finds things in its own order.  Ours is by number. */
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
	r = dax_read(t, sysroot);
	for (size_t i = 0; !r && i < inventory.nr_regions; i++)
		read_state(&inventory.regions[i].info, t, sysroot);
	if (!r)
		r = mark_regions(t, attach, &inventory);
	if (!r)
		r = mark_dax(t, sysroot);
	if (!r)
		r = attach_others(t, attach, &inventory);
	return r < 0 ? r : hand_over(t, &inventory, sysroot);
}
