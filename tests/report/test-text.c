/* SPDX-License-Identifier: GPL-2.0 */
/* The document as text: what stands in it, what does not, and what is foreign. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "report/report.h"

/* What is printed from begin() to end(). */
struct capture {
	FILE *file;
	int out;
};

static struct capture begin(void)
{
	struct capture c = {tmpfile(), dup(STDOUT_FILENO)};

	assert_non_null(c.file);
	fflush(stdout);
	dup2(fileno(c.file), STDOUT_FILENO);
	return c;
}

static const char *end(struct capture c)
{
	static char text[8192];
	size_t n;

	fflush(stdout);
	dup2(c.out, STDOUT_FILENO);
	close(c.out);
	rewind(c.file);
	n = fread(text, 1, sizeof(text) - 1, c.file);
	text[n] = '\0';
	fclose(c.file);
	return text;
}

static json_object *parse(const char *document)
{
	json_object *parsed = json_tokener_parse(document);

	assert_non_null(parsed);
	return parsed;
}

/* What text_print() says of DOCUMENT, with its table as O says. */
static const char *text_with(const char *document, const struct table_options *o)
{
	json_object *parsed = parse(document);
	struct capture c = begin();
	int r = text_print(parsed, o);
	const char *text = end(c);

	json_object_put(parsed);
	assert_int_equal(r, 0);
	return text;
}

static const char *text_of(const char *document)
{
	return text_with(document, NULL);
}

#define HEAD                                                                                       \
	"{\"version\": \"1.2\", \"pid\": 7, \"mode\": \"schedule\", \"uptime_ms\": 61000, "        \
	"\"damon_interval_us\": 100000, \"cost\": {\"daemon_cpu_percent\": 2.5, \"tick_cpu_us\": " \
	"1500}, "
#define FIRST_LINE                                                                                 \
	"cxl-tiersched 1.2 (pid 7), up 1m01s: scheduling, DAMON every 100ms; costs 2.5% of a "     \
	"CPU, 1.5 ms a tick\n"

#define ONE_PROCESS                                                                                \
	"\"processes\": [{\"pid\": 42, \"name\": \"milvus\", \"why\": \"name\", "                  \
	"\"class\": \"vector\", \"priority\": -20, \"rss_bytes\": 3145728, "                       \
	"\"working_set_bytes\": 1048576, \"preferred_node\": 0, \"saturates\": false, "            \
	"\"llc_hit_percent\": {\"value\": 87.5}, \"run_ns\": 61000000000, "                        \
	"\"placed_ns\": 200, \"near_ns\": 150, "                                                   \
	"\"memory\": [{\"node\": 0, \"heat_percent\": 3}, {\"node\": 2, \"heat_percent\": 97}], "  \
	"\"cpu_nodes\": [{\"node\": 0, \"locality\": 100}, {\"node\": 1, \"locality\": null}]}]}"

static void nodes_and_processes(void **state)
{
	assert_string_equal(
		text_of(HEAD
			"\"nodes\": [{\"node\": 0, \"cpus\": \"0-1\", \"cxl\": \"no\"}, "
			"{\"node\": 2, \"cpus\": \"\", \"cxl\": \"region\", \"near_nodes\": \"0\", "
			"\"read_mbps\": {\"value\": 1000, \"source\": \"cxl-pmu\"}, "
			"\"write_mbps\": {\"value\": 500, \"source\": \"cxl-pmu\"}, "
			"\"utilisation_percent\": {\"value\": 40}, \"latency_ns\": {\"value\": "
			"250}}], " ONE_PROCESS),
		FIRST_LINE "\n"
			   "NODE  CPUS  CXL     NEAR       READ     WRITE  USED  LATENCY\n"
			   "   0  0-1   no      -             -         -     -        -\n"
			   "   2  -     region  0     1.00 GB/s  500 MB/s   40%   250 ns\n\n"
			   "PID  NAME    WHY   WORKSET  HEAT        BEST  LOCALITY  NEAR\n"
			   " 42  milvus  name    1.00M  2:97% 0:3%     0  0:100      75%\n");
}

/* Then it is the table alone. */
static void columns_that_are_asked_for(void **state)
{
	struct table_options some = {.output =
					     (char *)"pid,RSS,class,PRIORITY,HITS,SATURATES,TIME"},
			     raw = {.output = (char *)"PID,HEAT,MOVES",
				    .noheadings = true,
				    .raw = true};

	assert_string_equal(text_with(HEAD ONE_PROCESS, &some),
			    "PID    RSS  CLASS   PRIORITY  HITS  SATURATES   TIME\n"
			    " 42  3.00M  vector       -20   88%  no         1m01s\n");
	assert_string_equal(text_with(HEAD ONE_PROCESS, &raw), "42 2:97%\\x200:3% -\n");
	assert_string_equal(text_with(HEAD "\"processes\": []}", &raw), "");
}

static void a_name_reaches_no_terminal_as_it_is(void **state)
{
	/* escaped by the daemon; and by one that did not */
	const char *text = text_of(HEAD "\"processes\": ["
					"{\"pid\": 1, \"name\": \"\\\\x1b[31m\\\\x0aa long one\"}, "
					"{\"pid\": 2, \"name\": \"\\u001b[31m\\n  3  root\"}]}");

	assert_non_null(strstr(text, "\n  1  \\x1b[31m\\x0aa long one  "));
	assert_non_null(strstr(text, "\n  2  \\x1b[31m\\x0a  3  root  "));
	assert_null(strchr(text, '\x1b'));
}

static void what_is_not_known_is_a_dash(void **state)
{
	const char *text = text_of(HEAD "\"nodes\": [], \"processes\": [{\"pid\": 1}]}");

	assert_string_equal(strstr(text, "PID"),
			    "PID  NAME  WHY  WORKSET  HEAT  BEST  LOCALITY  NEAR\n"
			    "  1  -     -          -  -        -  -            -\n");
	assert_string_equal(text_of("{}"),
			    "cxl-tiersched - (pid -), up 0us: scheduling, DAMON every 0us; costs "
			    "-% of a CPU, 0.0 ms a tick\n"
			    "\nno process is worth managing yet\n");
}

static void who_sees_his_own_alone_is_told(void **state)
{
	assert_non_null(strstr(text_of(HEAD "\"scope\": \"own\", \"processes\": []}"),
			       "no process of yours is managed"));
}

/* What is said of the pages of process 42, whose "tier" is TIER, with latencies from SOURCE. */
static const char *pages_by(const char *source, const char *mode, const char *tier)
{
	struct capture c;
	const char *text;
	json_object *o;
	char document[1024];

	snprintf(document, sizeof(document),
		 "{\"tier\": {\"mode\": \"%s\", \"latency_source\": \"%s\"}, \"processes\": "
		 "[{\"pid\": 7}, {\"pid\": 42, \"tier\": %s}]}",
		 mode, source, tier);
	o = parse(document);
	c = begin();
	text_print_pages(o, 42);
	text = end(c);
	json_object_put(o);
	return text;
}

static const char *pages_of(const char *mode, const char *tier)
{
	return pages_by("measured", mode, tier);
}

static void nominal_times_are_said_to_be_nominal(void **state)
{
	static const char *const tier =
		"{\"node\": 1, \"promote_bytes\": 4096, \"gain_ms_per_s\": 1, \"cost_ms\": 1}";

	assert_non_null(strstr(pages_by("slit", "on", tier), "These times are nominal"));
	assert_non_null(strstr(pages_by("attach", "on", tier), "cxl-tiersched calibrate"));
	assert_null(strstr(pages_by("cxl", "on", tier), "nominal"));
	assert_null(strstr(pages_by("slit", "on", "{\"node\": 1}"), "nominal"));
}

static void what_becomes_of_pages_is_said_in_sentences(void **state)
{
	assert_string_equal(
		pages_of("advise", "{\"node\": 1, \"promote_bytes\": 8388608, \"demote_bytes\": 0, "
				   "\"too_new_bytes\": 4096, \"no_room_bytes\": 1048576, "
				   "\"gain_ms_per_s\": 12.3, \"cost_ms\": 4.5}"),
		"\n8.00M of its hot memory should lie nearer to the CPUs of node 1, where it is "
		"best run.  It would wait about 12.3 ms less a second; the copy takes 4.5 ms "
		"once.\n"
		"4.00K stay: they have not been hot for long enough to pay for the copy.\n"
		"1.00M stay: nearer nodes are full of memory that is about as hot.\n"
		"No page is moved (--tier advise).\n");
	assert_string_equal(pages_of("advise", "{\"node\": 0, \"promote_bytes\": 0}"),
			    "\nNo page of its hot memory has a nearer place.\n"
			    "No page is moved (--tier advise).\n");
	assert_string_equal(pages_of("advise", "{\"node\": null}"),
			    "\nWhere its pages should lie is not known: its accesses or latencies "
			    "are not known.\n"
			    "No page is moved (--tier advise).\n");
	assert_string_equal(pages_of("advise", "null"),
			    "\nWhere its pages should lie is not known yet.\n");
	assert_string_equal(pages_of("on",
				     "{\"node\": 0, \"promoted_bytes\": 8388608, "
				     "\"returned_bytes\": 2097152, \"failed_bytes\": 0, "
				     "\"refused_shared_bytes\": 4096, \"budget_bytes\": 4194304}"),
			    "\nNo page of its hot memory has a nearer place.\n"
			    "8.00M moved to nearer nodes so far.\n"
			    "2.00M of these came back within a minute.\n"
			    "4.00K did not move: other processes map them too.\n"
			    "4.00M is all that a plan moves of it for now, because pages came "
			    "back.\n");
	assert_string_equal(pages_of("on", "{\"node\": 0, \"promoted_bytes\": 8388608, "
					   "\"gain_promised_ms_per_s\": 12.3, "
					   "\"gain_measured_ms_per_s\": -0.5, "
					   "\"gain_unknown_ms_per_s\": 2.0}"),
			    "\nNo page of its hot memory has a nearer place.\n"
			    "8.00M moved to nearer nodes so far.\n"
			    "Its accesses were to wait 12.3 ms less a second for that; measured "
			    "afterwards, it is 0.5 ms more.\n"
			    "Of moves that were to gain 2.0 ms a second it is not known, or not "
			    "yet, what they have gained.\n");
	assert_string_equal(pages_of("off", "null"),
			    "\nWhere its pages should lie is not looked at (--tier off).\n");
}

static void one_process_can_be_kept_alone(void **state)
{
	json_object *o = parse("{\"processes\": [{\"pid\": 7}, {\"pid\": 42}, {\"pid\": 9}]}");
	json_object *none = parse("{}");

	assert_int_equal(text_keep(o, 8), -ESRCH);
	assert_int_equal(text_keep(o, 42), 0);
	assert_string_equal(json_object_to_json_string(o),
			    "{ \"processes\": [ { \"pid\": 42 } ] }");
	assert_int_equal(text_keep(none, 42), -ESRCH);
	json_object_put(none);
	json_object_put(o);
}

static void simulated_figures_and_troubles_are_told(void **state)
{
	const char *text = text_of(
		HEAD "\"nodes\": [{\"node\": 2, \"cpus\": \"\", \"cxl\": \"no\", "
		     "\"read_mbps\": {\"value\": 1000, \"source\": \"simulated\"}, "
		     "\"write_mbps\": {\"value\": 0, \"source\": \"simulated\"}}], "
		     "\"troubles\": [{\"step\": \"looking\", \"error\": \"Too many open files\", "
		     "\"meanwhile\": \"nobody new\"}], \"processes\": []}");

	assert_non_null(
		strstr(text, "   2  -     no   -     1.00 GB/s simulated  0 MB/s simulated\n"));
	assert_non_null(strstr(text, "trouble looking: Too many open files; nobody new\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nodes_and_processes),
		cmocka_unit_test(columns_that_are_asked_for),
		cmocka_unit_test(a_name_reaches_no_terminal_as_it_is),
		cmocka_unit_test(what_is_not_known_is_a_dash),
		cmocka_unit_test(who_sees_his_own_alone_is_told),
		cmocka_unit_test(nominal_times_are_said_to_be_nominal),
		cmocka_unit_test(what_becomes_of_pages_is_said_in_sentences),
		cmocka_unit_test(one_process_can_be_kept_alone),
		cmocka_unit_test(simulated_figures_and_troubles_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
