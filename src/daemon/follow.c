/* SPDX-License-Identifier: GPL-2.0 */
/* Following the machine and the scheduler. */
#include "daemon/follow.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/util.h"
#include "daemon/hold.h"
#include "daemon/tiering.h"

#define RETRY_NS NSEC_PER_SEC
#define MAX_RESTARTS 5 /* in a row, each within RESTART_WINDOW_NS of the last */
#define RESTART_WINDOW_NS (2 * NSEC_PER_SEC)

static bool same_shape(const struct machine *a, const struct machine *b)
{
	if (a->nr_cpu_nodes != b->nr_cpu_nodes || a->nr_mem_nodes != b->nr_mem_nodes)
		return false;
	for (size_t c = 0; c < a->nr_cpu_nodes; c++)
		if (a->cpu_nodes[c].id != b->cpu_nodes[c].id)
			return false;
	for (size_t n = 0; n < a->nr_mem_nodes; n++)
		if (a->memory[n].id != b->memory[n].id)
			return false;
	return true;
}

/*
 * A scheduler that is attached to the new machine gets its profiles with the next tick.  Where
 * that failed, the kernel's own scheduler is at work, and follow_scheduler() tries again.
 */
static void reattach(struct daemon *d)
{
	if (d->options->observe)
		return;
	sched_free(d->sched);
	d->sched = NULL;
	for (size_t i = 0; i < d->set.nr; i++)
		d->set.items[i].published = (struct ts_profile){0};
	d->nr_restarts++;
	d->restart_ns = clock_ns(CLOCK_MONOTONIC);
	(void)hold_attach(d);
}

int follow_topology(struct daemon *d)
{
	struct topology *old_topology = d->topology;
	struct machine *old = d->machine;
	struct managed_set set = {0};
	struct tiering *tiering = NULL;
	bool same;

	if (!topology_changed(d->topology, NULL))
		return 0;
	d->topology = NULL;
	d->machine = NULL;
	same = hold_read_machine(d) < 0 && same_shape(old, d->machine);
	if (!d->machine ||
	    (!same && (hold_new_set(&set, d) < 0 || hold_new_tiering(&tiering, d) < 0))) {
		/* the machine is changing, or memory is short: keep the old one and look again */
		managed_deinit(&set);
		machine_free(d->machine);
		topology_free(d->topology);
		d->topology = old_topology;
		d->machine = old;
		return -EAGAIN;
	}
	topology_free(old_topology);
	if (same) {
		d->set.machine = d->machine;
		machine_free(old);
		return 0;
	}
	log_info("the machine has changed: %zu CPU nodes, %zu memory nodes",
		 d->machine->nr_cpu_nodes, d->machine->nr_mem_nodes);
	tiering_free(d->tiering);
	d->tiering = tiering;
	managed_deinit(&d->set);
	d->set = set;
	machine_free(old);
	reattach(d);
	return 0;
}

/* An attempt to attach anew failed.  That happens while a machine changes, so try some more. */
static int try_again(struct daemon *d, uint64_t now)
{
	if (now - d->restart_ns < RETRY_NS)
		return -1;
	if (d->nr_restarts >= MAX_RESTARTS) {
		log_error("the scheduler could not be attached again: leaving");
		return TS_EXIT_FAILED;
	}
	reattach(d);
	return -1;
}

int follow_scheduler(struct daemon *d)
{
	struct sched_exit out;
	uint64_t now = clock_ns(CLOCK_MONOTONIC);

	if (d->options->observe)
		return -1;
	if (!d->sched)
		return try_again(d, now);
	sched_poll(d->sched, &out);
	if (out.what == SCHED_RUNNING)
		return -1;
	if (out.what == SCHED_RESTART) {
		d->nr_restarts = now - d->restart_ns < RESTART_WINDOW_NS ? d->nr_restarts : 0;
		d->restart_ns = now;
		if (d->nr_restarts < MAX_RESTARTS) {
			log_info("restarting the scheduler: %s",
				 out.message[0] ? out.message : out.reason);
			reattach(d);
			return -1;
		}
	}
	log_error("the kernel %s the scheduler: %s%s%s",
		  out.what == SCHED_EJECTED ? "ejected" : "let go of", out.reason,
		  out.message[0] ? ": " : "", out.message);
	return TS_EXIT_EJECTED;
}
