/* SPDX-License-Identifier: GPL-2.0 */
#include "daemon/tier-advice.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/sysfs.h"
#include "base/util.h"
#include "daemon/balancing.h"

#define DEMOTION "/sys/kernel/mm/numa/demotion_enabled"

struct pen {
	struct tier_advice *advice;
	size_t nr;
};

static void say(struct pen *pen, const char *name, const char *mend, const char *fmt, ...)
	_printf_(4, 5);

/* MEND NULL: all is well. */
static void say(struct pen *pen, const char *name, const char *mend, const char *fmt, ...)
{
	struct tier_advice *a = &pen->advice[pen->nr++];
	va_list args;

	a->name = name;
	a->lacks = mend != NULL;
	snprintf(a->mend, sizeof(a->mend), "%s", mend ? mend : "");
	va_start(args, fmt);
	vsnprintf(a->found, sizeof(a->found), fmt, args);
	va_end(args);
}

static void say_balancing(struct pen *pen, const char *sysroot)
{
	uint64_t mode;

	if (balancing_read(&mode, sysroot) < 0)
		return;
	if (mode)
		say(pen, "NUMA balancing", NULL,
		    "kernel.numa_balancing is %" PRIu64 ": it rests while this runs, which moves "
		    "pages in its place (--tier)",
		    mode);
	else
		say(pen, "NUMA balancing", NULL,
		    "off: this only says which pages should move; --tier on moves them");
}

/* How many tiers its memory is in, and whether CXL memory is alone in some.  0: not known. */
static size_t count_tiers(const struct topology *t, bool *apart)
{
	size_t nr = 0;

	*apart = true;
	for (size_t i = 0; i < t->nr_nodes; i++) {
		const struct topology_node *node = &t->nodes[i];
		bool first = true;

		if (!node->mem_bytes || node->tier < 0)
			continue;
		for (size_t j = 0; j < t->nr_nodes; j++) {
			const struct topology_node *other = &t->nodes[j];

			if (!other->mem_bytes || other->tier != node->tier)
				continue;
			first &= j >= i;
			*apart &= (other->cxl == TOPOLOGY_CXL_NO) == (node->cxl == TOPOLOGY_CXL_NO);
		}
		nr += first;
	}
	return nr;
}

static void say_tiers(struct pen *pen, const struct topology *t)
{
	bool apart;
	size_t nr = count_tiers(t, &apart);

	if (!nr)
		return;
	if (apart)
		say(pen, "memory tiers", NULL, "%zu: to the kernel CXL memory is a slower one", nr);
	else
		say(pen, "memory tiers",
		    "only firmware can tell the kernel (HMAT, CDAT); this goes by its own "
		    "latencies",
		    "the kernel has DRAM and CXL memory in one tier: it demotes nothing to CXL "
		    "memory");
}

static void say_demotion(struct pen *pen, const char *sysroot)
{
	char text[16];

	if (sysfs_read(text, sizeof(text), sysroot, DEMOTION) < 0)
		return;
	if (!strcmp(text, "true"))
		say(pen, "demotion", NULL, "on: when DRAM is full, cold pages go to CXL memory");
	else
		say(pen, "demotion", "echo true > " DEMOTION,
		    "off: when DRAM is full, the kernel swaps cold pages and does not put them on "
		    "CXL memory");
}

/* Its counts are right from Linux 7.3 on. */
static void say_damos(struct pen *pen, const char *sysroot)
{
	unsigned int major, minor;
	char release[128];

	if (sysfs_read(release, sizeof(release), sysroot, "/proc/sys/kernel/osrelease") < 0 ||
	    sscanf(release, "%u.%u", &major, &minor) != 2)
		return;
	if (major > 7 || (major == 7 && minor >= 3))
		say(pen, "DAMOS", NULL, "not used: pages are moved by move_pages(2)");
	else
		say(pen, "DAMOS", "trust its migrate_hot and migrate_cold from Linux 7.3 on",
		    "not used, and other programs (damo) should not move pages by it: it counts "
		    "moves that failed");
}

size_t tier_advise(struct tier_advice advice[TIER_ADVICE_MAX], const struct topology *t,
		   const char *sysroot)
{
	struct pen pen = {.advice = advice};
	size_t nr_memory = 0, nr_cxl = 0;

	for (size_t i = 0; t && i < t->nr_nodes; i++) {
		nr_memory += t->nodes[i].mem_bytes > 0;
		nr_cxl += t->nodes[i].mem_bytes && t->nodes[i].cxl != TOPOLOGY_CXL_NO;
	}
	if (nr_memory > 1)
		say_balancing(&pen, sysroot);
	if (!nr_cxl || nr_cxl == nr_memory)
		return pen.nr;
	say_tiers(&pen, t);
	say_demotion(&pen, sysroot);
	say_damos(&pen, sysroot);
	return pen.nr;
}
