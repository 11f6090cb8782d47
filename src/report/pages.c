/* SPDX-License-Identifier: GPL-2.0 */
/* In sentences: which pages of a process should lie elsewhere, and why the others stay. */
#include "report/report.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/format.h"
#include "report/get.h"

/* What becomes of so many bytes.  The words follow their size. */
static const struct {
	const char *key, *words;
} reasons[] = {
	{"to_spread_bytes",
	 "should lie on a farther node: nearer memory is the bottleneck, and answers "
	 "later as it is loaded"},
	{"demote_bytes", "that are colder should make room for hotter memory"},
	{"too_new_bytes", "stay: they have not been hot for long enough to pay for the copy"},
	{"no_room_bytes", "stay: nearer nodes are full of memory that is about as hot"},
	{"not_allowed_bytes", "stay: a cpuset, a policy or a lock keeps them from nearer nodes"},
	{"busy_bytes", "stay: nearer memory is so busy that they would be no faster there"},
	{"later_bytes", "come later: a plan takes only so much"},
	{"shared_bytes", "are shared: they lie where all who access them wait least"},
	{"foreign_bytes", "stay: processes that are not managed may map them too"},
};

/* What has become of so many bytes. */
static const struct {
	const char *key, *words;
} history[] = {
	{"promoted_bytes", "moved to nearer nodes so far"},
	{"demoted_bytes", "moved away so far to make room"},
	{"spread_bytes", "moved so far to share bandwidth"},
	{"returned_bytes", "of these came back within a minute"},
	{"refused_shared_bytes", "did not move: other processes map them too"},
	{"refused_busy_bytes", "did not move: pinned, locked or under I/O"},
	{"refused_not_allowed_bytes", "did not move: a cpuset, a policy or a lock holds it there"},
	{"refused_no_room_bytes", "did not move: the node was full"},
	{"refused_no_huge_room_bytes", "did not move: the node had no block for a huge page"},
	{"failed_bytes", "did not move, for another reason"},
};

static int64_t get_bytes(json_object *o, const char *key)
{
	return json_object_get_int64(get(o, key));
}

static void print_bytes(int64_t bytes, const char *words)
{
	char text[16];

	if (bytes > 0)
		printf("%s %s.\n", format_bytes(text, sizeof(text), (uint64_t)bytes), words);
}

/* What its moves have gained; of a process that made room for others that is a loss. */
static void print_gain(json_object *tier)
{
	double promised = json_object_get_double(get(tier, "gain_promised_ms_per_s"));
	double measured = json_object_get_double(get(tier, "gain_measured_ms_per_s"));
	double unknown = json_object_get_double(get(tier, "gain_unknown_ms_per_s"));

	if (get(tier, "gain_measured_ms_per_s"))
		printf("Its accesses were to wait %.1f ms %s a second for that; measured "
		       "afterwards, it is %.1f ms %s.\n",
		       fabs(promised), promised < 0 ? "more" : "less", fabs(measured),
		       measured < 0 ? "more" : "less");
	if (fabs(unknown) >= 0.05)
		printf("Of moves that were to gain %.1f ms a second it is not known, or not yet, "
		       "what they have gained.\n",
		       unknown);
}

/* What was moved of it.  Attempts that failed count each time. */
static void print_history(json_object *tier)
{
	for (size_t i = 0; i < ARRAY_SIZE(history); i++)
		print_bytes(get_bytes(tier, history[i].key), history[i].words);
	print_gain(tier);
	print_bytes(get_bytes(tier, "budget_bytes"),
		    "is all that a plan moves of it for now, because pages came back");
}

static void print_promotion(json_object *tier, const char *bytes)
{
	printf("%s of its hot memory should lie nearer to the CPUs of node %s, where it is best "
	       "run.  It would wait about %.1f ms less a second; the copy takes %.1f ms once.\n",
	       bytes, json_object_get_string(get(tier, "node")),
	       json_object_get_double(get(tier, "gain_ms_per_s")),
	       json_object_get_double(get(tier, "cost_ms")));
}

/* A time is no better than the latencies that it is computed from. */
static void print_source(json_object *report)
{
	const char *source = json_object_get_string(get(get(report, "tier"), "latency_source"));

	if (source && (!strcmp(source, "slit") || !strcmp(source, "attach")))
		printf("These times are nominal: firmware tells distances, and no latencies.  "
		       "Measure them: cxl-tiersched calibrate.\n");
}

static void print_tier(json_object *tier, json_object *report)
{
	int64_t promote = get_bytes(tier, "promote_bytes");
	bool any = promote > 0;
	char bytes[16];

	if (!get(tier, "node")) {
		printf("Where its pages should lie is not known: its accesses or latencies are "
		       "not known.\n");
		return;
	}
	if (promote > 0) {
		print_promotion(tier, format_bytes(bytes, sizeof(bytes), (uint64_t)promote));
		print_source(report);
	}
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
		print_bytes(get_bytes(tier, reasons[i].key), reasons[i].words);
		any |= get_bytes(tier, reasons[i].key) > 0;
	}
	if (!any)
		printf("No page of its hot memory has a nearer place.\n");
}

static json_object *find(json_object *processes, pid_t pid, size_t *at)
{
	for (*at = 0; *at < json_object_array_length(processes); ++*at) {
		json_object *o = json_object_array_get_idx(processes, *at);

		if (json_object_get_int64(get(o, "pid")) == pid)
			return o;
	}
	return NULL;
}

int text_keep(json_object *report, pid_t pid)
{
	json_object *processes = get(report, "processes");
	size_t at, nr;

	if (!json_object_is_type(processes, json_type_array) || !find(processes, pid, &at))
		return -ESRCH;
	nr = json_object_array_length(processes);
	(void)json_object_array_del_idx(processes, at + 1, nr - at - 1);
	(void)json_object_array_del_idx(processes, 0, at);
	return 0;
}

void text_print_pages(json_object *report, pid_t pid)
{
	json_object *processes = get(report, "processes"), *o, *tier;
	const char *mode = json_object_get_string(get(get(report, "tier"), "mode"));
	size_t at;

	if (!json_object_is_type(processes, json_type_array))
		return;
	o = find(processes, pid, &at);
	tier = get(o, "tier");
	putchar('\n');
	if (tier)
		print_tier(tier, report);
	else if (mode && !strcmp(mode, "off"))
		printf("Where its pages should lie is not looked at (--tier off).\n");
	else
		printf("Where its pages should lie is not known yet.\n");
	if (tier && mode && !strcmp(mode, "advise"))
		printf("No page is moved (--tier advise).\n");
	if (tier && mode && !strcmp(mode, "on"))
		print_history(tier);
}
