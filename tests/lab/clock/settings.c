/* SPDX-License-Identifier: GPL-2.0 */
/* The clock's arguments; settings.h lists them. */
#include "settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Reads one number off *@text, at most @max, and the character @end behind it. */
static bool take(uint64_t *out, const char **text, int base, char end, uint64_t max)
{
	char *rest;
	uint64_t value;

	if (**text < '0' || **text > '9')
		return false;
	errno = 0;
	value = strtoull(*text, &rest, base);
	if (errno || value > max || *rest != end)
		return false;
	*text = end ? rest + 1 : rest;
	*out = value;
	return true;
}

static bool take_node(unsigned int *out, const char **text, char end, struct settings *c)
{
	uint64_t node;

	if (!take(&node, text, 10, end, CLOCK_MAX_NODES - 1))
		return false;
	if (c->nr_nodes <= node)
		c->nr_nodes = (unsigned int)node + 1;
	*out = (unsigned int)node;
	return true;
}

/* A power of two from 64 KB to 1 GB, with K or M behind it or not. */
static bool parse_size(uint64_t *out, const char *text)
{
	size_t length = strlen(text);
	char unit = '\0', end = '\0';
	uint64_t value;

	if (length)
		unit = text[length - 1];
	if (unit == 'K' || unit == 'M')
		end = unit;
	if (!take(&value, &text, 10, end, 1 << 30) || *text)
		return false;
	value <<= unit == 'M' ? 20 : unit == 'K' ? 10 : 0;
	if (value & (value - 1) || value < 64 << 10 || value > 1 << 30)
		return false;
	*out = value;
	return true;
}

static bool parse_cpus(struct settings *c, const char *text)
{
	uint64_t first, last;
	unsigned int node;

	if (!take(&first, &text, 10, '-', CLOCK_MAX_VCPUS - 1) ||
	    !take(&last, &text, 10, ':', CLOCK_MAX_VCPUS - 1) || first > last ||
	    !take_node(&node, &text, '\0', c))
		return false;
	for (uint64_t cpu = first; cpu <= last; cpu++)
		c->cpu_node[cpu] = (uint8_t)node;
	if (c->nr_vcpus <= last)
		c->nr_vcpus = (unsigned int)last + 1;
	return true;
}

static bool parse_memory(struct settings *c, const char *text)
{
	const uint64_t max = 1ull << CLOCK_MAX_SHIFT, granule = (1ull << CLOCK_GRANULE_SHIFT) - 1;
	uint64_t start, end;
	unsigned int node;

	if (c->nr_ranges == CLOCK_MAX_RANGES || !take(&start, &text, 16, '-', max) ||
	    !take(&end, &text, 16, ':', max) || start >= end || (start | end) & granule ||
	    !take_node(&node, &text, '\0', c))
		return false;
	c->range[c->nr_ranges].start = start;
	c->range[c->nr_ranges].end = end;
	c->range[c->nr_ranges++].node = node;
	return true;
}

static bool parse_latency(struct settings *c, const char *text)
{
	unsigned int from;

	if (!take_node(&from, &text, ':', c))
		return false;
	for (unsigned int node = 0; node < CLOCK_MAX_NODES; node++) {
		if (take(&c->latency_ns[from][node], &text, 10, '\0', 1000000))
			return true;
		if (!take(&c->latency_ns[from][node], &text, 10, ':', 1000000))
			return false;
	}
	return false;
}

static bool parse_bandwidth(struct settings *c, const char *text)
{
	unsigned int node;

	return take_node(&node, &text, ':', c) &&
	       take(&c->bandwidth_mbps[node], &text, 10, '\0', 10000000);
}

static bool parse_one(struct settings *c, const char *key, size_t key_length, const char *value)
{
#define KEY(name) (key_length == sizeof(name) - 1 && !memcmp(key, name, key_length))
	if (KEY("scale"))
		return take(&c->scale, &value, 10, '\0', 1000) && c->scale;
	if (KEY("overlap"))
		return take(&c->overlap_ns, &value, 10, '\0', 10000);
	if (KEY("l2"))
		return parse_size(&c->l2_bytes, value);
	if (KEY("llc"))
		return parse_size(&c->llc_bytes, value);
	if (KEY("cpus"))
		return parse_cpus(c, value);
	if (KEY("memory"))
		return parse_memory(c, value);
	if (KEY("latency"))
		return parse_latency(c, value);
	if (KEY("bandwidth"))
		return parse_bandwidth(c, value);
	if (KEY("counts"))
		return *(c->counts_path = value);
#undef KEY
	return false;
}

bool settings_parse(struct settings *out, int argc, char **argv, char *why, size_t why_size)
{
	struct settings c = {
		.scale = 8, .l2_bytes = 1 << 20, .llc_bytes = 4 << 20, .overlap_ns = 50};

	for (int i = 0; i < argc; i++) {
		const char *equals = strchr(argv[i], '=');

		if (equals && parse_one(&c, argv[i], (size_t)(equals - argv[i]), equals + 1))
			continue;
		snprintf(why, why_size, "bad argument '%s'", argv[i]);
		return false;
	}
	if (!c.nr_vcpus || !c.nr_ranges) {
		snprintf(why, why_size, "no cpus= or no memory=");
		return false;
	}
	*out = c;
	return true;
}
