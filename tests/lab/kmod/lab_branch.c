// SPDX-License-Identifier: GPL-2.0
/*
 * Switches a static branch that all other CPUs run through, TOGGLES times while it is
 * loaded: what lab_int3 has to mend, as often as one likes.
 */
#include <linux/cpumask.h>
#include <linux/jump_label.h>
#include <linux/kthread.h>
#include <linux/module.h>

static DEFINE_STATIC_KEY_FALSE(key);
static unsigned long toggles = 1000;
module_param(toggles, ulong, 0444);

static int run_through(void *counts)
{
	unsigned long *count = counts;

	while (!kthread_should_stop()) {
		for (int i = 0; i < 1000; i++) {
			if (static_branch_unlikely(&key))
				count[1]++;
			else
				count[0]++;
		}
		cond_resched();
	}
	return 0;
}

static int __init start(void)
{
	static unsigned long counts[NR_CPUS][2];
	static struct task_struct *threads[NR_CPUS];
	unsigned int cpu;

	for_each_online_cpu(cpu) {
		if (cpu == raw_smp_processor_id())
			continue;
		threads[cpu] =
			kthread_create_on_cpu(run_through, counts[cpu], cpu, "lab_branch/%u");
		if (IS_ERR(threads[cpu]))
			threads[cpu] = NULL;
		else
			wake_up_process(threads[cpu]);
	}
	for (unsigned long i = 0; i < toggles; i++) {
		if (i % 2)
			static_branch_disable(&key);
		else
			static_branch_enable(&key);
		cond_resched();
	}
	for_each_possible_cpu(cpu)
		if (threads[cpu])
			kthread_stop(threads[cpu]);
	return 0;
}

static void __exit end(void)
{
}

module_init(start);
module_exit(end);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("A static branch that is switched often, for the lab's tests");
