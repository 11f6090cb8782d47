/* SPDX-License-Identifier: GPL-2.0 */
/* The kinds of options. */
#include "cli/values.h"

#include <errno.h>
#include <grp.h>
#include <string.h>
#include <sys/stat.h>

#include "base/array.h"
#include "base/log.h"
#include "base/parse.h"
#include "base/util.h"

static void *place(struct options *o, const struct value *v)
{
	return (char *)o + v->offset;
}

int take_switch(struct options *o, const struct value *v, const char *name, const char *text)
{
	*(bool *)place(o, v) = true;
	return 0;
}

int take_verbose(struct options *o, const struct value *v, const char *name, const char *text)
{
	log_set_level(LOG_LEVEL_DEBUG);
	return 0;
}

int take_duration(struct options *o, const struct value *v, const char *name, const char *text)
{
	uint64_t ns;
	int r = parse_duration_ns(&ns, text);

	if (r == -EINVAL) {
		log_error("%s: '%s' is not a duration; write a number and a unit, such as 100ms or "
			  "2s",
			  name, text);
		return r;
	}
	if (r < 0 || ns < v->least || ns > v->most) {
		log_error("%s: '%s' is out of range; it takes %s", name, text, v->range);
		return -ERANGE;
	}
	*(uint64_t *)place(o, v) = ns;
	return 0;
}

static int parse_count(uint64_t *out, const char *name, const char *text, uint64_t min,
		       uint64_t max)
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

int take_count(struct options *o, const struct value *v, const char *name, const char *text)
{
	return parse_count(place(o, v), name, text, v->least, v->most);
}

int take_tunable(struct options *o, const struct value *v, const char *name, const char *text)
{
	uint64_t value;
	int r = parse_count(&value, name, text, v->least, v->most);

	if (!r)
		*(__u32 *)place(o, v) = (__u32)value;
	return r;
}

int take_word(struct options *o, const struct value *v, const char *name, const char *text)
{
	const char *word = v->range;

	for (unsigned int i = 0; *word; i++) {
		size_t len = strcspn(word, " ");

		if (strlen(text) == len && !strncmp(word, text, len)) {
			*(unsigned int *)place(o, v) = i;
			return 0;
		}
		word += len;
		word += *word == ' ';
	}
	log_error("%s: '%s' is none of these: %s", name, text, v->range);
	return -EINVAL;
}

int take_size(struct options *o, const struct value *v, const char *name, const char *text)
{
	if (!parse_size_bytes(place(o, v), text))
		return 0;
	log_error("%s: '%s' is not a size, such as 64M or 2G", name, text);
	return -EINVAL;
}

int take_string(struct options *o, const struct value *v, const char *name, const char *text)
{
	char **out = place(o, v);
	char *copy = strdup(text);

	if (!copy)
		return -ENOMEM;
	free(*out);
	*out = copy;
	return 0;
}

/* A recorded machine: a directory that exists. */
int take_sysroot(struct options *o, const struct value *v, const char *name, const char *text)
{
	struct stat found;

	if (stat(text, &found)) {
		log_error("%s: '%s': %s; it names the directory of a recorded machine", name, text,
			  strerror(errno));
		return -EINVAL;
	}
	if (!S_ISDIR(found.st_mode)) {
		log_error("%s: '%s' is not a directory; tests/helpers/unpack-sysroot makes one "
			  "of a recording",
			  name, text);
		return -EINVAL;
	}
	return take_string(o, v, name, text);
}

/* A name or a number.  A number need not have a name. */
int take_group(struct options *o, const struct value *v, const char *name, const char *text)
{
	const struct group *group = getgrnam(text);
	uint64_t gid;

	if (group)
		gid = group->gr_gid;
	else if (parse_u64(&gid, text) < 0 || gid >= (gid_t)-1) {
		log_error("%s: there is no group '%s'", name, text);
		return -EINVAL;
	}
	*(gid_t *)place(o, v) = (gid_t)gid;
	return 0;
}

static int parse_pid(pid_t *out, const char *name, const char *text)
{
	uint64_t value;

	if (parse_u64(&value, text) < 0 || !value || value > INT32_MAX) {
		log_error("%s: '%s' is not a process id", name, text);
		return -EINVAL;
	}
	*out = (pid_t)value;
	return 0;
}

int take_one_pid(struct options *o, const struct value *v, const char *name, const char *text)
{
	return parse_pid(place(o, v), name, text);
}

int take_pid(struct options *o, const struct value *v, const char *name, const char *text)
{
	pid_t value, *pid;
	int r = parse_pid(&value, name, text);

	if (r < 0)
		return r;
	pid = ARRAY_PLACE(o->choose.pids, o->choose.nr_pids);
	if (!pid)
		return -ENOMEM;
	*pid = value;
	o->choose.nr_pids++;
	return 0;
}

int take_rule(struct options *o, const struct value *v, const char *name, const char *text)
{
	struct rule *rule = ARRAY_PLACE(o->choose.rules, o->choose.nr_rules);
	int r = rule ? rule_parse(rule, text) : -ENOMEM;

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

int take_names(struct options *o, const struct value *v, const char *name, const char *text)
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
		if (!*text)
			break;
		text++;
		if (!*text) {
			log_error("%s: the list ends in a comma", name);
			return -EINVAL;
		}
	}
	memcpy(o->choose.names, names, sizeof(names));
	memcpy(o->sched.names, names, sizeof(names));
	return 0;
}

int take_nodes(struct options *o, const struct value *v, const char *name, const char *text)
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

int take_bandwidth(struct options *o, const struct value *v, const char *name, const char *text)
{
	struct metrics_bandwidth *bandwidth;
	const char *equals = strchr(text, '=');
	uint64_t node, mbps;
	char number[24];

	if (!equals || equals - text >= (ptrdiff_t)sizeof(number))
		goto wrong;
	snprintf(number, sizeof(number), "%.*s", (int)(equals - text), text);
	if (parse_u64(&node, number) < 0 || node > IDLIST_MAX_ID ||
	    parse_u64(&mbps, equals + 1) < 0 || !mbps || mbps > INT32_MAX)
		goto wrong;
	bandwidth = ARRAY_PLACE(o->bandwidths, o->nr_bandwidths);
	if (!bandwidth)
		return -ENOMEM;
	*bandwidth = (struct metrics_bandwidth){(unsigned int)node, (uint32_t)mbps};
	o->nr_bandwidths++;
	return 0;
wrong:
	log_error("%s: '%s' is not NODE=MBPS, such as 2=32000 for 32 GB/s", name, text);
	return -EINVAL;
}
