/* SPDX-License-Identifier: GPL-2.0 */
/*
 * HMAT, as in Documentation/admin-guide/mm/numaperf.rst.  Access class 0 has the nearest initiator
 * of any kind, which may be a GPU.  Class 1 has the nearest CPUs.  The figures hold for the linked
 * initiators only.  Nothing is stated for others.
 */
#include "numa/hmat.h"

#include <errno.h>

#include "base/log.h"
#include "base/sysfs.h"
#include "numa/names.h"

static uint32_t read_figure(uint64_t max, const char *sysroot, const char *dir, const char *file)
{
	uint64_t value;
	int r = sysfs_read_u64(&value, sysroot, "%s/%s", dir, file);

	if (r == -ENOENT)
		return 0;
	if (r < 0 || value > max) {
		log_debug("%s/%s states no usable figure: taken as unknown", dir, file);
		return 0;
	}
	return (uint32_t)value;
}

uint32_t hmat_read_latency(const char *sysroot, const char *dir)
{
	return read_figure(HMAT_MAX_LATENCY_NS, sysroot, dir, "read_latency");
}

uint32_t hmat_read_bandwidth(const char *sysroot, const char *dir)
{
	return read_figure(UINT32_MAX, sysroot, dir, "read_bandwidth");
}

/* NR_LINKS also counts initiators without CPUs.  We do not use their figures. */
static int read_class(struct hmat *out, size_t *nr_links, const char *sysroot, unsigned int node,
		      int class, const struct idlist *cpu_nodes)
{
	_cleanup_names_ struct names names = NAMES_INIT;
	char dir[128];
	int r;

	snprintf(dir, sizeof(dir), "/sys/devices/system/node/node%u/access%d/initiators", node,
		 class);
	r = names_read(&names, "node", sysroot, "%s", dir);
	if (r < 0)
		return r;
	for (size_t i = 0; i < names.nr; i++) {
		int id = names_number(names.list[i], "node");

		if (id < 0 || !idlist_has(cpu_nodes, (unsigned int)id))
			continue;
		r = idlist_add(&out->initiators, (unsigned int)id);
		if (r < 0)
			return r;
	}
	*nr_links = names.nr;
	out->read_latency_ns = hmat_read_latency(sysroot, dir);
	out->read_bandwidth_mbps = hmat_read_bandwidth(sysroot, dir);
	return 0;
}

int hmat_read(struct hmat *out, const char *sysroot, unsigned int node,
	      const struct idlist *cpu_nodes)
{
	for (int access = 1; access >= 0; access--) {
		_cleanup_(hmat_deinit) struct hmat hmat = HMAT_INIT;
		size_t nr_links = 0;
		int r = read_class(&hmat, &nr_links, sysroot, node, access, cpu_nodes);

		if (r < 0)
			return r;
		/* figures without any link hold for the nearest CPUs, and these are not told */
		if (hmat.initiators.nr || (!nr_links && hmat.read_latency_ns)) {
			*out = hmat;
			hmat = (struct hmat)HMAT_INIT;
			return 0;
		}
	}
	*out = (struct hmat)HMAT_INIT;
	return 0;
}

void hmat_deinit(struct hmat *hmat)
{
	idlist_deinit(&hmat->initiators);
	*hmat = (struct hmat)HMAT_INIT;
}
