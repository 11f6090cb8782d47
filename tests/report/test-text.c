/* SPDX-License-Identifier: GPL-2.0 */
/* The document as text: what stands in it, what does not, and what is foreign. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "report/text.h"

/* What text_print() says of DOCUMENT. */
static const char *text_of(const char *document)
{
	static char text[8192];
	json_object *o = json_tokener_parse(document);
	FILE *file = tmpfile();
	int out = dup(STDOUT_FILENO);
	size_t n;

	assert_non_null(o);
	assert_non_null(file);
	fflush(stdout);
	dup2(fileno(file), STDOUT_FILENO);
	text_print(o);
	fflush(stdout);
	dup2(out, STDOUT_FILENO);
	close(out);
	rewind(file);
	n = fread(text, 1, sizeof(text) - 1, file);
	text[n] = '\0';
	fclose(file);
	json_object_put(o);
	return text;
}

#define HEAD                                                                                       \
	"{\"version\": \"1.2\", \"pid\": 7, \"mode\": \"schedule\", \"uptime_ms\": 61000, "        \
	"\"damon_interval_us\": 100000, \"cost\": {\"daemon_cpu_percent\": 2.5, \"tick_cpu_us\": " \
	"1500}, "
#define FIRST_LINE                                                                                 \
	"cxl-tiersched 1.2 (pid 7), up 1m01s: scheduling, DAMON every 100ms; costs 2.5% of a "     \
	"CPU, 1.5 ms a tick\n"

static void nodes_and_processes(void **state)
{
	assert_string_equal(
		text_of(HEAD
			"\"nodes\": [{\"node\": 0, \"cpus\": \"0-1\", \"cxl\": \"no\"}, "
			"{\"node\": 2, \"cpus\": \"\", \"cxl\": \"region\", \"near_nodes\": \"0\", "
			"\"read_mbps\": {\"value\": 1000, \"source\": \"cxl-pmu\"}, "
			"\"write_mbps\": {\"value\": 500, \"source\": \"cxl-pmu\"}, "
			"\"utilisation_percent\": {\"value\": 40}, \"latency_ns\": {\"value\": 250}}], "
			"\"processes\": [{\"pid\": 42, \"name\": \"milvus\", \"why\": \"name\", "
			"\"working_set_bytes\": 1048576, \"preferred_node\": 0, "
			"\"placed_ns\": 200, \"near_ns\": 150, "
			"\"memory\": [{\"node\": 0, \"heat_percent\": 3}, "
			"{\"node\": 2, \"heat_percent\": 97}], "
			"\"cpu_nodes\": [{\"node\": 0, \"locality\": 100}]}]}"),
		FIRST_LINE
		"nodes: 0 CPUs 0-1, 2 CXL near 0 1.5 GB/s (40%) 250 ns\n\n"
		"    PID NAME            WHY    WORKSET  HEAT BY NODE      BEST  LOCALITY         NEAR\n"
		"     42 milvus          name     1.00M  2:97% 0:3%           0  0:100             75%\n");
}

static void what_is_not_known_is_a_dash(void **state)
{
	const char *text = text_of(HEAD "\"nodes\": [], \"processes\": [{\"pid\": 1}]}");

	assert_string_equal(
		strrchr(text, 'R') + 2,
		"      1 -               -            0  -                    -  -                   -\n");
	assert_string_equal(text_of("{}"),
			    "cxl-tiersched - (pid -), up 0us: scheduling, DAMON every 0us; costs "
			    "-% of a CPU, 0.0 ms a tick\n"
			    "nodes:\n\nno process is worth managing yet\n");
}

static void who_sees_his_own_alone_is_told(void **state)
{
	assert_non_null(strstr(text_of(HEAD "\"scope\": \"own\", \"processes\": []}"),
			       "no process of yours is managed"));
}

static void simulated_figures_and_troubles_are_told(void **state)
{
	const char *text = text_of(
		HEAD "\"nodes\": [{\"node\": 2, \"cpus\": \"\", \"cxl\": \"no\", "
		     "\"read_mbps\": {\"value\": 1000, \"source\": \"simulated\"}, "
		     "\"write_mbps\": {\"value\": 0, \"source\": \"simulated\"}}], "
		     "\"troubles\": [{\"step\": \"looking\", \"error\": \"Too many open files\", "
		     "\"meanwhile\": \"nobody new\"}], \"processes\": []}");

	assert_non_null(strstr(text, " 2 memory only 1.0 GB/s simulated\n"));
	assert_non_null(strstr(text, "trouble looking: Too many open files; nobody new\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nodes_and_processes),
		cmocka_unit_test(what_is_not_known_is_a_dash),
		cmocka_unit_test(who_sees_his_own_alone_is_told),
		cmocka_unit_test(simulated_figures_and_troubles_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
