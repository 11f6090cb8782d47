/* SPDX-License-Identifier: GPL-2.0 */
/* A CXL performance monitoring unit. */
#include "counters/memdev-pmu.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/util.h"

#define BYTES_PER_REQUEST 64
/* One way of a PCIe 7 x16 link carries 242 GB/s.  A counter that says more has jumped. */
#define MAX_REQUESTS_PER_S (256e9 / BYTES_PER_REQUEST)
#define MAX_TICKS_PER_S 16e9
#define SHARP_NS UINT64_C(100000)
/* After so many readings of a group that did not run, the hardware has too few counters for it. */
#define MAX_IDLE 5
/* Rates of counters that take turns are over at least this time. */
#define TURNS_NS NSEC_PER_SEC

#define CODE(gid, mask) (UINT64_C(0x1e98) << 48 | (uint64_t)(gid) << 32 | (mask))

/* Events of one group.  Their masks are joined, so that a single counter adds them up. */
static const struct {
	const char *names[3];
	uint64_t code;
} events[MEMDEV_PMU_NR_COUNTERS] = {
	[MEMDEV_PMU_READ] = {{"m2s_req_memrd", "m2s_req_memrddata"}, CODE(0x20, 0x06)},
	[MEMDEV_PMU_WRITE] = {{"m2s_rwd_memwr", "m2s_rwd_memwrptl"}, CODE(0x21, 0x06)},
	[MEMDEV_PMU_TICKS] = {{"clock_ticks"}, CODE(0x00, 0x01)},
};

int memdev_pmu_device(char *out, size_t size, const char *name)
{
	const char *from = name + strlen(MEMDEV_PMU_PREFIX), *dot = strchr(name, '.');
	size_t len;

	if (strncmp(name, MEMDEV_PMU_PREFIX, strlen(MEMDEV_PMU_PREFIX)) || !dot || dot <= from)
		return -EINVAL;
	len = (size_t)(dot - from);
	if (len >= size || strncmp(from, "mem", 3))
		return -EINVAL;
	memcpy(out, from, len);
	out[len] = '\0';
	return 0;
}

int memdev_pmu_event(struct pmu_config *out, const struct pmu *pmu, const char *sysroot,
		     enum memdev_pmu_counter counter)
{
	struct pmu_config joined = {{0}}, one;
	size_t nr = 0;

	for (const char *const *name = events[counter].names; *name; name++) {
		if (pmu_event(&one, pmu, sysroot, *name) < 0)
			continue;
		if (nr++ && one.config[0] >> 32 != joined.config[0] >> 32)
			return -EINVAL; /* they are not of one group, so no counter adds them up */
		for (size_t i = 0; i < ARRAY_SIZE(one.config); i++)
			joined.config[i] |= one.config[i];
	}
	if (!nr)
		joined.config[0] = events[counter].code;
	*out = joined;
	return 0;
}

/* Open the counters together where that is possible and wanted, else one by one. */
static void open_counters(struct memdev_pmu *p, bool together)
{
	struct pmu_config configs[MEMDEV_PMU_NR_COUNTERS];
	int r[MEMDEV_PMU_NR_COUNTERS];

	for (size_t i = 0; i < MEMDEV_PMU_NR_COUNTERS; i++) {
		r[i] = memdev_pmu_event(&configs[i], &p->pmu, NULL, (enum memdev_pmu_counter)i);
		together &= r[i] == 0;
	}
	p->grouped = together && !pmu_open_group(p->fd, MEMDEV_PMU_NR_COUNTERS, &p->pmu, configs);
	for (size_t i = 0; !p->grouped && i < MEMDEV_PMU_NR_COUNTERS; i++)
		p->fd[i] = r[i] < 0 ? r[i] : pmu_open(&p->pmu, &configs[i]);
}

int memdev_pmu_open(struct memdev_pmu *out, const char *name)
{
	struct memdev_pmu p = {0};
	int r = memdev_pmu_device(p.device, sizeof(p.device), name);

	if (!r)
		r = pmu_find(&p.pmu, NULL, name);
	if (r < 0)
		return r;
	open_counters(&p, true);
	if (p.fd[MEMDEV_PMU_READ] < 0) {
		r = p.fd[MEMDEV_PMU_READ];
		memdev_pmu_close(&p);
		return r;
	}
	*out = p;
	return 0;
}

void memdev_pmu_close(struct memdev_pmu *p)
{
	for (size_t i = 0; i < MEMDEV_PMU_NR_COUNTERS; i++) {
		close_fd(&p->fd[i]);
		p->fd[i] = -EBADF;
	}
}

void memdev_pmu_rates(struct memdev_pmu_rates *out, const int fd[MEMDEV_PMU_NR_COUNTERS],
		      const struct counter_reading before[MEMDEV_PMU_NR_COUNTERS],
		      const struct counter_reading after[MEMDEV_PMU_NR_COUNTERS])
{
	double ticks = 0, rate[2] = {0};

	*out = (struct memdev_pmu_rates){0};
	/* only the clock tells an idle device from one whose counters stand still */
	if (fd[MEMDEV_PMU_TICKS] < 0 || counter_rate(&ticks, &before[MEMDEV_PMU_TICKS],
						     &after[MEMDEV_PMU_TICKS], MAX_TICKS_PER_S))
		ticks = 0;
	for (size_t i = MEMDEV_PMU_READ; i <= MEMDEV_PMU_WRITE; i++) {
		if (fd[i] < 0 || counter_rate(&rate[i], &before[i], &after[i], MAX_REQUESTS_PER_S))
			return;
		if (rate[i] <= 0 && ticks <= 0)
			return;
	}
	out->known = true;
	out->read_mbps = rate[MEMDEV_PMU_READ] * BYTES_PER_REQUEST / 1e6;
	out->write_mbps = rate[MEMDEV_PMU_WRITE] * BYTES_PER_REQUEST / 1e6;
}

static bool take_turns(const int fd[MEMDEV_PMU_NR_COUNTERS], const struct counter_reading *before,
		       const struct counter_reading *after)
{
	for (size_t i = 0; i < MEMDEV_PMU_NR_COUNTERS; i++)
		if (fd[i] >= 0 && after[i].running_ns - before[i].running_ns <
					  after[i].enabled_ns - before[i].enabled_ns)
			return true;
	return false;
}

void memdev_pmu_follow(struct memdev_pmu_history *h, const int fd[MEMDEV_PMU_NR_COUNTERS],
		       const struct counter_reading now[MEMDEV_PMU_NR_COUNTERS],
		       struct memdev_pmu_rates *out)
{
	const uint64_t now_ns = now[MEMDEV_PMU_READ].enabled_ns;

	*out = (struct memdev_pmu_rates){0};
	if (h->primed)
		memdev_pmu_rates(out, fd, h->last, now);
	/* a count that wrapped or jumped must not be in a longer interval either */
	if (!out->known) {
		memcpy(h->since[0], now, sizeof(h->since[0]));
		memcpy(h->since[1], now, sizeof(h->since[1]));
	} else if (take_turns(fd, h->last, now)) {
		if (now_ns - h->since[0][MEMDEV_PMU_READ].enabled_ns >= TURNS_NS)
			memdev_pmu_rates(out, fd, h->since[0], now);
		else
			*out = (struct memdev_pmu_rates){0};
	}
	if (now_ns - h->since[1][MEMDEV_PMU_READ].enabled_ns >= TURNS_NS) {
		memcpy(h->since[0], h->since[1], sizeof(h->since[0]));
		memcpy(h->since[1], now, sizeof(h->since[1]));
	}
	memcpy(h->last, now, sizeof(h->last));
	h->primed = true;
}

/* Read the counters into NOW, and tell how long the slowest reading took.  0 or -ENODEV. */
static int read_counters(const struct memdev_pmu *p,
			 struct counter_reading now[MEMDEV_PMU_NR_COUNTERS], uint64_t *slowest_ns)
{
	uint64_t begin_ns = clock_ns(CLOCK_MONOTONIC);

	if (p->grouped) {
		int r = pmu_read_group(now, MEMDEV_PMU_NR_COUNTERS, p->fd[0]);

		*slowest_ns = clock_ns(CLOCK_MONOTONIC) - begin_ns;
		return r;
	}
	*slowest_ns = 0;
	for (size_t i = 0; i < MEMDEV_PMU_NR_COUNTERS; i++) {
		begin_ns = clock_ns(CLOCK_MONOTONIC);
		if (p->fd[i] >= 0 && pmu_read(&now[i], p->fd[i]) < 0)
			return -ENODEV;
		*slowest_ns = MAX(*slowest_ns, clock_ns(CLOCK_MONOTONIC) - begin_ns);
	}
	return 0;
}

/*
 * A count and its time are not read at the same moment.  A rate would be a guess where they may be
 * apart by a hundredth of the time since the last reading.
 */
static bool is_sharp(const struct memdev_pmu_history *h, uint64_t now_ns, uint64_t slowest_ns)
{
	uint64_t since_ns = now_ns - h->last[MEMDEV_PMU_READ].enabled_ns;

	return slowest_ns <= (h->primed ? MAX(since_ns / 100, SHARP_NS) : 10 * SHARP_NS);
}

static bool finds_no_room(struct memdev_pmu *p, const struct counter_reading *now)
{
	bool idle = p->grouped && now->running_ns == p->history.last->running_ns;

	p->nr_idle = idle ? p->nr_idle + 1 : 0;
	return p->nr_idle == MAX_IDLE;
}

int memdev_pmu_sample(struct memdev_pmu *p, struct memdev_pmu_rates *out)
{
	struct counter_reading now[MEMDEV_PMU_NR_COUNTERS] = {0};
	uint64_t slowest_ns;

	for (int try = 0; try < 2; try++) {
		int r = read_counters(p, now, &slowest_ns);

		if (r < 0)
			return r;
		if (finds_no_room(p, now)) {
			memdev_pmu_close(p);
			open_counters(p, false);
			p->history = (struct memdev_pmu_history){0};
			*out = (struct memdev_pmu_rates){0};
			return p->fd[MEMDEV_PMU_READ] < 0 ? -ENODEV : 0;
		}
		if (is_sharp(&p->history, now[MEMDEV_PMU_READ].enabled_ns, slowest_ns)) {
			memdev_pmu_follow(&p->history, p->fd, now, out);
			return 0;
		}
	}
	return -EAGAIN;
}
