// SPDX-License-Identifier: GPL-2.0
/*
 * A CXL performance monitoring unit without a device, for tests: the files of the
 * kernel's own driver (drivers/perf/cxl_pmu.c) with counters that go up at rates
 * set by parameters.  QEMU emulates no such unit.
 *
 *   read_mbps, write_mbps   what passes over the link, MB/s (10^6 bytes), 64 bytes
 *                           a request; half of it by each of the two events
 *   stopped                 Y: all counters stand still, the clock too
 *   read_bytes              sets what reads have counted: 0 is a wrap, much is a jump
 *   counters                hardware counters; with fewer than events these take turns
 *   present                 N: the units go, from under open counters; Y: they are there
 *   device                  the memdev they are of
 *   units                   how many, at load: what passes is spread over them
 */
#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/device.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/spinlock.h>

#include "lab_pmu.h"

#define VENDOR_CXL 0x1e98
#define TICK_BYTES_PER_US 64000 /* a tick counts as 64 bytes: 1 GHz */

enum flow { TICKS, READS, WRITES, NR_FLOWS };

static DEFINE_RAW_SPINLOCK(lock);
static u64 since_ns; /* up to when bytes[] are counted */
static u64 bytes[NR_FLOWS];
static u64 bytes_per_us[NR_FLOWS] = {[TICKS] = TICK_BYTES_PER_US};
static bool stopped;
static unsigned int counters = 8;
static atomic_t used = ATOMIC_INIT(0);
static bool present = true;
static char *device = "mem0";
static unsigned int units = 1;

/* Under the lock. */
static void settle(void)
{
	u64 now = ktime_get_ns();

	for (int i = 0; i < NR_FLOWS && !stopped; i++)
		bytes[i] += bytes_per_us[i] * (now - since_ns) / 1000;
	since_ns = now;
}

/* --- events --- */

static u16 vendor_of(u64 config)
{
	return config >> 48;
}

static u16 group_of(u64 config)
{
	return config >> 32;
}

static u32 mask_of(u64 config)
{
	return config;
}

static bool is_known(u64 config)
{
	if (vendor_of(config) != VENDOR_CXL || !mask_of(config))
		return false;
	switch (group_of(config)) {
	case 0x00:
		return mask_of(config) == 0x01;
	case 0x20:
	case 0x21:
		return !(mask_of(config) & ~0x06);
	}
	return false;
}

static u64 count_of(u64 config)
{
	enum flow flow = group_of(config) == 0x00   ? TICKS
			 : group_of(config) == 0x20 ? READS
						    : WRITES;
	unsigned long flags;
	u64 count;

	raw_spin_lock_irqsave(&lock, flags);
	settle();
	count = bytes[flow] / 64;
	raw_spin_unlock_irqrestore(&lock, flags);
	return flow == TICKS ? count : count * hweight32(mask_of(config)) / 2 / units;
}

static u64 reading(struct perf_event *event)
{
	return count_of(event->attr.config);
}

static u64 counted(struct perf_event *event, u64 before, u64 now)
{
	return now - before;
}

static int take_counter(struct perf_event *event, int flags)
{
	if (atomic_inc_return(&used) > READ_ONCE(counters)) {
		atomic_dec(&used);
		return -EAGAIN;
	}
	return event_add(event, flags);
}

static void leave_counter(struct perf_event *event, int flags)
{
	event_del(event, flags);
	atomic_dec(&used);
}

static int event_init(struct perf_event *event)
{
	if (event->attr.type != event->pmu->type)
		return -ENOENT;
	if (is_sampling_event(event) || event->attach_state & PERF_ATTACH_TASK)
		return -EOPNOTSUPP;
	if (event->cpu < 0 || !is_known(event->attr.config))
		return -EINVAL;
	event->cpu = 0;
	return 0;
}

/* --- files --- */

PMU_FORMAT_ATTR(mask, "config:0-31");
PMU_FORMAT_ATTR(gid, "config:32-47");
PMU_FORMAT_ATTR(vid, "config:48-63");
PMU_FORMAT_ATTR(threshold, "config1:0-15");
PMU_FORMAT_ATTR(invert, "config1:16");
PMU_FORMAT_ATTR(edge, "config1:17");

static struct attribute *format_attrs[] = {
	&format_attr_mask.attr,
	&format_attr_gid.attr,
	&format_attr_vid.attr,
	&format_attr_threshold.attr,
	&format_attr_invert.attr,
	&format_attr_edge.attr,
	NULL,
};

PMU_EVENT_ATTR_STRING(clock_ticks, ticks_attr, "config=0x1e98000000000001");
PMU_EVENT_ATTR_STRING(m2s_req_memrd, memrd_attr, "config=0x1e98002000000002");
PMU_EVENT_ATTR_STRING(m2s_req_memrddata, memrddata_attr, "config=0x1e98002000000004");
PMU_EVENT_ATTR_STRING(m2s_rwd_memwr, memwr_attr, "config=0x1e98002100000002");
PMU_EVENT_ATTR_STRING(m2s_rwd_memwrptl, memwrptl_attr, "config=0x1e98002100000004");

static struct attribute *event_attrs[] = {
	&ticks_attr.attr.attr, &memrd_attr.attr.attr,	 &memrddata_attr.attr.attr,
	&memwr_attr.attr.attr, &memwrptl_attr.attr.attr, NULL,
};

static ssize_t cpumask_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%*pbl\n", cpumask_pr_args(cpumask_of(0)));
}
static DEVICE_ATTR_RO(cpumask);

static struct attribute *cpumask_attrs[] = {&dev_attr_cpumask.attr, NULL};

static const struct attribute_group format_group = {.name = "format", .attrs = format_attrs};
static const struct attribute_group event_group = {.name = "events", .attrs = event_attrs};
static const struct attribute_group cpumask_group = {.attrs = cpumask_attrs};
static const struct attribute_group *groups[] = {&format_group, &event_group, &cpumask_group, NULL};

/* --- coming and going --- */

#define MAX_UNITS 8

static struct pmu pmus[MAX_UNITS];
static char names[MAX_UNITS][32];
static unsigned int registered;

static void go(void)
{
	while (registered)
		perf_pmu_unregister(&pmus[--registered]);
}

static int come(void)
{
	while (registered < units) {
		int r;

		pmus[registered] = (struct pmu){
			.module = THIS_MODULE,
			.task_ctx_nr = perf_invalid_context,
			.capabilities = PERF_PMU_CAP_NO_EXCLUDE | PERF_PMU_CAP_NO_INTERRUPT,
			.attr_groups = groups,
			.event_init = event_init,
			.add = take_counter,
			.del = leave_counter,
			.start = event_start,
			.stop = event_stop,
			.read = event_update,
		};
		snprintf(names[registered], sizeof(names[0]), "cxl_pmu_%s.%u", device, registered);
		r = perf_pmu_register(&pmus[registered], names[registered], -1);
		if (r) {
			go();
			return r;
		}
		registered++;
	}
	return 0;
}

/* --- parameters; the kernel sets one at a time --- */

static int set_u64(const char *text, const struct kernel_param *kp)
{
	unsigned long flags;
	u64 value;
	int r = kstrtou64(text, 0, &value);

	if (r)
		return r;
	raw_spin_lock_irqsave(&lock, flags);
	settle();
	*(u64 *)kp->arg = value;
	raw_spin_unlock_irqrestore(&lock, flags);
	return 0;
}

static int get_u64(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%llu\n", *(u64 *)kp->arg);
}

static int set_stopped(const char *text, const struct kernel_param *kp)
{
	unsigned long flags;
	bool value;
	int r = kstrtobool(text, &value);

	if (r)
		return r;
	raw_spin_lock_irqsave(&lock, flags);
	settle();
	stopped = value;
	raw_spin_unlock_irqrestore(&lock, flags);
	return 0;
}

static bool started; /* parameters of insmod are set before init */

static int set_present(const char *text, const struct kernel_param *kp)
{
	int r = param_set_bool(text, kp);

	if (r || !started || present == (registered > 0))
		return r;
	if (present)
		return come();
	go();
	return 0;
}

static const struct kernel_param_ops u64_ops = {.set = set_u64, .get = get_u64};
static const struct kernel_param_ops stopped_ops = {.set = set_stopped, .get = param_get_bool};
static const struct kernel_param_ops present_ops = {.set = set_present, .get = param_get_bool};

module_param_cb(read_mbps, &u64_ops, &bytes_per_us[READS], 0644);
module_param_cb(write_mbps, &u64_ops, &bytes_per_us[WRITES], 0644);
module_param_cb(read_bytes, &u64_ops, &bytes[READS], 0644);
module_param_cb(stopped, &stopped_ops, &stopped, 0644);
module_param_cb(present, &present_ops, &present, 0644);
module_param(counters, uint, 0644);
module_param(device, charp, 0444);
module_param(units, uint, 0444);

static int __init start(void)
{
	if (!units || units > MAX_UNITS)
		return -EINVAL;
	since_ns = ktime_get_ns();
	started = true;
	return present ? come() : 0;
}

static void __exit end(void)
{
	go();
}

module_init(start);
module_exit(end);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("CXL PMU without a device, for the lab's tests");
