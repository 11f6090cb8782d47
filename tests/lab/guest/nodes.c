/* SPDX-License-Identifier: GPL-2.0 */
#include "nodes.h"

#include <err.h>
#include <errno.h>
#include <numa.h>
#include <numaif.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

uint64_t parse_number(const char *option, const char *text, uint64_t min, uint64_t max)
{
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno || *text < '0' || *text > '9' || *end || value < min || value > max)
		errx(2, "--%s takes a number from %llu to %llu, not '%s'", option,
		     (unsigned long long)min, (unsigned long long)max, text);
	return value;
}

size_t parse_size(const char *option, const char *text)
{
	static const char units[] = "KMG";
	unsigned long long value;
	const char *unit;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 10);
	unit = *end ? strchr(units, *end) : NULL;
	if (errno || *text < '0' || *text > '9' || (*end && (!unit || end[1])) || value < 1 ||
	    value > 1ull << 40)
		errx(2, "--%s takes a size such as 64M, not '%s'", option, text);
	return value << (unit ? 10 * (unit - units + 1) : 0);
}

void run_on(int node, unsigned int index)
{
	struct bitmask *cpus = numa_allocate_cpumask();
	unsigned int nr;
	cpu_set_t one;

	if (numa_node_to_cpus(node, cpus) || !(nr = numa_bitmask_weight(cpus)))
		errx(1, "node %d has no CPUs", node);
	index %= nr;
	CPU_ZERO(&one);
	for (unsigned int cpu = 0; cpu < cpus->size && cpu < CPU_SETSIZE; cpu++)
		if (numa_bitmask_isbitset(cpus, cpu) && !index--)
			CPU_SET(cpu, &one);
	numa_free_cpumask(cpus);
	if (sched_setaffinity(0, sizeof(one), &one))
		err(1, "cannot run on a CPU of node %d", node);
}

void *memory_on(int node, size_t bytes)
{
	struct bitmask *nodes = numa_allocate_nodemask();
	char *memory =
		mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		err(1, "no %zu bytes", bytes);
	numa_bitmask_setbit(nodes, (unsigned int)node);
	/* Not numa_alloc_onnode: that one falls back to another node without a word. */
	if (mbind(memory, bytes, MPOL_BIND, nodes->maskp, nodes->size + 1, 0))
		err(1, "no memory on node %d", node);
	numa_free_nodemask(nodes);
	memset(memory, 0, bytes);
	return memory;
}
