/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rules TASK: what tier/obey says of a process, TASK being any thread of it.  On stdin are lines
 * "NAME START END" (addresses in hex), as policies and /proc/TASK/maps tell them.  On stdout is
 * "cpuset NODES", then a line for each part of each range:
 *
 *   NAME BYTES NODES[ shared]: WHY      NODES are where its pages may go, "-" for nowhere
 *
 * rules --cost N TASK: look at it N times.  Writes mappings, ranges, and ns a look.
 *
 * With --part before TASK only the addresses in question are looked at: of each line, or of the
 * first 2 MB of the process.
 */
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/sysfs.h"
#include "tier/obey.h"

static struct idlist nodes;
static bool by_part;

static const char *list_nodes(char *text, size_t size, const bool *has)
{
	_cleanup_idlist_ struct idlist list = IDLIST_INIT;

	if (!has)
		return "-";
	for (size_t i = 0; i < nodes.nr; i++)
		if (has[i] && idlist_add(&list, nodes.ids[i]))
			err(1, "no memory");
	return list.nr ? idlist_format(text, size, &list) : "none";
}

static void tell_parts(const struct obey_rules *rules, const char *name, uint64_t start,
		       uint64_t end)
{
	struct obey_walk walk = obey_walk(rules, start, end);
	struct obey_range part;
	char text[256];

	while (obey_next(&walk, &part))
		printf("%s %" PRIu64 " %s%s: %s\n", name, part.end - part.start,
		       list_nodes(text, sizeof(text), part.nodes), part.shared ? " shared" : "",
		       obey_why_name(part.why));
}

static const struct obey_rules *look(struct obey *obey, pid_t task, uint64_t start, uint64_t end)
{
	const struct obey_rules *rules;
	int r = by_part ? obey_read_part(obey, task, start, end, &rules)
			: obey_read(obey, task, &rules);

	if (r)
		errx(1, "%d: %s", task, strerror(-r));
	return rules;
}

static void tell_all(struct obey *obey, pid_t task)
{
	const struct obey_rules *rules = look(obey, task, 0, 1);
	char name[64], text[256];
	uint64_t start, end;

	printf("cpuset %s\n", list_nodes(text, sizeof(text), rules->may_lie));
	while (scanf("%63s %" SCNx64 " %" SCNx64 "%*[^\n]", name, &start, &end) == 3) {
		rules = look(obey, task, start, end);
		tell_parts(rules, name, start, end);
	}
}

static void tell_cost(struct obey *obey, pid_t task, long looks)
{
	const struct obey_rules *rules;
	uint64_t begun, start, end;
	int r = obey_read(obey, task, &rules); /* arrays grow now */

	if (r)
		errx(1, "%d: %s", task, strerror(-r));
	start = rules->ranges[0].start;
	end = start + (2 << 20);
	begun = clock_ns(CLOCK_MONOTONIC);
	for (long i = 0; i < looks; i++)
		rules = look(obey, task, start, end);
	printf("mappings %zu ranges %zu ns %" PRIu64 "\n", rules->nr_mappings, rules->nr_ranges,
	       (clock_ns(CLOCK_MONOTONIC) - begun) / (uint64_t)looks);
}

int main(int argc, char **argv)
{
	struct obey *obey;
	long looks = 0;
	pid_t task;
	int r, i = 1;

	for (; i < argc - 1; i++) {
		if (!strcmp(argv[i], "--part"))
			by_part = true;
		else if (!strcmp(argv[i], "--cost"))
			looks = strtol(argv[++i], NULL, 10);
		else
			break;
	}
	if (i != argc - 1 || looks < 0)
		errx(2, "usage: rules [--cost N] [--part] TASK");
	task = (pid_t)strtol(argv[i], NULL, 10);
	r = sysfs_read_idlist(&nodes, NULL, "/sys/devices/system/node/has_memory");
	if (r)
		errx(1, "nodes: %s", strerror(-r));
	r = obey_new(&obey, nodes.ids, nodes.nr);
	if (r)
		errx(3, "the kernel does not take it: %s", strerror(-r));
	if (looks)
		tell_cost(obey, task, looks);
	else
		tell_all(obey, task);
	obey_free(obey);
	idlist_deinit(&nodes);
	return 0;
}
