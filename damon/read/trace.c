/* SPDX-License-Identifier: GPL-2.0 */
/* Recording damon_aggregated with perf_event_open(2): see trace.h. */
#include "damon/read/trace.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/sysfs.h"
#include "base/util.h"
#include "damon/read/ring.h"

/* Bytes of one record: header 8, time 8, size 4, event 44, padded. */
#define RECORD_BYTES 72
/*
 * Room for three reports.  The newest may be half written, and there may be more regions than
 * their limit for a while.
 */
#define NR_REPORTS 3

struct trace {
	struct ring_layout layout;
	uint64_t event_id;
	int fd;	   /* -1: not attached */
	void *map; /* one page of perf_event_mmap_page, then the buffer */
	size_t map_size, page_size;
};

static const char *const tracefs[] = {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"};

#define EVENT "%s/events/damon/damon_aggregated/%s"

static int find_event(uint64_t *id, struct ring_layout *layout, const char *sysroot)
{
	char format[4096];
	int r = -ENOENT;

	for (size_t i = 0; i < ARRAY_SIZE(tracefs); i++) {
		r = sysfs_read_u64(id, sysroot, EVENT, tracefs[i], "id");
		if (!r)
			r = sysfs_read(format, sizeof(format), sysroot, EVENT, tracefs[i],
				       "format");
		if (!r)
			return ring_layout_parse(layout, format);
	}
	return r;
}

bool trace_is_there(const char *sysroot)
{
	struct ring_layout layout;
	uint64_t id;

	return !find_event(&id, &layout, sysroot);
}

static int open_event(uint64_t id, pid_t thread)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attr),
		.config = id,
		.sample_period = 1,
		.sample_type = PERF_SAMPLE_TIME | PERF_SAMPLE_RAW,
		.write_backward = 1,
		.use_clockid = 1,
		.clockid = CLOCK_MONOTONIC,
	};
	int fd = (int)syscall(SYS_perf_event_open, &attr, thread, -1, -1, PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int trace_new(struct trace **out)
{
	struct trace *t = calloc(1, sizeof(*t));
	int r;

	if (!t)
		return -ENOMEM;
	t->fd = -1;
	t->page_size = (size_t)sysconf(_SC_PAGESIZE);
	r = find_event(&t->event_id, &t->layout, NULL);
	if (!r) {
		/* Is it allowed?  Try on ourselves, because there is no kdamond yet. */
		r = open_event(t->event_id, 0);
		if (r >= 0)
			r = close(r);
	}
	if (r < 0) {
		free(t);
		return r;
	}
	*out = t;
	return 0;
}

int trace_attach(struct trace *t, pid_t thread, size_t max_regions)
{
	size_t size = 16 * t->page_size;
	void *map;
	int fd;

	trace_detach(t);
	while (size < max_regions * RECORD_BYTES * NR_REPORTS)
		size *= 2;
	fd = open_event(t->event_id, thread);
	if (fd < 0)
		return fd;
	/* Because we map it read-only, the kernel overwrites a full buffer and does not stop. */
	map = mmap(NULL, size + t->page_size, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED) {
		int error = -errno;

		close(fd);
		return error;
	}
	t->fd = fd;
	t->map = map;
	t->map_size = size + t->page_size;
	return 0;
}

void trace_detach(struct trace *t)
{
	if (t->fd < 0)
		return;
	munmap(t->map, t->map_size);
	close(t->fd);
	t->fd = -1;
}

bool trace_ended(const struct trace *t)
{
	struct pollfd poll_fd = {.fd = t->fd, .events = POLLIN};

	return t->fd < 0 || (poll(&poll_fd, 1, 0) == 1 && (poll_fd.revents & POLLHUP));
}

int trace_read(struct trace *t, struct regions *out, const struct members *members)
{
	const struct perf_event_mmap_page *page = t->map;
	uint64_t head;
	int r;

	if (t->fd < 0)
		return -EBADF;
	if (ioctl(t->fd, PERF_EVENT_IOC_PAUSE_OUTPUT, 1) < 0)
		return -errno;
	head = __atomic_load_n(&page->data_head, __ATOMIC_ACQUIRE);
	r = ring_decode(out, &t->layout, members, (const char *)t->map + t->page_size,
			t->map_size - t->page_size, head);
	if (ioctl(t->fd, PERF_EVENT_IOC_PAUSE_OUTPUT, 0) < 0 && !r)
		r = -errno;
	return r;
}

void trace_free(struct trace *t)
{
	if (!t)
		return;
	trace_detach(t);
	free(t);
}
