/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory whose every byte is known, for tests/lab/suite/cxl/zy-soak.bats.
 *
 *   soak keep [--bytes SIZE] [--hot SIZE] [--drift SECONDS] [--node N] [--thp]
 *       fill memory, which begins on a node, and check and rewrite a part of it for ever.  After
 *       so many seconds that is another part.  A cold page is checked now and then.  Prints "ready
 *       START BYTES", and at SIGTERM checks all and prints a line of JSON.
 *   soak squeeze --leave SIZE --seconds N
 *       take memory until so much is left on the machine, and hold it.  Prints the bytes that were
 *       left.  Where that is too little for others, the kernel kills this process first.
 */
#include <err.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <numa.h>
#include <numaif.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/parse.h"
#include "base/util.h"

enum { PAGE = 4096, WORDS = PAGE / sizeof(uint64_t), CHUNK = 4 << 20 };

static struct options {
	uint64_t bytes, hot, drift, leave, seconds;
	int node;
	bool thp;
} options = {.bytes = 64 << 20, .hot = 16 << 20, .drift = 20, .leave = 64 << 20, .node = -1};

static volatile sig_atomic_t stopping;
static uint64_t *memory, *versions; /* of each page, how often it was written */
static uint64_t nr_pages, nr_checked, nr_wrong;

static void stop(int signal)
{
	(void)signal;
	stopping = 1;
}

static uint64_t number(const char *text)
{
	uint64_t value;

	if (parse_size_bytes(&value, text))
		errx(2, "'%s' is no number", text);
	return value;
}

static void parse_options(int argc, char **argv)
{
	static const struct option longs[] = {
		{"bytes", required_argument, NULL, 'b'},   {"hot", required_argument, NULL, 'h'},
		{"drift", required_argument, NULL, 'd'},   {"node", required_argument, NULL, 'n'},
		{"thp", no_argument, NULL, 'H'},	   {"leave", required_argument, NULL, 'l'},
		{"seconds", required_argument, NULL, 's'}, {0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		uint64_t value = c != 'H' && c != '?' ? number(optarg) : 0;

		switch (c) {
		case 'b':
			options.bytes = value;
			break;
		case 'h':
			options.hot = value;
			break;
		case 'd':
			options.drift = value;
			break;
		case 'n':
			options.node = (int)value;
			break;
		case 'H':
			options.thp = true;
			break;
		case 'l':
			options.leave = value;
			break;
		case 's':
			options.seconds = value;
			break;
		default:
			exit(2);
		}
	}
	if (options.hot > options.bytes || options.hot < PAGE || !options.drift)
		errx(2, "bad --hot or --drift");
}

static uint64_t now_s(void)
{
	return clock_ns(CLOCK_MONOTONIC) / NSEC_PER_SEC;
}

static uint64_t word_of(uint64_t page, uint64_t i)
{
	return (page * WORDS + i + 1) * UINT64_C(0x9e3779b97f4a7c15) ^ versions[page];
}

static void write_page(uint64_t page)
{
	versions[page]++;
	for (uint64_t i = 0; i < WORDS; i++)
		memory[page * WORDS + i] = word_of(page, i);
}

static void check_page(uint64_t page)
{
	for (uint64_t i = 0; i < WORDS; i++)
		if (memory[page * WORDS + i] != word_of(page, i))
			nr_wrong++;
	nr_checked++;
}

/* It is on the node first if that has room, and then may lie anywhere. */
static void make_memory(void)
{
	uint64_t huge = 2 << 20;
	uintptr_t at = (uintptr_t)mmap(NULL, options.bytes + huge, PROT_READ | PROT_WRITE,
				       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct bitmask *nodes = numa_allocate_nodemask();

	nr_pages = options.bytes / PAGE;
	versions = calloc(nr_pages, sizeof(*versions));
	if (at == (uintptr_t)MAP_FAILED || !versions)
		err(1, "no memory");
	memory = (uint64_t *)((at + huge - 1) / huge * huge);
	if (madvise(memory, options.bytes, options.thp ? MADV_HUGEPAGE : MADV_NOHUGEPAGE))
		err(1, "madvise");
	if (options.node >= 0) {
		numa_bitmask_setbit(nodes, (unsigned int)options.node);
		if (mbind(memory, options.bytes, MPOL_PREFERRED, nodes->maskp, nodes->size + 1, 0))
			err(1, "mbind");
	}
	for (uint64_t page = 0; page < nr_pages; page++)
		write_page(page);
	if (mbind(memory, options.bytes, MPOL_DEFAULT, NULL, 0, 0))
		err(1, "mbind");
	numa_free_nodemask(nodes);
}

static int keep(void)
{
	uint64_t begun = now_s(), nr_hot, cold = 0, rounds = 0;
	struct sigaction action = {.sa_handler = stop};

	make_memory();
	nr_hot = options.hot / PAGE;
	sigaction(SIGTERM, &action, NULL);
	printf("ready %" PRIuPTR " %" PRIu64 "\n", (uintptr_t)memory, options.bytes);
	fflush(stdout);
	for (; !stopping; rounds++) {
		uint64_t part = (now_s() - begun) / options.drift % (nr_pages / nr_hot);

		for (uint64_t i = 0; i < nr_hot; i++) {
			check_page(part * nr_hot + i);
			write_page(part * nr_hot + i);
			if (i % 64 == 0)
				check_page(cold++ % nr_pages);
		}
	}
	for (uint64_t page = 0; page < nr_pages; page++)
		check_page(page);
	printf("{\"rounds\": %" PRIu64 ", \"checked\": %" PRIu64 ", \"wrong\": %" PRIu64 "}\n",
	       rounds, nr_checked, nr_wrong);
	return nr_wrong ? 1 : 0;
}

static uint64_t bytes_left(void)
{
	char line[128];
	uint64_t kb = 0;
	FILE *file = fopen("/proc/meminfo", "r");

	if (!file)
		err(1, "/proc/meminfo");
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "MemAvailable: %" SCNu64, &kb) == 1)
			break;
	fclose(file);
	return kb * 1024;
}

static int squeeze(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY);
	uint64_t left;

	if (fd < 0 || write(fd, "1000", 4) != 4)
		err(1, "oom_score_adj");
	close(fd);
	while ((left = bytes_left()) > options.leave) {
		char *chunk = mmap(NULL, CHUNK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				   -1, 0);

		if (chunk == MAP_FAILED)
			break;
		for (size_t i = 0; i < CHUNK; i += PAGE)
			chunk[i] = 1;
	}
	printf("%" PRIu64 "\n", left);
	fflush(stdout);
	sleep((unsigned int)options.seconds);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 1) {
		parse_options(argc - 1, argv + 1);
		if (!strcmp(argv[1], "keep"))
			return keep();
		if (!strcmp(argv[1], "squeeze"))
			return squeeze();
	}
	errx(2, "usage: soak keep|squeeze [OPTION...]");
}
