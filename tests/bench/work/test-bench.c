/* SPDX-License-Identifier: GPL-2.0 */
/* The benchmark's harness: latencies, windows, random numbers, options, and a workload of its own
 * in a child. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "draw.h"

static void assert_near(double value, double expected, double percent)
{
	if (value < expected * (1 - percent / 100) || value > expected * (1 + percent / 100))
		fail_msg("%g is not within %g%% of %g", value, percent, expected);
}

/* Latencies. */

static void test_buckets(void **state)
{
	unsigned int last = 0;

	for (uint64_t ns = 0; ns < 1ull << 43; ns += 1 + ns / 977) {
		unsigned int bucket = tally_bucket(ns);

		assert_true(bucket < TALLY_BUCKETS);
		assert_true(bucket == last || bucket == last + 1);
		if (ns < 64)
			assert_int_equal(tally_bucket_ns(bucket), ns);
		else
			assert_near((double)tally_bucket_ns(bucket), (double)ns, 1.6);
		last = bucket;
	}
	assert_int_equal(tally_bucket(UINT64_MAX), TALLY_BUCKETS - 1);
}

static void test_percentiles(void **state)
{
	static struct tally tally;

	assert_true(tally_percentile_us(&tally, 50) < 0);
	for (uint64_t ns = 1000; ns <= 1000000; ns += 10)
		tally_latency(&tally, ns);
	assert_near(tally_percentile_us(&tally, 50), 500.5, 3);
	assert_near(tally_percentile_us(&tally, 90), 900.1, 3);
	assert_near(tally_percentile_us(&tally, 99), 990, 3);
	assert_near(tally_percentile_us(&tally, 100), 1000, 3);
}

/* One long operation among a thousand is the maximum and no percentile. */
static void test_outlier(void **state)
{
	static struct tally tally;

	for (int i = 0; i < 999; i++)
		tally_latency(&tally, 50000);
	tally_latency(&tally, 7000000000);
	assert_near(tally_percentile_us(&tally, 99), 50, 3);
	assert_near(tally_percentile_us(&tally, 100), 7000000, 3);
}

static void test_window(void **state)
{
	static struct tally thread, other, start, end;

	tally_latency(&thread, 9000000);
	tally_place(&thread, 0, 9000000, 2);
	tally_bump(&thread.nr_ops, 1);
	tally_bump(&other.nr_ops, 5);
	tally_sum(&start, &thread);
	tally_sum(&start, &other);
	assert_int_equal(start.nr_ops, 6);
	tally_latency(&thread, 3000);
	tally_place(&thread, 1, 3000, 2);
	tally_place(&other, 0, 1000, 2);
	tally_place(&other, TALLY_NODES, 1000, 2); /* no such node */
	tally_bump(&thread.nr_ops, 1);
	tally_bump(&thread.own[1], 7);
	tally_sum(&end, &thread);
	tally_sum(&end, &other);
	tally_subtract(&end, &start);
	assert_int_equal(end.nr_ops, 1);
	assert_int_equal(end.own[1], 7);
	assert_int_equal(end.near_ns, 3000);
	assert_int_equal(tally_known_ns(&end), 4000);
	assert_near(tally_percentile_us(&end, 100), 3, 3);
}

/* Random numbers. */

static void test_zipf(void **state)
{
	uint64_t random = draw_stream(1, 0), nr[64] = {0};
	double harmonic = 0;
	struct zipf zipf;

	assert_int_equal(zipf_init(&zipf, 64, 1.0), 0);
	for (int i = 0; i < 200000; i++)
		nr[zipf_draw(&zipf, &random)]++;
	for (int k = 1; k <= 64; k++)
		harmonic += 1.0 / k;
	assert_near((double)nr[0], 200000 / harmonic, 3);
	assert_near((double)nr[1], 200000 / harmonic / 2, 4);
	assert_true(nr[63] > 0);
	free(zipf.upto);
	assert_true(draw_stream(1, 0) != draw_stream(1, 1) &&
		    draw_stream(1, 0) != draw_stream(2, 0));
}

/* Options and programs: in a child, which ends. */

struct child {
	pid_t pid;
	int in, out;
};

static struct child start_child(void (*run)(int argc, char **argv), char **argv, int said)
{
	int in[2], out[2], argc = 0;
	struct child child;

	while (argv[argc])
		argc++;
	fflush(NULL);
	assert_int_equal(pipe(in) | pipe(out), 0);
	child = (struct child){.pid = fork(), .in = in[1], .out = out[0]};
	assert_true(child.pid >= 0);
	if (!child.pid) {
		dup2(in[0], 0);
		if (!freopen("/dev/null", "w", stdout)) /* its words are not this test's */
			_exit(99);
		dup2(out[1], said);
		close(in[0]);
		close(in[1]);
		close(out[0]);
		close(out[1]);
		run(argc, argv);
		_exit(0);
	}
	close(in[0]);
	close(out[1]);
	return child;
}

/* Its exit status, and all that it said. */
static int end_child(struct child *child, char *text, size_t size)
{
	size_t length = 0;
	ssize_t n;
	int status;

	close(child->in);
	while (length < size - 1 && (n = read(child->out, text + length, size - 1 - length)) > 0)
		length += (size_t)n;
	text[length] = '\0';
	close(child->out);
	assert_int_equal(waitpid(child->pid, &status, 0), child->pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static uint64_t number = 7, size = 4096;
static const char *word = "spin";

static uint64_t setup(const struct bench_settings *settings)
{
	memset(bench_memory(size), 1, size);
	return size;
}

static void operate(struct bench_worker *worker, struct bench_op *op)
{
	const struct timespec rest = {.tv_nsec = 1000000};

	nanosleep(&rest, NULL);
	op->latency_ns = 5000;
	op->units = number;
	op->own[0] = 1;
}

static void fields(FILE *out, const struct tally *window)
{
	fprintf(out, ", \"own\": %llu", (unsigned long long)window->own[0]);
}

static void run_bench(int argc, char **argv)
{
	static const struct bench_option options[] = {
		{"number", BENCH_NUMBER, &number, 1, 10, NULL, "a number"},
		{"size", BENCH_SIZE, &size, 4096, 1 << 20, NULL, "a size"},
		{"word", BENCH_WORD, &word, 0, 0, "spin|fork", "a word"},
		{0},
	};
	struct bench bench = {.workload = "test",
			      .unit = "units",
			      .options = options,
			      .setup = setup,
			      .op = operate,
			      .fields = fields};

	bench_main(&bench, argc, argv);
}

/* One line, with the option and what was given. */
static void refuses(const char *option, const char *value)
{
	char *argv[] = {(char *)"test", (char *)option, (char *)value, NULL}, text[512];
	struct child child = start_child(run_bench, argv, 2);

	assert_int_equal(end_child(&child, text, sizeof(text)), 2);
	if (!strstr(text, option) || (value && !strstr(text, value)) ||
	    strchr(text, '\n') != text + strlen(text) - 1)
		fail_msg("'%s' is not a line about %s %s", text, option, value ? value : "");
}

static void test_bad_options(void **state)
{
	refuses("--number", "11");
	refuses("--number", "-1");
	refuses("--number", "5x");
	refuses("--number", NULL);
	refuses("--size", "4T");
	refuses("--size", "1K");
	refuses("--word", "for");
	refuses("--word", "");
	refuses("--seconds", "nan");
	refuses("--seconds", "0");
	refuses("--warm", "-1");
	refuses("--near", "0,,1");
	refuses("--near", "64");
	refuses("--node", "0,1");
	refuses("--interleave", "3");
	refuses("--threads", "0");
	refuses("--nonsense", NULL);
	refuses("stray", NULL);
}

static double field(struct json_object *line, const char *name)
{
	struct json_object *value;

	assert_true(json_object_object_get_ex(line, name, &value));
	assert_non_null(value);
	return json_object_get_double(value);
}

static void check_line(struct json_object *line, double seconds)
{
	struct json_object *near;

	assert_string_equal(json_object_get_string(json_object_object_get(line, "workload")),
			    "test");
	assert_true(field(line, "seconds") >= seconds);
	assert_true(field(line, "ops") > 0);
	assert_near(field(line, "rate"), 3 * field(line, "ops") / field(line, "seconds"), 1);
	assert_near(field(line, "p50_us"), 5, 3);
	assert_near(field(line, "max_us"), 5, 3);
	assert_near(field(line, "own"), field(line, "ops"), 5);
	assert_int_equal(field(line, "bytes"), 4096);
	assert_true(json_object_object_get_ex(line, "near_percent", &near));
	assert_null(near);
}

static struct json_object *parse(char **rest)
{
	char *line = strsep(rest, "\n");
	struct json_object *object = line ? json_tokener_parse(line) : NULL;

	if (!object)
		fail_msg("'%s' is not JSON", line ? line : "nothing");
	return object;
}

static void test_control(void **state)
{
	static const char commands[] = "measure 0.3\nmeasure 0.1\nquit\n";
	char *argv[] = {(char *)"test", (char *)"--control", (char *)"--number", (char *)"3", NULL};
	struct child child = start_child(run_bench, argv, 1);
	char text[4096], *rest = text;
	struct json_object *line;

	assert_int_equal(write(child.in, commands, strlen(commands)), strlen(commands));
	assert_int_equal(end_child(&child, text, sizeof(text)), 0);
	line = parse(&rest);
	assert_true(json_object_get_boolean(json_object_object_get(line, "ready")));
	json_object_put(line);
	for (int i = 0; i < 2; i++) {
		line = parse(&rest);
		check_line(line, i ? 0.1 : 0.3);
		json_object_put(line);
	}
	assert_string_equal(rest, "");
}

static void test_end_of_input(void **state)
{
	char *argv[] = {(char *)"test", (char *)"--control", NULL}, text[512];
	struct child child = start_child(run_bench, argv, 1);

	assert_int_equal(end_child(&child, text, sizeof(text)), 0);
	assert_string_equal(text, "{\"ready\": true, \"bytes\": 4096}\n");
}

static void test_bad_command(void **state)
{
	static const char command[] = "measure soon\n";
	char *argv[] = {(char *)"test", (char *)"--control", NULL}, text[512];
	struct child child = start_child(run_bench, argv, 2);

	assert_int_equal(write(child.in, command, strlen(command)), strlen(command));
	assert_int_equal(end_child(&child, text, sizeof(text)), 2);
	assert_non_null(strstr(text, "measure soon"));
}

static void test_one_window(void **state)
{
	char *argv[] = {(char *)"test", (char *)"--seconds", (char *)"0.2", (char *)"--warm",
			(char *)"0.1",	(char *)"--number",  (char *)"3",   NULL};
	struct child child = start_child(run_bench, argv, 1);
	char text[4096], *rest = text;
	struct json_object *line;

	assert_int_equal(end_child(&child, text, sizeof(text)), 0);
	line = parse(&rest);
	check_line(line, 0.2);
	json_object_put(line);
	assert_string_equal(rest, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_buckets),	    cmocka_unit_test(test_percentiles),
		cmocka_unit_test(test_outlier),	    cmocka_unit_test(test_window),
		cmocka_unit_test(test_zipf),	    cmocka_unit_test(test_bad_options),
		cmocka_unit_test(test_control),	    cmocka_unit_test(test_end_of_input),
		cmocka_unit_test(test_bad_command), cmocka_unit_test(test_one_window),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
