/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Take hold of the machine, and give it back in reverse order.  Steps that can be refused without
 * leaving a trace come first.
 */
#include "daemon/hold.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#include "base/log.h"
#include "base/state.h"
#include "base/util.h"
#include "control/server.h"
#include "daemon/balancing.h"
#include "daemon/doctor.h"
#include "daemon/tiering.h"
#include "numa/topology.h"

#define LEAST_FILES 128 /* with few CPUs some 45 are open */
#define STALE_TICKS 3	/* a heartbeat older than this makes the scheduler ignore profiles */

/*
 * Each program and map of the scheduler is an open file.  Counters are two files for each thread
 * of the managed processes.  That may be more than the soft limit of a shell.  With too few files
 * the kernel only says that something is invalid.
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
	for (size_t i = 0; i < o->choose.nr_pids; i++) {
		struct proc_memory memory;
		struct proc_stat p;

		if (proc_stat_read(&p, o->choose.pids[i]) < 0 ||
		    proc_memory_read(&memory, o->choose.pids[i]) < 0) {
			log_error("pid: there is no process %d", o->choose.pids[i]);
			return TS_EXIT_USAGE;
		}
		if (memory.tgid != p.pid) {
			log_error("pid: %d (%s) is a thread; name its process, %d", p.pid, p.comm,
				  memory.tgid);
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

/* Topology, its dense form, and its counters.  Counters that are open stay open. */
int hold_read_machine(struct daemon *d)
{
	struct topology_options options = {.cxl_nodes = &d->options->cxl_nodes};
	struct metrics *metrics;
	int r = topology_read(&d->topology, &options);

	if (r == -EINVAL)
		return TS_EXIT_USAGE; /* topology_read() has said why */
	if (r == -ENOENT) {
		log_error("the kernel shows no NUMA nodes; boot one with CONFIG_NUMA=y");
		return TS_EXIT_LACKING;
	}
	/* they are kept once measured: do not measure again when the machine changes */
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
 * There is one sched_ext scheduler at a time.  Say so before anything is changed.  If it is one of
 * ours and its daemon has lost the lock, the kernel is just taking it down.
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

int hold_attach(struct daemon *d)
{
	int r;

	if (d->options->observe)
		return -1;
	r = sched_load(&d->sched, &d->options->sched, d->machine, STALE_TICKS * d->tick_ns);
	if (!r)
		r = publish_machine(d->sched, d->machine);
	if (!r)
		r = sched_attach(d->sched);
	if (!r)
		return -1;
	sched_free(d->sched);
	d->sched = NULL;
	if (r != -EBUSY || check_no_other(d) < 0)
		log_error("the kernel does not take the scheduler: %s; run with -v for the "
			  "verifier's words",
			  strerror(-r));
	return TS_EXIT_FAILED;
}

int hold_new_set(struct managed_set *set, const struct daemon *d)
{
	return managed_init(set, d->machine, d->options->choose.max_processes,
			    extent_is_supported());
}

int hold_new_tiering(struct tiering **out, const struct daemon *d)
{
	const struct options *o = d->options;
	const struct tiering_options options = {
		.moves = d->tier == TIER_ON,
		.move = {.max_bytes_per_s = o->tier_bytes_per_s,
			 .max_cpu_percent = (uint32_t)o->tier_cpu_percent,
			 .max_pressure_percent = o->sched.tune.memory_pressure},
	};
	int r;

	*out = NULL;
	if (d->tier == TIER_OFF)
		return 0;
	r = tiering_new(out, d->machine, o->choose.max_processes, &options);
	if (!r || r == -ENOMEM)
		return r;
	/* whose pages may be moved is not known, so none is */
	log_warning("no page is planned for or moved: this kernel does not tell of policies of "
		    "memory: %s",
		    strerror(-r));
	return 0;
}

/* Does the kernel move no pages itself while we are attached?  See daemon/balancing.h. */
static bool balancing_rests(const struct options *o)
{
	return !o->observe && !o->sched.partial;
}

/* Whoever takes a service away replaces it. */
static void settle_tier(struct daemon *d)
{
	const struct options *o = d->options;
	uint64_t mode;
	int r = balancing_put_back(STATE_BALANCING, NULL);

	if (r > 0)
		log_info("put back kernel.numa_balancing, which an earlier run had switched off");
	else if (r < 0)
		log_warning("cannot put back kernel.numa_balancing: %s", strerror(-r));
	d->balancing = balancing_read(&mode, NULL) < 0 ? -1 : (int)mode;
	d->tier = o->tier;
	if (o->tier == TIER_AUTO)
		d->tier = balancing_rests(o) && d->balancing > 0 ? TIER_ON : TIER_ADVISE;
}

/* Two that move the same pages work against each other. */
static void replace_balancing(const struct daemon *d)
{
	int r;

	if (d->tier != TIER_ON || !d->tiering || d->balancing <= 0)
		return;
	if (balancing_rests(d->options)) {
		log_info("kernel.numa_balancing is %d, and moves no pages while this runs: this "
			 "moves them (--tier)",
			 d->balancing);
		return;
	}
	r = balancing_switch_off(STATE_BALANCING, NULL);
	if (r < 0)
		log_warning("cannot switch off kernel.numa_balancing, which moves the same pages: "
			    "%s",
			    strerror(-r));
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

int hold_take(struct daemon *d, int *lock)
{
	pid_t holder;
	int status, r;

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
	status = hold_read_machine(d);
	if (status < 0)
		status = check_bandwidths(d);
	if (status < 0)
		status = check_no_other(d);
	if (status < 0)
		status = open_damon(d);
	if (status >= 0)
		return status;
	settle_tier(d);
	status = hold_attach(d);
	if (status >= 0)
		return status;
	r = chooser_new(&d->chooser, &d->options->choose);
	if (!r)
		r = hold_new_set(&d->set, d);
	if (!r)
		r = hold_new_tiering(&d->tiering, d);
	if (r < 0) {
		log_error("cannot start: %s", strerror(-r));
		return TS_EXIT_FAILED;
	}
	replace_balancing(d);
	return open_server(d);
}

void hold_let_go(struct daemon *d, int lock)
{
	server_close(d->server);
	if (d->sched) {
		sched_free(d->sched);
		log_info("the kernel's own scheduler has all tasks again");
	}
	damon_close(d->damon);
	tiering_free(d->tiering);
	if (lock >= 0 && balancing_put_back(STATE_BALANCING, NULL) < 0)
		log_warning("kernel.numa_balancing is not put back; the next start tries again");
	managed_deinit(&d->set);
	chooser_free(d->chooser);
	metrics_free(d->metrics);
	machine_free(d->machine);
	topology_free(d->topology);
	close_fd(&lock);
}
