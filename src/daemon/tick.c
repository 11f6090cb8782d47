/* SPDX-License-Identifier: GPL-2.0 */
/* The steps of a tick.  What fails is reported as trouble, and the run goes on. */
#include "daemon/tick.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/util.h"
#include "daemon/follow.h"
#include "daemon/tiering.h"

#define SCAN_NS NSEC_PER_SEC
/*
 * A commit ends the aggregation under way and tells DAMON of every process anew.  So there must
 * not be many, even where ranges move or processes come and go.  They take at most 2 % of a CPU.
 */
#define TARGETS_NS NSEC_PER_SEC
#define LONGEST_TARGETS_NS (10 * NSEC_PER_SEC)
#define PAUSE_A_TARGETS_COST 49
/* For how long a tick looks where memory is: any tick, and one with new processes. */
#define LOOK_NS NSEC_PER_MSEC
#define FIRST_LOOK_NS (5 * NSEC_PER_MSEC)
/* A tick looks at the processes that this much CPU time allows, at some in any case, in turns. */
#define PROCESSES_CPU_NS NSEC_PER_MSEC
#define LEAST_TURN 8
/*
 * Choosing processes takes a twenty-fifth of the time.  With half of that a new process waited for
 * twice as long where a pass is expensive, and was placed too late.  What is not used is saved, up
 * to this much.  So most passes are done in one tick.
 */
#define CHOOSE_PART 25
#define CHOOSE_CPU_NS (20 * NSEC_PER_MSEC)
#define USE_NS (10 * NSEC_PER_SEC) /* after this it is known what a process uses */

static uint64_t now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

/* A process that has been watched for a while and uses no memory gives way to others. */
static void tell_used(struct daemon *d, uint64_t now)
{
	for (size_t i = 0; i < d->set.nr; i++) {
		const struct managed *item = &d->set.items[i];

		if (item->sample.last.now_ns && now - item->since_ns >= USE_NS)
			chooser_tell_used(d->chooser, &item->choice,
					  model_profile(item->model)->working_set_bytes);
	}
}

/* Do a piece of the pass over all processes, which never stops.  True: others were chosen. */
static bool choose(struct daemon *d, uint64_t now)
{
	uint64_t cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	const struct choice *chosen;
	bool others = false;
	size_t nr;
	int r;

	d->choose_ns = MIN(d->choose_ns + d->tick_ns / CHOOSE_PART, CHOOSE_CPU_NS);
	r = chooser_step(d->chooser, now, d->choose_ns, &chosen, &nr);
	d->choose_ns -= MIN(clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu_ns, d->choose_ns);
	if (!r)
		return false; /* the pass is not over */
	if (r > 0)
		r = managed_update(&d->set, chosen, nr, d->sched, now, &others);
	if (!r)
		r = chooser_error(d->chooser);
	trouble_report(&d->troubles, TROUBLE_PROCESSES, r, NULL);
	return others;
}

/* When it has changed, tell DAMON which processes to monitor and where their memory is. */
static void aim(struct daemon *d, uint64_t now, bool others)
{
	uint64_t until = now_ns() + (others ? FIRST_LOOK_NS : LOOK_NS), cpu_ns;
	int r;

	d->retarget |= managed_look(&d->set, now, until) || others;
	if (!d->retarget || now < d->targets_ns)
		return;
	cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	r = damon_set_targets(d->damon, d->set.targets, d->set.nr);
	cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu_ns;
	d->targets_ns =
		now + MIN(MAX(TARGETS_NS, PAUSE_A_TARGETS_COST * cpu_ns), LONGEST_TARGETS_NS);
	d->retarget = r != 0;
	log_debug("DAMON monitors %zu processes%s", d->set.nr, d->retarget ? ", not all yet" : "");
	/* it is no trouble that some processes died too quickly: the others are monitored */
	if (r == -EAGAIN)
		r = 0;
	if (r == DAMON_E_BUSY)
		trouble_report(&d->troubles, TROUBLE_TARGETS, -EBUSY, damon_holder());
	else
		trouble_report(&d->troubles, TROUBLE_TARGETS, r, NULL);
}

/* Where the kernel counts no pressure, none is assumed. */
static void watch_memory(struct daemon *d)
{
	double percent = 0;

	if (!d->sched)
		return;
	(void)proc_memory_pressure(&percent);
	sched_memory_is_short(d->sched, percent >= d->options->sched.tune.memory_pressure);
}

/* The heat of all profiles as of the last tick, for metrics_simulate(). */
static double heat_mbps(size_t node, const void *arg)
{
	const struct daemon *d = arg;
	double bytes = 0;

	for (size_t i = 0; i < d->set.nr; i++) {
		const struct model_profile *f = model_profile(d->set.items[i].model);

		bytes += (double)f->heat_bytes * f->heat_permille[node] / 1000;
	}
	return bytes / 1e6 / ((double)d->options->damon_interval_ns / 1e9);
}

static void count_hits(struct daemon *d, uint64_t now)
{
	int r = d->options->process_hits ? managed_count_hits(&d->set, now) : 0;

	if (r < 0 && !d->told_of_no_hits)
		log_warning("counters of last-level caches: %s; hit rates of processes are unknown",
			    strerror(-r));
	d->told_of_no_hits |= r < 0;
}

static void measure(struct daemon *d, uint64_t now)
{
	metrics_update(d->metrics, now);
	if (d->options->simulate)
		metrics_simulate(d->metrics, heat_mbps, d, d->options->simulate_seed, now);
	machine_take_metrics(d->machine, d->metrics, &d->options->sched.tune);
}

/* The first error, or 0. */
static int publish_changes(struct daemon *d)
{
	uint64_t now = d->sample_ns;
	int error = publish_machine(d->sched, d->machine), r;

	for (size_t i = 0; i < d->set.nr; i++) {
		struct managed *item = &d->set.items[i];

		/* go on for a new sample, a rule that has come, or a new scheduler */
		if (!item->sample.last.now_ns || item->gone ||
		    (item->sample.last.now_ns != now && item->published.generation &&
		     item->published.class == item->choice.class))
			continue;
		r = publish_profile(d->sched, item->choice.proc.pid, model_profile(item->model),
				    item->choice.class, now, &item->published);
		error = error < 0 ? error : MIN(r, 0);
	}
	sched_beat(d->sched, now);
	return error;
}

static void publish(struct daemon *d)
{
	trouble_report(&d->troubles, TROUBLE_PUBLISH, d->sched ? publish_changes(d) : 0, NULL);
}

static void plan(struct daemon *d)
{
	trouble_report(&d->troubles, TROUBLE_TIER,
		       d->tiering ? tiering_plan(d->tiering, &d->set, now_ns()) : 0, NULL);
}

/* Sets `turn` by what the last NR processes cost. */
static void pace(struct daemon *d, size_t nr, uint64_t cpu_ns)
{
	uint64_t each_ns = nr ? cpu_ns / nr : d->process_cpu_ns;

	d->process_cpu_ns = d->process_cpu_ns ? (7 * d->process_cpu_ns + each_ns) / 8 : each_ns;
	d->turn = MAX(PROCESSES_CPU_NS / MAX(d->process_cpu_ns, UINT64_C(1)), (uint64_t)LEAST_TURN);
}

/* Make samples of what DAMON saw.  Returns for how many processes. */
static size_t collect_samples(struct daemon *d)
{
	const struct damon_snapshot *snapshots;
	size_t nr;
	int r = damon_snapshot(d->damon, MAX(d->turn, (size_t)LEAST_TURN), &snapshots, &nr);

	/* nothing is ready, or the kernel's DAMON lock is taken: the next tick will do */
	trouble_report(&d->troubles, TROUBLE_SNAPSHOTS, r == -EAGAIN || r == -EBUSY ? 0 : r, NULL);
	d->sample_ns = now_ns();
	if (r)
		return 0;
	managed_collect(&d->set, snapshots, nr, d->sched, d->sample_ns);
	return nr;
}

/* Once a second. */
static void look_around(struct daemon *d, uint64_t now)
{
	if (d->scan_ns && now - d->scan_ns < SCAN_NS)
		return;
	d->scan_ns = now;
	trouble_report(&d->troubles, TROUBLE_TOPOLOGY, follow_topology(d), "it is changing");
	tell_used(d, now);
	watch_memory(d);
	metrics_scan(d->metrics, d->topology, now);
	count_hits(d, now);
}

void tick(struct daemon *d)
{
	uint64_t now = now_ns(), cpu_before = clock_ns(CLOCK_THREAD_CPUTIME_ID), processes_cpu;
	bool others;
	size_t nr;

	look_around(d, now);
	others = choose(d, now);
	measure(d, now);
	aim(d, now, others);
	processes_cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	nr = collect_samples(d);
	managed_model(&d->set, &d->model_options, d->sample_ns);
	plan(d);
	publish(d);
	pace(d, nr, clock_ns(CLOCK_THREAD_CPUTIME_ID) - processes_cpu);
	d->nr_ticks++;
	d->ticks_cpu_ns += clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu_before;
}
