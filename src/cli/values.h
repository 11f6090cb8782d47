/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From the words of one option to its value.  Each function is the kind of a row in the table of
 * options.  It returns 0, or -errno after logging what is wrong with the option NAME.
 */
#ifndef TS_VALUES_H
#define TS_VALUES_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/options.h"

/* The longest value, so that a complaint fits a line of the log. */
#define VALUE_MAX 1000

/* Where a value goes, and what is allowed. */
struct value {
	size_t offset; /* in struct options */
	uint64_t least, most;
	const char *range; /* in words, of durations; of a word, those that there are */
};

typedef int value_take(struct options *o, const struct value *v, const char *name,
		       const char *text);

value_take take_duration, take_count, take_tunable, take_size, take_string, take_sysroot,
	take_group, take_pid, take_rule, take_names, take_nodes, take_bandwidth;
/* Its index among the words of the range goes into an enum. */
value_take take_word;
value_take take_one_pid;
/* Of a switch: TEXT is NULL. */
value_take take_switch, take_verbose;

#endif
