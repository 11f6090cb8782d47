/* SPDX-License-Identifier: GPL-2.0 */
#include "bench.h"

#include <errno.h>
#include <numaif.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "draw.h"
#include "tests/lab/guest/nodes.h"

enum {
	TLB_NS = 10000000,
	SCRATCH_PAGES = 64, /* x86 flushes everything when more than 33 pages change */
	SAMPLE_NS = 20000000,
};

struct slot {
	struct tally tally;
	struct bench_worker worker;
	pthread_t thread;
} __attribute__((aligned(64)));

static struct bench *bench;
static struct bench_settings settings = {.nr_threads = 2, .seed = 1, .seconds = 5, .warm = 1};
static struct slot *slots; /* the last is the main thread's, for what it samples */
static uint64_t data_bytes;
static pthread_barrier_t all_run;

static const struct bench_option common_options[] = {
	{"threads", BENCH_NUMBER, &settings.nr_threads, 1, BENCH_MAX_THREADS, NULL,
	 "threads that do operations"},
	{"node", BENCH_NODES, &settings.node, 1, 1, NULL, "the data lie on this node"},
	{"interleave", BENCH_NODES, &settings.interleave, 2, BENCH_MAX_NODES, NULL,
	 "the data lie on these, page by page"},
	{"near", BENCH_NODES, &settings.near, 1, BENCH_MAX_NODES, NULL,
	 "CPU nodes that count as near to the data"},
	{"seconds", BENCH_SECONDS, &settings.seconds, 0, 0, NULL, "length of the window"},
	{"warm", BENCH_SECONDS, &settings.warm, 0, 0, NULL, "time at work before it"},
	{"control", BENCH_FLAG, &settings.control, 0, 0, NULL,
	 "read \"measure SECONDS\" and \"quit\" from standard input"},
	{"seed", BENCH_NUMBER, &settings.seed, 0, UINT64_MAX, NULL, "of all that is random"},
	{"no-tlb-drop", BENCH_FLAG, &settings.no_tlb_drop, 0, 0, NULL,
	 "leave the TLB to the machine"},
	{0},
};

uint64_t bench_now_ns(void)
{
	return now_ns();
}

/* Memory. */

static void set_policy(const char *option, int mode, const struct bench_nodes *nodes)
{
	static bool policy_set;
	uint64_t mask = 0;

	for (size_t i = 0; i < nodes->nr; i++)
		mask |= 1ull << nodes->node[i];
	/* Where nothing was asked for, nothing is: containers may forbid the call. */
	if (mode == MPOL_DEFAULT && !policy_set)
		return;
	policy_set = mode != MPOL_DEFAULT;
	/* The kernel takes one bit less than it is told. */
	if (!set_mempolicy(mode, mask ? &mask : NULL, mask ? BENCH_MAX_NODES + 1 : 0))
		return;
	if (errno == EINVAL)
		bench_usage("--%s %d%s: not a node with memory", option, nodes->node[0],
			    nodes->nr > 1 ? ",..., one of these" : "");
	bench_fail("memory policy of --%s: %s", option, strerror(errno));
}

void bench_bind(const char *option, int node)
{
	const struct bench_nodes one = {.nr = 1, .node = {node}}, none = {0};

	set_policy(option, node < 0 ? MPOL_DEFAULT : MPOL_BIND, node < 0 ? &none : &one);
}

void *bench_memory(uint64_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (memory == MAP_FAILED)
		bench_fail("no %llu bytes: %s", (unsigned long long)bytes, strerror(errno));
	return memory;
}

static void setup(void)
{
	if (prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0))
		bench_fail("huge pages cannot be turned off: %s", strerror(errno));
	if (settings.node.nr)
		set_policy("node", MPOL_BIND, &settings.node);
	else if (settings.interleave.nr)
		set_policy("interleave", MPOL_INTERLEAVE, &settings.interleave);
	data_bytes = bench->setup(&settings);
	bench_bind("node", -1);
}

/* The TLB. */

static char *scratch;

static void make_scratch(void)
{
	if (!bench->keep_tlb && !settings.no_tlb_drop)
		scratch = bench_memory((uint64_t)SCRATCH_PAGES * (uint64_t)getpagesize());
}

/* Only what was writable and written is a reason to flush; one change flushes every CPU that runs a
 * thread of this process. */
static void drop_tlb(void)
{
	size_t page = (size_t)getpagesize(), size = SCRATCH_PAGES * page;

	if (mprotect(scratch, size, PROT_READ | PROT_WRITE))
		bench_fail("the TLB cannot be dropped: %s", strerror(errno));
	for (size_t i = 0; i < SCRATCH_PAGES; i++)
		scratch[i * page] = 1;
	if (mprotect(scratch, size, PROT_READ))
		bench_fail("the TLB cannot be dropped: %s", strerror(errno));
}

/* Whichever thread first finds it due does it; two at once would take the scratch from each other.
 */
static bool drop_tlb_when_due(uint64_t now)
{
	static uint64_t due_ns;
	static bool at_it;

	if (!scratch || now < __atomic_load_n(&due_ns, __ATOMIC_RELAXED) ||
	    __atomic_test_and_set(&at_it, __ATOMIC_ACQUIRE))
		return false;
	drop_tlb();
	__atomic_store_n(&due_ns, now + TLB_NS, __ATOMIC_RELAXED);
	__atomic_clear(&at_it, __ATOMIC_RELEASE);
	return true;
}

/* Threads. */

static void book(struct tally *tally, const struct bench_op *op, uint64_t took_ns)
{
	unsigned int cpu, node;

	if (op->unrecorded)
		return;
	if (!getcpu(&cpu, &node))
		tally_place(tally, node, op->busy_ns == BENCH_MEASURED ? took_ns : op->busy_ns,
			    op->near_nodes);
	tally_latency(tally, op->latency_ns == BENCH_MEASURED ? took_ns : op->latency_ns);
	for (size_t i = 0; i < TALLY_OWN; i++)
		tally_bump(&tally->own[i], op->own[i]);
	tally_bump(&tally->nr_units, op->units);
	tally_bump(&tally->nr_ops, 1);
}

static void *work(void *arg)
{
	struct slot *slot = arg;
	uint64_t start, end;

	if (bench->begin)
		bench->begin(&slot->worker);
	pthread_barrier_wait(&all_run);
	for (start = now_ns();; start = drop_tlb_when_due(end) ? now_ns() : end) {
		struct bench_op op = {.start_ns = start,
				      .units = 1,
				      .latency_ns = BENCH_MEASURED,
				      .busy_ns = BENCH_MEASURED,
				      .near_nodes = settings.near_mask};

		bench->op(&slot->worker, &op);
		end = now_ns();
		book(&slot->tally, &op, end - start);
	}
	return NULL;
}

static void start_threads(void)
{
	unsigned int nr = (unsigned int)settings.nr_threads;

	slots = aligned_alloc(64, (nr + 1) * sizeof(*slots));
	if (!slots)
		bench_fail("no memory for %u threads", nr);
	memset(slots, 0, (nr + 1) * sizeof(*slots));
	pthread_barrier_init(&all_run, NULL, nr + 1);
	for (unsigned int i = 0; i < nr; i++) {
		slots[i].worker = (struct bench_worker){
			.index = i, .nr = nr, .random = draw_stream(settings.seed, i)};
		errno = pthread_create(&slots[i].thread, NULL, work, &slots[i]);
		if (errno)
			bench_fail("no thread: %s", strerror(errno));
	}
	pthread_barrier_wait(&all_run);
}

void bench_place(unsigned int node, uint64_t ns)
{
	tally_place(&slots[settings.nr_threads].tally, node, ns, settings.near_mask);
}

/* Windows. */

static void sleep_until(uint64_t at_ns)
{
	struct timespec at = {.tv_sec = (time_t)(at_ns / 1000000000),
			      .tv_nsec = (long)(at_ns % 1000000000)};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR)
		;
}

static void pass(double seconds)
{
	uint64_t now = now_ns(), end = now + (uint64_t)(seconds * 1e9);

	for (; now < end; now = now_ns()) {
		sleep_until(bench->sample && end - now > SAMPLE_NS ? now + SAMPLE_NS : end);
		if (bench->sample)
			bench->sample();
	}
}

static void snapshot(struct tally *all)
{
	memset(all, 0, sizeof(*all));
	for (size_t i = 0; i <= settings.nr_threads; i++)
		tally_sum(all, &slots[i].tally);
}

static void print_number(const char *name, double value, bool known)
{
	if (known)
		printf(", \"%s\": %.3f", name, value);
	else
		printf(", \"%s\": null", name);
}

static void print_places(const struct tally *window)
{
	double known = (double)tally_known_ns(window);
	double near = known > 0 ? 100 * (double)window->near_ns / known : 0;
	const char *comma = "";

	/* Near time is booked a moment after the node's. */
	print_number("near_percent", near > 100 ? 100 : near, settings.near.nr && known > 0);
	printf(", \"node_percent\": {");
	for (size_t i = 0; i < TALLY_NODES && known > 0; i++) {
		if (!window->node_ns[i])
			continue;
		printf("%s\"%zu\": %.1f", comma, i, 100 * (double)window->node_ns[i] / known);
		comma = ", ";
	}
	printf("}");
}

static void flush(void)
{
	if (fflush(stdout) || ferror(stdout))
		bench_fail("standard output: %s", strerror(errno));
}

static void print_window(const struct tally *window, double seconds, double cpu_seconds)
{
	static const struct {
		const char *name;
		double percent;
	} percentiles[] = {{"p50_us", 50}, {"p90_us", 90}, {"p99_us", 99}, {"max_us", 100}};

	printf("{\"workload\": \"%s\", \"variant\": ", bench->workload);
	if (bench->variant)
		printf("\"%s\"", bench->variant);
	else
		printf("null");
	printf(", \"threads\": %llu, \"seconds\": %.3f, \"ops\": %llu, \"unit\": \"%s\"",
	       (unsigned long long)settings.nr_threads, seconds, (unsigned long long)window->nr_ops,
	       bench->unit);
	print_number("rate", (double)window->nr_units / seconds, window->nr_ops && seconds > 0);
	for (size_t i = 0; i < sizeof(percentiles) / sizeof(*percentiles); i++) {
		double us = tally_percentile_us(window, percentiles[i].percent);

		print_number(percentiles[i].name, us, us >= 0);
	}
	print_number("cpu_percent", 100 * cpu_seconds / seconds, seconds > 0);
	print_places(window);
	printf(", \"bytes\": %llu", (unsigned long long)data_bytes);
	if (bench->facts)
		bench->facts(stdout);
	if (bench->fields)
		bench->fields(stdout, window);
	printf("}\n");
	flush();
}

/* CPU time of all its threads. */
static uint64_t process_cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static void measure(double seconds)
{
	static struct tally start, end;
	uint64_t from, to, cpu_from, cpu_to;

	if (bench->sample)
		bench->sample(); /* what was before is not the window's */
	snapshot(&start);
	from = now_ns();
	cpu_from = process_cpu_ns();
	pass(seconds);
	snapshot(&end);
	to = now_ns();
	cpu_to = process_cpu_ns();
	tally_subtract(&end, &start);
	print_window(&end, (double)(to - from) * 1e-9, (double)(cpu_to - cpu_from) * 1e-9);
}

static void control(void)
{
	char *line = NULL, *end;
	size_t size = 0;
	double seconds;

	printf("{\"ready\": true, \"bytes\": %llu", (unsigned long long)data_bytes);
	if (bench->facts)
		bench->facts(stdout);
	printf("}\n");
	flush();
	while (getline(&line, &size, stdin) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (!strcmp(line, "quit"))
			break;
		seconds = strncmp(line, "measure ", 8) ? 0 : strtod(line + 8, &end);
		if (!(seconds > 0 && seconds <= 86400) || *end)
			bench_usage("standard input takes \"measure SECONDS\" or \"quit\", not "
				    "'%s'",
				    line);
		measure(seconds);
	}
	free(line);
}

static void check_settings(void)
{
	if (settings.node.nr && settings.interleave.nr)
		bench_usage("--node and --interleave are two policies: give one");
	if (!(settings.seconds > 0))
		bench_usage("--seconds takes more than %g", settings.seconds);
	for (size_t i = 0; i < settings.near.nr; i++)
		settings.near_mask |= 1ull << settings.near.node[i];
	if (bench->check)
		bench->check(bench, &settings);
}

void bench_main(struct bench *b, int argc, char **argv)
{
	int rest;

	bench = b;
	rest = bench_options(bench->options, common_options, "[OPTION...]", argc, argv);
	if (rest < argc)
		bench_usage("what is '%s'? (--help)", argv[rest]);
	check_settings();
	setup();
	make_scratch();
	start_threads();
	if (settings.control) {
		control();
	} else {
		pass(settings.warm);
		measure(settings.seconds);
	}
	/* Not exit(): the threads are at work with what it would take down. */
	_exit(0);
}
