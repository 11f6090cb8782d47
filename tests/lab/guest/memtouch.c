/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A process of which we know what memory it uses: maps and populates --total
 * bytes, then touches the first --hot of them for ever, eight bytes a page, as fast
 * as it can, on random pages or in order.  Prints "ready" when it starts to touch, and
 * at SIGTERM, SIGINT or after --duration one line of JSON.
 *
 * With --reserve the memory lies in the middle of so many addresses that are reserved and
 * not used, as those of Go, Java and LMDB do.  With --views it is a file that is mapped
 * several times, and touched through each in turn.  With --file it is that file, so that several
 * processes have the same memory.
 *
 * --node binds the memory to a node.  With --free it is bound only until it is filled.
 *
 * With --pause it rests after every 4096 touches.  With --hugetlb its memory is of huge pages
 * that the administrator has set aside; with --leave its first thread ends, and the others go on.
 *
 * It turns off huge pages for its mapping (unless --thp), because with them DAMON
 * can see no finer than two megabytes.
 *
 * DAMON clears a page's accessed bit without a TLB flush, so a page that stays in
 * the TLB looks idle.  A real TLB holds a few thousand pages; QEMU's grows with the
 * working set and holds all of it until the next flush.  So each thread drops its TLB
 * every --tlb touches (0: never), as one of that size would have by then: a change of
 * protection of more than 33 pages makes x86 flush everything.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <numa.h>
#include <numaif.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define MAX_THREADS 1024
/* Touches between two looks at the clock and the stop flag. */
#define BATCH 4096
#define SCRATCH_PAGES 64
#define MAX_VIEWS 8

struct options {
	uint64_t total_bytes, hot_bytes;
	uint64_t reserve_bytes; /* 0: no more than total_bytes */
	int nr_views;
	const char *file; /* NULL: memory of its own */
	int node;	  /* -1: anywhere */
	int nr_threads;
	bool sweep, thp, hugetlb, leave, free;
	uint64_t pause_us;    /* between batches */
	uint64_t tlb_touches; /* 0: the TLB is left alone */
	double duration_s;    /* 0: until told to stop */
};

struct toucher {
	pthread_t thread;
	uint64_t nr_touches, seed;
	char *scratch; /* SCRATCH_PAGES whose protection is changed to drop the TLB */
	bool read_only;
};

static struct options options = {.total_bytes = 128 << 20,
				 .hot_bytes = 24 << 20,
				 .node = -1,
				 .nr_threads = 1,
				 .nr_views = 1,
				 .tlb_touches = 2 * BATCH};
static size_t page_size;
static char *memory, *views[MAX_VIEWS]; /* the first view is the memory */
static atomic_bool stopping;

static void die(const char *what)
{
	fprintf(stderr, "memtouch: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void usage_error(const char *word)
{
	fprintf(stderr,
		"memtouch: bad %s\n"
		"usage: memtouch [--total SIZE] [--hot SIZE] [--node N] [--threads T] [--pattern "
		"random|sweep]\n"
		"                [--duration SECONDS] [--thp] [--tlb TOUCHES] [--pause USEC]\n"
		"                [--reserve SIZE] [--views N] [--hugetlb] [--leave] [--free]\n"
		"                [--file PATH]\n",
		word);
	exit(2);
}

static uint64_t parse_size(const char *text)
{
	static const char units[] = "KMGT";
	char *end;
	uint64_t value = strtoull(text, &end, 10);
	const char *unit = *end ? strchr(units, *end) : NULL;

	if (end == text || (*end && (!unit || end[1])))
		usage_error(text);
	return unit ? value << (10 * (unit - units + 1)) : value;
}

static void parse_options(int argc, char **argv)
{
	static const struct option longs[] = {
		{"total", required_argument, NULL, 't'},
		{"hot", required_argument, NULL, 'h'},
		{"node", required_argument, NULL, 'n'},
		{"threads", required_argument, NULL, 'T'},
		{"pattern", required_argument, NULL, 'p'},
		{"duration", required_argument, NULL, 'd'},
		{"thp", no_argument, NULL, 'H'},
		{"tlb", required_argument, NULL, 'b'},
		{"pause", required_argument, NULL, 'P'},
		{"reserve", required_argument, NULL, 'r'},
		{"views", required_argument, NULL, 'v'},
		{"hugetlb", no_argument, NULL, 'G'},
		{"leave", no_argument, NULL, 'L'},
		{"free", no_argument, NULL, 'f'},
		{"file", required_argument, NULL, 'F'},
		{0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (c) {
		case 't':
			options.total_bytes = parse_size(optarg);
			break;
		case 'h':
			options.hot_bytes = parse_size(optarg);
			break;
		case 'n':
			options.node = atoi(optarg);
			break;
		case 'T':
			options.nr_threads = atoi(optarg);
			break;
		case 'p':
			options.sweep = !strcmp(optarg, "sweep");
			if (!options.sweep && strcmp(optarg, "random"))
				usage_error(optarg);
			break;
		case 'd':
			options.duration_s = atof(optarg);
			break;
		case 'b':
			options.tlb_touches = parse_size(optarg);
			break;
		case 'P':
			options.pause_us = parse_size(optarg);
			break;
		case 'r':
			options.reserve_bytes = parse_size(optarg);
			break;
		case 'v':
			options.nr_views = atoi(optarg);
			break;
		case 'H':
			options.thp = true;
			break;
		case 'G':
			options.hugetlb = true;
			break;
		case 'L':
			options.leave = true;
			break;
		case 'F':
			options.file = optarg;
			break;
		case 'f':
			options.free = true;
			break;
		default:
			usage_error("option");
		}
	}
	if (optind < argc)
		usage_error(argv[optind]);
	if (options.hot_bytes > options.total_bytes || options.hot_bytes < page_size)
		usage_error("--hot");
	if (options.reserve_bytes && options.reserve_bytes < options.total_bytes)
		usage_error("--reserve");
	if (options.nr_views < 1 || options.nr_views > MAX_VIEWS)
		usage_error("--views");
	if (options.nr_threads < 1 || options.nr_threads > MAX_THREADS)
		usage_error("--threads");
}

static void bind_to_node(void)
{
	struct bitmask *nodes = numa_allocate_nodemask();

	if (numa_available() < 0 || options.node > numa_max_node())
		usage_error("--node");
	numa_bitmask_setbit(nodes, (unsigned int)options.node);
	if (mbind(memory, options.total_bytes, MPOL_BIND, nodes->maskp, nodes->size + 1, 0) < 0)
		die("mbind");
	numa_bitmask_free(nodes);
}

/* Where the memory shall be: in the middle of what is reserved, or anywhere. */
static void *reserve(void)
{
	char *reserved;

	if (!options.reserve_bytes)
		return NULL;
	reserved = mmap(NULL, options.reserve_bytes, PROT_NONE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (reserved == MAP_FAILED)
		die("mmap");
	return reserved + (options.reserve_bytes - options.total_bytes) / 2 / page_size * page_size;
}

static void map_views(void)
{
	int fd = options.file ? open(options.file, O_RDWR | O_CREAT | O_CLOEXEC, 0600)
			      : memfd_create("memtouch", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, (off_t)options.total_bytes))
		die(options.file ? options.file : "memfd");
	for (int i = 0; i < options.nr_views; i++) {
		views[i] =
			mmap(NULL, options.total_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (views[i] == MAP_FAILED)
			die("mmap");
	}
	close(fd);
	memory = views[0];
}

static void make_memory(void)
{
	if (options.nr_views > 1 || options.file) {
		map_views();
	} else {
		void *at = reserve();

		memory = mmap(at, options.total_bytes, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | (at ? MAP_FIXED : 0) |
				      (options.hugetlb ? MAP_HUGETLB : 0),
			      -1, 0);
		if (memory == MAP_FAILED)
			die("mmap");
		views[0] = memory;
	}
	if (!options.hugetlb &&
	    madvise(memory, options.total_bytes, options.thp ? MADV_HUGEPAGE : MADV_NOHUGEPAGE) <
		    0 &&
	    errno != EINVAL)
		die("madvise");
	if (options.node >= 0)
		bind_to_node();
	for (int i = 0; i < options.nr_views; i++)
		for (uint64_t at = 0; at < options.total_bytes; at += page_size)
			views[i][at] = 1;
	if (options.free && mbind(memory, options.total_bytes, MPOL_DEFAULT, NULL, 0, 0) < 0)
		die("mbind");
}

static void make_scratch(struct toucher *toucher)
{
	size_t size = SCRATCH_PAGES * page_size;

	toucher->scratch = mmap(NULL, size, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (toucher->scratch == MAP_FAILED || madvise(toucher->scratch, size, MADV_NOHUGEPAGE) < 0)
		die("mmap");
}

static void drop_tlb(struct toucher *me)
{
	me->read_only = !me->read_only;
	mprotect(me->scratch, SCRATCH_PAGES * page_size,
		 me->read_only ? PROT_READ : PROT_READ | PROT_WRITE);
	/*
	 * Writable again is no reason to flush; pages written meanwhile are what the next change
	 * must write-protect.
	 */
	for (size_t i = 0; !me->read_only && i < SCRATCH_PAGES; i++)
		me->scratch[i * page_size] = 1;
}

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void *touch(void *arg)
{
	struct toucher *me = arg;
	uint64_t nr_pages = options.hot_bytes / page_size, state = me->seed,
		 page = state % nr_pages;

	while (!atomic_load_explicit(&stopping, memory_order_relaxed)) {
		char *view = views[me->nr_touches / BATCH % (uint64_t)options.nr_views];

		for (int i = 0; i < BATCH; i++) {
			volatile uint64_t *word;

			/* The high bits spread evenly over the pages, without a division. */
			page = options.sweep ? (page + 1 < nr_pages ? page + 1 : 0)
					     : (uint64_t)(((unsigned __int128)next_random(&state) *
							   nr_pages) >>
							  64);
			word = (volatile uint64_t *)(view + page * page_size);
			*word += 1;
		}
		me->nr_touches += BATCH;
		if (options.pause_us)
			usleep((useconds_t)options.pause_us);
		if (options.tlb_touches && me->nr_touches % options.tlb_touches < BATCH)
			drop_tlb(me);
	}
	return NULL;
}

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void wait_for_end(const sigset_t *signals)
{
	struct timespec limit = {.tv_sec = (time_t)options.duration_s};

	if (options.duration_s <= 0) {
		sigwaitinfo(signals, NULL);
		return;
	}
	limit.tv_nsec = (long)((options.duration_s - (double)limit.tv_sec) * 1e9);
	sigtimedwait(signals, NULL, &limit);
}

static struct toucher touchers[MAX_THREADS];
static double start_s;

/* Wait, stop the touchers and tell what they did; ARG is the set of signals to wait for. */
static void *finish(void *arg)
{
	uint64_t nr_touches = 0, nr_pages;

	wait_for_end(arg);
	atomic_store(&stopping, true);
	for (int i = 0; i < options.nr_threads; i++) {
		pthread_join(touchers[i].thread, NULL);
		nr_touches += touchers[i].nr_touches;
	}
	/* A loop is as many touches as the hot part has pages. */
	nr_pages = options.hot_bytes / page_size;
	printf("{\"loops\": %.2f, \"touches\": %llu, \"seconds\": %.3f}\n",
	       (double)nr_touches / (double)nr_pages, (unsigned long long)nr_touches,
	       now_s() - start_s);
	exit(0);
}

int main(int argc, char **argv)
{
	static sigset_t signals;
	pthread_t finisher;

	page_size = (size_t)sysconf(_SC_PAGESIZE);
	parse_options(argc, argv);
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	make_memory();
	printf("ready\n");
	fflush(stdout);
	start_s = now_s();
	for (int i = 0; i < options.nr_threads; i++) {
		make_scratch(&touchers[i]);
		touchers[i].seed = 0x9e3779b97f4a7c15ULL * (uint64_t)(i + 1);
		errno = pthread_create(&touchers[i].thread, NULL, touch, &touchers[i]);
		if (errno)
			die("pthread_create");
	}
	if (!options.leave)
		finish(&signals);
	errno = pthread_create(&finisher, NULL, finish, &signals);
	if (errno)
		die("pthread_create");
	pthread_exit(NULL);
}
