/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The run: take hold of the machine (hold.h), tick (tick.h), follow what changes (follow.h), give
 * it back.  Ticks come once an aggregation interval, but not more often than every 50 ms: profiles
 * change more slowly than that.
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
#include "daemon/follow.h"
#include "daemon/hold.h"
#include "daemon/tick.h"
#include "report/text.h"

#define MIN_TICK_NS (50 * NSEC_PER_MSEC)

static uint64_t now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
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
		(void)text_print(report, NULL); /* it has said why not; the run goes on */
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
		status = follow_scheduler(d);
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
