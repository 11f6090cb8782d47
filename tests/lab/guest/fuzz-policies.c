/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fuzz-policies [--seed N] [--seconds N] [--slots N] [--cgroup DIR] [--mover] [--whole]
 *
 * A process that changes policies, locks and its cpuset at random while its pages are moved by
 * others, and that watches where they go.
 *
 * Its memory is slots of 2 MB: small pages, a huge page, shared memory, or a page of hugetlb.  It
 * keeps of each page the node where it was last seen, and its policy.  A page that is seen on
 * another node has been moved by others, since nothing else moves pages here.  That is a fault
 * unless its policy, its lock and the cpuset allow it there.  Pages that lay outside of a policy
 * when it was set may stay where they are.
 *
 * A fault is "late" where the rules of the slot changed since the page was last seen in its place:
 * who moved it may have begun before that.  Such a page has to come back.  At the end nothing
 * changes for a while, and what is still outside then "stayed".
 *
 * With --cgroup its cpuset changes too: it goes into that group, and writes its cpuset.mems.
 *
 * With --mover a parent moves pages of it by the rules that it reads (tier/obey.h, tier/move.h), as
 * the daemon does, but at once and at random.  Between two storms nothing changes, and then what
 * the mover counts must be what numa_maps shows.
 *
 * With --whole nothing is set on a part of a slot, and so no huge page is cut into pieces.
 *
 * Nodes 0 to 2 are needed.  Prints the seed, and at the end a line of JSON.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/mempolicy.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/lab/guest/fuzz-watch.h"

#ifndef MPOL_PREFERRED_MANY
#define MPOL_PREFERRED_MANY 5
#endif
/* What is outside has so long to come back. */
#define SETTLE_S 30
#define LEAST_OPS 64
#define MOST_OPS 4096

struct fuzz fuzz = {.seconds = 30, .nr_slots = 32};

static pthread_mutex_t touching = PTHREAD_MUTEX_INITIALIZER;

uint64_t fuzz_random(struct fuzz *f, uint64_t below)
{
	f->state ^= f->state << 13;
	f->state ^= f->state >> 7;
	f->state ^= f->state << 17;
	return (f->state >> 11) % below;
}

static uint64_t pick(uint64_t below)
{
	return fuzz_random(&fuzz, below);
}

static uint64_t now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

/* Changing. */

/* Pages FIRST..END of a slot. */
struct part {
	struct slot *slot;
	size_t first, end;
	char *at;
	size_t bytes;
};

static struct part pick_part(void)
{
	struct part part = {.slot = &watch.slots[pick(fuzz.nr_slots)], .end = FUZZ_SLOT_PAGES};

	if (pick(3) && !fuzz.whole) {
		part.first = pick(FUZZ_SLOT_PAGES / 16) * 16;
		part.end = part.first + 16 + pick((FUZZ_SLOT_PAGES - part.first) / 16) * 16;
	}
	/* of a page of hugetlb there are no parts */
	if (part.slot->kind == HUGETLB) {
		part.first = 0;
		part.end = FUZZ_SLOT_PAGES;
	}
	part.at = part.slot->at + part.first * FUZZ_PAGE;
	part.bytes = (part.end - part.first) * FUZZ_PAGE;
	return part;
}

static struct policy pick_policy(void)
{
	static const int modes[] = {MPOL_DEFAULT,    MPOL_BIND,	 MPOL_BIND,	     MPOL_PREFERRED,
				    MPOL_INTERLEAVE, MPOL_LOCAL, MPOL_PREFERRED_MANY};
	struct policy p = {.mode = modes[pick(ARRAY_SIZE(modes))]};

	if (p.mode == MPOL_PREFERRED)
		p.nodes = 1u << pick(FUZZ_NODES);
	else if (p.mode != MPOL_DEFAULT && p.mode != MPOL_LOCAL)
		p.nodes = 1 + (unsigned int)pick(ALL_NODES);
	return p;
}

/* With static nodes a cpuset that changes does not shift those of a policy. */
static long set_policy(const struct part *part, const struct policy *p, unsigned int flags)
{
	unsigned long nodes = p->nodes;
	int mode = p->nodes ? p->mode | MPOL_F_STATIC_NODES : p->mode;

	if (part)
		return syscall(SYS_mbind, part->at, part->bytes, mode, nodes ? &nodes : NULL,
			       nodes ? 64 : 0, flags);
	return syscall(SYS_set_mempolicy, mode, nodes ? &nodes : NULL, nodes ? 64 : 0);
}

static void note_policy(const struct part *part, struct policy p)
{
	if (p.mode == MPOL_DEFAULT)
		p.mode = -1;
	p.fixed = part->slot->kind == SHARED;
	if (p.fixed)
		p.nodes &= watch.cpuset;
	for (size_t i = part->first; i < part->end; i++)
		part->slot->pages[i].policy = p;
}

static void bind_part(void)
{
	struct part part = pick_part();
	struct policy p = pick_policy();
	unsigned int before[FUZZ_SLOT_PAGES], flags = pick(2) ? MPOL_MF_MOVE : 0;

	watch_look(part.slot, BY_OTHERS, NULL);
	for (size_t i = 0; i < FUZZ_SLOT_PAGES; i++)
		before[i] = watch_may_go(part.slot, &part.slot->pages[i]);
	if (set_policy(&part, &p, flags)) {
		/* no node of the policy is in the cpuset; of the whole slot it may be set in part */
		return;
	}
	note_policy(&part, p);
	part.slot->changed_ns = now_ns();
	watch_look(part.slot, flags ? BY_US : BY_OTHERS, before);
}

static void lock_part(void)
{
	struct part part = pick_part();
	unsigned int before[FUZZ_SLOT_PAGES];
	bool lock = pick(2);

	watch_look(part.slot, BY_OTHERS, NULL);
	for (size_t i = 0; i < FUZZ_SLOT_PAGES; i++)
		before[i] = watch_may_go(part.slot, &part.slot->pages[i]);
	if (lock ? mlock(part.at, part.bytes) : munlock(part.at, part.bytes))
		return;
	for (size_t i = part.first; i < part.end; i++)
		part.slot->pages[i].locked = lock;
	part.slot->changed_ns = now_ns();
	watch_look(part.slot, BY_OTHERS, before);
}

static bool map_slot(struct slot *slot, enum kind kind)
{
	int flags = MAP_FIXED, fd = -1;
	char *at;

	if (kind == SHARED) {
		fd = (int)syscall(SYS_memfd_create, "fuzz", 0);
		if (fd < 0 || ftruncate(fd, FUZZ_SLOT))
			err(1, "memfd");
		flags |= MAP_SHARED;
	} else {
		flags |= MAP_PRIVATE | MAP_ANONYMOUS | (kind == HUGETLB ? MAP_HUGETLB : 0);
	}
	/* where there is no page of hugetlb left, the kernel says so before it unmaps anything */
	at = mmap(slot->at, FUZZ_SLOT, PROT_READ | PROT_WRITE, flags, fd, 0);
	if (fd >= 0)
		close(fd);
	if (at == MAP_FAILED && kind != HUGETLB)
		err(1, "mmap");
	if (at != MAP_FAILED && kind != HUGETLB)
		madvise(at, FUZZ_SLOT, kind == HUGE ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	return at != MAP_FAILED;
}

/* Map a slot anew, and put it on some node. */
static void renew(struct slot *slot)
{
	struct part part = {slot, 0, FUZZ_SLOT_PAGES, slot->at, FUZZ_SLOT};
	struct policy none = {.mode = MPOL_DEFAULT},
		      there = {.mode = MPOL_PREFERRED, .nodes = 1u << pick(FUZZ_NODES)};
	enum kind kind = (enum kind)pick(NR_KINDS);

	watch_look(slot, BY_OTHERS, NULL);
	pthread_mutex_lock(&touching);
	if (!map_slot(slot, kind) && !map_slot(slot, kind = SMALL))
		errx(1, "cannot map");
	slot->kind = kind;
	for (size_t i = 0; i < FUZZ_SLOT_PAGES; i++)
		slot->pages[i] = (struct page){.policy.mode = -1, .node = -1, .outside = -1};
	(void)set_policy(&part, &there, 0);
	/* where there is none of hugetlb that a policy allows, it stays empty */
	if (madvise(slot->at, FUZZ_SLOT, MADV_POPULATE_WRITE) && kind != HUGETLB)
		err(1, "populate");
	if (set_policy(&part, &none, 0))
		err(1, "mbind");
	pthread_mutex_unlock(&touching);
	slot->changed_ns = now_ns();
	watch_look(slot, BY_US, NULL);
}

static void renew_one(void)
{
	renew(&watch.slots[pick(fuzz.nr_slots)]);
}

/* Of all slots: the rules now. */
static void note_all(unsigned int (*before)[FUZZ_SLOT_PAGES])
{
	for (size_t i = 0; i < fuzz.nr_slots; i++)
		for (size_t p = 0; p < FUZZ_SLOT_PAGES; p++)
			before[i][p] = watch_may_go(&watch.slots[i], &watch.slots[i].pages[p]);
}

static void change_for_all(bool (*change)(void))
{
	unsigned int(*before)[FUZZ_SLOT_PAGES] = calloc(fuzz.nr_slots, sizeof(*before));

	if (!before)
		err(1, "no memory");
	watch_all(BY_OTHERS);
	note_all(before);
	if (change()) {
		watch.changed_ns = now_ns();
		for (size_t i = 0; i < fuzz.nr_slots; i++)
			watch_look(&watch.slots[i], BY_OTHERS, before[i]);
	}
	free(before);
}

static bool change_task_policy(void)
{
	struct policy p = pick_policy();

	if (set_policy(NULL, &p, 0))
		return false;
	watch.policy = p;
	return true;
}

static void bind_task(void)
{
	change_for_all(change_task_policy);
}

static void write_group(const char *name, const char *text)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", fuzz.cgroup, name);
	fd = open(path, O_WRONLY);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		err(1, "%s", path);
	close(fd);
}

/* All nodes and some of them in turn: then the kernel moves only what may not stay. */
static bool change_cpuset(void)
{
	static const struct {
		const char *text;
		unsigned int nodes;
	} some[] = {{"0-1", 3}, {"1-2", 6}, {"0,2", 5}, {"1", 2}};
	size_t i = pick(ARRAY_SIZE(some));
	const char *text = watch.cpuset == ALL_NODES ? some[i].text : "0-2";
	write_group("cpuset.mems", text);
	watch.cpuset = watch.cpuset == ALL_NODES ? some[i].nodes : ALL_NODES;
	return true;
}

static void bind_group(void)
{
	if (fuzz.cgroup)
		change_for_all(change_cpuset);
}

/* Move a part ourselves, so that pages lie everywhere. */
static void scatter(void)
{
	struct part part = pick_part();
	size_t nr = part.end - part.first;
	void *at[FUZZ_SLOT_PAGES];
	int nodes[FUZZ_SLOT_PAGES], status[FUZZ_SLOT_PAGES], to = (int)pick(FUZZ_NODES);

	watch_look(part.slot, BY_OTHERS, NULL);
	for (size_t i = 0; i < nr; i++) {
		at[i] = part.at + i * FUZZ_PAGE;
		nodes[i] = to;
	}
	(void)syscall(SYS_move_pages, 0, (long)nr, at, nodes, status, 2 /* MPOL_MF_MOVE */);
	watch_look(part.slot, BY_US, NULL);
}

static void change(void)
{
	static void (*const ops[])(void) = {bind_part, bind_part, bind_part, bind_part,
					    bind_part, lock_part, renew_one, scatter};
	uint64_t what = pick(100);

	if (what < 1)
		bind_group();
	else if (what < 3)
		bind_task();
	else
		ops[pick(ARRAY_SIZE(ops))]();
	watch.counts.ops++;
}

/* Use the memory, so that it is hot: half of the slots, others every few seconds. */
static void *touch(void *arg)
{
	(void)arg;
	for (;;) {
		size_t first = (size_t)(now_ns() / (20 * NSEC_PER_SEC)) % 2;

		for (size_t i = first; i < fuzz.nr_slots; i += 2) {
			pthread_mutex_lock(&touching);
			for (size_t p = 0; watch.slots[i].kind != HUGETLB && p < FUZZ_SLOT_PAGES;
			     p++)
				*(volatile uint64_t *)(watch.slots[i].at + p * FUZZ_PAGE) += 1;
			pthread_mutex_unlock(&touching);
		}
	}
	return NULL;
}

static void make_slots(void)
{
	size_t bytes = fuzz.nr_slots * FUZZ_SLOT;

	watch.slots = calloc(fuzz.nr_slots, sizeof(*watch.slots));
	if (!watch.slots || mmap(fuzz.memory, bytes, PROT_NONE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		err(1, "mmap");
	for (size_t i = 0; i < fuzz.nr_slots; i++) {
		watch.slots[i].at = fuzz.memory + i * FUZZ_SLOT;
		renew(&watch.slots[i]);
	}
}

/* Tell the parent to hold on, and go on when it says so. */
static void rest(void)
{
	atomic_store(&fuzz.shared->rests, true);
	for (int i = 0; atomic_load(&fuzz.shared->rests) && i < 60000; i++)
		usleep(1000);
	watch_all(BY_OTHERS);
}

/* A busy host takes long until something has moved. */
static bool is_worth(uint64_t ops)
{
	return ops > MOST_OPS ||
	       (ops > LEAST_OPS && (!fuzz.mover || atomic_load(&fuzz.shared->moved)));
}

static void run(void)
{
	uint64_t end_ns = now_ns() + fuzz.seconds * NSEC_PER_SEC;
	pthread_t toucher;

	if (fuzz.cgroup) {
		write_group("cpuset.mems", "0-2");
		write_group("cgroup.procs", "0");
	}
	make_slots();
	if (pthread_create(&toucher, NULL, touch, NULL))
		errx(1, "no thread");
	printf("ready %d seed %ju\n", getpid(), (uintmax_t)fuzz.seed);
	fflush(stdout);
	atomic_store(&fuzz.shared->ready, true);
	for (uint64_t i = 1; now_ns() < end_ns || !is_worth(i); i++) {
		change();
		usleep((useconds_t)pick(fuzz.mover ? 20000 : 200000));
		if (i % 8 == 0)
			watch_all(BY_OTHERS);
		if (fuzz.mover && i % 64 == 0)
			rest();
	}
	if (fuzz.mover)
		rest();
	atomic_store(&fuzz.shared->ends, true);
	for (int i = 0; i < 10 * SETTLE_S && (i < 10 || watch_nr_outside()); i++) {
		usleep(100000);
		watch_all(BY_OTHERS);
	}
	watch.counts.stayed = watch_nr_outside();
	watch_report();
}

static void parse_options(int argc, char **argv)
{
	static const struct option longs[] = {
		{"seed", required_argument, NULL, 's'},	 {"seconds", required_argument, NULL, 't'},
		{"slots", required_argument, NULL, 'n'}, {"cgroup", required_argument, NULL, 'g'},
		{"mover", no_argument, NULL, 'm'},	 {"unguarded", no_argument, NULL, 'u'},
		{"whole", no_argument, NULL, 'w'},	 {0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == 's')
			fuzz.seed = strtoull(optarg, NULL, 0);
		else if (c == 't')
			fuzz.seconds = strtoull(optarg, NULL, 0);
		else if (c == 'n')
			fuzz.nr_slots = strtoull(optarg, NULL, 0);
		else if (c == 'g')
			fuzz.cgroup = optarg;
		else if (c == 'm')
			fuzz.mover = true;
		else if (c == 'w')
			fuzz.whole = true;
		else if (c == 'u')
			fuzz.mover = fuzz.unguarded = true;
		else
			exit(2);
	}
	if (!fuzz.seed)
		fuzz.seed = now_ns() | 1;
	fuzz.state = fuzz.seed * UINT64_C(0x9e3779b97f4a7c15) | 1;
}

/* Addresses are the same in both processes, and at the same place in each run. */
static void reserve(void)
{
	fuzz.memory = mmap((void *)(UINT64_C(0x100) << 32), fuzz.nr_slots * FUZZ_SLOT, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	fuzz.shared =
		mmap(NULL, FUZZ_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (fuzz.memory == MAP_FAILED || fuzz.shared == MAP_FAILED)
		err(1, "mmap");
}

int main(int argc, char **argv)
{
	int status, faults = 0;
	pid_t child;

	parse_options(argc, argv);
	reserve();
	if (!fuzz.mover) {
		run();
		puts("}");
		return watch.counts.plain || watch.counts.stayed;
	}
	child = fork();
	if (child < 0)
		err(1, "fork");
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		run();
		exit(watch.counts.plain || watch.counts.stayed);
	}
	fuzz.state ^= UINT64_C(0x5555555555555555);
	faults = fuzz_move(&fuzz, child);
	if (waitpid(child, &status, 0) < 0)
		err(1, "wait");
	fuzz_tell();
	return faults || status ? 1 : 0;
}
