/* SPDX-License-Identifier: GPL-2.0 */
/* Options of the benchmark's programs: tables of them, told what is wrong in one line. */
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "tests/lab/guest/nodes.h"

enum { MAX_OPTIONS = 64, MAX_SECONDS = 86400 };

void bench_usage(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vwarnx(format, args);
	va_end(args);
	_exit(2);
}

/* Threads may be at work: what exit() takes down is theirs. */
void bench_fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vwarnx(format, args);
	va_end(args);
	_exit(1);
}

static double parse_seconds(const char *option, const char *text)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end || !isfinite(value) || value < 0 || value > MAX_SECONDS)
		bench_usage("--%s takes seconds from 0 to %d, not '%s'", option, MAX_SECONDS, text);
	return value;
}

static const char *parse_word(const struct bench_option *option, const char *text)
{
	const char *word = option->words;
	size_t length = strlen(text);

	while (*word) {
		size_t end = strcspn(word, "|");

		if (length && end == length && !strncmp(word, text, length))
			return text;
		word += end + (word[end] == '|');
	}
	bench_usage("--%s takes one of %s, not '%s'", option->name, option->words, text);
}

static void parse_nodes(const struct bench_option *option, const char *text)
{
	struct bench_nodes *nodes = option->value;
	char *copy = strdup(text), *rest = copy, *word;

	if (!copy)
		bench_fail("no memory");
	nodes->nr = 0;
	while ((word = strsep(&rest, ","))) {
		if (nodes->nr == option->max)
			bench_usage("--%s takes at most %zu nodes, not '%s'", option->name,
				    (size_t)option->max, text);
		if (!*word)
			bench_usage("--%s takes nodes, as in 0,2, not '%s'", option->name, text);
		nodes->node[nodes->nr++] =
			(int)parse_number(option->name, word, 0, BENCH_MAX_NODES - 1);
	}
	free(copy);
	if (nodes->nr < option->min)
		bench_usage("--%s takes %zu nodes, as in 0,2, not '%s'", option->name,
			    (size_t)option->min, text);
}

static uint64_t parse_bytes(const struct bench_option *option, const char *text)
{
	uint64_t bytes = parse_size(option->name, text);

	if (bytes < option->min || bytes > option->max)
		bench_usage("--%s takes %llu to %llu bytes, not '%s'", option->name,
			    (unsigned long long)option->min, (unsigned long long)option->max, text);
	return bytes;
}

static void parse_value(const struct bench_option *option, const char *text)
{
	switch (option->kind) {
	case BENCH_FLAG:
		*(bool *)option->value = true;
		break;
	case BENCH_NUMBER:
		*(uint64_t *)option->value =
			parse_number(option->name, text, option->min, option->max);
		break;
	case BENCH_SIZE:
		*(uint64_t *)option->value = parse_bytes(option, text);
		break;
	case BENCH_SECONDS:
		*(double *)option->value = parse_seconds(option->name, text);
		break;
	case BENCH_WORD:
		*(const char **)option->value = parse_word(option, text);
		break;
	case BENCH_TEXT:
		*(const char **)option->value = text;
		break;
	case BENCH_NODES:
		parse_nodes(option, text);
		break;
	}
}

static const char *placeholder(const struct bench_option *option)
{
	static const char *const names[] = {
		[BENCH_FLAG] = "",	 [BENCH_NUMBER] = "N",	[BENCH_SIZE] = "SIZE",
		[BENCH_SECONDS] = "SEC", [BENCH_TEXT] = "TEXT", [BENCH_NODES] = "N[,N]",
	};

	if (option->kind == BENCH_NODES && option->max == 1)
		return "N";
	return option->kind == BENCH_WORD ? option->words : names[option->kind];
}

static void print_default(const struct bench_option *option)
{
	const char *text;

	switch (option->kind) {
	case BENCH_NUMBER:
	case BENCH_SIZE:
		printf(" (%llu)", (unsigned long long)*(uint64_t *)option->value);
		break;
	case BENCH_SECONDS:
		printf(" (%g)", *(double *)option->value);
		break;
	case BENCH_WORD:
	case BENCH_TEXT:
		text = *(const char **)option->value;
		if (text)
			printf(" (%s)", text);
		break;
	case BENCH_FLAG:
	case BENCH_NODES:
		break;
	}
}

/* Before anything is read, so that the values are the defaults. */
static void print_help(const char *usage, const struct bench_option *const *all, size_t nr)
{
	printf("usage: %s %s\n\n", program_invocation_short_name, usage);
	for (size_t i = 0; i < nr; i++) {
		printf("  --%s %s%*s%s", all[i]->name, placeholder(all[i]),
		       (int)(28 - strlen(all[i]->name) - strlen(placeholder(all[i]))), " ",
		       all[i]->help);
		print_default(all[i]);
		putchar('\n');
	}
	printf("  --help\n");
}

static size_t join(const struct bench_option **all, size_t nr, const struct bench_option *table)
{
	for (; table && table->name && nr < MAX_OPTIONS; table++)
		all[nr++] = table;
	return nr;
}

int bench_options(const struct bench_option *own, const struct bench_option *common,
		  const char *usage, int argc, char **argv)
{
	const struct bench_option *all[MAX_OPTIONS];
	struct option longs[MAX_OPTIONS + 2] = {0};
	size_t nr = join(all, join(all, 0, own), common);
	int index;

	for (size_t i = 0; i < nr; i++)
		longs[i] = (struct option){
			all[i]->name, all[i]->kind == BENCH_FLAG ? no_argument : required_argument,
			NULL, 'o'};
	longs[nr] = (struct option){"help", no_argument, NULL, 'h'};
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--help")) {
			print_help(usage, all, nr);
			exit(0);
		}
	}
	for (;;) {
		switch (getopt_long(argc, argv, "", longs, &index)) {
		case -1:
			return optind;
		case 'o':
			parse_value(all[index], optarg);
			break;
		default:
			exit(2); /* getopt has said what is wrong */
		}
	}
}
