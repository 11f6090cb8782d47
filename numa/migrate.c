/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Moving pages.  migrate.h has the contract.
 *
 * What move_pages(2) does with an array for one node (Linux 6.12 to 7.3): it takes page after page
 * off the lists of the kernel, and copies all of them at the end.  A page that cannot be taken ends
 * a part of the array: what has been taken is copied there and then.  When a page of a part cannot
 * be copied, the call returns.  Pages of that part and behind it keep the status that the caller
 * gave them, whether they have moved or not, and those behind it have not been tried.
 *
 * The pages behind the first of a huge page cannot be taken, because it is taken already.  So the
 * second address of it says "busy", though it moves, and each of the others costs a page walk.
 */
#include "numa/migrate.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <numa.h>
#include <numaif.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/util.h"
#include "numa/room.h"

/* No page has this status, so that one the kernel did not come to can be told apart. */
#define UNTOUCHED INT32_MIN
/* How often what was not tried is tried again. */
#define MOST_ROUNDS 3
/* Enough that what a call costs by itself is little of it, and little beside other work. */
#define MEASURE_PAGES 128
#define MEASURE_TIMES 3

void migrate_init(struct migrate *m)
{
	m->page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	m->huge_bytes = room_huge_page_bytes(NULL);
	m->nr = 0;
}

/* Is there a huge page at START..END, which are in one?  Where that cannot be told: no. */
static bool is_huge(pid_t task, uint64_t start, uint64_t end)
{
	_cleanup_close_ int pagemap = -1;
	struct page_region found;
	struct pm_scan_arg arg = {
		.size = sizeof(arg),
		.start = start,
		.end = end,
		.vec = (uintptr_t)&found,
		.vec_len = 1,
		.max_pages = 1,
		.category_mask = PAGE_IS_HUGE | PAGE_IS_PRESENT,
		.return_mask = PAGE_IS_HUGE,
	};
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/pagemap", task);
	pagemap = open(path, O_RDONLY | O_CLOEXEC);
	return pagemap >= 0 && ioctl(pagemap, PAGEMAP_SCAN, &arg) > 0;
}

/* The addresses of the batch.  Returns the one behind them. */
static uint64_t pick_pages(struct migrate *m, const struct migrate_order *order)
{
	uint64_t start = order->start - order->start % m->page_bytes, end = order->end;

	m->nr = 0;
	m->each_bytes = m->page_bytes;
	if (end <= start)
		return order->end;
	end = start + MIN(end - start, MIGRATE_BATCH_PAGES * m->page_bytes);
	/* not beyond a huge page, or what may be one */
	if (m->huge_bytes)
		end = start + MIN(end - start, m->huge_bytes - start % m->huge_bytes);
	end += m->page_bytes - 1;
	end -= end % m->page_bytes;
	if (m->huge_bytes && is_huge(order->task, start, end)) {
		m->each_bytes = m->huge_bytes;
		m->pages[m->nr++] = (void *)(uintptr_t)start;
		return end;
	}
	for (uint64_t at = start; at < end; at += m->page_bytes)
		m->pages[m->nr++] = (void *)(uintptr_t)at;
	return end;
}

/* What a failed call means.  A zombie has no memory; no other argument of ours can be invalid. */
static int call_error(void)
{
	return errno == EINVAL ? -ESRCH : -errno;
}

static void forget_status(struct migrate *m, uint32_t nr)
{
	for (uint32_t i = 0; i < nr; i++)
		m->status[i] = UNTOUCHED;
}

/* On which nodes are these pages? */
static int ask(struct migrate *m, pid_t task, void **pages, uint32_t nr)
{
	forget_status(m, nr);
	if (!nr || numa_move_pages(task, nr, pages, NULL, m->status, 0) >= 0)
		return 0;
	return call_error();
}

/*
 * Note what is on FROM of the block that a huge page may fill, beside the batch of addresses up to
 * END.  It may be of a large page that is mapped in pieces, and then it moves too.
 */
static int note_beside(struct migrate *m, const struct migrate_order *order, uint64_t end)
{
	uint64_t start = order->start - order->start % m->page_bytes, block = m->huge_bytes;
	uint32_t nr = 0, nr_kept = 0;
	int r;

	m->nr_beside = 0;
	if (!block || m->each_bytes > m->page_bytes || block > MIGRATE_BATCH_PAGES * m->page_bytes)
		return 0;
	for (uint64_t at = start - start % block, i = 0; i < block / m->page_bytes;
	     i++, at += m->page_bytes)
		if (at < start || at >= end)
			m->beside[nr++] = (void *)(uintptr_t)at;
	r = ask(m, order->task, m->beside, nr);
	for (uint32_t i = 0; !r && i < nr; i++)
		if (m->status[i] == (int)order->from)
			m->beside[nr_kept++] = m->beside[i];
	m->nr_beside = nr_kept;
	return r;
}

/* Count those of them that have moved. */
static int count_beside(struct migrate *m, struct migrate_result *result,
			const struct migrate_order *order)
{
	int r = ask(m, order->task, m->beside, m->nr_beside);

	for (uint32_t i = 0; !r && i < m->nr_beside; i++)
		if (m->status[i] == (int)order->to) {
			result->moved_bytes += m->page_bytes;
			m->moved[m->nr_moved++] = m->beside[i];
		}
	return r;
}

/* Find out who maps the pages of the batch, START..END. */
static void ask_who_maps(struct migrate *m, const struct migrate_order *order, uint64_t start,
			 uint64_t end)
{
	uint32_t nr = (uint32_t)MIN((end - start) / m->page_bytes, (uint64_t)MIGRATE_BATCH_PAGES);
	uint32_t nr_sharers = MIN(order->nr_sharers, (uint32_t)MIGRATE_MAX_SHARERS);
	struct mapper mappers[1 + MIGRATE_MAX_SHARERS] = {{order->task, start}};

	for (uint32_t i = 0; i < nr_sharers; i++)
		mappers[1 + i] = (struct mapper){order->sharers[i].task,
						 order->sharers[i].start + start - order->start};
	mappers_know(m->known, nr, mappers, 1 + nr_sharers);
	memset(m->known + nr, 0, (MIGRATE_BATCH_PAGES - nr) * sizeof(*m->known));
	m->known_start = start;
}

/* May a page of the batch be moved though several map it?  Of a huge one: all parts of it. */
static bool is_known(const struct migrate *m, const struct migrate_order *order, const void *page)
{
	uint64_t first = ((uintptr_t)page - m->known_start) / m->page_bytes;
	uint64_t nr = m->each_bytes / m->page_bytes;

	for (uint64_t i = first; order->nr_sharers && i < first + nr; i++)
		if (i >= MIGRATE_BATCH_PAGES || !m->known[i])
			return false;
	return true;
}

/* Keep the pages on FROM for which there is room. */
static void keep_pages(struct migrate *m, struct migrate_result *result,
		       const struct migrate_order *order)
{
	uint64_t room = order->room_bytes;
	bool huge = m->each_bytes > m->page_bytes;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < m->nr; i++) {
		if (m->status[i] < 0) {
			result->absent_bytes += m->each_bytes;
		} else if (m->status[i] != (int)order->from) {
			result->elsewhere_bytes += m->each_bytes;
		} else if (order->forbidden) {
			result->left_bytes[MIGRATE_FORBIDDEN] += m->each_bytes;
		} else if (!is_known(m, order, m->pages[i])) {
			result->left_bytes[MIGRATE_SHARED] += m->each_bytes;
		} else if (room < m->each_bytes) {
			result->left_bytes[MIGRATE_NO_ROOM] += m->each_bytes;
		} else if (huge && order->huge_room_bytes < m->each_bytes) {
			result->left_bytes[MIGRATE_NO_HUGE_ROOM] += m->each_bytes;
		} else {
			room -= m->each_bytes;
			m->pages[kept++] = m->pages[i];
		}
	}
	m->nr = kept;
}

/*
 * Try to move all pages of the batch.  Returns the reason of those that have not moved and have no
 * status, or -1: they have not been tried.
 */
static int move_once(struct migrate *m, const struct migrate_order *order)
{
	int flags = order->nr_sharers ? MPOL_MF_MOVE_ALL : MPOL_MF_MOVE;

	for (uint32_t i = 0; i < m->nr; i++)
		m->nodes[i] = (int)order->to;
	forget_status(m, m->nr);
	if (numa_move_pages(order->task, m->nr, m->pages, m->nodes, m->status, flags) < 0) {
		switch (errno) {
		case EACCES:
			return MIGRATE_FORBIDDEN;
		case ENOMEM:
			return MIGRATE_NO_ROOM;
		default:
			/* when it has ended, asking tells */
			return MIGRATE_FAILED;
		}
	}
	/* one part: all have been tried */
	for (uint32_t i = 0; i < m->nr; i++)
		if (m->status[i] < 0 && m->status[i] != UNTOUCHED)
			return -1;
	return MIGRATE_BUSY;
}

/* What STATUS says, or REASON where it says nothing. */
static int reason_of(int status, int reason)
{
	switch (status) {
	case UNTOUCHED:
		return reason;
	case -EACCES:
		return MIGRATE_SHARED;
	case -EBUSY:
	case -EAGAIN:
		return MIGRATE_BUSY;
	default:
		return MIGRATE_FAILED;
	}
}

/*
 * Count what has become of the pages.  Keep those that have not been tried, unless this is the LAST
 * round.
 */
static int settle(struct migrate *m, struct migrate_result *result,
		  const struct migrate_order *order, int reason, bool last)
{
	int said[MIGRATE_BATCH_PAGES], r;
	uint32_t kept = 0;

	memcpy(said, m->status, m->nr * sizeof(*said));
	r = ask(m, order->task, m->pages, m->nr);
	if (r < 0)
		return r;
	for (uint32_t i = 0; i < m->nr; i++) {
		int why = reason_of(said[i], reason);

		if (m->status[i] == (int)order->to) {
			result->moved_bytes += m->each_bytes;
			m->moved[m->nr_moved++] = m->pages[i];
		} else if (m->status[i] < 0) {
			result->absent_bytes += m->each_bytes;
		} else if (why < 0 && !last) {
			m->pages[kept++] = m->pages[i];
		} else {
			result->left_bytes[why < 0 ? MIGRATE_BUSY : why] += m->each_bytes;
		}
	}
	m->nr = kept;
	return 0;
}

/* Move what is in the batch. */
static int move_all(struct migrate *m, struct migrate_result *result,
		    const struct migrate_order *order)
{
	int r = 0;

	m->nr_moved = 0;
	for (int round = 1; m->nr && !r; round++) {
		int reason = move_once(m, order);

		r = settle(m, result, order, reason, round == MOST_ROUNDS);
	}
	return r;
}

int migrate_batch(struct migrate *m, struct migrate_result *out, const struct migrate_order *order)
{
	struct migrate_result result = {0};
	int r;

	if (order->from == order->to)
		return -EINVAL;
	/* 0 would mean this process */
	if (order->task <= 0)
		return -ESRCH;
	result.next = pick_pages(m, order);
	r = note_beside(m, order, result.next);
	if (r < 0)
		return r;
	r = ask(m, order->task, m->pages, m->nr);
	if (r < 0)
		return r;
	if (order->nr_sharers && m->nr)
		ask_who_maps(m, order, (uintptr_t)m->pages[0], result.next);
	keep_pages(m, &result, order);
	r = move_all(m, &result, order);
	if (!r)
		r = count_beside(m, &result, order);
	if (r < 0)
		return r;
	if (m->each_bytes > m->page_bytes)
		result.moved_huge_bytes = result.moved_bytes;
	*out = result;
	return 0;
}

int migrate_undo(struct migrate *m, struct migrate_result *out, const struct migrate_order *order)
{
	struct migrate_order back = *order;
	struct migrate_result result = {0};
	int r;

	back.from = order->to;
	back.to = order->from;
	m->nr = m->nr_moved;
	memcpy(m->pages, m->moved, m->nr * sizeof(*m->pages));
	r = move_all(m, &result, &back);
	if (r < 0)
		return r;
	out->moved_bytes -= result.moved_bytes;
	out->moved_huge_bytes -= MIN(out->moved_huge_bytes, result.moved_bytes);
	out->left_bytes[MIGRATE_FORBIDDEN] += result.moved_bytes;
	return 0;
}

/* Put BYTES of own MEMORY on NODE if it has room, and on others where not. */
static int fill(char *memory, uint64_t bytes, unsigned int node)
{
	size_t word_bits = 8 * sizeof(unsigned long), nr_words = node / word_bits + 1;
	_cleanup_free_ unsigned long *nodes = calloc(nr_words, sizeof(*nodes));

	if (!nodes)
		return -ENOMEM;
	nodes[node / word_bits] = 1UL << node % word_bits;
	/* the kernel takes one bit less than this number */
	if (mbind(memory, bytes, MPOL_PREFERRED, nodes, nr_words * word_bits + 1, 0))
		return -errno;
	memset(memory, 1, bytes);
	return 0;
}

/* CPU time of this thread for all of the batch.  0, or -ENOMEM where not all of it has moved. */
static int measure_once(uint64_t *cpu_ns, struct migrate *m, const struct migrate_order *order)
{
	uint64_t before = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	struct migrate_order rest = *order;
	struct migrate_result result;
	uint64_t moved = 0;

	while (rest.start < rest.end) {
		int r = migrate_batch(m, &result, &rest);

		if (r < 0)
			return r;
		moved += result.moved_bytes;
		rest.start = result.next;
	}
	*cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - before;
	return moved == order->end - order->start ? 0 : -ENOMEM;
}

static bool has_brief_room(unsigned int a, unsigned int b, uint64_t bytes)
{
	struct room room = {0};
	bool has = !room_read(&room) && room_of(&room, a).brief_bytes >= bytes &&
		   room_of(&room, b).brief_bytes >= bytes;

	room_deinit(&room);
	return has;
}

/*
 * The least of some times, with the way back in between.  What disturbs a measurement, as another
 * guest of a virtual machine's host does, can only make it longer.
 */
static int measure_least(uint64_t *cpu_ns, struct migrate *m, const struct migrate_order *there)
{
	struct migrate_order back = *there;
	uint64_t ns;
	int r = 0;

	back.from = there->to;
	back.to = there->from;
	*cpu_ns = UINT64_MAX;
	for (int i = 0; i < MEASURE_TIMES && !r; i++) {
		if (i)
			r = measure_once(&ns, m, &back);
		if (!r)
			r = measure_once(&ns, m, there);
		if (!r)
			*cpu_ns = MIN(*cpu_ns, ns);
	}
	return r;
}

int migrate_measure(double *ns_per_byte, unsigned int from, unsigned int to)
{
	struct migrate_order order = {.task = getpid(), .from = from, .to = to};
	uint64_t bytes, cpu_ns;
	struct migrate m;
	char *memory;
	int r;

	migrate_init(&m);
	bytes = MEASURE_PAGES * m.page_bytes;
	if (!has_brief_room(from, to, 2 * bytes))
		return -ENOMEM;
	memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return -errno;
	(void)madvise(memory, bytes, MADV_NOHUGEPAGE);
	r = fill(memory, bytes, from);
	if (!r) {
		order.start = (uint64_t)(uintptr_t)memory;
		order.end = order.start + bytes;
		order.room_bytes = bytes;
		r = measure_least(&cpu_ns, &m, &order);
	}
	if (!r)
		*ns_per_byte = (double)cpu_ns / (double)bytes;
	munmap(memory, bytes);
	return r;
}
