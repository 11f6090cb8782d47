/* SPDX-License-Identifier: GPL-2.0 */
/* Bandwidth by resctrl. */
#include "counters/resctrl.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/parse.h"
#include "base/sysfs.h"
#include "base/util.h"

/* Documentation/filesystems/resctrl.rst of the kernel */
#define EVENTS_TOTAL 0x7f
#define EVENTS_LOCAL 0x15
#define EVENTS_SLOW 0x30 /* reads from the own node and from other nodes */

#define MAX_MBPS 4e6 /* of one L3; a count that says more has jumped */

enum counter { COUNTER_TOTAL, COUNTER_LOCAL, NR_COUNTERS };

static const struct {
	const char *file, *config;
	uint32_t events; /* what the kernel has it count at first */
	enum resctrl_flow flow;
} counters[NR_COUNTERS] = {
	[COUNTER_TOTAL] = {"mbm_total_bytes", "mbm_total_bytes_config", EVENTS_TOTAL,
			   RESCTRL_TOTAL},
	[COUNTER_LOCAL] = {"mbm_local_bytes", "mbm_local_bytes_config", EVENTS_LOCAL,
			   RESCTRL_LOCAL},
};

#define NO_FLOW RESCTRL_NR_FLOWS

struct reading {
	uint64_t bytes;
	bool known;
};

/* An L3 cache. */
struct domain {
	unsigned int id;
	struct node *node; /* the node of all its CPUs, or NULL */
	enum resctrl_flow flow[NR_COUNTERS];
	struct reading last[NR_COUNTERS], now[NR_COUNTERS];
};

struct node {
	unsigned int id;
	bool shares; /* it shares an L3 with another node */
	double mbps[RESCTRL_NR_FLOWS];
};

struct resctrl {
	const char *sysroot;
	struct domain *domains;
	size_t nr_domains;
	struct node *nodes;
	size_t nr_nodes;
	uint64_t groups; /* a sum of their names, as of the last update */
	uint64_t last_ns;
};

int resctrl_events_parse(uint32_t *events, const char *text, unsigned int domain)
{
	while (*text) {
		size_t len = strcspn(text, ";\n");
		char item[32], *equals;
		uint64_t id, value;

		if (len >= sizeof(item))
			return -EINVAL;
		memcpy(item, text, len);
		item[len] = '\0';
		text += len + (text[len] != '\0');
		equals = strchr(item, '=');
		if (!equals)
			return -EINVAL;
		*equals = '\0';
		if (parse_u64(&id, item) < 0 || parse_u64(&value, equals + 1) < 0 ||
		    value > UINT32_MAX)
			return -EINVAL;
		if (id == domain) {
			*events = (uint32_t)value;
			return 0;
		}
	}
	return -EINVAL;
}

/* The flow that counter C of the domain counts. */
static enum resctrl_flow find_flow(const struct resctrl *r, enum counter c, unsigned int domain)
{
	uint32_t events = counters[c].events;
	char text[4096];
	int ret;

	/* Where counters are assigned to groups, they have filters of their own. */
	if (sysfs_exists(r->sysroot, RESCTRL "/info/L3_MON/event_configs"))
		return NO_FLOW;
	ret = sysfs_read(text, sizeof(text), r->sysroot, RESCTRL "/info/L3_MON/%s",
			 counters[c].config);
	/* without the file it counts what the kernel has it count at first */
	if (ret != -ENOENT && (ret < 0 || resctrl_events_parse(&events, text, domain) < 0))
		return NO_FLOW;
	if (events == counters[c].events)
		return counters[c].flow;
	return events == EVENTS_SLOW ? RESCTRL_SLOW : NO_FLOW;
}

static DIR *open_dir(const char *sysroot, const char *path)
{
	char full[SYSFS_PATH_MAX];

	return sysfs_path(full, sizeof(full), sysroot, "%s", path) < 0 ? NULL : opendir(full);
}

static int add_domain(struct resctrl *r, unsigned int id)
{
	struct domain *domain = ARRAY_PLACE(r->domains, r->nr_domains);

	if (!domain)
		return -ENOMEM;
	*domain = (struct domain){.id = id};
	for (int c = 0; c < NR_COUNTERS; c++)
		domain->flow[c] = find_flow(r, (enum counter)c, id);
	r->nr_domains++;
	return 0;
}

static int find_domains(struct resctrl *r)
{
	_cleanup_closedir_ DIR *dir = open_dir(r->sysroot, RESCTRL "/mon_data");
	const struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		unsigned int id;
		char more;

		if (sscanf(entry->d_name, "mon_L3_%u%c", &id, &more) != 1)
			continue;
		if (add_domain(r, id) < 0)
			return -ENOMEM;
	}
	return r->nr_domains ? 0 : -ENOENT;
}

static struct domain *domain_of_cpu(const struct resctrl *r, unsigned int cpu)
{
	uint64_t id;

	if (sysfs_read_u64(&id, r->sysroot, "/sys/devices/system/cpu/cpu%u/cache/index3/id", cpu))
		return NULL;
	for (size_t i = 0; i < r->nr_domains; i++)
		if (r->domains[i].id == id)
			return &r->domains[i];
	return NULL;
}

/* Find the node whose CPUs each L3 serves. */
static void find_nodes(struct resctrl *r, const struct topology *t)
{
	for (size_t i = 0; i < t->nr_nodes; i++) {
		const struct idlist *cpus = &t->nodes[i].cpus;
		struct node *node = &r->nodes[r->nr_nodes];

		if (!cpus->nr)
			continue;
		r->nr_nodes++;
		node->id = t->nodes[i].id;
		for (size_t k = 0; k < cpus->nr; k++) {
			struct domain *domain = domain_of_cpu(r, cpus->ids[k]);

			if (!domain) {
				node->shares = true; /* not known with which node */
				continue;
			}
			if (domain->node && domain->node != node)
				domain->node->shares = node->shares = true;
			domain->node = node;
		}
		for (int flow = 0; flow < RESCTRL_NR_FLOWS; flow++)
			node->mbps[flow] = -1;
	}
}

int resctrl_new(struct resctrl **out, const struct topology *t, const char *sysroot)
{
	struct resctrl *r = calloc(1, sizeof(*r));
	int ret = -ENOMEM;

	if (r) {
		r->sysroot = sysroot;
		r->nodes = calloc(MAX(t->nr_nodes, (size_t)1), sizeof(*r->nodes));
		if (r->nodes)
			ret = find_domains(r);
	}
	if (ret < 0) {
		resctrl_free(r);
		return ret;
	}
	find_nodes(r, t);
	*out = r;
	return 0;
}

void resctrl_free(struct resctrl *r)
{
	if (!r)
		return;
	free(r->domains);
	free(r->nodes);
	free(r);
}

/* Add a group's counts, which include its monitoring groups.  The root group is "". */
static void add_group(struct resctrl *r, const char *group)
{
	for (size_t i = 0; i < r->nr_domains; i++) {
		struct domain *domain = &r->domains[i];

		for (int c = 0; c < NR_COUNTERS; c++) {
			uint64_t bytes;

			if (domain->flow[c] == NO_FLOW || !domain->now[c].known)
				continue;
			if (sysfs_read_u64(&bytes, r->sysroot,
					   RESCTRL "/%s/mon_data/mon_L3_%02u/%s", group, domain->id,
					   counters[c].file) < 0)
				domain->now[c].known = false; /* for instance "Unavailable" */
			else
				domain->now[c].bytes += bytes;
		}
	}
}

static uint64_t hash(const char *name)
{
	uint64_t h = UINT64_C(14695981039346656037); /* FNV-1a */

	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * UINT64_C(1099511628211);
	return h;
}

/* Read all control groups: every task is in one.  Returns a sum of their names. */
static uint64_t read_groups(struct resctrl *r)
{
	_cleanup_closedir_ DIR *dir = open_dir(r->sysroot, RESCTRL);
	const struct dirent *entry;
	uint64_t groups = 0;

	add_group(r, "");
	while (dir && (entry = readdir(dir))) {
		const char *name = entry->d_name;

		if (name[0] == '.' || !strcmp(name, "mon_data") || !strcmp(name, "mon_groups") ||
		    !sysfs_exists(r->sysroot, RESCTRL "/%s/mon_data", name))
			continue;
		groups += hash(name);
		add_group(r, name);
	}
	return groups;
}

/* MB/s by the domain's counter of this flow, -1 unknown. */
static double domain_mbps(const struct domain *domain, enum resctrl_flow flow, double seconds)
{
	for (int c = 0; c < NR_COUNTERS; c++) {
		const struct reading *last = &domain->last[c], *now = &domain->now[c];
		double mbps;

		if (domain->flow[c] != flow)
			continue;
		if (!last->known || !now->known || now->bytes < last->bytes)
			return -1;
		mbps = (double)(now->bytes - last->bytes) / 1e6 / seconds;
		return mbps > MAX_MBPS ? -1 : mbps;
	}
	return -1;
}

static double node_mbps(const struct resctrl *r, const struct node *node, enum resctrl_flow flow,
			double seconds)
{
	double sum = 0;
	bool any = false;

	for (size_t i = 0; i < r->nr_domains; i++) {
		double mbps;

		if (r->domains[i].node != node)
			continue;
		mbps = domain_mbps(&r->domains[i], flow, seconds);
		if (mbps < 0)
			return -1;
		sum += mbps;
		any = true;
	}
	return any && !node->shares ? sum : -1;
}

void resctrl_update(struct resctrl *r, uint64_t now_ns)
{
	double seconds = (double)(now_ns - r->last_ns) / 1e9;
	uint64_t groups;
	bool known;

	for (size_t i = 0; i < r->nr_domains; i++)
		for (int c = 0; c < NR_COUNTERS; c++)
			r->domains[i].now[c] = (struct reading){.known = true};
	groups = read_groups(r);
	known = r->last_ns && now_ns > r->last_ns && groups == r->groups;
	for (size_t i = 0; i < r->nr_nodes; i++)
		for (int flow = 0; flow < RESCTRL_NR_FLOWS; flow++)
			r->nodes[i].mbps[flow] =
				known ? node_mbps(r, &r->nodes[i], (enum resctrl_flow)flow, seconds)
				      : -1;
	for (size_t i = 0; i < r->nr_domains; i++)
		memcpy(r->domains[i].last, r->domains[i].now, sizeof(r->domains[i].last));
	r->groups = groups;
	r->last_ns = now_ns;
}

double resctrl_mbps(const struct resctrl *r, unsigned int id, enum resctrl_flow flow)
{
	for (size_t i = 0; i < r->nr_nodes; i++)
		if (r->nodes[i].id == id)
			return r->nodes[i].mbps[flow];
	return -1;
}
