/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The run: take hold of the machine (hold.h), tick (tick.h), follow what changes (follow.h), give
 * the machine back.  There is a tick in each aggregation interval, but at most one in 50 ms:
 * profiles change more slowly than that.
 */
#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>

#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/output.h"
#include "base/util.h"
#include "control/server.h"
#include "daemon/daemon.h"
#include "daemon/doctor.h"
#include "daemon/document.h"
#include "daemon/follow.h"
#include "daemon/hold.h"
#include "daemon/options.h"
#include "daemon/tick.h"
#include "report/report.h"

#define MIN_TICK_NS (50 * NSEC_PER_MSEC)
/* sd-event may be late by this much.  If nothing is set, it may be late by 250 ms. */
#define TIMER_SLACK_US 1
/* Larger blocks go back to the kernel when freed.  If this is not set, glibc raises it. */
#define MMAP_THRESHOLD (128 << 10)

static uint64_t now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

/* In one line.  REPORT owns it. */
static const char *as_json(json_object *report)
{
	return json_object_to_json_string_ext(report, JSON_C_TO_STRING_PLAIN |
							      JSON_C_TO_STRING_NOSLASHESCAPE);
}

/* 0, or -EIO after logging that nobody gets them. */
static int print_stats(const struct daemon *d, uint64_t now)
{
	json_object *report = document_build(d, NULL, now);

	if (d->options->json)
		printf("%s\n", as_json(report));
	else {
		(void)text_print(report, NULL); /* it has logged why not; the run goes on */
		putchar('\n');
	}
	json_object_put(report);
	return output_flush();
}

/* A server_text. */
static char *report_text(void *arg, const uid_t *reader)
{
	json_object *report = document_build(arg, reader, now_ns());
	char *text = strdup(as_json(report));

	json_object_put(report);
	return text;
}

/* What the event loop calls: the tick first, then those who wait at the sockets. */
struct run {
	struct daemon *d;
	sd_event *event;
	uint64_t next_us; /* when the next tick is due, CLOCK_MONOTONIC */
	sd_event_source *tick;
	sd_event_source *doors[SERVER_DOORS];
	sd_event_source *pause; /* fires when a door opens again */
	bool unwatched;		/* the doors could not be watched: the next tick tries again */
};

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *user)
{
	struct run *run = user;

	if (info->ssi_signo != SIGHUP)
		return sd_event_exit(run->event, TS_EXIT_OK);
	log_info("SIGHUP changes nothing: options are read at the start; restart for new ones");
	return 0;
}

/* -1 to go on, else the exit status. */
static int tick_and_follow(struct daemon *d)
{
	int status;
	uint64_t now;

	tick(d);
	status = follow_scheduler(d);
	if (status >= 0)
		return status;
	now = now_ns();
	if (d->options->stats_ns && now - d->stats_ns >= d->options->stats_ns) {
		d->stats_ns = now;
		if (print_stats(d, now) < 0)
			return TS_EXIT_FAILED;
	}
	return d->options->duration_ns && now - d->start_ns >= d->options->duration_ns ? TS_EXIT_OK
										       : -1;
}

/* Wait at the doors that are open, and for the next door to open. */
static int try_to_watch(struct run *run)
{
	struct pollfd fds[SERVER_DOORS];
	uint64_t now = now_ns();
	int timeout_ms = server_wait(run->d->server, now, fds), r = 0;

	for (size_t i = 0; !r && i < SERVER_DOORS; i++)
		r = MIN(sd_event_source_set_enabled(run->doors[i],
						    fds[i].fd >= 0 ? SD_EVENT_ON : SD_EVENT_OFF),
			0);
	if (r < 0 || timeout_ms < 0)
		return r;
	r = sd_event_source_set_time(run->pause, now / NSEC_PER_USEC + (uint64_t)timeout_ms * 1000);
	return r < 0 ? r : sd_event_source_set_enabled(run->pause, SD_EVENT_ONESHOT);
}

static void watch_doors(struct run *run)
{
	run->unwatched = try_to_watch(run) < 0;
}

static int on_pause_over(sd_event_source *source, uint64_t due_us, void *user)
{
	watch_doors(user);
	return 0;
}

static int on_client(sd_event_source *source, int fd, uint32_t events, void *user)
{
	struct run *run = user;
	struct pollfd fds[SERVER_DOORS] = {0};

	for (size_t i = 0; i < SERVER_DOORS; i++)
		fds[i].revents = run->doors[i] == source ? POLLIN : 0;
	server_answer(run->d->server, fds, report_text, run->d, now_ns());
	watch_doors(run);
	return 0;
}

/* Ticks that were missed are not made up for. */
static int on_tick(sd_event_source *source, uint64_t due_us, void *user)
{
	struct run *run = user;
	uint64_t period_us = run->d->tick_ns / NSEC_PER_USEC, now_us;
	int status = tick_and_follow(run->d), r;

	if (status >= 0)
		return sd_event_exit(run->event, status);
	if (run->unwatched)
		watch_doors(run);
	now_us = now_ns() / NSEC_PER_USEC;
	run->next_us += period_us;
	if (run->next_us <= now_us)
		run->next_us = now_us + period_us - (now_us - run->next_us) % period_us;
	r = sd_event_source_set_time(source, run->next_us);
	return r < 0 ? r : sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int add_tick(struct run *run)
{
	int r;

	run->next_us = now_ns() / NSEC_PER_USEC;
	r = sd_event_add_time(run->event, &run->tick, CLOCK_MONOTONIC, run->next_us, TIMER_SLACK_US,
			      on_tick, run);
	if (r < 0)
		return r;
	/* without ticks the run would go on blind */
	r = sd_event_source_set_exit_on_failure(run->tick, true);
	return r < 0 ? r : sd_event_source_set_priority(run->tick, SD_EVENT_PRIORITY_IMPORTANT);
}

/* Block signals from now on, so that one that comes during the start ends the run in order. */
static int add_signals(struct run *run)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	sigset_t set;
	int r = 0;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		sigaddset(&set, signals[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(signals); i++)
		r = sd_event_add_signal(run->event, NULL, signals[i], on_signal, run);
	return MIN(r, 0);
}

static int add_server(struct run *run)
{
	struct pollfd fds[SERVER_DOORS];
	int r;

	(void)server_wait(run->d->server, now_ns(), fds);
	r = sd_event_add_time(run->event, &run->pause, CLOCK_MONOTONIC, UINT64_MAX, TIMER_SLACK_US,
			      on_pause_over, run);
	for (size_t i = 0; r >= 0 && i < SERVER_DOORS; i++)
		r = sd_event_add_io(run->event, &run->doors[i], fds[i].fd, EPOLLIN, on_client, run);
	return MIN(r, 0);
}

static void forget(struct run *run)
{
	for (size_t i = 0; i < SERVER_DOORS; i++)
		sd_event_source_unref(run->doors[i]);
	sd_event_source_unref(run->pause);
	sd_event_source_unref(run->tick);
	sd_event_unref(run->event);
}

/* Goes on whatever happens.  Trouble of the tick itself is reported elsewhere. */
static int loop(struct run *run)
{
	const struct timespec pause = {(time_t)(run->d->tick_ns / NSEC_PER_SEC),
				       (long)(run->d->tick_ns % NSEC_PER_SEC)};
	int status = TS_EXIT_FAILED, r;

	r = add_tick(run);
	if (r >= 0)
		r = add_server(run);
	if (r < 0) {
		log_error("cannot wait for ticks and clients: %s", strerror(-r));
		return TS_EXIT_FAILED;
	}
	(void)sd_notify(0, "READY=1");
	while (sd_event_get_state(run->event) != SD_EVENT_FINISHED) {
		r = sd_event_run(run->event, UINT64_MAX);
		trouble_report(&run->d->troubles, TROUBLE_LOOP, MIN(r, 0), NULL);
		if (r < 0)
			nanosleep(&pause, NULL);
	}
	(void)sd_notify(0, "STOPPING=1");
	(void)sd_event_get_exit_code(run->event, &status);
	if (status < 0)
		log_error("cannot wait for the next tick: %s", strerror(-status));
	return status < 0 ? TS_EXIT_FAILED : status;
}

int daemon_run(const struct options *o)
{
	struct daemon d = {
		.options = o,
		.model_options = MODEL_OPTIONS_DEFAULT,
		.tick_ns = MAX(o->damon_interval_ns, MIN_TICK_NS),
	};
	struct run run = {.d = &d};
	int lock = -1, status, r;

	(void)mallopt(M_MMAP_THRESHOLD, MMAP_THRESHOLD);
	r = sd_event_new(&run.event);
	if (r >= 0)
		r = add_signals(&run);
	if (r < 0) {
		log_error("cannot take signals: %s", strerror(-r));
		sd_event_unref(run.event);
		return TS_EXIT_FAILED;
	}
	/* the scheduler relies on the daemon: a late heartbeat costs every placement */
	if (setpriority(PRIO_PROCESS, 0, -10))
		log_debug("cannot raise the daemon's priority: %m");
	status = hold_take(&d, &lock);
	if (status < 0) {
		/* loading took much memory that is not needed again */
		malloc_trim(0);
		/* times and costs count from here, because loading is done once */
		d.start_ns = d.stats_ns = now_ns();
		d.start_cpu_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
		doctor_warn(o);
		if (o->simulate)
			log_warning("the load of CXL memory without counters is simulated: made up "
				    "figures, no measurement");
		log_info("%s; DAMON every %llu ms; stop with Ctrl-C",
			 o->observe ? "observing" : "scheduling",
			 (unsigned long long)(o->damon_interval_ns / NSEC_PER_MSEC));
		status = loop(&run);
	}
	forget(&run);
	hold_let_go(&d, lock);
	return status;
}
