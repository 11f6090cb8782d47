/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The mover (src/tier/move.h) at work, for tests/lab/suite/cxl/move.bats.
 *
 *   mover hold [--bytes SIZE] [--node N] [--thp]
 *       hold memory on a node, and check and rewrite every word of it for ever.  Prints "ready
 *       START BYTES", and at SIGTERM a line of JSON: how often it has done so, and how many words
 *       were wrong.
 *   mover move --pid PID --start ADDRESS [--bytes SIZE] --from N --to N [--rounds N]
 *              [--rate SIZE] [--cpu PERCENT]
 *       move that memory there, back again in the next round, and so on.  Prints a line of JSON
 *       for each round, and at last what the ledger says of it.
 *   mover room
 *       prints of each node its id, its room and its room for huge pages, in bytes
 *   mover measure --from N --to N
 *       prints what it costs to move a byte, in ns
 */
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <numa.h>
#include <numaif.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "numa/migrate.h"
#include "numa/room.h"
#include "tier/ledger.h"
#include "tier/move.h"

static struct options {
	uint64_t bytes, start, rounds, rate, cpu_percent;
	pid_t pid;
	unsigned int node, from, to;
	bool thp;
} options = {.bytes = 64 << 20, .rounds = 1, .cpu_percent = 100};

static volatile sig_atomic_t stopping;

static void stop(int signal)
{
	(void)signal;
	stopping = 1;
}

static uint64_t number(const char *text)
{
	static const char units[] = "KMG";
	char *end;
	uint64_t value = strtoull(text, &end, 0);
	const char *unit = *end ? strchr(units, *end) : NULL;

	if (end == text || (*end && (!unit || end[1])))
		errx(2, "'%s' is no number", text);
	return unit ? value << (10 * (unit - units + 1)) : value;
}

static void parse_options(int argc, char **argv)
{
	static const struct option longs[] = {
		{"bytes", required_argument, NULL, 'b'},
		{"node", required_argument, NULL, 'n'},
		{"thp", no_argument, NULL, 'H'},
		{"pid", required_argument, NULL, 'p'},
		{"start", required_argument, NULL, 's'},
		{"from", required_argument, NULL, 'f'},
		{"to", required_argument, NULL, 't'},
		{"rounds", required_argument, NULL, 'r'},
		{"rate", required_argument, NULL, 'R'},
		{"cpu", required_argument, NULL, 'c'},
		{0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		uint64_t value = c != 'H' && c != '?' ? number(optarg) : 0;

		switch (c) {
		case 'b':
			options.bytes = value;
			break;
		case 'n':
			options.node = (unsigned int)value;
			break;
		case 'H':
			options.thp = true;
			break;
		case 'p':
			options.pid = (pid_t)value;
			break;
		case 's':
			options.start = value;
			break;
		case 'f':
			options.from = (unsigned int)value;
			break;
		case 't':
			options.to = (unsigned int)value;
			break;
		case 'r':
			options.rounds = value;
			break;
		case 'R':
			options.rate = value;
			break;
		case 'c':
			options.cpu_percent = value;
			break;
		default:
			exit(2);
		}
	}
}

static uint64_t *make_memory(void)
{
	uint64_t huge_bytes = 2 << 20, *memory;
	struct bitmask *nodes = numa_allocate_nodemask();
	/* it begins where a huge page begins */
	uintptr_t at = (uintptr_t)mmap(NULL, options.bytes + huge_bytes, PROT_READ | PROT_WRITE,
				       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == (uintptr_t)MAP_FAILED)
		err(1, "no %" PRIu64 " bytes", options.bytes);
	memory = (uint64_t *)((at + huge_bytes - 1) / huge_bytes * huge_bytes);
	if (madvise(memory, options.bytes, options.thp ? MADV_HUGEPAGE : MADV_NOHUGEPAGE))
		err(1, "madvise");
	numa_bitmask_setbit(nodes, options.node);
	if (mbind(memory, options.bytes, MPOL_BIND, nodes->maskp, nodes->size + 1, 0))
		err(1, "no memory on node %u", options.node);
	memset(memory, 0, options.bytes);
	/* from here on it may lie anywhere */
	if (mbind(memory, options.bytes, MPOL_DEFAULT, NULL, 0, 0))
		err(1, "mbind");
	numa_free_nodemask(nodes);
	return memory;
}

static uint64_t word_at(uint64_t i, uint64_t pass)
{
	return pass ? i * UINT64_C(0x9e3779b97f4a7c15) + pass : 0;
}

static int hold(void)
{
	uint64_t *memory = make_memory(), nr = options.bytes / sizeof(*memory), pass = 0, wrong = 0;
	struct sigaction action = {.sa_handler = stop};

	sigaction(SIGTERM, &action, NULL);
	printf("ready %" PRIuPTR " %" PRIu64 "\n", (uintptr_t)memory, options.bytes);
	fflush(stdout);
	for (; !stopping; pass++)
		for (uint64_t i = 0; i < nr; i++) {
			wrong += memory[i] != word_at(i, pass);
			memory[i] = word_at(i, pass + 1);
		}
	printf("{\"passes\": %" PRIu64 ", \"wrong\": %" PRIu64 "}\n", pass, wrong);
	return 0;
}

static struct process_id id_of(pid_t pid)
{
	struct proc_stat stat;

	if (proc_stat_read(&stat, pid))
		errx(1, "no process %d", pid);
	return proc_id(&stat);
}

static void wait_for(struct mover *m, struct move_done *done)
{
	while (!mover_take(m, done, 1))
		usleep(1000);
}

static void print_done(const struct move_done *done, uint64_t ns, uint64_t cpu_ns)
{
	static const char *const ends[] = {"complete",	"replaced", "gone",
					   "forbidden", "no room",  "error"};
	static const char *const reasons[] = {"shared",	 "busy",	 "forbidden",
					      "no_room", "no_huge_room", "failed"};

	printf("{\"from\": %u, \"to\": %u, \"end\": \"%s\", \"error\": %d, \"moved\": %" PRIu64,
	       done->job.from, done->job.to, ends[done->end], done->error, done->moved_bytes);
	for (size_t i = 0; i < MIGRATE_NR_REASONS; i++)
		printf(", \"%s\": %" PRIu64, reasons[i], done->left_bytes[i]);
	printf(", \"elsewhere\": %" PRIu64 ", \"absent\": %" PRIu64, done->elsewhere_bytes,
	       done->absent_bytes);
	printf(", \"ms\": %.1f, \"cpu_ms\": %.1f}\n", (double)ns / 1e6, (double)cpu_ns / 1e6);
	fflush(stdout);
}

static int move(void)
{
	const struct move_options how = {.max_bytes_per_s = options.rate,
					 .max_cpu_percent = (uint32_t)options.cpu_percent,
					 .max_pressure_percent = 100};
	struct move_job job = {.pays_s = INFINITY, /* it is moved for nothing */
			       .process = id_of(options.pid),
			       .task = id_of(options.pid),
			       .start = options.start,
			       .bytes = options.bytes,
			       .from = options.from,
			       .to = options.to};
	struct ledger *ledger;
	struct mover *m;
	struct move_totals before, after;
	uint64_t budget;

	if (mover_new(&m, &how) || ledger_new(&ledger, 1))
		errx(1, "no mover");
	for (uint64_t i = 0; i < options.rounds; i++) {
		uint64_t start_ns = clock_ns(CLOCK_MONOTONIC);
		unsigned int from = job.from;
		struct move_done done;

		mover_totals(m, &before);
		job.direction = i % 2 ? MOVE_DEMOTE : MOVE_PROMOTE;
		if (mover_give(m, &job, 1))
			errx(1, "no memory");
		wait_for(m, &done);
		mover_totals(m, &after);
		print_done(&done, done.when_ns - start_ns, after.cpu_ns - before.cpu_ns);
		if (ledger_add(ledger, &done))
			errx(1, "no memory");
		job.from = job.to;
		job.to = from;
	}
	budget = ledger_budget(ledger, job.process, clock_ns(CLOCK_MONOTONIC));
	printf("{\"returned\": %" PRIu64 ", \"budget\": %" PRIu64 "}\n",
	       ledger_all(ledger)->returned_bytes, budget);
	mover_free(m);
	ledger_free(ledger);
	return 0;
}

static int print_room(void)
{
	struct room room = {0};
	int r = room_read(&room);

	if (r < 0)
		errx(1, "/proc/zoneinfo: %s", strerror(-r));
	for (size_t i = 0; i < room.nr_nodes; i++)
		printf("%u %" PRIu64 " %" PRIu64 "\n", room.nodes[i].id, room.nodes[i].bytes,
		       room.nodes[i].huge_bytes);
	room_deinit(&room);
	return 0;
}

static int measure(void)
{
	double ns;
	int r = migrate_measure(&ns, options.from, options.to);

	if (r < 0)
		errx(1, "cannot measure: %s", strerror(-r));
	printf("%.4f\n", ns);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*call)(void);
	} verbs[] = {{"hold", hold}, {"move", move}, {"room", print_room}, {"measure", measure}};

	if (argc > 1) {
		parse_options(argc - 1, argv + 1);
		for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
			if (!strcmp(argv[1], verbs[i].name))
				return verbs[i].call();
	}
	errx(2, "usage: mover hold|move|room|measure [OPTION...]");
}
