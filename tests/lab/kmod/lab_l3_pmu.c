// SPDX-License-Identifier: GPL-2.0
/*
 * AMD's L3 performance monitoring unit without hardware, for tests: one cache for
 * each node, with the files of the kernel's own driver (arch/x86/events/amd/uncore.c)
 * and two of its events, fills from memory of the same node that were timed (0xad)
 * and their time in tens of ns (0xac), with umask 0x01 for DRAM and 0x10 for CXL.
 *
 *   latency_ns         what a fill from CXL memory takes at node 0, node 1, ...
 *   fills_per_s        how many are timed, at each
 *   dram_latency_ns    the same of fills from DRAM
 *   dram_fills_per_s
 */
#include <linux/cpumask.h>
#include <linux/device.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/topology.h>

#include "lab_pmu.h"

#define MAX_NODES 8
#define EVENT_TIME 0xac
#define EVENT_FILLS 0xad
#define UMASK_DRAM_NEAR 0x01
#define UMASK_CXL_NEAR 0x10
#define WHOLE_CACHE (3ULL << 56 | 3ULL << 48 | 1ULL << 47 | 1ULL << 46)

static unsigned int latency_ns[MAX_NODES] = {[0 ... MAX_NODES - 1] = 250};
static unsigned int fills_per_s[MAX_NODES] = {[0 ... MAX_NODES - 1] = 100000};
static unsigned int dram_latency_ns[MAX_NODES] = {[0 ... MAX_NODES - 1] = 80};
static unsigned int dram_fills_per_s[MAX_NODES];

static u64 reading(struct perf_event *event)
{
	return ktime_get_ns();
}

/* By today's rates: a changed one counts from the next look on. */
static u64 counted(struct perf_event *event, u64 before, u64 now)
{
	int node = cpu_to_node(event->cpu) % MAX_NODES;
	bool dram = (event->attr.config >> 8 & 0xff) == UMASK_DRAM_NEAR;
	u64 rate = READ_ONCE((dram ? dram_fills_per_s : fills_per_s)[node]);
	u64 fills = div_u64((now - before) * rate, NSEC_PER_SEC);

	return (event->attr.config & 0xff) == EVENT_FILLS
		       ? fills
		       : fills * READ_ONCE((dram ? dram_latency_ns : latency_ns)[node]) / 10;
}

static int event_init(struct perf_event *event)
{
	u64 config = event->attr.config, number = config & 0xff;

	if (event->attr.type != event->pmu->type)
		return -ENOENT;
	if (is_sampling_event(event) || event->attach_state & PERF_ATTACH_TASK)
		return -EOPNOTSUPP;
	if (event->cpu < 0 || (number != EVENT_TIME && number != EVENT_FILLS) ||
	    (config != (WHOLE_CACHE | UMASK_CXL_NEAR << 8 | number) &&
	     config != (WHOLE_CACHE | UMASK_DRAM_NEAR << 8 | number)))
		return -EINVAL;
	return 0;
}

PMU_FORMAT_ATTR(event, "config:0-7");
PMU_FORMAT_ATTR(umask, "config:8-15");
PMU_FORMAT_ATTR(coreid, "config:42-44");
PMU_FORMAT_ATTR(enallslices, "config:46");
PMU_FORMAT_ATTR(enallcores, "config:47");
PMU_FORMAT_ATTR(sliceid, "config:48-50");
PMU_FORMAT_ATTR(threadmask, "config:56-57");

static struct attribute *format_attrs[] = {
	&format_attr_event.attr,      &format_attr_umask.attr,
	&format_attr_coreid.attr,     &format_attr_enallslices.attr,
	&format_attr_enallcores.attr, &format_attr_sliceid.attr,
	&format_attr_threadmask.attr, NULL,
};

/* The first CPU of each node. */
static ssize_t cpumask_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	int node, length = 0;

	for_each_node_with_cpus(node)
		length += sysfs_emit_at(buf, length, "%s%u", length ? "," : "",
					cpumask_first(cpumask_of_node(node)));
	return length + sysfs_emit_at(buf, length, "\n");
}
static DEVICE_ATTR_RO(cpumask);

static struct attribute *cpumask_attrs[] = {&dev_attr_cpumask.attr, NULL};

static const struct attribute_group format_group = {.name = "format", .attrs = format_attrs};
static const struct attribute_group cpumask_group = {.attrs = cpumask_attrs};
static const struct attribute_group *groups[] = {&format_group, &cpumask_group, NULL};

static struct pmu unit = {
	.module = THIS_MODULE,
	.task_ctx_nr = perf_invalid_context,
	.capabilities = PERF_PMU_CAP_NO_EXCLUDE | PERF_PMU_CAP_NO_INTERRUPT,
	.attr_groups = groups,
	.event_init = event_init,
	.add = event_add,
	.del = event_del,
	.start = event_start,
	.stop = event_stop,
	.read = event_update,
};

module_param_array(latency_ns, uint, NULL, 0644);
module_param_array(fills_per_s, uint, NULL, 0644);
module_param_array(dram_latency_ns, uint, NULL, 0644);
module_param_array(dram_fills_per_s, uint, NULL, 0644);

static int __init start(void)
{
	return perf_pmu_register(&unit, "amd_l3", -1);
}

static void __exit end(void)
{
	perf_pmu_unregister(&unit);
}

module_init(start);
module_exit(end);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("AMD L3 PMU without hardware, for the lab's tests");
