/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The CXL inventory of this machine, by libcxl and libdaxctl (81 or later).  The mappings of a
 * region lead to its memdevs, and its dax region leads to the node of its memory.  A context of
 * libcxl caches what it has seen, so each reading has a context of its own.
 */
#include "numa/cxl/cxl.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <cxl/libcxl.h>
#include <daxctl/libdaxctl.h>

#include "base/log.h"

static void unref_context(struct cxl_ctx **context)
{
	if (*context)
		cxl_unref(*context);
}

/* libcxl logs as an error what sysfs lacks.  For us that is data. */
_printf_(6, 0)
static void log_from_libcxl(struct cxl_ctx *context, int priority, const char *file, int line,
			    const char *function, const char *format, va_list args)
{
	char text[512];

	(void)context, (void)priority, (void)file, (void)line;
	vsnprintf(text, sizeof(text), format, args);
	text[strcspn(text, "\n")] = '\0';
	log_debug("libcxl: %s: %s", function, text);
}

/* All ones means "unknown" in libcxl. */
static uint64_t known_or_zero(unsigned long long value)
{
	return value == ULLONG_MAX ? 0 : value;
}

static int read_memdevs(struct inventory *inventory, struct cxl_ctx *context)
{
	struct cxl_memdev *memdev;
	int r = 0;

	cxl_memdev_foreach(context, memdev) {
		struct topology_memdev found = {
			.serial = known_or_zero(cxl_memdev_get_serial(memdev)),
			.ram_bytes = known_or_zero(cxl_memdev_get_ram_size(memdev)),
			.pmem_bytes = known_or_zero(cxl_memdev_get_pmem_size(memdev)),
			.numa_node = MAX(cxl_memdev_get_numa_node(memdev), -1),
		};

		snprintf(found.name, sizeof(found.name), "%s", cxl_memdev_get_devname(memdev));
		snprintf(found.host, sizeof(found.host), "%s", cxl_memdev_get_host(memdev));
		r = inventory_add_memdev(inventory, &found);
		if (r < 0)
			break;
	}
	return r;
}

static int read_region_mems(struct inventory_region *found, struct cxl_region *region)
{
	struct cxl_memdev_mapping *mapping;
	int r = 0;

	cxl_mapping_foreach(region, mapping) {
		struct cxl_decoder *decoder = cxl_mapping_get_decoder(mapping);
		struct cxl_memdev *memdev = decoder ? cxl_decoder_get_memdev(decoder) : NULL;

		if (!memdev)
			continue;
		r = idlist_add(&found->mems, (unsigned int)cxl_memdev_get_id(memdev));
		if (r < 0)
			break;
	}
	return r;
}

static void read_region_node(struct inventory_region *found, struct cxl_region *region)
{
	struct daxctl_region *dax_region = cxl_region_get_daxctl_region(region);
	struct daxctl_dev *dax;

	if (!dax_region)
		return;
	daxctl_dev_foreach(dax_region, dax) {
		int node = daxctl_dev_get_target_node(dax);

		if (node >= 0)
			found->info.target_node = node;
	}
}

static int read_region(struct inventory *inventory, struct cxl_region *region)
{
	struct inventory_region found = {
		.info.bytes = known_or_zero(cxl_region_get_size(region)),
		.info.target_node = -1,
	};
	int r;

	snprintf(found.info.name, sizeof(found.info.name), "%s", cxl_region_get_devname(region));
	r = read_region_mems(&found, region);
	if (!r) {
		read_region_node(&found, region);
		r = inventory_add_region(inventory, &found);
	}
	idlist_deinit(&found.mems);
	return r;
}

static int read_regions(struct inventory *inventory, struct cxl_ctx *context)
{
	struct cxl_bus *bus;
	struct cxl_decoder *decoder;
	struct cxl_region *region;
	int r;

	cxl_bus_foreach(context, bus) {
		cxl_decoder_foreach(cxl_bus_get_port(bus), decoder) {
			cxl_region_foreach(decoder, region) {
				r = read_region(inventory, region);
				if (r < 0)
					return r;
			}
		}
	}
	return 0;
}

int inventory_read_libcxl(struct inventory *out)
{
	_cleanup_(unref_context) struct cxl_ctx *context = NULL;
	int r = cxl_new(&context);

	if (r < 0)
		return r;
	cxl_set_log_fn(context, log_from_libcxl);
	r = read_memdevs(out, context);
	return r < 0 ? r : read_regions(out, context);
}
