/* SPDX-License-Identifier: GPL-2.0 */
/* Rules that say which processes to manage and what they are. */
#include "process/process.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "base/util.h"

static const char *const class_names[TS_NR_CLASSES] = {
	[TS_CLASS_UNSET] = "unset",	[TS_CLASS_REGULAR] = "regular",
	[TS_CLASS_VECTOR] = "vector",	[TS_CLASS_KWORKER] = "kworker",
	[TS_CLASS_LATENCY] = "latency",
};

static const char *const field_names[] = {
	[RULE_COMM] = "comm",
	[RULE_EXE] = "exe",
	[RULE_CGROUP] = "cgroup",
};

const char *class_name(enum ts_class class)
{
	return class < TS_NR_CLASSES ? class_names[class] : "unset";
}

/* UNSET for any other word. */
static enum ts_class class_parse(const char *name)
{
	for (unsigned int c = TS_CLASS_REGULAR; c < TS_NR_CLASSES; c++)
		if (!strcmp(name, class_names[c]))
			return c;
	return TS_CLASS_UNSET;
}

/* The ']' that closes the '[' at GLOB, by the rules of fnmatch(3).  NULL when there is none. */
static const char *find_bracket_end(const char *glob)
{
	const char *first = glob + 1;

	if (*first == '!' || *first == '^')
		first++;
	for (const char *p = first; *p; p++) {
		const char *end;

		if (*p == ']' && p > first)
			return p;
		if (*p == '[' && p[1] && strchr(":.=", p[1])) {
			end = strstr(p + 2, (char[]){p[1], ']', '\0'});
			p = end ? end + 1 : p;
		} else if (*p == '\\' && p[1]) {
			p++;
		}
	}
	return NULL;
}

/*
 * Is each '[' closed, and is there no '\\' at the end?  fnmatch() takes an open '[' as a plain
 * character, and matches nothing with a '\\' at the end.
 */
static bool is_whole(const char *glob)
{
	for (; *glob; glob++) {
		if (*glob == '\\')
			glob++;
		else if (*glob == '[')
			glob = find_bracket_end(glob);
		if (!glob || !*glob)
			return false;
	}
	return true;
}

int rule_parse(struct rule *out, const char *text)
{
	const char *colon = strchr(text, ':'), *equals = strchr(text, '=');
	enum ts_class class = TS_CLASS_UNSET;
	char word[16];

	if (equals && colon && equals < colon) {
		if ((size_t)(equals - text) >= sizeof(word))
			return -EINVAL;
		snprintf(word, sizeof(word), "%.*s", (int)(equals - text), text);
		class = class_parse(word);
		/* a flag of the kernel makes a task a kernel worker, and no rule does */
		if (class == TS_CLASS_UNSET || class == TS_CLASS_KWORKER)
			return -EINVAL;
		text = equals + 1;
	}
	if (!colon || !colon[1])
		return -EINVAL;
	for (size_t f = 0; f < ARRAY_SIZE(field_names); f++) {
		size_t len = strlen(field_names[f]);

		if ((size_t)(colon - text) != len || strncmp(text, field_names[f], len))
			continue;
		if (!is_whole(colon + 1))
			return -EILSEQ;
		*out = (struct rule){.field = f, .class = class, .pattern = strdup(colon + 1)};
		return out->pattern ? 0 : -ENOMEM;
	}
	return -EINVAL;
}

bool rule_matches(const struct rule *rule, const char *value)
{
	return !fnmatch(rule->pattern, value, 0);
}

void rule_deinit(struct rule *rule)
{
	free(rule->pattern);
	rule->pattern = NULL;
}
