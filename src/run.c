/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The run: take hold of the machine, tick, give it back.
 *
 * A tick reads as the flow of data: choose -> measure -> aim -> snapshot ->
 * collect -> publish.
 * Ticks come once an aggregation interval, but not more often than every 50 ms:
 * profiles change more slowly than that.  Once a second the machine is looked at
 * for changes, and a pass over all processes begins, of which each tick does a piece.
 */
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
#include "base/util.h"
#include "commands.h"
#include "daemon.h"
#include "doctor.h"
#include "latencies.h"
#include "output.h"
#include "publish.h"
#include "report.h"
#include "server.h"
#include "state.h"

#define MIN_TICK_NS (50 * NSEC_PER_MSEC)
#define SCAN_NS NSEC_PER_SEC
/* A commit ends the aggregation under way: ranges that move are no reason for many. */
#define TARGETS_NS NSEC_PER_SEC
/* For so long a tick looks where the memory of processes is, and one with new processes. */
#define LOOK_NS NSEC_PER_MSEC
#define FIRST_LOOK_NS (5 * NSEC_PER_MSEC)
/* A tick looks at as many processes as this much CPU time allows, but at some: many take turns. */
#define PROCESSES_CPU_NS NSEC_PER_MSEC
#define LEAST_TURN 8
#define CHOOSE_CPU_NS (4 * NSEC_PER_MSEC) /* what a tick spends on who is to be managed */
#define USE_NS (10 * NSEC_PER_SEC)	  /* after so long it is known what a process uses */
#define LEAST_FILES 128			  /* with few CPUs it has some 45 open */
#define STALE_TICKS 3  /* a heartbeat older than this makes the scheduler ignore profiles */
#define MAX_RESTARTS 5 /* in a row, each within RESTART_WINDOW_NS of the last */
#define RESTART_WINDOW_NS (2 * NSEC_PER_SEC)

static uint64_t now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

/* Taking hold.  Each returns -1 to go on, or an exit status after saying why. */

/*
 * The scheduler's programs and maps are a file each, counters two for each thread of the managed
 * processes: more than a shell's soft limit may allow.  Short of files the kernel only says that
 * something is invalid.
 */
static int allow_files(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files))
		return -1;
	if (files.rlim_max < LEAST_FILES) {
		log_error("open files: the limit is %llu, and this needs %d; raise it (ulimit -n, "
			  "or LimitNOFILE= of the service)",
			  (unsigned long long)files.rlim_max, LEAST_FILES);
		return TS_EXIT_LACKING;
	}
	files.rlim_cur = files.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &files))
		log_debug("cannot raise the limit of open files: %m");
	return -1;
}

static int check_pids(const struct options *o)
{
	for (size_t i = 0; i < o->nr_pids; i++) {
		struct proc_stat p;

		if (proc_stat_read(&p, o->pids[i]) < 0) {
			log_error("pid: there is no process %d", o->pids[i]);
			return TS_EXIT_USAGE;
		}
		if (p.kernel_thread) {
			log_error("pid: %d (%s) is a kernel thread; it has no memory of its own",
				  p.pid, p.comm);
			return TS_EXIT_USAGE;
		}
		if (p.state == 'Z' && p.nr_threads < 2) {
			log_error("pid: %d (%s) has ended; only its parent still knows of it",
				  p.pid, p.comm);
			return TS_EXIT_USAGE;
		}
	}
	return -1;
}

static int check_bandwidths(const struct daemon *d)
{
	for (size_t i = 0; i < d->options->nr_bandwidths; i++) {
		int at = topology_find(d->topology, (int)d->options->bandwidths[i].node);

		if (at < 0 || !d->topology->nodes[at].mem_bytes) {
			log_error("bandwidth: node %u is not online or has no memory; see "
				  "cxl-tiersched topology",
				  d->options->bandwidths[i].node);
			return TS_EXIT_USAGE;
		}
	}
	return -1;
}

/* Topology, its dense form, and its counters; the counters that are open stay so. */
static int read_machine(struct daemon *d)
{
	struct topology_options options = {.cxl_nodes = &d->options->cxl_nodes};
	struct metrics *metrics;
	int r = topology_read(&d->topology, &options);

	if (r == -EINVAL)
		return TS_EXIT_USAGE; /* said by topology_read() */
	if (r == -ENOENT) {
		log_error("the kernel shows no NUMA nodes; boot one with CONFIG_NUMA=y");
		return TS_EXIT_LACKING;
	}
	/* once measured they are kept: a change of the machine is no time to measure again */
	if (!r && !latencies_recall(d->topology) && d->options->calibrate && !d->damon)
		(void)latencies_measure(d->topology);
	if (!r)
		r = machine_new(&d->machine, d->topology);
	if (r == -E2BIG)
		return TS_EXIT_LACKING;
	if (!r)
		r = metrics_new(&metrics, d->topology, d->options->bandwidths,
				d->options->nr_bandwidths, d->metrics);
	if (!r) {
		metrics_free(d->metrics);
		d->metrics = metrics;
	}
	if (r < 0) {
		log_error("cannot read the topology: %s", strerror(-r));
		return TS_EXIT_FAILED;
	}
	return -1;
}

static int open_damon(struct daemon *d)
{
	struct damon_options options = {
		.journal = STATE_DAMON_JOURNAL,
		.aggregation_us = d->options->damon_interval_ns / NSEC_PER_USEC,
		.samples = (uint32_t)d->options->damon_samples,
		.auto_intervals = d->options->damon_auto,
		.keep_stat = d->options->keep_damon,
		.by_ranges = extent_is_supported(),
	};
	int r = damon_recover(NULL, STATE_DAMON_JOURNAL);

	if (r > 0)
		log_info("put back what an earlier run left in DAMON");
	else if (r < 0)
		log_warning("cannot put back what an earlier run left in DAMON: %s", strerror(-r));
	r = damon_open(&d->damon, &options);
	if (r == DAMON_E_BUSY) {
		log_error("DAMON is in use by %s; stop it, then start cxl-tiersched again",
			  damon_holder());
		return TS_EXIT_FAILED;
	}
	if (r > 0) {
		log_error("%s", damon_strerror(r));
		return r == DAMON_E_PERMISSION ? TS_EXIT_FAILED : TS_EXIT_LACKING;
	}
	if (r == -EOPNOTSUPP && d->options->damon_auto) {
		log_error("this kernel's DAMON cannot tune intervals; leave out --damon-auto, or "
			  "boot Linux 6.15 or later");
		return TS_EXIT_LACKING;
	}
	if (r < 0) {
		log_error("cannot use DAMON: %s", strerror(-r));
		return TS_EXIT_FAILED;
	}
	return -1;
}

/*
 * There is one sched_ext scheduler at a time; this is told before anything is changed.  One of
 * ours, whose daemon the lock knows no more, is just being taken down by the kernel.
 */
static int check_no_other(const struct daemon *d)
{
	char current[128];

	sched_current(current, sizeof(current), NULL);
	if (d->options->observe || !current[0] || !strncmp(current, "tiersched", 9))
		return -1;
	log_error("the sched_ext scheduler '%s' is running; stop it first", current);
	return TS_EXIT_FAILED;
}

static int attach(struct daemon *d)
{
	int r;

	if (d->options->observe)
		return -1;
	r = sched_attach(&d->sched, d->options, d->machine, STALE_TICKS * d->tick_ns);
	if (!r)
		return -1;
	if (r != -EBUSY || check_no_other(d) < 0)
		log_error("the kernel does not take the scheduler: %s; run with -v for the "
			  "verifier's words",
			  strerror(-r));
	return TS_EXIT_FAILED;
}

static int begin_set(struct managed_set *set, const struct daemon *d, const struct machine *m)
{
	return managed_init(set, m, d->options->max_processes, extent_is_supported());
}

static int open_server(struct daemon *d)
{
	struct server_options options = {
		.path = STATE_STATUS_SOCKET,
		.path_all = STATE_STATUS_ALL_SOCKET,
		.group = d->options->status_group,
		.period_ns = MIN(d->tick_ns, NSEC_PER_SEC),
	};
	int r = server_open(&d->server, &options);

	if (r < 0)
		log_error("cannot open the status sockets in %s: %s", TS_STATEDIR, strerror(-r));
	return r < 0 ? TS_EXIT_FAILED : -1;
}

static int take_hold(struct daemon *d, int *lock)
{
	pid_t holder;
	int status;

	if (geteuid() != 0) {
		log_error("this needs root; try 'sudo cxl-tiersched'");
		return TS_EXIT_FAILED;
	}
	status = check_pids(d->options);
	if (status < 0)
		status = allow_files();
	if (status >= 0)
		return status;
	if (doctor_refuse(d->options))
		return TS_EXIT_LACKING;
	*lock = state_lock(TS_STATEDIR, &holder);
	if (*lock == -EBUSY && holder)
		log_error("another cxl-tiersched is running (pid %d)", holder);
	else if (*lock == -EBUSY)
		log_error("another cxl-tiersched is running");
	else if (*lock == -EPERM)
		log_error("%s is not a directory that root alone can write; remove it: rm -r %s",
			  TS_STATEDIR, TS_STATEDIR);
	else if (*lock < 0)
		log_error("cannot take the lock in %s: %s", TS_STATEDIR, strerror(-*lock));
	if (*lock < 0)
		return TS_EXIT_FAILED;
	status = read_machine(d);
	if (status < 0)
		status = check_bandwidths(d);
	if (status < 0)
		status = check_no_other(d);
	if (status < 0)
		status = open_damon(d);
	if (status < 0)
		status = attach(d);
	if (status >= 0)
		return status;
	if (chooser_new(&d->chooser, d->options) < 0 || begin_set(&d->set, d, d->machine) < 0) {
		log_error("cannot start: %m");
		return TS_EXIT_FAILED;
	}
	return open_server(d);
}

static void let_go(struct daemon *d, int lock)
{
	server_close(d->server);
	if (d->sched) {
		sched_detach(d->sched);
		log_info("the kernel's own scheduler has all tasks again");
	}
	damon_close(d->damon);
	managed_deinit(&d->set);
	chooser_free(d->chooser);
	metrics_free(d->metrics);
	machine_free(d->machine);
	topology_free(d->topology);
	close_fd(&lock);
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
	(void)attach(d);
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
	same = read_machine(d) < 0 && same_shape(old, d->machine);
	if (!d->machine || (!same && begin_set(&set, d, d->machine) < 0)) {
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

		if (item->last_ns && now - item->since_ns >= USE_NS)
			chooser_tell_used(d->chooser, &item->choice,
					  model_profile(item->model)->working_set_bytes);
	}
}

/*
 * A piece of the pass over all processes that goes on all the time.  1 when the pass is over,
 * 0 when it is not, or -errno.  *CHANGED: there are others to manage than before.
 */
static int choose(struct daemon *d, uint64_t now, bool *changed)
{
	const struct choice *chosen;
	size_t nr;
	int r;

	r = chooser_step(d->chooser, now, CHOOSE_CPU_NS, &chosen, &nr);
	if (r <= 0)
		return r;
	r = managed_update(&d->set, chosen, nr, d->sched, now, changed);
	return r < 0 ? r : 1;
}

/*
 * Tell DAMON which processes to monitor and where their memory is: at once when there are
 * others than before, else once a second at most.
 */
static void aim(struct daemon *d, uint64_t now, bool others)
{
	uint64_t until = now_ns() + (others ? FIRST_LOOK_NS : LOOK_NS);
	int r;

	d->retarget |= managed_look(&d->set, now, until) || others;
	if (!d->retarget || (!others && now - d->targets_ns < TARGETS_NS))
		return;
	d->targets_ns = now;
	r = damon_set_targets(d->damon, d->set.targets, d->set.nr);
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
	sched_memory_is_short(d->sched, percent >= d->options->tune.memory_pressure);
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
	machine_take_metrics(d->machine, d->metrics, &d->options->tune);
}

static int publish(struct daemon *d, uint64_t now)
{
	int error, r;

	if (!d->sched)
		return 0;
	error = publish_machine(d->sched, d->machine);
	for (size_t i = 0; i < d->set.nr; i++) {
		struct managed *item = &d->set.items[i];

		/* changed since: it was looked at, a rule has come, or the scheduler is a new one */
		if (!item->last_ns || item->gone ||
		    (item->last_ns != now && item->published.generation &&
		     item->published.class == item->choice.class))
			continue;
		r = publish_profile(d->sched, item->choice.proc.pid, model_profile(item->model),
				    item->choice.class, now, &item->published);
		error = error < 0 ? error : MIN(r, 0);
	}
	sched_beat(d->sched, now);
	return error;
}

/* By what the last NR processes cost. */
static void pace(struct daemon *d, size_t nr, uint64_t cpu_ns)
{
	uint64_t each_ns = nr ? cpu_ns / nr : d->process_cpu_ns;

	d->process_cpu_ns = d->process_cpu_ns ? (7 * d->process_cpu_ns + each_ns) / 8 : each_ns;
	d->turn = MAX(PROCESSES_CPU_NS / MAX(d->process_cpu_ns, UINT64_C(1)), (uint64_t)LEAST_TURN);
}

/* Take snapshots in, and out to the scheduler. */
static void follow_processes(struct daemon *d)
{
	uint64_t cpu_before = clock_ns(CLOCK_PROCESS_CPUTIME_ID), now;
	const struct damon_snapshot *snapshots;
	size_t nr;
	int r = damon_snapshot(d->damon, d->turn, &snapshots, &nr);

	/* nothing ready, or the kernel's DAMON lock is taken: the next tick will do */
	trouble_report(&d->troubles, TROUBLE_SNAPSHOTS, r == -EAGAIN || r == -EBUSY ? 0 : r, NULL);
	now = now_ns();
	if (!r)
		managed_collect(&d->set, snapshots, nr, d->sched, &d->model_options, now);
	else
		nr = 0;
	trouble_report(&d->troubles, TROUBLE_PUBLISH, publish(d, now), NULL);
	pace(d, nr, clock_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu_before);
}

/* Once a second. */
static void look_around(struct daemon *d, uint64_t now)
{
	trouble_report(&d->troubles, TROUBLE_TOPOLOGY, follow_topology(d), "it is changing");
	tell_used(d, now);
	watch_memory(d);
	metrics_scan(d->metrics, d->topology, now);
	count_hits(d, now);
}

static void tick(struct daemon *d)
{
	uint64_t now = now_ns(), cpu_before = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	bool others = false;
	int r;

	if (!d->scan_ns || now - d->scan_ns >= SCAN_NS) {
		d->scan_ns = now;
		look_around(d, now);
	}
	r = choose(d, now, &others);
	if (r)
		trouble_report(&d->troubles, TROUBLE_PROCESSES, r, NULL);
	measure(d, now);
	aim(d, now, others);
	follow_processes(d);
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
	json_object *report = report_build(d, NULL, now);

	if (d->options->json)
		printf("%s\n",
		       json_object_to_json_string_ext(
			       report, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	else {
		report_print(report);
		putchar('\n');
	}
	json_object_put(report);
	return output_flush();
}

/* A server_text. */
static char *report_text(void *arg, const uid_t *reader)
{
	json_object *report = report_build(arg, reader, now_ns());
	char *text = strdup(json_object_to_json_string_ext(
		report, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));

	json_object_put(report);
	return text;
}

static int open_timer(uint64_t period_ns)
{
	struct timespec period = {(time_t)(period_ns / NSEC_PER_SEC),
				  (long)(period_ns % NSEC_PER_SEC)};
	struct itimerspec spec = {.it_interval = period, .it_value = period};
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	if (fd >= 0)
		timerfd_settime(fd, 0, &spec, NULL);
	return fd;
}

static int open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
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
		log_error("cannot make a timer: %m");
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

int cmd_run(const struct options *o)
{
	struct daemon d = {
		.options = o,
		.model_options = MODEL_OPTIONS_DEFAULT,
		.tick_ns = MAX(o->damon_interval_ns, MIN_TICK_NS),
		.turn = LEAST_TURN,
	};
	_cleanup_close_ int signals = open_signals();
	int lock = -1, status;

	/* the machine waits for its word: a late heartbeat costs every placement */
	if (setpriority(PRIO_PROCESS, 0, -10))
		log_debug("cannot raise the daemon's priority: %m");
	status = take_hold(&d, &lock);
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
	let_go(&d, lock);
	return status;
}
