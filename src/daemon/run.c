/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The run: take hold of the machine (hold.h), tick, give it back.
 *
 * A tick reads as the flow of data: look around -> choose -> measure -> aim -> collect ->
 * model -> publish.
 * Ticks come once an aggregation interval, but not more often than every 50 ms:
 * profiles change more slowly than that.  Once a second the machine is looked at
 * for changes, and a pass over all processes begins, of which each tick does a piece.
 */
#include "daemon/run.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/output.h"
#include "base/util.h"
#include "control/server.h"
#include "daemon/daemon.h"
#include "daemon/doctor.h"
#include "daemon/document.h"
#include "daemon/hold.h"
#include "report/text.h"
#include "sched/publish.h"

#define MIN_TICK_NS (50 * NSEC_PER_MSEC)
#define SCAN_NS NSEC_PER_SEC
/*
 * A commit ends the aggregation under way, and tells DAMON of every process anew: neither ranges
 * that move nor processes that come and go are a reason for many.  They take 2 % of a CPU at most.
 */
#define TARGETS_NS NSEC_PER_SEC
#define LONGEST_TARGETS_NS (10 * NSEC_PER_SEC)
#define PAUSE_A_TARGETS_COST 49
/* For so long a tick looks where the memory of processes is, and one with new processes. */
#define LOOK_NS NSEC_PER_MSEC
#define FIRST_LOOK_NS (5 * NSEC_PER_MSEC)
/* A tick looks at as many processes as this much CPU time allows, but at some: many take turns. */
#define PROCESSES_CPU_NS NSEC_PER_MSEC
#define LEAST_TURN 8
#define CHOOSE_CPU_NS NSEC_PER_MSEC /* what a tick spends on who is to be managed */
#define USE_NS (10 * NSEC_PER_SEC)  /* after so long it is known what a process uses */
#define MAX_RESTARTS 5 /* in a row, each within RESTART_WINDOW_NS of the last */
#define RESTART_WINDOW_NS (2 * NSEC_PER_SEC)

static uint64_t now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

/* The steps of a tick.  What fails is reported as trouble, and the run goes on. */

static bool same_shape(const struct machine *a, const struct machine *b)
{
	return a->nr_cpu_nodes == b->nr_cpu_nodes && a->nr_mem_nodes == b->nr_mem_nodes &&
	       !memcmp(a->cpu_node_ids, b->cpu_node_ids,
		       a->nr_cpu_nodes * sizeof(*a->cpu_node_ids)) &&
	       !memcmp(a->mem_node_ids, b->mem_node_ids,
		       a->nr_mem_nodes * sizeof(*a->mem_node_ids));
}

/*
 * A scheduler attached to the new machine takes over profiles with the next tick.
 * Without one the kernel's own schedules, and watch_scheduler() tries again.
 */
static void reattach(struct daemon *d)
{
	if (d->options->observe)
		return;
	sched_detach(d->sched);
	d->sched = NULL;
	for (size_t i = 0; i < d->set.nr; i++)
		d->set.items[i].published = (struct ts_profile){0};
	d->nr_restarts++;
	d->restart_ns = now_ns();
	(void)hold_attach(d);
}

/*
 * Nodes or CPUs came or went.  While the nodes are the same the new figures
 * take the old one's place; else models and scheduler begin anew.
 */
static int follow_topology(struct daemon *d)
{
	struct topology *old_topology = d->topology;
	struct machine *old = d->machine;
	struct managed_set set = {0};
	bool same;

	if (!topology_changed(d->topology, NULL))
		return 0;
	d->topology = NULL;
	d->machine = NULL;
	same = hold_read_machine(d) < 0 && same_shape(old, d->machine);
	if (!d->machine || (!same && hold_new_set(&set, d) < 0)) {
		/* half-way through a change, or short of memory: keep the old and look again */
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
	managed_deinit(&d->set);
	d->set = set;
	machine_free(old);
	reattach(d);
	return 0;
}

/* Who has been watched for a while and uses no memory gives way to others. */
static void tell_used(struct daemon *d, uint64_t now)
{
	for (size_t i = 0; i < d->set.nr; i++) {
		const struct managed *item = &d->set.items[i];

		if (item->sample.last.now_ns && now - item->since_ns >= USE_NS)
			chooser_tell_used(d->chooser, &item->choice,
					  model_profile(item->model)->working_set_bytes);
	}
}

/* A piece of the pass over all processes that goes on all the time. */
static void choose(struct daemon *d, uint64_t now)
{
	const struct choice *chosen;
	size_t nr;
	int r = chooser_step(d->chooser, now, CHOOSE_CPU_NS, &chosen, &nr);

	d->others = false;
	if (!r)
		return; /* the pass is not over */
	if (r > 0)
		r = managed_update(&d->set, chosen, nr, d->sched, now, &d->others);
	if (!r)
		r = chooser_error(d->chooser);
	trouble_report(&d->troubles, TROUBLE_PROCESSES, r, NULL);
}

/* Tell DAMON which processes to monitor and where their memory is, when that has changed. */
static void aim(struct daemon *d, uint64_t now)
{
	uint64_t until = now_ns() + (d->others ? FIRST_LOOK_NS : LOOK_NS), cpu_ns;
	int r;

	d->retarget |= managed_look(&d->set, now, until) || d->others;
	if (!d->retarget || now < d->targets_ns)
		return;
	cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	r = damon_set_targets(d->damon, d->set.targets, d->set.nr);
	cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu_ns;
	d->targets_ns =
		now + MIN(MAX(TARGETS_NS, PAUSE_A_TARGETS_COST * cpu_ns), LONGEST_TARGETS_NS);
	d->retarget = r != 0;
	log_debug("DAMON monitors %zu processes%s", d->set.nr, d->retarget ? ", not all yet" : "");
	/* processes that die too quickly for it are no trouble: the others are monitored */
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

/* Of all profiles as of the last tick; for metrics_simulate(). */
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

static void publish(struct daemon *d)
{
	uint64_t now = d->sample_ns;
	int error, r;

	error = d->sched ? publish_machine(d->sched, d->machine) : 0;
	for (size_t i = 0; d->sched && i < d->set.nr; i++) {
		struct managed *item = &d->set.items[i];

		/* changed since: it was looked at, a rule has come, or the scheduler is a new one */
		if (!item->sample.last.now_ns || item->gone ||
		    (item->sample.last.now_ns != now && item->published.generation &&
		     item->published.class == item->choice.class))
			continue;
		r = publish_profile(d->sched, item->choice.proc.pid, model_profile(item->model),
				    item->choice.class, now, &item->published);
		error = error < 0 ? error : MIN(r, 0);
	}
	if (d->sched)
		sched_beat(d->sched, now);
	trouble_report(&d->troubles, TROUBLE_PUBLISH, error, NULL);
}

/* By what the last NR processes cost. */
static void pace(struct daemon *d, size_t nr, uint64_t cpu_ns)
{
	uint64_t each_ns = nr ? cpu_ns / nr : d->process_cpu_ns;

	d->process_cpu_ns = d->process_cpu_ns ? (7 * d->process_cpu_ns + each_ns) / 8 : each_ns;
	d->turn = MAX(PROCESSES_CPU_NS / MAX(d->process_cpu_ns, UINT64_C(1)), (uint64_t)LEAST_TURN);
}

/* Make samples of what DAMON saw.  Returns of how many processes. */
static size_t collect_samples(struct daemon *d)
{
	const struct damon_snapshot *snapshots;
	size_t nr;
	int r = damon_snapshot(d->damon, d->turn, &snapshots, &nr);

	/* nothing ready, or the kernel's DAMON lock is taken: the next tick will do */
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

static void tick(struct daemon *d)
{
	uint64_t now = now_ns(), cpu_before = clock_ns(CLOCK_PROCESS_CPUTIME_ID), processes_cpu;
	size_t nr;

	look_around(d, now);
	choose(d, now);
	measure(d, now);
	aim(d, now);
	processes_cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	nr = collect_samples(d);
	managed_model(&d->set, &d->model_options, d->sample_ns);
	publish(d);
	pace(d, nr, clock_ns(CLOCK_PROCESS_CPUTIME_ID) - processes_cpu);
	d->nr_ticks++;
	d->ticks_cpu_ns += clock_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu_before;
}

/* An attempt to attach anew has failed, as it may while a machine changes: make some more. */
static int try_again(struct daemon *d, uint64_t now)
{
	if (now - d->restart_ns < SCAN_NS)
		return -1;
	if (d->nr_restarts >= MAX_RESTARTS) {
		log_error("the scheduler could not be attached again: leaving");
		return TS_EXIT_FAILED;
	}
	reattach(d);
	return -1;
}

/* Has the kernel let the scheduler go?  -1 to go on, else an exit status. */
static int watch_scheduler(struct daemon *d)
{
	struct sched_exit out;
	uint64_t now = now_ns();

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

/* 0, or -EIO after saying that nobody gets them. */
static int print_stats(const struct daemon *d, uint64_t now)
{
	json_object *report = document_build(d, NULL, now);

	if (d->options->json)
		printf("%s\n",
		       json_object_to_json_string_ext(
			       report, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	else {
		text_print(report);
		putchar('\n');
	}
	json_object_put(report);
	return output_flush();
}

/* A server_text. */
static char *report_text(void *arg, const uid_t *reader)
{
	json_object *report = document_build(arg, reader, now_ns());
	char *text = strdup(json_object_to_json_string_ext(
		report, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));

	json_object_put(report);
	return text;
}

/* A descriptor, or -errno. */
static int open_timer(uint64_t period_ns)
{
	struct timespec period = {(time_t)(period_ns / NSEC_PER_SEC),
				  (long)(period_ns % NSEC_PER_SEC)};
	struct itimerspec spec = {.it_interval = period, .it_value = period};
	_cleanup_close_ int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	if (fd < 0 || timerfd_settime(fd, 0, &spec, NULL))
		return -errno;
	return take_fd(&fd);
}

/* A descriptor, or -errno: then the signals are not held back either. */
static int open_signals(void)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return -errno;
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	return fd;
}

/* Does a signal that has come end the run? */
static bool is_to_stop(int signals)
{
	struct signalfd_siginfo info;

	if (read(signals, &info, sizeof(info)) != sizeof(info))
		return false;
	if (info.ssi_signo != SIGHUP)
		return true;
	log_info("SIGHUP changes nothing: options are read at the start; restart for new ones");
	return false;
}

static int loop(struct daemon *d, int signals)
{
	_cleanup_close_ int timer = open_timer(d->tick_ns);
	struct pollfd fds[2 + SERVER_DOORS] = {
		{.fd = signals, .events = POLLIN},
		{.fd = timer, .events = POLLIN},
	};
	const struct timespec pause = {(time_t)(d->tick_ns / NSEC_PER_SEC),
				       (long)(d->tick_ns % NSEC_PER_SEC)};
	uint64_t expirations, now;
	int status, timeout_ms, r;

	if (timer < 0) {
		log_error("cannot make a timer: %s", strerror(-timer));
		return TS_EXIT_FAILED;
	}

	for (;;) {
		tick(d);
		status = watch_scheduler(d);
		if (status >= 0)
			return status;
		now = now_ns();
		if (d->options->stats_ns && now - d->stats_ns >= d->options->stats_ns) {
			d->stats_ns = now;
			if (print_stats(d, now) < 0)
				return TS_EXIT_FAILED;
		}
		if (d->options->duration_ns && now - d->start_ns >= d->options->duration_ns)
			return TS_EXIT_OK;
		do {
			timeout_ms = server_wait(d->server, now_ns(), fds + 2);
			r = poll(fds, ARRAY_SIZE(fds), timeout_ms) < 0 && errno != EINTR ? -errno
											 : 0;
			trouble_report(&d->troubles, TROUBLE_LOOP, r, NULL);
			if (r < 0) {
				nanosleep(&pause, NULL);
				break;
			}
			if (fds[0].revents && is_to_stop(signals))
				return TS_EXIT_OK;
			server_answer(d->server, fds + 2, report_text, d, now_ns());
		} while (!fds[1].revents);
		(void)!read(timer, &expirations, sizeof(expirations));
	}
}

int daemon_run(const struct options *o)
{
	struct daemon d = {
		.options = o,
		.model_options = MODEL_OPTIONS_DEFAULT,
		.tick_ns = MAX(o->damon_interval_ns, MIN_TICK_NS),
		.turn = LEAST_TURN,
	};
	_cleanup_close_ int signals = open_signals();
	int lock = -1, status;

	if (signals < 0) {
		log_error("cannot take signals: %s", strerror(-signals));
		return TS_EXIT_FAILED;
	}
	/* the machine waits for its word: a late heartbeat costs every placement */
	if (setpriority(PRIO_PROCESS, 0, -10))
		log_debug("cannot raise the daemon's priority: %m");
	status = hold_take(&d, &lock);
	if (status < 0) {
		/* times and costs count from here: loading is done once */
		d.start_ns = d.stats_ns = now_ns();
		d.start_cpu_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
		doctor_warn(o);
		if (o->simulate)
			log_warning("the load of CXL memory without counters is simulated: made up "
				    "figures, no measurement");
		log_info("%s; DAMON every %llu ms; stop with Ctrl-C",
			 o->observe ? "observing" : "scheduling",
			 (unsigned long long)(o->damon_interval_ns / NSEC_PER_MSEC));
		status = loop(&d, signals);
	}
	hold_let_go(&d, lock);
	return status;
}
