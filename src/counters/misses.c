/* SPDX-License-Identifier: GPL-2.0 */
/* Lines that a process brings from memory. */
#include "counters/misses.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/perf_event.h>

#ifdef __x86_64__
#include <cpuid.h>
#endif

#include "base/proc.h"
#include "base/util.h"
#include "counters/pmu.h"

/* ls_any_fills_from_sys of AMD: from DRAM near (0x08), DRAM far (0x40), other memory (0x80). */
#define AMD_FILLS_FROM_MEMORY 0xc844
#define AMD_ZEN3_FAMILY 0x19

struct misses {
	uint64_t since_ns;
	size_t nr;
	int fds[MISSES_MAX_THREADS];
};

bool misses_are_fills(const char *vendor, unsigned int family)
{
	return !strcmp(vendor, "AuthenticAMD") && family >= AMD_ZEN3_FAMILY;
}

/* "" and 0 where CPUs do not say. */
static void read_cpu(char vendor[13], unsigned int *family)
{
	memset(vendor, 0, 13);
	*family = 0;
#ifdef __x86_64__
	unsigned int eax, ebx, ecx, edx;

	if (!__get_cpuid(0, &eax, &ebx, &ecx, &edx))
		return;
	memcpy(vendor, &ebx, sizeof(ebx));
	memcpy(vendor + 4, &edx, sizeof(edx));
	memcpy(vendor + 8, &ecx, sizeof(ecx));
	if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx))
		return;
	*family = eax >> 8 & 0xf;
	if (*family == 0xf)
		*family += eax >> 20 & 0xff;
#endif
}

static void choose_event(struct pmu *pmu, struct pmu_config *config)
{
	char vendor[13];
	unsigned int family;
	bool are_fills;

	read_cpu(vendor, &family);
	are_fills = misses_are_fills(vendor, family);
	*pmu = (struct pmu){.type = are_fills ? PERF_TYPE_RAW : PERF_TYPE_HARDWARE};
	*config = (struct pmu_config){
		{are_fills ? AMD_FILLS_FROM_MEMORY : PERF_COUNT_HW_CACHE_MISSES}};
}

static int open_threads(struct misses *m, pid_t tgid)
{
	pid_t threads[MISSES_MAX_THREADS];
	ssize_t nr = proc_threads(threads, MISSES_MAX_THREADS, tgid);
	struct pmu_config config;
	struct pmu pmu;

	if (nr < 0)
		return (int)nr;
	if (nr > MISSES_MAX_THREADS)
		return -E2BIG;
	choose_event(&pmu, &config);
	for (ssize_t i = 0; i < nr; i++) {
		int fd = pmu_open_thread(&pmu, &config, threads[i]);

		if (fd >= 0)
			m->fds[m->nr++] = fd;
		else if (fd != -ESRCH) /* -ESRCH: the thread has ended meanwhile */
			return fd;
	}
	return m->nr ? 0 : -ESRCH;
}

int misses_begin(struct misses **out, pid_t tgid, uint64_t now_ns)
{
	struct misses *m = calloc(1, sizeof(*m));
	int r;

	if (!m)
		return -ENOMEM;
	m->since_ns = now_ns;
	r = open_threads(m, tgid);
	if (r < 0)
		misses_free(m);
	else
		*out = m;
	return r;
}

void misses_free(struct misses *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->nr; i++)
		close(m->fds[i]);
	free(m);
}

int misses_rate(const struct misses *m, uint64_t now_ns, double *per_s)
{
	double sum = 0;

	if (now_ns <= m->since_ns)
		return -ENODATA;
	for (size_t i = 0; i < m->nr; i++) {
		struct counter_reading reading;
		double some;

		if (pmu_read(&reading, m->fds[i]) < 0 || counter_total(&some, &reading) < 0)
			return -ENODATA;
		sum += some;
	}
	*per_s = sum * (double)NSEC_PER_SEC / (double)(now_ns - m->since_ns);
	return 0;
}
