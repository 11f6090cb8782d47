/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The side of fuzz-policies that moves pages.  It reads rules, waits for a while as a plan does,
 * and gives the mover jobs that these rules allow.  While the other side rests, what the mover
 * counts is compared with what numa_maps shows.
 */
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/proc.h"
#include "numa/room.h"
#include "tests/lab/guest/fuzz-policies.h"
#include "tier/guard.h"
#include "tier/move.h"
#include "tier/obey.h"

enum { MAX_JOBS = 16 };

static const unsigned int node_ids[FUZZ_NODES] = {0, 1, 2};
static struct obey *obey;
static struct mover *mover;
static uint64_t nr_plans, nr_compared, nr_wrong, nr_splits, compared_bytes;

static struct process_id id_of(pid_t pid)
{
	struct proc_stat stat;

	if (proc_stat_read(&stat, pid))
		return (struct process_id){0};
	return proc_id(&stat);
}

/* Jobs for a random range.  Of each part of it, only where its rule allows the node. */
static size_t add_jobs(struct fuzz *f, struct move_job *jobs, size_t nr,
		       const struct obey_rules *rules, struct process_id process)
{
	uint64_t all = f->nr_slots * FUZZ_SLOT_PAGES, first = fuzz_random(f, all),
		 end = MIN(all, first + 1 + fuzz_random(f, 2 * FUZZ_SLOT_PAGES));
	uint64_t base = (uint64_t)(uintptr_t)f->memory;
	struct obey_walk walk = obey_walk(rules, base + first * FUZZ_PAGE, base + end * FUZZ_PAGE);
	unsigned int from = (unsigned int)fuzz_random(f, FUZZ_NODES),
		     to = (from + 1 + (unsigned int)fuzz_random(f, FUZZ_NODES - 1)) % FUZZ_NODES;
	struct obey_range part;

	while (nr < MAX_JOBS && obey_next(&walk, &part))
		if (part.nodes && part.nodes[to])
			jobs[nr++] = (struct move_job){.process = process,
						       .task = process,
						       .start = part.start,
						       .bytes = part.end - part.start,
						       .from = from,
						       .to = to,
						       .direction = to == 2 ? MOVE_DEMOTE
									    : MOVE_PROMOTE};
	return nr;
}

static uint64_t moved_bytes(void)
{
	struct move_totals t;
	uint64_t bytes = 0;

	mover_totals(mover, &t);
	for (size_t i = 0; i < MOVE_NR_DIRECTIONS; i++)
		bytes += t.moved_bytes[i];
	return bytes;
}

/* Bytes by node of the slots of the process. */
static void read_numa_maps(const struct fuzz *f, pid_t pid, int64_t bytes[FUZZ_NODES])
{
	uint64_t base = (uint64_t)(uintptr_t)f->memory;
	char path[64], line[4096];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/numa_maps", pid);
	file = fopen(path, "r");
	if (!file)
		err(1, "%s", path);
	memset(bytes, 0, FUZZ_NODES * sizeof(*bytes));
	while (fgets(line, sizeof(line), file)) {
		uint64_t at = strtoull(line, NULL, 16);
		const char *size = strstr(line, "kernelpagesize_kB=");
		int64_t page = size ? 1024 * strtoll(strchr(size, '=') + 1, NULL, 10) : 0;

		if (at < base || at >= base + f->nr_slots * FUZZ_SLOT)
			continue;
		for (unsigned int n = 0; n < FUZZ_NODES; n++) {
			char name[8];
			const char *found;

			snprintf(name, sizeof(name), " N%u=", n);
			found = strstr(line, name);
			if (found)
				bytes[n] += page * strtoll(found + 4, NULL, 10);
		}
	}
	fclose(file);
}

/* Huge pages that were split, of all processes. */
static uint64_t read_splits(void)
{
	FILE *file = fopen("/proc/vmstat", "r");
	uint64_t value = 0, found = 0;
	char name[64];

	if (!file)
		err(1, "/proc/vmstat");
	while (fscanf(file, "%63s %" SCNu64, name, &value) == 2)
		if (!strcmp(name, "thp_split_page"))
			found = value;
	fclose(file);
	return found;
}

static void wait_for_all(size_t nr)
{
	struct move_done done[MAX_JOBS];

	for (size_t taken = 0; taken < nr;) {
		taken += mover_take(mover, done, MIN(nr - taken, (size_t)MAX_JOBS));
		usleep(1000);
	}
}

static void drain(void)
{
	struct move_done done[MAX_JOBS];

	while (mover_take(mover, done, MAX_JOBS) == MAX_JOBS)
		;
}

static void give_none(void)
{
	struct move_totals t;
	uint64_t batches;

	if (mover_give(mover, NULL, 0))
		errx(1, "no memory");
	/* the batch under way ends */
	do {
		mover_totals(mover, &t);
		batches = t.nr_batches;
		usleep(200000);
		drain();
		mover_totals(mover, &t);
	} while (batches != t.nr_batches);
}

/* With the other side at rest: a plan to one node, and all of it is where it is counted. */
static void compare(struct fuzz *f, pid_t child)
{
	int64_t before[FUZZ_NODES], after[FUZZ_NODES];
	uint64_t splits;
	struct process_id process = id_of(child);
	struct move_job jobs[MAX_JOBS];
	const struct obey_rules *rules;
	unsigned int to;
	uint64_t counted;
	size_t nr;

	give_none();
	if (obey_read(obey, child, &rules))
		return;
	nr = 0;
	for (int i = 0; i < 1000 && !nr; i++)
		nr = add_jobs(f, jobs, 0, rules, process);
	/* it may be that nothing may move */
	if (!nr)
		return;
	to = jobs[0].to;
	read_numa_maps(f, child, before);
	counted = moved_bytes();
	splits = read_splits();
	if (mover_give(mover, jobs, nr))
		errx(1, "no memory");
	wait_for_all(nr);
	counted = moved_bytes() - counted;
	nr_splits += read_splits() - splits;
	read_numa_maps(f, child, after);
	nr_compared++;
	compared_bytes += counted;
	if (after[to] - before[to] != (int64_t)counted) {
		nr_wrong++;
		fprintf(stderr, "node %u: %+" PRId64 " bytes, counted %" PRIu64 "\n", to,
			after[to] - before[to], counted);
	}
}

/* False when the other side has ended. */
static bool storm(struct fuzz *f, pid_t child)
{
	struct process_id process = id_of(child);
	struct move_job jobs[MAX_JOBS];
	const struct obey_rules *rules;
	size_t nr = 0, wanted = 1 + fuzz_random(f, MAX_JOBS);

	if (obey_read(obey, child, &rules))
		return false;
	for (int i = 0; i < 100 && nr < wanted; i++)
		nr = add_jobs(f, jobs, nr, rules, process);
	/* plans are old, some more and some less */
	usleep((useconds_t)fuzz_random(f, fuzz_random(f, 4) ? 20000 : 500000));
	if (mover_give(mover, jobs, nr))
		errx(1, "no memory");
	usleep((useconds_t)fuzz_random(f, 300000));
	drain();
	nr_plans++;
	if (moved_bytes())
		atomic_store(&f->shared->moved, true);
	return !atomic_load(&f->shared->ends);
}

static bool is_alive(pid_t pid)
{
	struct proc_stat stat;

	return !proc_stat_read(&stat, pid) && stat.state != 'Z';
}

int fuzz_move(struct fuzz *f, pid_t child)
{
	struct move_options options = {.max_cpu_percent = 100, .max_pressure_percent = 100};
	int r = obey_new(&obey, node_ids, FUZZ_NODES);

	if (!r && !f->unguarded)
		r = guard_new(&options.guard, node_ids, FUZZ_NODES, room_huge_page_bytes(NULL));
	if (!r)
		r = mover_new(&mover, &options);
	if (r)
		errx(3, "cannot move: %s", strerror(-r));
	while (!atomic_load(&f->shared->ready) && is_alive(child))
		usleep(10000);
	while (storm(f, child)) {
		if (atomic_load(&f->shared->rests)) {
			for (int i = 0; i < 4; i++)
				compare(f, child);
			atomic_store(&f->shared->rests, false);
		}
	}
	give_none();
	return (int)nr_wrong;
}

void fuzz_tell(void)
{
	struct move_totals t;

	mover_totals(mover, &t);
	printf(", \"plans\": %" PRIu64 ", \"compared\": %" PRIu64 ", \"compared_bytes\": %" PRIu64
	       ", \"wrong\": %" PRIu64 ", \"splits\": %" PRIu64 ", \"bytes\": %" PRIu64,
	       nr_plans, nr_compared, compared_bytes, nr_wrong, nr_splits, moved_bytes());
	printf(", \"shared\": %" PRIu64 ", \"busy\": %" PRIu64 ", \"forbidden\": %" PRIu64
	       ", \"failed\": %" PRIu64 "}\n",
	       t.left_bytes[MIGRATE_SHARED], t.left_bytes[MIGRATE_BUSY],
	       t.left_bytes[MIGRATE_FORBIDDEN], t.left_bytes[MIGRATE_FAILED]);
	mover_free(mover);
	obey_free(obey);
}
