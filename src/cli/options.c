/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The command line and the configuration file.  One table describes every option: its name, the
 * commands that take it, its value and where that goes, and its words in the help.  The keys of
 * the file are the long names.
 */
#include "cli/options.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "cli/commands.h"
#include "cli/settings.h"
#include "cli/values.h"
#include "config.h"
#include "damon/damon.h"
#include "sched/tunables.h"

struct description {
	const char *name;
	const char *value; /* what it takes, in the help; NULL for a switch */
	char letter;	   /* 0: none */
	unsigned int commands;
	value_take *take; /* NULL: done here */
	struct value into;
	const char *help;
};

/* clang-format off */

/* Kinds: how a value is parsed, and where it goes. */
#define AT(field) .offset = offsetof(struct options, field)
#define SWITCH(field) take_switch, {AT(field)}
#define DURATION(field, min, max, words) \
	take_duration, {AT(field), .least = min, .most = max, .range = words}
#define COUNT(field, min, max) take_count, {AT(field), .least = min, .most = max}
#define WORD(field, words) take_word, {AT(field), .range = words}
#define FIELD(take, field) take, {AT(field)}
#define WORDS(take) take, {0}
#define NOTHING NULL, {0}

/* Vector databases, and programs that serve mixture-of-experts models. */
#define NAMES "vect,fais,milv,weav,qdrant,moe,llama,ollama,vllm,VLLM,sglang"

static const struct description table[] = {
	{"damon-interval", "DUR", 0, FOR_RUN,
	 DURATION(damon_interval_ns, NSEC_PER_MSEC, 3600 * NSEC_PER_SEC, "1ms to 1h"),
	 "DAMON's aggregation interval [100ms]"},
	{"damon-samples", "N", 0, FOR_RUN, COUNT(damon_samples, 4, 1000),
	 "samples that DAMON takes in an aggregation interval [20]"},
	{"damon-auto", NULL, 0, FOR_RUN, SWITCH(damon_auto),
	 "let the kernel tune DAMON's intervals"},
	{"pid", "PID", 0, FOR_RUN, WORDS(take_pid),
	 "manage this process (repeatable)"},
	{"match", "RULE", 0, FOR_RUN, WORDS(take_rule),
	 "manage processes by rule, [CLASS=]FIELD:GLOB with class vector, latency or "
	 "regular and field comm, exe or cgroup (repeatable)"},
	{"names", "LIST", 0, FOR_RUN, WORDS(take_names),
	 "prefixes of vector database and MoE program names, see cxl-tiersched(8)"},
	{"min-rss", "SIZE", 0, FOR_RUN, FIELD(take_size, choose.min_rss_bytes),
	 "also manage processes with at least this much resident memory [64M]"},
	{"max-processes", "N", 0, FOR_RUN, COUNT(choose.max_processes, 1, 1024),
	 "manage at most N processes [32]"},
	{"observe", NULL, 0, FOR_RUN, SWITCH(observe),
	 "measure and report, do not schedule"},
	{"cxl-node", "N[,N]", 0, FOR_RUN | FOR_TOPOLOGY | FOR_DOCTOR | FOR_CALIBRATE,
	 WORDS(take_nodes),
	 "treat these memory-only nodes as CXL"},
	{"bandwidth", "N=MBPS", 0, FOR_RUN, WORDS(take_bandwidth),
	 "bandwidth of node N's memory in MB/s, where firmware gives none or a wrong one "
	 "(repeatable)"},
	{"calibrate", NULL, 0, FOR_RUN, SWITCH(calibrate),
	 "measure latencies first, unless that was done since boot"},
	{"process-hits", NULL, 0, FOR_RUN, SWITCH(process_hits),
	 "show how often managed processes hit the last-level cache; makes their context "
	 "switches slower"},
	{"tier", "MODE", 0, FOR_RUN, WORD(tier, "off advise on auto"),
	 "pages far from where their process runs: off; advise says what moving them would "
	 "gain and cost; on moves them where that pays; auto is on where the kernel did so "
	 "itself, else advise [auto]"},
	{"tier-rate", "SIZE", 0, FOR_RUN, FIELD(take_size, tier_bytes_per_s),
	 "move at most so many bytes of pages a second [no limit]"},
	{"tier-cpu", "PERCENT", 0, FOR_RUN, COUNT(tier_cpu_percent, 1, 100),
	 "of one CPU that moving pages may take [5]"},
	{"simulate", NULL, 0, FOR_RUN, SWITCH(simulate),
	 "make up the load of CXL memory that no counter measures, and label it everywhere"},
	{"simulate-seed", "N", 0, FOR_RUN, COUNT(simulate_seed, 1, INT64_MAX),
	 "seed of the load that --simulate makes up [1]"},
	{"keep-damon", NULL, 0, FOR_RUN, SWITCH(keep_damon),
	 "do not stop DAMON_STAT while running"},
	{"partial", NULL, 0, FOR_RUN, SWITCH(sched.partial),
	 "schedule only tasks with policy SCHED_EXT"},
	{"slice", "DUR", 0, FOR_RUN,
	 DURATION(sched.slice_ns, 100 * NSEC_PER_USEC, NSEC_PER_SEC, "100us to 1s"),
	 "time slice [5ms]"},
	{"hold", "DUR", 0, FOR_RUN, DURATION(sched.hold_ns, 0, NSEC_PER_SEC, "0ms to 1s"),
	 "a task waits at most this long for a CPU near its memory while one is idle "
	 "elsewhere [5ms]"},
	{"stats", "DUR", 0, FOR_RUN,
	 DURATION(stats_ns, 10 * NSEC_PER_MSEC, 24 * 3600 * NSEC_PER_SEC, "10ms to 24h"),
	 "print a table of the managed processes every DUR"},
	{"status-group", "GROUP", 0, FOR_RUN, FIELD(take_group, status_group),
	 "show the status of all processes to members of GROUP, not to root alone"},
	{"duration", "DUR", 0, FOR_RUN,
	 DURATION(duration_ns, NSEC_PER_MSEC, 10000 * 3600 * NSEC_PER_SEC, "1ms to 10000h"),
	 "stop after DUR"},
	{"config", "FILE", 0, FOR_RUN, FIELD(take_string, config),
	 "read options from FILE, see cxl-tiersched.conf(5)"},
	{"json", NULL, 0, FOR_ALL, SWITCH(json),
	 "print results as JSON"},
	{"output", "LIST", 'o', FOR_TABLE, FIELD(take_string, table.output),
	 "print the table alone, with the columns NAME,NAME; +NAME,NAME adds them to the "
	 "default ones"},
	{"output-all", NULL, 0, FOR_TABLE, SWITCH(table.output_all),
	 "print the table alone, with all columns"},
	{"noheadings", NULL, 'n', FOR_TABLE, SWITCH(table.noheadings),
	 "print the table alone, without its first line"},
	{"raw", NULL, 'r', FOR_TABLE, SWITCH(table.raw),
	 "print the table alone, with one blank between cells and none in a cell"},
	{"sysroot", "DIR", 0, FOR_TOPOLOGY | FOR_DOCTOR, FIELD(take_sysroot, sysroot),
	 "look at a recorded machine instead of this one"},
	{"verbose", NULL, 'v', FOR_ALL, WORDS(take_verbose),
	 "log more"},
	{"version", NULL, 'V', FOR_ALL, NOTHING,
	 "print the version"},
	{"help", NULL, 'h', FOR_ALL, NOTHING,
	 "print this help"},
#define TUNABLE_DESCRIPTION(field, option, standard, min, max, words)                              \
	{option, "N", 0, FOR_RUN, take_tunable,                                                    \
	 {AT(sched.tune.field), .least = min, .most = max}, words " [" #standard "]"},
	TS_TUNABLES(TUNABLE_DESCRIPTION)};
/* clang-format on */

void options_init(struct options *o)
{
	*o = (struct options){
		.damon_interval_ns = 100 * NSEC_PER_MSEC,
		.damon_samples = DAMON_SAMPLES,
		.simulate_seed = 1,
		.tier = TIER_AUTO,
		.tier_cpu_percent = 5,
		.status_group = (gid_t)-1,
		.choose = {.min_rss_bytes = 64 << 20, .max_processes = 32},
		.sched = {.slice_ns = 5 * NSEC_PER_MSEC,
			  .hold_ns = 5 * NSEC_PER_MSEC,
			  .tune = TS_TUNABLES_STANDARD},
	};
	(void)take_names(o, NULL, "names", NAMES);
}

void options_deinit(struct options *o)
{
	idlist_deinit(&o->cxl_nodes);
	for (size_t i = 0; i < o->choose.nr_rules; i++)
		rule_deinit(&o->choose.rules[i]);
	free(o->choose.rules);
	free(o->choose.pids);
	free(o->bandwidths);
	free(o->table.output);
	free(o->sysroot);
	free(o->config);
}

/* Print TEXT from COLUMN on, broken between words. */
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

/* A line of the help, or more. */
static void print_entry(const char *left, const char *words)
{
	printf(strlen(left) > 22 ? "  %s\n%25s" : "  %-22s %s", left, "");
	print_wrapped(words, 25);
}

static void print_option(const struct description *d)
{
	char letter[8] = "", left[64];

	if (d->letter)
		snprintf(letter, sizeof(letter), "-%c, ", d->letter);
	snprintf(left, sizeof(left), "%s--%s%s%s", letter, d->name, d->value ? " " : "",
		 d->value ? d->value : "");
	print_entry(left, d->help);
}

/* Commands that print the same table stand together. */
static void print_columns(void)
{
	for (size_t i = 1; i < nr_commands; i++) {
		const struct table_kind *kind = commands[i].table;
		char left[32];

		printf("%s%s", kind == commands[i - 1].table ? ", " : "\nColumns of ",
		       commands[i].name);
		if (i + 1 < nr_commands && kind == commands[i + 1].table)
			continue;
		printf(":\n");
		for (size_t c = 0; c < kind->nr_columns; c++) {
			const struct table_column *column = &kind->columns[c];

			snprintf(left, sizeof(left), column->flags & TABLE_EXTRA ? "[%s]" : "%s",
				 column->name);
			print_entry(left, column->words);
		}
	}
}

void options_help(void)
{
	/* the text is written at once, so that an error of that is known */
	static char whole[16 << 10];
	char left[64];

	setvbuf(stdout, whole, _IOFBF, sizeof(whole));
	printf("Usage: cxl-tiersched [OPTIONS]\n"
	       "       cxl-tiersched ");
	for (size_t i = 1; i < nr_commands; i++)
		printf("%s%s", i > 1 ? "|" : "", commands[i].name);
	printf(" [OPTIONS]\n"
	       "\n"
	       "A CPU scheduler for machines with CXL memory: tasks run where their hot memory\n"
	       "is cheapest to reach.  Without a command it runs until SIGINT or SIGTERM;\n"
	       "scheduling goes back to the kernel's on exit.\n"
	       "\n"
	       "Commands:\n");
	for (size_t i = 1; i < nr_commands; i++) {
		const struct command *command = &commands[i];

		snprintf(left, sizeof(left), command->operand ? "%s [%s]" : "%s", command->name,
			 command->operand);
		print_entry(left, command->words);
	}
	printf("\n"
	       "Options:\n");
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		if (table[i].take == take_tunable && table[i - 1].take != take_tunable)
			printf("\nTuning the scheduler:\n");
		print_option(&table[i]);
	}
	print_columns();
	printf("\n"
	       "Columns in brackets are there where --output names them.\n"
	       "Durations take a unit (100ms, 2s), sizes may (64M).\n"
	       "Exit status: 0 done, 1 failed, 2 usage, 3 the machine lacks something, 4 the\n"
	       "kernel ejected the scheduler.\n");
}

/* A complaint calls the option NAME.  TEXT is its value, NULL for a switch. */
static int set_option(struct options *o, const struct description *d, const char *name,
		      const char *text)
{
	if (text && strlen(text) > VALUE_MAX) {
		log_error("%s: its value has %zu bytes; at most %d are taken", name, strlen(text),
			  VALUE_MAX);
		return -E2BIG;
	}
	return d->take(o, &d->into, name, text);
}

static bool is_config(const struct description *d)
{
	return !strcmp(d->name, "config");
}

/* One setting of the file. */
static int take_setting(void *user, const char *where, const char *key, const char *value)
{
	char name[1200];

	snprintf(name, sizeof(name), "%s%.100s", where, key);
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		const struct description *d = &table[i];

		if (strcmp(key, d->name) || d->letter || is_config(d) || !(d->commands & FOR_RUN))
			continue;
		if (d->value)
			return set_option(user, d, name, value);
		if (!strcmp(value, "yes") || !strcmp(value, "true"))
			return set_option(user, d, name, NULL);
		if (!strcmp(value, "no") || !strcmp(value, "false"))
			return 0;
		log_error("%s: '%.100s' is neither yes nor no", name, value);
		return -EINVAL;
	}
	log_error("%s'%.100s' is not a setting; see cxl-tiersched.conf(5)", where, key);
	return -EINVAL;
}

/* What getopt_long() calls an option: its letter, or a number that is none. */
static int code_of(size_t at)
{
	return table[at].letter ? table[at].letter : 256 + (int)at;
}

/*
 * The table as getopt_long() wants it.  With "+" it stops at the first word that is no option.
 * With ":" it tells a missing value from an unknown option.
 */
static void describe(struct option *longs, char *letters)
{
	letters += sprintf(letters, "+:");
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		const struct description *d = &table[i];

		longs[i] = (struct option){d->name, d->value ? required_argument : no_argument,
					   NULL, code_of(i)};
		if (d->letter)
			letters += sprintf(letters, "%c%s", d->letter, d->value ? ":" : "");
	}
}

static const struct description *find_description(int code)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (code_of(i) == code)
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
 * Go over the command line once.  The first pass looks only for --config, so that the file is read
 * before the command line, which wins.
 */
static int parse_pass(struct options *o, const struct command *command, int argc, char **argv,
		      bool for_config)
{
	const struct value operand = {AT(of_pid)};
	unsigned int bit = command->bit;
	bool has_operand = false;
	struct option longs[ARRAY_SIZE(table) + 1] = {0};
	char letters[2 * ARRAY_SIZE(table) + 3];
	const char *word;
	int c;

	describe(longs, letters);
	optind = 0;
	opterr = 0;
	for (;;) {
		const struct description *d;

		word = argv[optind > 0 ? optind : 1];
		c = getopt_long(argc, argv, letters, longs, NULL);
		if (c < 0 && optind < argc && command->operand && !has_operand) {
			if (take_one_pid(o, &operand, command->name, argv[optind++]) < 0)
				return TS_EXIT_USAGE;
			has_operand = true;
			continue;
		}
		if (c < 0)
			break;
		d = find_description(c);
		if (!d)
			return complain(c, word);
		if (for_config) {
			if (is_config(d) && (bit & FOR_RUN) &&
			    set_option(o, d, d->name, optarg) < 0)
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
		if (!is_config(d) && set_option(o, d, d->name, optarg) < 0)
			return TS_EXIT_USAGE;
	}
	if (optind < argc) {
		log_error("unexpected argument '%s'; try 'cxl-tiersched --help'", argv[optind]);
		return TS_EXIT_USAGE;
	}
	return -1;
}

/* Check the options that depend on each other. */
static int check(const struct options *o, const struct command *command)
{
	if (!table_is_alone(&o->table))
		return 0;
	if (o->json) {
		log_error("--json prints all there is: --output, --output-all, --noheadings and "
			  "--raw are for text");
		return -EINVAL;
	}
	return table_check(command->table, &o->table);
}

int options_parse(struct options *o, const struct command *command, int argc, char **argv)
{
	int r = parse_pass(o, command, argc, argv, true);

	if (r < 0 && o->config && settings_read(o->config, take_setting, o) < 0)
		r = TS_EXIT_USAGE;
	if (r < 0)
		r = parse_pass(o, command, argc, argv, false);
	if (r < 0 && check(o, command) < 0)
		r = TS_EXIT_USAGE;
	return r;
}
