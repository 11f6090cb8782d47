/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Drives a damon/ session from the command line, for the lab's tests.
 *
 *   damon-drive [OPTION...] WORD...
 *
 * The words are done in order; see the table at the end.  Results are lines of
 * JSON on stdout.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/parse.h"
#include "base/sysfs.h"
#include "base/util.h"
#include "damon/damon.h"
#include "damon/session/members.h"

static struct damon_options options = {.journal = "/run/damon-drive.journal",
				       .aggregation_us = 100000};
static struct damon *session;
/* Snapshots are taken this often. */
static double tick_s = 1;

static void die(const char *what, int r)
{
	fprintf(stderr, "damon-drive: %s: %s%s%s\n", what, damon_strerror(r),
		r == DAMON_E_BUSY ? ": " : "", r == DAMON_E_BUSY ? damon_holder() : "");
	exit(r == DAMON_E_BUSY ? 3 : 1);
}

static double clock_s(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void sleep_s(double seconds)
{
	struct timespec wait = {.tv_sec = (time_t)seconds};

	wait.tv_nsec = (long)((seconds - (double)wait.tv_sec) * 1e9);
	nanosleep(&wait, NULL);
}

static void need_session(void)
{
	int r = session ? 0 : damon_open(&session, &options);

	if (r)
		die("open", r);
}

static uint64_t start_time_of(pid_t pid)
{
	char text[1024];
	uint64_t start = 0;

	if (!sysfs_read(text, sizeof(text), NULL, "/proc/%d/stat", pid))
		target_parse_stat(&start, text);
	return start;
}

static void do_set(const char *list)
{
	static struct damon_target targets[4096];
	size_t nr = 0;
	char *end;
	int r;

	need_session();
	while (*list && nr < ARRAY_SIZE(targets)) {
		targets[nr].tgid = (pid_t)strtol(list, &end, 10);
		if (end == list)
			die("set", -EINVAL);
		targets[nr].start_time = start_time_of(targets[nr].tgid);
		nr++;
		list = *end ? end + 1 : end;
	}
	r = damon_set_targets(session, targets, nr);
	if (r)
		die("set", r);
}

static void do_wait(const char *seconds)
{
	sleep_s(atof(seconds));
}

static void do_kill(const char *pid)
{
	if (kill((pid_t)atoi(pid), SIGKILL))
		die("kill", -errno);
}

struct figures {
	double accessed, recent3, recent10, heat; /* bytes */
	size_t nr_regions;
	uint32_t max_seen;
};

static void add_figures(struct figures *f, const struct damon_snapshot *s)
{
	for (size_t i = 0; i < s->nr_regions; i++) {
		const struct damon_region *r = &s->regions[i];
		double size = (double)(r->end - r->start);

		f->accessed += r->nr_accesses ? size : 0;
		f->recent3 += r->nr_accesses || r->age < 3 ? size : 0;
		f->recent10 += r->nr_accesses || r->age < 10 ? size : 0;
		f->heat += size * r->nr_accesses / s->max_nr_accesses;
		f->max_seen = MAX(f->max_seen, r->nr_accesses);
	}
	f->nr_regions += s->nr_regions;
}

static int snapshot(const struct damon_snapshot **out, size_t *nr)
{
	int r = damon_snapshot(session, SIZE_MAX, out, nr);

	if (r && r != -EAGAIN)
		die("snapshot", r);
	return r;
}

static void print_figures(const struct damon_snapshot *s, const struct figures *f, double n)
{
	const double mb = 1024 * 1024;

	printf("{\"pid\": %d, \"regions\": %.0f, \"accessed_mb\": %.2f, \"recent3_mb\": %.2f, "
	       "\"recent10_mb\": %.2f, "
	       "\"heat_mb\": %.2f, \"max_seen\": %u, \"max\": %u, \"aggregation_us\": %" PRIu64
	       "}\n",
	       s->target.tgid, (double)f->nr_regions / n, f->accessed / n / mb, f->recent3 / n / mb,
	       f->recent10 / n / mb, f->heat / n / mb, f->max_seen, s->max_nr_accesses,
	       s->aggregation_us);
}

static void do_snap(const char *unused)
{
	const struct damon_snapshot *s;
	size_t nr = 0;
	int r;

	(void)unused;
	need_session();
	r = snapshot(&s, &nr);
	if (r || !nr)
		printf("{\"status\": %d, \"targets\": %zu}\n", r, nr);
	for (size_t i = 0; !r && i < nr; i++) {
		struct figures f = {0};

		add_figures(&f, &s[i]);
		print_figures(&s[i], &f, 1);
	}
}

static void do_regions(const char *unused)
{
	const struct damon_snapshot *s;
	size_t nr;

	(void)unused;
	if (snapshot(&s, &nr))
		return;
	for (size_t i = 0; i < nr; i++)
		for (size_t k = 0; k < s[i].nr_regions; k++)
			printf("%d %" PRIx64 "-%" PRIx64 " %" PRIu64 "K %u %u\n", s[i].target.tgid,
			       s[i].regions[k].start, s[i].regions[k].end,
			       (s[i].regions[k].end - s[i].regions[k].start) / 1024,
			       s[i].regions[k].nr_accesses, s[i].regions[k].age);
}

/* The mean of a snapshot each tick over SECONDS, and what they and the kdamond cost. */
static void do_watch(const char *seconds)
{
	static struct figures figures[4096];
	static struct damon_snapshot last[4096];
	double end = clock_s(CLOCK_MONOTONIC) + atof(seconds), cpu = 0, wall = 0, longest = 0;
	size_t nr_snapshots = 0, nr_again = 0, nr_targets = 0;

	need_session();
	memset(figures, 0, sizeof(figures));
	while (clock_s(CLOCK_MONOTONIC) < end) {
		double cpu_before = clock_s(CLOCK_PROCESS_CPUTIME_ID),
		       before = clock_s(CLOCK_MONOTONIC), took;
		const struct damon_snapshot *s;
		size_t nr;
		int r = snapshot(&s, &nr);

		took = clock_s(CLOCK_MONOTONIC) - before;
		cpu += clock_s(CLOCK_PROCESS_CPUTIME_ID) - cpu_before;
		wall += took;
		longest = MAX(longest, took);
		nr_again += r != 0;
		if (!r) {
			nr_snapshots++;
			nr_targets = MIN(nr, ARRAY_SIZE(figures));
			for (size_t i = 0; i < nr_targets; i++) {
				add_figures(&figures[i], &s[i]);
				last[i] = s[i];
			}
		}
		sleep_s(tick_s);
	}
	for (size_t i = 0; nr_snapshots && i < nr_targets; i++)
		print_figures(&last[i], &figures[i], (double)nr_snapshots);
	printf("{\"snapshots\": %zu, \"again\": %zu, \"cpu_ms\": %.3f, \"wall_ms\": %.3f, "
	       "\"longest_ms\": %.3f}\n",
	       nr_snapshots, nr_again, 1e3 * cpu / (double)MAX(nr_snapshots, 1),
	       1e3 * wall / (double)MAX(nr_snapshots, 1), 1e3 * longest);
}

/* CPU time of the kdamond over SECONDS, from its schedstat (ns). */
static uint64_t kdamond_cpu_ns(void)
{
	char text[128];

	if (sysfs_read(text, sizeof(text), NULL, "/proc/%d/schedstat", damon_kdamond_pid(session)))
		return 0;
	return strtoull(text, NULL, 10);
}

static void do_cost(const char *seconds)
{
	uint64_t before = kdamond_cpu_ns();

	sleep_s(atof(seconds));
	printf("{\"kdamond_cpu_ms_per_s\": %.2f}\n",
	       (double)(kdamond_cpu_ns() - before) / 1e6 / atof(seconds));
}

static bool is_seen(pid_t pid)
{
	const struct damon_snapshot *s;
	size_t nr;

	if (snapshot(&s, &nr))
		return false;
	for (size_t i = 0; i < nr; i++)
		if (s[i].target.tgid == pid)
			return s[i].nr_regions > 0;
	return false;
}

/* Add and remove the second of two processes N times, under the eyes of the first. */
static void do_toggle(const char *word)
{
	int a, b, times, nr_blind = 0;
	char list[64];
	double begin;

	if (sscanf(word, "%d,%d,%d", &a, &b, &times) != 3)
		die("toggle", -EINVAL);
	begin = clock_s(CLOCK_MONOTONIC);
	for (int i = 0; i < times; i++) {
		snprintf(list, sizeof(list), i % 2 ? "%d" : "%d,%d", a, b);
		do_set(list);
		nr_blind += !is_seen(a);
	}
	printf("{\"toggles\": %d, \"blind\": %d, \"ms_each\": %.2f}\n", times, nr_blind,
	       1e3 * (clock_s(CLOCK_MONOTONIC) - begin) / times);
}

static void do_thread(const char *unused)
{
	(void)unused;
	need_session();
	printf("%d\n", damon_kdamond_pid(session));
}

static void do_recover(const char *unused)
{
	int r = damon_recover(options.sysroot, options.journal);

	(void)unused;
	if (r < 0)
		die("recover", r);
	printf("{\"put_back\": %d}\n", r);
}

static void do_probe(const char *unused)
{
	struct damon_probe p;

	(void)unused;
	damon_probe(&p, options.sysroot);
	printf("{\"sysfs\": %d, \"trace\": %d, \"vaddr\": %d, \"tried_regions\": %d, "
	       "\"auto_intervals\": %d, "
	       "\"obsolete_target\": %d, \"stat\": %d, \"reclaim\": %d, \"lru_sort\": %d, "
	       "\"kdamonds\": %d, "
	       "\"running\": %d}\n",
	       p.sysfs, p.trace, p.vaddr, p.tried_regions, p.auto_intervals, p.obsolete_target,
	       p.stat_enabled, p.reclaim_enabled, p.lru_sort_enabled, p.nr_kdamonds, p.nr_running);
}

static void do_open(const char *unused)
{
	(void)unused;
	need_session();
}

static void do_close(const char *unused)
{
	(void)unused;
	damon_close(session);
	session = NULL;
}

static const struct word {
	const char *name;
	void (*run)(const char *arg);
	bool takes_arg;
} words[] = {
	{"open", do_open, false},     {"close", do_close, false},
	{"set", do_set, true},	 /* PID[,PID...], "" for none */
	{"wait", do_wait, true}, /* SECONDS */
	{"kill", do_kill, true}, /* PID */
	{"snap", do_snap, false},     {"regions", do_regions, false},
	{"watch", do_watch, true},   /* SECONDS */
	{"cost", do_cost, true},     /* SECONDS */
	{"toggle", do_toggle, true}, /* PID,PID,TIMES */
	{"thread", do_thread, false}, {"recover", do_recover, false},
	{"probe", do_probe, false},
};

static void run_word(int *at, int argc, char **argv)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcmp(argv[*at], words[i].name))
			continue;
		if (words[i].takes_arg && ++*at >= argc)
			die(argv[*at - 1], -EINVAL);
		words[i].run(argv[*at]);
		fflush(stdout);
		return;
	}
	die(argv[*at], -EINVAL);
}

static void parse_options(int argc, char **argv)
{
	static const struct option longs[] = {
		{"reader", required_argument, NULL, 'r'},
		{"aggregation", required_argument, NULL, 'a'},
		{"journal", required_argument, NULL, 'j'},
		{"auto", no_argument, NULL, 'A'},
		{"keep-stat", no_argument, NULL, 'k'},
		{"tick", required_argument, NULL, 't'},
		{"verbose", no_argument, NULL, 'v'},
		{0},
	};
	uint64_t ns;
	int c;

	while ((c = getopt_long(argc, argv, "+", longs, NULL)) != -1) {
		if (c == 'r' && !strcmp(optarg, "trace"))
			options.reader = DAMON_READER_TRACE;
		else if (c == 'r' && !strcmp(optarg, "tried"))
			options.reader = DAMON_READER_TRIED_REGIONS;
		else if (c == 'a' && !parse_duration_ns(&ns, optarg))
			options.aggregation_us = ns / NSEC_PER_USEC;
		else if (c == 't' && !parse_duration_ns(&ns, optarg))
			tick_s = 1e-9 * (double)ns;
		else if (c == 'j')
			options.journal = optarg;
		else if (c == 'A')
			options.auto_intervals = true;
		else if (c == 'k')
			options.keep_stat = true;
		else if (c == 'v')
			log_set_level(LOG_LEVEL_DEBUG);
		else
			exit(2);
	}
}

int main(int argc, char **argv)
{
	parse_options(argc, argv);
	for (int at = optind; at < argc; at++)
		run_word(&at, argc, argv);
	damon_close(session);
	return 0;
}
