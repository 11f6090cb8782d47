// SPDX-License-Identifier: GPL-2.0
/*
 * Work for unbound kernel workers, and where they did it.
 *
 *   requests   a number written queues so much work, one piece after the other, from
 *              the writer's CPU; the write is over when all of it is done
 *   worker     thread id of the worker that did the last piece
 *   near       pieces done since the module was loaded on CPUs of the writer's node ...
 *   done       ... and in all
 */
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/sched.h>
#include <linux/topology.h>
#include <linux/workqueue.h>

static unsigned int near, done, worker;
static struct workqueue_struct *queue;
static int asked_at; /* node */

static void serve(struct work_struct *work)
{
	udelay(100);
	near += numa_node_id() == asked_at;
	done++;
	worker = current->pid;
}
static DECLARE_WORK(piece, serve);

static int set_requests(const char *text, const struct kernel_param *kp)
{
	unsigned int nr;
	int r = kstrtouint(text, 0, &nr);

	if (r)
		return r;
	if (!queue)
		return -EBUSY;
	while (nr--) {
		asked_at = numa_node_id();
		queue_work(queue, &piece);
		flush_work(&piece);
		usleep_range(500, 1000);
	}
	return 0;
}

static const struct kernel_param_ops requests_ops = {.set = set_requests};

module_param_cb(requests, &requests_ops, NULL, 0200);
module_param(near, uint, 0444);
module_param(done, uint, 0444);
module_param(worker, uint, 0444);

static int __init start(void)
{
	queue = alloc_workqueue("lab_work", WQ_UNBOUND, 0);
	return queue ? 0 : -ENOMEM;
}

static void __exit end(void)
{
	destroy_workqueue(queue);
}

module_init(start);
module_exit(end);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Work for unbound kernel workers, for the lab's tests");
