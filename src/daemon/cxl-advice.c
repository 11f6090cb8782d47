/* SPDX-License-Identifier: GPL-2.0 */
/*
 * It takes some steps to make usable memory of a device.  A region is made of devices.  It is
 * enabled.  It gets a dax device.  kmem makes that the memory of a node.  The memory comes online.
 * Firmware may have done all of this already, and the region is System RAM.  Advice is the next
 * step for what has stopped on the way.
 */
#include "daemon/cxl-advice.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/idlist.h"

#define LIST_SIZE 64

/* "a", then "a,b", with SEPARATOR between.  Where it does not fit, it ends in "...". */
static void append(char list[LIST_SIZE], char separator, const char *name)
{
	size_t used = strlen(list);

	if (used >= 3 && !strcmp(list + used - 3, "..."))
		return;
	if (used + strlen(name) + 5 < LIST_SIZE)
		sprintf(list + used, "%.*s%s", used > 0, &separator, name);
	else
		strcpy(list + used, "...");
}

static void say(struct cxl_advice *advice, const char *mend, const char *fmt, ...) _printf_(3, 4);

static void say(struct cxl_advice *advice, const char *mend, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(advice->found, sizeof(advice->found), fmt, args);
	va_end(args);
	snprintf(advice->mend, sizeof(advice->mend), "%s", mend);
}

static const struct topology_node *node_of(const struct topology *t, int id)
{
	int at = topology_find(t, id);

	return at < 0 ? NULL : &t->nodes[at];
}

static bool has_memory(const struct topology *t, int id)
{
	const struct topology_node *node = node_of(t, id);

	return node && node->mem_bytes;
}

/* Some dax devices are for programs and have no region.  Leave one whose node has other memory. */
static bool may_be_cxl(const struct topology *t, const struct topology_dax *dax)
{
	return dax->region >= 0 || dax_is_memory(dax) || !has_memory(t, dax->target_node);
}

/* Dax devices that one command makes usable.  Only the names in it differ. */
static size_t advise_dax(struct cxl_advice *advice, const struct topology *t, const char *command,
			 const char *found)
{
	char names[LIST_SIZE] = "", words[LIST_SIZE] = "", text[128], mend[160];
	size_t len = strlen(command);

	for (size_t i = 0; i < t->nr_dax; i++) {
		if (!may_be_cxl(t, &t->dax[i]))
			continue;
		topology_dax_advice(text, sizeof(text), t, &t->dax[i]);
		if (strncmp(text, command, len))
			continue;
		append(names, ',', t->dax[i].name);
		append(words, ' ', t->dax[i].name);
	}
	if (!names[0])
		return 0;
	snprintf(mend, sizeof(mend), "%s %s", command, words);
	say(advice, mend, "%s %s", names, found);
	return 1;
}

static size_t advise_regions(struct cxl_advice *advice, const struct topology *t,
			     enum topology_region_state state, const char *command,
			     const char *found)
{
	char names[LIST_SIZE] = "", words[LIST_SIZE] = "", mend[160];
	bool with_names = state == TOPOLOGY_REGION_OFF;

	for (size_t i = 0; i < t->nr_regions; i++) {
		if (t->regions[i].state != state)
			continue;
		append(names, ',', t->regions[i].name);
		append(words, ' ', t->regions[i].name);
	}
	if (!names[0])
		return 0;
	snprintf(mend, sizeof(mend), "%s%s%s", command, with_names ? " " : "",
		 with_names ? words : "");
	say(advice, mend, "%s %s", names, found);
	return 1;
}

/* Memory of a region on a node with CPUs, which also has their DRAM. */
static size_t advise_joined(struct cxl_advice *advice, const struct topology *t)
{
	_cleanup_idlist_ struct idlist nodes = IDLIST_INIT;
	char names[LIST_SIZE] = "", text[64];

	for (size_t i = 0; i < t->nr_regions; i++) {
		const struct topology_node *node = node_of(t, t->regions[i].target_node);

		if (!node || !node->cpus.nr)
			continue;
		append(names, ',', t->regions[i].name);
		(void)idlist_add(&nodes, node->id);
	}
	if (!names[0])
		return 0;
	say(advice, "a node of its own is for firmware to give: its SRAT or CXL window",
	    "%s is memory of node %s, which has CPUs: nothing tells its pages from DRAM", names,
	    idlist_format(text, sizeof(text), &nodes));
	return 1;
}

/* Memory-only nodes of which nothing is known.  They may be CXL memory. */
static bool find_candidates(struct idlist *out, const struct topology *t)
{
	for (size_t i = 0; i < t->nr_nodes; i++) {
		const struct topology_node *node = &t->nodes[i];

		if (!node->cpus.nr && node->mem_bytes && node->cxl == TOPOLOGY_CXL_NO)
			(void)idlist_add(out, node->id);
	}
	return out->nr > 0;
}

/* CXL memory that no region told of.  It may be that of a device without a region. */
static bool has_presumed(const struct topology *t)
{
	for (size_t i = 0; i < t->nr_nodes; i++) {
		if (t->nodes[i].cxl == TOPOLOGY_CXL_OPTION || t->nodes[i].cxl == TOPOLOGY_CXL_DAX)
			return true;
	}
	return false;
}

static size_t advise_system_ram(struct cxl_advice *advice, const struct topology *t)
{
	_cleanup_idlist_ struct idlist candidates = IDLIST_INIT;
	char names[LIST_SIZE] = "", text[64], mend[160] = "";

	for (size_t i = 0; i < t->nr_regions; i++) {
		if (t->regions[i].state == TOPOLOGY_REGION_RAM && t->regions[i].target_node < 0)
			append(names, ',', t->regions[i].name);
	}
	if (!names[0] || has_presumed(t))
		return 0;
	if (find_candidates(&candidates, t))
		snprintf(mend, sizeof(mend), "name its node: --cxl-node %s%s",
			 idlist_format(text, sizeof(text), &candidates),
			 candidates.nr > 1 ? ", or which of these it is" : "");
	say(advice, mend, "%s is System RAM since boot; nothing tells of which node", names);
	return 1;
}

static size_t advise_devices(struct cxl_advice *advice, const struct topology *t)
{
	_cleanup_idlist_ struct idlist candidates = IDLIST_INIT;
	char names[LIST_SIZE] = "", first[32] = "", text[64], mend[160];

	for (size_t i = 0; i < t->nr_memdevs; i++) {
		const struct topology_memdev *memdev = &t->memdevs[i];

		if (memdev->has_region || !memdev->ram_bytes)
			continue;
		if (!first[0])
			snprintf(first, sizeof(first), "%s", memdev->name);
		append(names, ',', memdev->name);
	}
	if (!first[0] || has_presumed(t))
		return 0;
	if (find_candidates(&candidates, t))
		snprintf(mend, sizeof(mend),
			 "if firmware made it memory of node %s: --cxl-node; else: cxl "
			 "create-region -t ram -m %s",
			 idlist_format(text, sizeof(text), &candidates), first);
	else
		snprintf(mend, sizeof(mend),
			 "bring it online: cxl create-region -t ram -m %s (see "
			 "cxl-create-region(1))",
			 first);
	say(advice, mend, "no region is made of %s: none of that memory is known to be online",
	    names);
	return 1;
}

size_t cxl_advise(struct cxl_advice advice[CXL_ADVICE_MAX], const struct topology *t)
{
	size_t nr = 0;

	nr += advise_dax(&advice[nr], t, "daxctl reconfigure-device --mode=system-ram",
			 "in devdax mode: a file, not memory");
	nr += advise_dax(&advice[nr], t, "daxctl online-memory",
			 "bound to kmem, with memory that is not online");
	nr += advise_regions(&advice[nr], t, TOPOLOGY_REGION_OFF, "cxl enable-region",
			     "not enabled");
	nr += advise_regions(&advice[nr], t, TOPOLOGY_REGION_NO_DAX, "modprobe -a dax_cxl kmem",
			     "enabled, and no driver has made a dax device of it");
	nr += advise_joined(&advice[nr], t);
	nr += advise_system_ram(&advice[nr], t);
	/* a soft-reserved dax device that has stopped may belong to a device without a region */
	if (!nr)
		nr += advise_devices(&advice[nr], t);
	return nr;
}
