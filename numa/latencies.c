/* SPDX-License-Identifier: GPL-2.0 */
/* Measured latencies and their file. */
#include "numa/latencies.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <string.h>

#include "base/log.h"
#include "base/proc.h"
#include "base/state.h"
#include "base/sysfs.h"
#include "base/util.h"
#include "numa/probe.h"

/* The nodes that the latencies belong to: "0:cpus,memory 2:memory mem0 ". */
static void describe_nodes(char *buf, size_t size, const struct topology *t)
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < t->nr_nodes && used < size; i++) {
		const struct topology_node *node = &t->nodes[i];

		used += (size_t)snprintf(buf + used, size - used, "%u:%s%s%s ", node->id,
					 node->cpus.nr ? "cpus," : "",
					 node->mem_bytes ? "memory " : " ", node->devices);
	}
}

char *latencies_format(const struct topology *t, const uint32_t *latency_ns, const char *boot_id)
{
	json_object *o = json_object_new_object(), *links = json_object_new_array();
	char nodes[8192], *text;

	describe_nodes(nodes, sizeof(nodes), t);
	json_object_object_add(o, "boot_id", json_object_new_string(boot_id));
	json_object_object_add(o, "nodes", json_object_new_string(nodes));
	for (size_t from = 0; from < t->nr_nodes; from++) {
		for (size_t to = 0; to < t->nr_nodes; to++) {
			uint32_t ns = latency_ns[from * t->nr_nodes + to];
			json_object *link;

			if (!t->nodes[from].cpus.nr || !t->nodes[to].mem_bytes)
				continue;
			link = json_object_new_object();
			json_object_object_add(link, "cpu_node",
					       json_object_new_int64(t->nodes[from].id));
			json_object_object_add(link, "mem_node",
					       json_object_new_int64(t->nodes[to].id));
			json_object_object_add(link, "latency_ns",
					       ns ? json_object_new_int64(ns) : NULL);
			json_object_array_add(links, link);
		}
	}
	json_object_object_add(o, "links", links);
	text = strdup(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY |
								JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
	return text;
}

static bool has_string(json_object *o, const char *key, const char *wanted)
{
	json_object *value;

	return json_object_object_get_ex(o, key, &value) && value &&
	       !strcmp(json_object_get_string(value), wanted);
}

/* A whole number from LEAST to MOST, or -1. */
static int64_t number(json_object *o, const char *key, int64_t least, int64_t most)
{
	json_object *value;

	if (!json_object_object_get_ex(o, key, &value) ||
	    !json_object_is_type(value, json_type_int))
		return -1;
	return json_object_get_int64(value) < least || json_object_get_int64(value) > most
		       ? -1
		       : json_object_get_int64(value);
}

static int take_link(uint32_t *latency_ns, const struct topology *t, json_object *link)
{
	int from = topology_find(t, (int)number(link, "cpu_node", 0, IDLIST_MAX_ID));
	int to = topology_find(t, (int)number(link, "mem_node", 0, IDLIST_MAX_ID));
	int64_t ns = number(link, "latency_ns", 1, 1000000);

	if (from < 0 || to < 0 || ns < 0)
		return -EINVAL;
	latency_ns[(size_t)from * t->nr_nodes + (size_t)to] = (uint32_t)ns;
	return 0;
}

int latencies_parse(uint32_t *latency_ns, const struct topology *t, const char *boot_id,
		    const char *text)
{
	json_object *o = json_tokener_parse(text), *links = NULL;
	char nodes[8192];
	int r = -EINVAL;

	memset(latency_ns, 0, t->nr_nodes * t->nr_nodes * sizeof(*latency_ns));
	if (json_object_is_type(o, json_type_object) &&
	    json_object_object_get_ex(o, "links", &links) &&
	    json_object_is_type(links, json_type_array)) {
		describe_nodes(nodes, sizeof(nodes), t);
		r = has_string(o, "boot_id", boot_id) && has_string(o, "nodes", nodes) ? 0
										       : -ESTALE;
		for (size_t i = 0; !r && i < json_object_array_length(links); i++)
			r = take_link(latency_ns, t, json_object_array_get_idx(links, i));
	}
	json_object_put(o);
	return r;
}

static int keep(const struct topology *t, const uint32_t *latency_ns)
{
	static const char tmp[] = STATE_LATENCIES ".tmp";
	_cleanup_free_ char *text = NULL;
	char boot_id[PROC_BOOT_ID_SIZE];
	FILE *file;
	int fd, r = proc_boot_id(boot_id, NULL);

	if (r < 0)
		return r;
	text = latencies_format(t, latency_ns, boot_id);
	if (!text)
		return -ENOMEM;
	r = state_make_directory(TS_STATEDIR);
	if (r < 0)
		return r;
	/* only root may write this, whatever the umask, because the scheduler uses it */
	fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	file = fd < 0 ? NULL : fdopen(fd, "w");
	if (!file) {
		r = -errno;
		close_fd(&fd);
		return r;
	}
	fprintf(file, "%s\n", text);
	r = ferror(file) ? -EIO : 0;
	if (fclose(file))
		r = -errno;
	if (!r && rename(tmp, STATE_LATENCIES))
		r = -errno;
	if (r < 0)
		unlink(tmp);
	return r;
}

int latencies_measure(struct topology *t)
{
	_cleanup_free_ uint32_t *latency_ns =
		calloc(t->nr_nodes * t->nr_nodes, sizeof(*latency_ns));
	int r = latency_ns ? probe_latencies(latency_ns, t) : -ENOMEM;

	if (!r)
		r = topology_take_latencies(t, latency_ns);
	if (r == -EINVAL)
		log_error("not every pair of nodes could be measured: those that firmware states "
			  "stay in use");
	else if (r < 0)
		log_error("cannot measure latencies: %s", strerror(-r));
	if (r < 0)
		return r;
	r = keep(t, latency_ns);
	if (r < 0)
		log_warning("cannot keep the latencies in %s: %s", STATE_LATENCIES, strerror(-r));
	return 0;
}

bool latencies_recall(struct topology *t)
{
	_cleanup_free_ uint32_t *latency_ns =
		calloc(t->nr_nodes * t->nr_nodes, sizeof(*latency_ns));
	char boot_id[PROC_BOOT_ID_SIZE], text[65536];

	return latency_ns && proc_boot_id(boot_id, NULL) >= 0 &&
	       sysfs_read(text, sizeof(text), NULL, "%s", STATE_LATENCIES) >= 0 &&
	       !latencies_parse(latency_ns, t, boot_id, text) &&
	       !topology_take_latencies(t, latency_ns);
}
