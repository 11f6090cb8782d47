/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The command line and the configuration file.  One table describes every
 * option: its letter, its key, the commands that take it and its words in the
 * help.  The file's keys are the long names, so that both go through set_option().
 */
#include "cli/options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <grp.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/parse.h"
#include "base/util.h"
#include "cli/settings.h"
#include "config.h"
#include "damon/damon.h"

enum { FOR_RUN = 1, FOR_TOPOLOGY = 2, FOR_DOCTOR = 4, FOR_STATUS = 8, FOR_CALIBRATE = 16, FOR_ALL = 31 };

/* Codes of options without a letter. */
enum {
	OPT_DAMON_INTERVAL = 256,
	OPT_DAMON_SAMPLES,
	OPT_DAMON_AUTO,
	OPT_PID,
	OPT_MATCH,
	OPT_NAMES,
	OPT_MIN_RSS,
	OPT_MAX_PROCESSES,
	OPT_OBSERVE,
	OPT_CXL_NODE,
	OPT_BANDWIDTH,
	OPT_CALIBRATE,
	OPT_PROCESS_HITS,
	OPT_SIMULATE,
	OPT_SIMULATE_SEED,
	OPT_KEEP_DAMON,
	OPT_PARTIAL,
	OPT_SLICE,
	OPT_HOLD,
	OPT_STATS,
	OPT_STATUS_GROUP,
	OPT_JSON,
	OPT_DURATION,
	OPT_CONFIG,
	OPT_SYSROOT,
	OPT_TUNABLE, /* the first of them */
};

/* What may be tuned, in the order of TS_TUNABLES: so is struct ts_tunables, an array of __u32. */
struct tunable {
	uint64_t least, most;
};

#define TUNABLE(field, option, standard, least, most, words) {least, most},
static const struct tunable tunables[] = {TS_TUNABLES(TUNABLE)};

enum {
#define TUNABLE_CODE(field, ...) OPT_##field,
	OPT_BEFORE_TUNABLES = OPT_TUNABLE - 1,
	TS_TUNABLES(TUNABLE_CODE)
};

struct description {
	const char *name;
	const char *value; /* NULL for a switch */
	int code;
	int commands;
	const char *help;
};

/* The longest value, so that a complaint fits a line of the log. */
#define VALUE_MAX 1000

/* Vector databases, and what serves mixture-of-experts models. */
#define NAMES "vect,fais,milv,weav,qdrant,moe,llama,ollama,vllm,VLLM,sglang"

static const struct description table[] = {
	{"damon-interval", "DUR", OPT_DAMON_INTERVAL, FOR_RUN,
	 "DAMON's aggregation interval [100ms]"},
	{"damon-samples", "N", OPT_DAMON_SAMPLES, FOR_RUN,
	 "how often DAMON samples in each of them [20]"},
	{"damon-auto", NULL, OPT_DAMON_AUTO, FOR_RUN, "let the kernel tune DAMON's intervals"},
	{"pid", "PID", OPT_PID, FOR_RUN, "manage this process (repeatable)"},
	{"match", "RULE", OPT_MATCH, FOR_RUN,
	 "manage processes by rule, [CLASS=]FIELD:GLOB with class vector, latency or "
	 "regular and field comm, exe or cgroup (repeatable)"},
	{"names", "LIST", OPT_NAMES, FOR_RUN,
	 "prefixes of vector database and MoE program names, see cxl-tiersched(8)"},
	{"min-rss", "SIZE", OPT_MIN_RSS, FOR_RUN,
	 "manage other processes from this resident size on [64M]"},
	{"max-processes", "N", OPT_MAX_PROCESSES, FOR_RUN, "manage at most so many [32]"},
	{"observe", NULL, OPT_OBSERVE, FOR_RUN, "measure and report, do not schedule"},
	{"cxl-node", "N[,N]", OPT_CXL_NODE, FOR_RUN | FOR_TOPOLOGY | FOR_DOCTOR | FOR_CALIBRATE,
	 "treat these memory-only nodes as CXL"},
	{"bandwidth", "N=MBPS", OPT_BANDWIDTH, FOR_RUN,
	 "what node N's memory can deliver, in MB/s, where firmware does not say or is wrong "
	 "(repeatable)"},
	{"calibrate", NULL, OPT_CALIBRATE, FOR_RUN,
	 "measure latencies first, unless that was done since boot"},
	{"process-hits", NULL, OPT_PROCESS_HITS, FOR_RUN,
	 "tell how often managed processes hit the last-level cache; costs their context "
	 "switches"},
	{"simulate", NULL, OPT_SIMULATE, FOR_RUN,
	 "make up the load of CXL memory that no counter tells, labelled so everywhere"},
	{"simulate-seed", "N", OPT_SIMULATE_SEED, FOR_RUN, "what that is made up by [1]"},
	{"keep-damon", NULL, OPT_KEEP_DAMON, FOR_RUN, "do not stop DAMON_STAT while running"},
	{"partial", NULL, OPT_PARTIAL, FOR_RUN, "schedule only tasks with policy SCHED_EXT"},
	{"slice", "DUR", OPT_SLICE, FOR_RUN, "time slice [5ms]"},
	{"hold", "DUR", OPT_HOLD, FOR_RUN,
	 "longest wait for a CPU near its memory while one is idle elsewhere [5ms]"},
	{"stats", "DUR", OPT_STATS, FOR_RUN, "print a table of the managed processes every DUR"},
	{"status-group", "GROUP", OPT_STATUS_GROUP, FOR_RUN,
	 "show the status of all processes to members of GROUP, not to root alone"},
	{"duration", "DUR", OPT_DURATION, FOR_RUN, "stop after DUR"},
	{"config", "FILE", OPT_CONFIG, FOR_RUN,
	 "read options from FILE, see cxl-tiersched.conf(5)"},
	{"json", NULL, OPT_JSON, FOR_ALL, "print results as JSON"},
	{"sysroot", "DIR", OPT_SYSROOT, FOR_TOPOLOGY | FOR_DOCTOR,
	 "look at a recorded machine instead of this one"},
	{"verbose", NULL, 'v', FOR_ALL, "log more"},
	{"version", NULL, 'V', FOR_ALL, "print the version"},
	{"help", NULL, 'h', FOR_ALL, "print this"},
#define TUNABLE_DESCRIPTION(field, option, standard, least, most, words)                           \
	{option, "N", OPT_##field, FOR_RUN, words " [" #standard "]"},
	TS_TUNABLES(TUNABLE_DESCRIPTION)};

static int set_names(struct options *o, const char *name, const char *text)
{
	char names[TS_MAX_NAMES][TS_NAME_LEN] = {0};
	size_t nr = 0;

	while (*text) {
		size_t len = strcspn(text, ",");

		if (!len || len >= TS_NAME_LEN || nr == TS_MAX_NAMES) {
			log_error("%s: '%.*s': at most %d prefixes of 1 to %d characters, "
				  "separated by commas",
				  name, (int)len, text, TS_MAX_NAMES, TS_NAME_LEN - 1);
			return -EINVAL;
		}
		memcpy(names[nr++], text, len);
		text += len;
		if (*text == ',' && !*++text) {
			log_error("%s: the list ends in a comma", name);
			return -EINVAL;
		}
	}
	memcpy(o->choose.names, names, sizeof(names));
	memcpy(o->sched.names, names, sizeof(names));
	return 0;
}

void options_init(struct options *o)
{
	*o = (struct options){
		.damon_interval_ns = 100 * NSEC_PER_MSEC,
		.damon_samples = DAMON_SAMPLES,
		.simulate_seed = 1,
		.status_group = (gid_t)-1,
		.choose = {.min_rss_bytes = 64 << 20, .max_processes = 32},
		.sched = {.slice_ns = 5 * NSEC_PER_MSEC,
			  .hold_ns = 5 * NSEC_PER_MSEC,
			  .tune = TS_TUNABLES_STANDARD},
	};
	(void)set_names(o, "names", NAMES);
}

void options_deinit(struct options *o)
{
	idlist_deinit(&o->cxl_nodes);
	for (size_t i = 0; i < o->choose.nr_rules; i++)
		rule_deinit(&o->choose.rules[i]);
	free(o->choose.rules);
	free(o->choose.pids);
	free(o->bandwidths);
	free(o->sysroot);
	free(o->config);
}

/* Print TEXT after COLUMN, broken between words. */
static void print_wrapped(const char *text, int column)
{
	int at = column;

	while (*text) {
		int len = (int)strcspn(text, " ");

		if (at > column && at + 1 + len > 79) {
			printf("\n%*s", column, "");
			at = column;
		} else if (at > column) {
			putchar(' ');
			at++;
		}
		printf("%.*s", len, text);
		at += len;
		text += len;
		while (*text == ' ')
			text++;
	}
	putchar('\n');
}

void options_help(void)
{
	printf("Usage: cxl-tiersched [OPTIONS]\n"
	       "       cxl-tiersched topology|calibrate|doctor|status [--json]\n"
	       "\n"
	       "A CPU scheduler for machines with CXL memory: tasks run where their hot memory\n"
	       "is cheapest to reach.  Without a command it runs until SIGINT or SIGTERM;\n"
	       "scheduling goes back to the kernel's on exit.\n"
	       "\n"
	       "Commands:\n"
	       "  topology               nodes, CXL devices, near CPUs, latency and bandwidth\n"
	       "  calibrate              measure the latencies, keep them until the next boot\n"
	       "  doctor                 can this machine run it, and what is missing\n"
	       "  status                 what the running daemon manages, where and why\n"
	       "\n"
	       "Options:\n");
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		const struct description *d = &table[i];
		char left[64];

		if (d->code == OPT_TUNABLE)
			printf("\nTuning the scheduler:\n");
		if (d->code < 256)
			snprintf(left, sizeof(left), "-%c, --%s", d->code, d->name);
		else
			snprintf(left, sizeof(left), "--%s%s%s", d->name, d->value ? " " : "",
				 d->value ? d->value : "");
		printf(strlen(left) > 22 ? "  %s\n%25s" : "  %-22s %s", left, "");
		print_wrapped(d->help, 25);
	}
	printf("\n"
	       "Durations take a unit (100ms, 2s), sizes may (64M).\n"
	       "Exit status: 0 done, 1 failed, 2 usage, 3 the machine lacks something, 4 the\n"
	       "kernel ejected the scheduler.\n");
}

/* Parsers of one value: 0, or -errno after saying what is wrong with the option of that NAME. */

static int set_duration(uint64_t *out, const char *name, const char *text, uint64_t min_ns,
			uint64_t max_ns, const char *range)
{
	uint64_t ns;
	int r = parse_duration_ns(&ns, text);

	if (r == -EINVAL) {
		log_error("%s: '%s' is not a duration; write a number and a unit, such as 100ms or "
			  "2s",
			  name, text);
		return r;
	}
	if (r < 0 || ns < min_ns || ns > max_ns) {
		log_error("%s: '%s' is out of range; it takes %s", name, text, range);
		return -ERANGE;
	}
	*out = ns;
	return 0;
}

static int add_pid(struct options *o, const char *name, const char *text)
{
	uint64_t value;
	pid_t *pids;

	if (parse_u64(&value, text) < 0 || !value || value > INT32_MAX) {
		log_error("%s: '%s' is not a process id", name, text);
		return -EINVAL;
	}
	pids = reallocarray(o->choose.pids, o->choose.nr_pids + 1, sizeof(*pids));
	if (!pids)
		return -ENOMEM;
	o->choose.pids = pids;
	o->choose.pids[o->choose.nr_pids++] = (pid_t)value;
	return 0;
}

static int add_bandwidth(struct options *o, const char *name, const char *text)
{
	struct metrics_bandwidth *bandwidths;
	const char *equals = strchr(text, '=');
	uint64_t node, mbps;
	char number[24];

	if (!equals || equals - text >= (ptrdiff_t)sizeof(number))
		goto wrong;
	snprintf(number, sizeof(number), "%.*s", (int)(equals - text), text);
	if (parse_u64(&node, number) < 0 || node > IDLIST_MAX_ID ||
	    parse_u64(&mbps, equals + 1) < 0 || !mbps || mbps > INT32_MAX)
		goto wrong;
	bandwidths = reallocarray(o->bandwidths, o->nr_bandwidths + 1, sizeof(*bandwidths));
	if (!bandwidths)
		return -ENOMEM;
	o->bandwidths = bandwidths;
	o->bandwidths[o->nr_bandwidths++] =
		(struct metrics_bandwidth){(unsigned int)node, (uint32_t)mbps};
	return 0;
wrong:
	log_error("%s: '%s' is not NODE=MBPS, such as 2=32000 for 32 GB/s", name, text);
	return -EINVAL;
}

static int add_rule(struct options *o, const char *name, const char *text)
{
	struct rule *rules = reallocarray(o->choose.rules, o->choose.nr_rules + 1, sizeof(*rules));
	int r;

	if (!rules)
		return -ENOMEM;
	o->choose.rules = rules;
	r = rule_parse(&o->choose.rules[o->choose.nr_rules], text);
	if (r == -EINVAL)
		log_error("%s: '%s' is not a rule; write [vector=|latency=|regular=]comm:GLOB, "
			  "exe:GLOB or cgroup:GLOB",
			  name, text);
	else if (r == -EILSEQ)
		log_error("%s: '%s': the glob has a '[' without its ']', or ends in a backslash",
			  name, text);
	if (!r)
		o->choose.nr_rules++;
	return r;
}

static int set_cxl_nodes(struct options *o, const char *name, const char *text)
{
	struct idlist nodes = IDLIST_INIT;

	if (idlist_parse(&nodes, text) < 0 || !nodes.nr) {
		log_error("%s: '%s' is not a list of nodes, such as 2 or 2,3", name, text);
		idlist_deinit(&nodes);
		return -EINVAL;
	}
	idlist_deinit(&o->cxl_nodes);
	o->cxl_nodes = nodes;
	return 0;
}

static int set_count(uint64_t *out, const char *name, const char *text, uint64_t min, uint64_t max)
{
	uint64_t value;

	if (parse_u64(&value, text) < 0 || value < min || value > max) {
		log_error("%s: '%s' is not a number from %llu to %llu", name, text,
			  (unsigned long long)min, (unsigned long long)max);
		return -EINVAL;
	}
	*out = value;
	return 0;
}

/* By name or number; a number need not have a name. */
static int set_group(gid_t *out, const char *name, const char *text)
{
	const struct group *group = getgrnam(text);
	uint64_t gid;

	if (group)
		gid = group->gr_gid;
	else if (parse_u64(&gid, text) < 0 || gid >= (gid_t)-1) {
		log_error("%s: there is no group '%s'", name, text);
		return -EINVAL;
	}
	*out = (gid_t)gid;
	return 0;
}

static int set_string(char **out, const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		return -ENOMEM;
	free(*out);
	*out = copy;
	return 0;
}

/* A recorded machine: a directory that is there. */
static int set_sysroot(struct options *o, const char *text)
{
	struct stat found;

	if (stat(text, &found)) {
		log_error("sysroot: '%s': %s; it names the directory of a recorded machine", text,
			  strerror(errno));
		return -EINVAL;
	}
	if (!S_ISDIR(found.st_mode)) {
		log_error("sysroot: '%s' is not a directory; tests/unpack-sysroot makes one of a "
			  "recording",
			  text);
		return -EINVAL;
	}
	return set_string(&o->sysroot, text);
}

static int set_tunable(struct options *o, const struct tunable *t, const char *name,
		       const char *text)
{
	uint64_t value;
	int r = set_count(&value, name, text, t->least, t->most);

	if (!r)
		((__u32 *)&o->sched.tune)[t - tunables] = (__u32)value;
	return r;
}

/* NAME is what to call it in a complaint, TEXT its value; NULL for a switch. */
static int set_option(struct options *o, int code, const char *name, const char *text)
{
	if (text && strlen(text) > VALUE_MAX) {
		log_error("%s: its value has %zu bytes; at most %d are taken", name, strlen(text),
			  VALUE_MAX);
		return -E2BIG;
	}
	if (code >= OPT_TUNABLE && code < OPT_TUNABLE + (int)ARRAY_SIZE(tunables))
		return set_tunable(o, &tunables[code - OPT_TUNABLE], name, text);
	switch (code) {
	case OPT_DAMON_INTERVAL:
		return set_duration(&o->damon_interval_ns, name, text, NSEC_PER_MSEC,
				    3600 * NSEC_PER_SEC, "1ms to 1h");
	case OPT_DAMON_SAMPLES:
		return set_count(&o->damon_samples, name, text, 4, 1000);
	case OPT_SLICE:
		return set_duration(&o->sched.slice_ns, name, text, 100 * NSEC_PER_USEC,
				    NSEC_PER_SEC, "100us to 1s");
	case OPT_HOLD:
		return set_duration(&o->sched.hold_ns, name, text, 0, NSEC_PER_SEC, "0ms to 1s");
	case OPT_STATS:
		return set_duration(&o->stats_ns, name, text, 10 * NSEC_PER_MSEC,
				    24 * 3600 * NSEC_PER_SEC, "10ms to 24h");
	case OPT_DURATION:
		return set_duration(&o->duration_ns, name, text, NSEC_PER_MSEC,
				    10000 * 3600 * NSEC_PER_SEC, "1ms to 10000h");
	case OPT_STATUS_GROUP:
		return set_group(&o->status_group, name, text);
	case OPT_PID:
		return add_pid(o, name, text);
	case OPT_MATCH:
		return add_rule(o, name, text);
	case OPT_NAMES:
		return set_names(o, name, text);
	case OPT_CXL_NODE:
		return set_cxl_nodes(o, name, text);
	case OPT_BANDWIDTH:
		return add_bandwidth(o, name, text);
	case OPT_MIN_RSS:
		if (!parse_size_bytes(&o->choose.min_rss_bytes, text))
			return 0;
		log_error("%s: '%s' is not a size, such as 64M or 2G", name, text);
		return -EINVAL;
	case OPT_MAX_PROCESSES:
		return set_count(&o->choose.max_processes, name, text, 1, 1024);
	case OPT_SYSROOT:
		return set_sysroot(o, text);
	case OPT_CONFIG:
		return set_string(&o->config, text);
	case OPT_DAMON_AUTO:
		o->damon_auto = true;
		return 0;
	case OPT_OBSERVE:
		o->observe = true;
		return 0;
	case OPT_KEEP_DAMON:
		o->keep_damon = true;
		return 0;
	case OPT_PARTIAL:
		o->sched.partial = true;
		return 0;
	case OPT_PROCESS_HITS:
		o->process_hits = true;
		return 0;
	case OPT_SIMULATE:
		o->simulate = true;
		return 0;
	case OPT_SIMULATE_SEED:
		return set_count(&o->simulate_seed, name, text, 1, INT64_MAX);
	case OPT_CALIBRATE:
		o->calibrate = true;
		return 0;
	case OPT_JSON:
		o->json = true;
		return 0;
	case 'v':
		log_set_level(LOG_LEVEL_DEBUG);
		return 0;
	}
	return -EINVAL;
}

/* One setting of the file. */
static int take_setting(void *user, const char *where, const char *key, const char *value)
{
	char name[1200];

	snprintf(name, sizeof(name), "%s%.100s", where, key);
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		const struct description *d = &table[i];

		if (strcmp(key, d->name) || d->code < 256 || d->code == OPT_CONFIG ||
		    !(d->commands & FOR_RUN))
			continue;
		if (d->value)
			return set_option(user, d->code, name, value);
		if (!strcmp(value, "yes") || !strcmp(value, "true"))
			return set_option(user, d->code, name, NULL);
		if (!strcmp(value, "no") || !strcmp(value, "false"))
			return 0;
		log_error("%s: '%.100s' is neither yes nor no", name, value);
		return -EINVAL;
	}
	log_error("%s'%.100s' is not a setting; see cxl-tiersched.conf(5)", where, key);
	return -EINVAL;
}

static int command_bit(const char *command)
{
	static const struct {
		const char *name;
		int bit;
	} bits[] = {{"", FOR_RUN},
		    {"topology", FOR_TOPOLOGY},
		    {"calibrate", FOR_CALIBRATE},
		    {"doctor", FOR_DOCTOR},
		    {"status", FOR_STATUS}};

	for (size_t i = 0; i < ARRAY_SIZE(bits); i++)
		if (!strcmp(command, bits[i].name))
			return bits[i].bit;
	return FOR_ALL;
}

static const struct description *find_description(int code)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (table[i].code == code)
			return &table[i];
	return NULL;
}

/* getopt_long()'s complaints, in our words. */
static int complain(int c, const char *word)
{
	if (c == ':')
		log_error("option '%s' needs a value", word);
	else if (optopt && optopt < 256 && strncmp(word, "--", 2))
		log_error("unknown option '-%c'; try 'cxl-tiersched --help'", optopt);
	else
		log_error("unknown option '%s'; try 'cxl-tiersched --help'", word);
	return TS_EXIT_USAGE;
}

/*
 * Go over the command line once.  Pass 0 looks for --config alone, so that the
 * file is read before the command line, which wins.
 */
static int parse_pass(struct options *o, int bit, int argc, char **argv, bool for_config)
{
	struct option longs[ARRAY_SIZE(table) + 1] = {0};
	const char *word;
	int c;

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		longs[i] = (struct option){table[i].name,
					   table[i].value ? required_argument : no_argument, NULL,
					   table[i].code};
	optind = 0;
	opterr = 0;
	for (;;) {
		const struct description *d;

		word = argv[optind > 0 ? optind : 1];
		c = getopt_long(argc, argv, "+:vVh", longs, NULL);
		if (c < 0)
			break;
		d = find_description(c);
		if (!d)
			return complain(c, word);
		if (for_config) {
			if (c == OPT_CONFIG && (bit & FOR_RUN) &&
			    set_option(o, c, d->name, optarg) < 0)
				return TS_EXIT_USAGE;
			continue;
		}
		if (c == 'h') {
			options_help();
			return TS_EXIT_OK;
		}
		if (c == 'V') {
			printf("cxl-tiersched %s\n", PACKAGE_VERSION);
			return TS_EXIT_OK;
		}
		if (!(d->commands & bit)) {
			log_error("option '--%s' does not go with this command", d->name);
			return TS_EXIT_USAGE;
		}
		if (c != OPT_CONFIG && set_option(o, c, d->name, optarg) < 0)
			return TS_EXIT_USAGE;
	}
	if (optind < argc) {
		log_error("unexpected argument '%s'; try 'cxl-tiersched --help'", argv[optind]);
		return TS_EXIT_USAGE;
	}
	return -1;
}

int options_parse(struct options *o, const char *command, int argc, char **argv)
{
	int bit = command_bit(command), r;

	r = parse_pass(o, bit, argc, argv, true);
	if (r < 0 && o->config && settings_read(o->config, take_setting, o) < 0)
		r = TS_EXIT_USAGE;
	return r >= 0 ? r : parse_pass(o, bit, argc, argv, false);
}
