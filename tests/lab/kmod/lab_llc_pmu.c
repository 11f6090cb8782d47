// SPDX-License-Identifier: GPL-2.0
/*
 * CPU counters of last-level caches without hardware, for tests: QEMU emulates no
 * PMU, so that the kernel has none for its hardware events.  References go up at
 * a million a second on each CPU; of them miss what parameters say.  Or both are
 * those of the memory clock, which models such caches.
 *
 *   hit_permille   hits per thousand references on the CPUs of node 0, node 1, ...
 *   model          1: both as the memory clock's model has them (clock/magic.h)
 */
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/topology.h>

#include "lab_pmu.h"
#include "magic.h"

#define NS_PER_REFERENCE 1000
#define MAX_NODES 8
#define NO_CLOCK (~0ULL)

static unsigned int hit_permille[MAX_NODES] = {[0 ... MAX_NODES - 1] = 900};

static bool model;

/* What the clock of this machine has counted of this CPU.  NO_CLOCK: it has none. */
#define CLOCK_COUNT(magic)                                                                         \
	({                                                                                         \
		u64 count = NO_CLOCK;                                                              \
		asm volatile(CLOCK_NOP(magic) : "+a"(count));                                      \
		count;                                                                             \
	})

static u64 reading(struct perf_event *event)
{
	if (!model)
		return ktime_get_ns();
	return event->attr.config == PERF_COUNT_HW_CACHE_REFERENCES
		       ? CLOCK_COUNT(CLOCK_MAGIC_REFERENCES)
		       : CLOCK_COUNT(CLOCK_MAGIC_MISSES);
}

/* By today's rates: a changed one counts from the next look on. */
static u64 counted(struct perf_event *event, u64 before, u64 now)
{
	int node = cpu_to_node(event->oncpu < 0 ? event->cpu : event->oncpu);
	u64 references = (now - before) / NS_PER_REFERENCE;

	/* the clock was switched: it counts from 0 again */
	if (model)
		return now < before ? now : now - before;
	if (event->attr.config == PERF_COUNT_HW_CACHE_REFERENCES)
		return references;
	return references * (1000 - READ_ONCE(hit_permille[node % MAX_NODES])) / 1000;
}

static int event_init(struct perf_event *event)
{
	if (event->attr.type != PERF_TYPE_HARDWARE)
		return -ENOENT;
	if (event->attr.config != PERF_COUNT_HW_CACHE_REFERENCES &&
	    event->attr.config != PERF_COUNT_HW_CACHE_MISSES)
		return -ENOENT;
	return is_sampling_event(event) ? -EOPNOTSUPP : 0;
}

static struct pmu unit = {
	.module = THIS_MODULE,
	.task_ctx_nr = perf_hw_context,
	.capabilities = PERF_PMU_CAP_NO_EXCLUDE | PERF_PMU_CAP_NO_INTERRUPT,
	.event_init = event_init,
	.add = event_add,
	.del = event_del,
	.start = event_start,
	.stop = event_stop,
	.read = event_update,
};

module_param_array(hit_permille, uint, NULL, 0644);
module_param(model, bool, 0444);

/* The type of hardware events is that of the CPUs' own PMU: there is none here. */
static int __init start(void)
{
	if (model && CLOCK_COUNT(CLOCK_MAGIC_MISSES) == NO_CLOCK)
		return -ENODEV;
	return perf_pmu_register(&unit, "cpu", PERF_TYPE_RAW);
}

static void __exit end(void)
{
	perf_pmu_unregister(&unit);
}

module_init(start);
module_exit(end);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("last-level cache counters without hardware, for the lab's tests");
