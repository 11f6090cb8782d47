/* SPDX-License-Identifier: GPL-2.0 */
/* Rules that say which processes to manage and what they are: [CLASS=]FIELD:PATTERN. */
#ifndef TS_RULE_H
#define TS_RULE_H

#include <stdbool.h>

#include "bpf/abi.h"

enum rule_field {
	RULE_COMM,   /* thread group leader's name, at most 15 bytes */
	RULE_EXE,    /* path of the executable */
	RULE_CGROUP, /* path in the cgroup v2 tree */
};

struct rule {
	enum rule_field field;
	enum ts_class class; /* TS_CLASS_UNSET: the name decides */
	char *pattern;	     /* glob, fnmatch(3) without flags: "*" matches "/" too */
};

/*
 * 0 or -ENOMEM.  -EINVAL: TEXT has not this form (unknown class or field, no pattern).  -EILSEQ:
 * the pattern has a '[' without its ']' or a '\' at its end.
 */
int rule_parse(struct rule *out, const char *text);
bool rule_matches(const struct rule *rule, const char *value);
void rule_deinit(struct rule *rule);

/* "regular", "vector", ...; class_parse() returns TS_CLASS_UNSET for any other word. */
const char *class_name(enum ts_class class);
enum ts_class class_parse(const char *name);

#endif
