/* SPDX-License-Identifier: GPL-2.0 */
/* Room on memory nodes.  room.h has the theory. */
#include "numa/room.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/sysfs.h"
#include "base/util.h"

#define FIRST_TEXT_SIZE 16384u
#define FIRST_CAPACITY 16u

struct room_zone {
	unsigned int node;
	char name[16];
	uint64_t pages; /* of room */
	uint64_t brief_pages;
};

static int read_text(struct room *r, const char *path)
{
	for (;;) {
		int ret = r->text_size ? sysfs_read(r->text, r->text_size, r->sysroot, "%s", path)
				       : -E2BIG;
		size_t size = r->text_size ? 2 * r->text_size : FIRST_TEXT_SIZE;
		char *grown;

		if (ret != -E2BIG)
			return ret;
		grown = realloc(r->text, size);
		if (!grown)
			return -ENOMEM;
		r->text = grown;
		r->text_size = size;
	}
}

/* Begins at "Node 0, zone   Normal" and returns what is behind it.  NULL: it is no such line. */
static const char *zone_header(const char *line, unsigned int *node, char name[16])
{
	int used = 0;

	return sscanf(line, "Node %u, zone %15s%n", node, name, &used) == 2 ? line + used : NULL;
}

/* The zone that begins at TEXT or behind it.  NULL: there is none. */
static const char *find_zone(const char *text)
{
	if (!strncmp(text, "Node ", 5))
		return text;
	text = strstr(text, "\nNode ");
	return text ? text + 1 : NULL;
}

/* The number of a line "  NAME  1234". */
static bool line_pages(uint64_t *out, const char *line, const char *name)
{
	size_t len = strlen(name);
	char *end;

	line += strspn(line, " ");
	if (strncmp(line, name, len) || line[len] != ' ')
		return false;
	*out = strtoull(line + len, &end, 10);
	return end != line + len;
}

/*
 * The largest number of a line "  protection: (0, 2991, 64000)": one for each zone that a page
 * could have come from.  Pages of users may come from all, and that is the largest.
 */
static bool line_protection(uint64_t *out, const char *line)
{
	static const char name[] = "protection: (";
	uint64_t most = 0;
	char *end;

	line += strspn(line, " ");
	if (strncmp(line, name, sizeof(name) - 1))
		return false;
	line += sizeof(name) - 1;
	do {
		uint64_t pages = strtoull(line, &end, 10);

		if (end == line)
			return false;
		most = MAX(most, pages);
		line = end + 1;
	} while (*end == ',');
	*out = most;
	return *end == ')';
}

static uint64_t beyond(uint64_t free_pages, uint64_t watermark, uint64_t protection)
{
	return free_pages - MIN(free_pages, watermark + protection);
}

/* Fill the room of ZONE, whose lines begin at LINE.  A line that is missing: there is none. */
static void read_zone(struct room_zone *zone, const char *line)
{
	uint64_t free_pages = 0, low = UINT32_MAX, high = 0, protection;
	bool has_free = false, has_high = false;

	zone->pages = zone->brief_pages = 0;
	for (; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, "Node ", 5))
			return;
		/* it stands behind the others, and before the page sets of CPUs */
		if (line_protection(&protection, line))
			break;
		has_free |= line_pages(&free_pages, line, "pages free");
		(void)line_pages(&low, line, "low");
		has_high |= line_pages(&high, line, "high");
	}
	if (!line || !has_free || !has_high)
		return;
	zone->pages = beyond(free_pages, high, protection);
	zone->brief_pages = beyond(free_pages, low, protection);
}

static struct room_node *find_node(const struct room *r, unsigned int id)
{
	for (size_t i = 0; i < r->nr_nodes; i++)
		if (r->nodes[i].id == id)
			return &r->nodes[i];
	return NULL;
}

/* There are no more nodes than zones. */
static int grow(struct room *r)
{
	size_t capacity = r->capacity ? 2 * r->capacity : FIRST_CAPACITY;
	void *zones = reallocarray(r->zones, capacity, sizeof(*r->zones)), *nodes;

	if (!zones)
		return -ENOMEM;
	r->zones = zones;
	nodes = reallocarray(r->nodes, capacity, sizeof(*r->nodes));
	if (!nodes)
		return -ENOMEM;
	r->nodes = nodes;
	r->capacity = capacity;
	return 0;
}

static int add_zone(struct room *r, const struct room_zone *zone, uint64_t page_bytes)
{
	int ret = r->nr_zones == r->capacity ? grow(r) : 0;
	struct room_node *node;

	if (ret < 0)
		return ret;
	node = find_node(r, zone->node);
	if (!node) {
		node = &r->nodes[r->nr_nodes++];
		*node = (struct room_node){.id = zone->node};
	}
	node->bytes += zone->pages * page_bytes;
	node->brief_bytes += zone->brief_pages * page_bytes;
	r->zones[r->nr_zones++] = *zone;
	return 0;
}

static int take_zones(struct room *r, uint64_t page_bytes)
{
	struct room_zone zone;
	int ret = 0;

	for (const char *at = find_zone(r->text); at && !ret; at = find_zone(at)) {
		at = zone_header(at, &zone.node, zone.name);
		if (!at)
			return -EINVAL;
		read_zone(&zone, at);
		/* zones without memory are listed, too */
		ret = zone.pages || zone.brief_pages ? add_zone(r, &zone, page_bytes) : 0;
	}
	return ret;
}

/* The pages in blocks of ORDER or larger.  LINE has the number of blocks of each order from 0. */
static uint64_t pages_in_blocks(const char *line, unsigned int order)
{
	uint64_t pages = 0;
	char *end;

	for (unsigned int i = 0; i < 64 && *line == ' '; i++) {
		uint64_t blocks = strtoull(line, &end, 10);

		if (end == line)
			break;
		if (i >= order)
			pages += blocks << i;
		line = end;
	}
	return pages;
}

static void take_blocks(struct room *r, unsigned int order, uint64_t page_bytes)
{
	struct room_zone found;

	for (const char *at = find_zone(r->text); at; at = find_zone(at)) {
		at = zone_header(at, &found.node, found.name);
		if (!at)
			return;
		found.pages = pages_in_blocks(at, order);
		for (size_t i = 0; i < r->nr_zones; i++) {
			const struct room_zone *zone = &r->zones[i];

			if (zone->node == found.node && !strcmp(zone->name, found.name))
				find_node(r, zone->node)->huge_bytes +=
					MIN(found.pages, zone->pages) * page_bytes;
		}
	}
}

uint64_t room_huge_page_bytes(const char *sysroot)
{
	uint64_t bytes;

	return sysfs_read_u64(&bytes, sysroot, "/sys/kernel/mm/transparent_hugepage/hpage_pmd_size")
		       ? 0
		       : bytes;
}

int room_read(struct room *r)
{
	uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE),
		 huge_bytes = room_huge_page_bytes(r->sysroot);
	unsigned int order = 0;
	int ret;

	r->nr_nodes = r->nr_zones = 0;
	ret = read_text(r, "/proc/zoneinfo");
	if (!ret)
		ret = take_zones(r, page_bytes);
	/* without the second file no huge page has room */
	if (!ret && huge_bytes >= page_bytes && !read_text(r, "/proc/buddyinfo")) {
		while (page_bytes << order < huge_bytes)
			order++;
		take_blocks(r, order, page_bytes);
	}
	if (ret)
		r->nr_nodes = 0;
	return ret;
}

struct room_node room_of(const struct room *r, unsigned int id)
{
	const struct room_node *node = find_node(r, id);

	return node ? *node : (struct room_node){.id = id};
}

void room_take(struct room *r, unsigned int id, uint64_t bytes, uint64_t huge_bytes)
{
	struct room_node *node = find_node(r, id);

	if (!node)
		return;
	node->bytes -= MIN(node->bytes, bytes);
	node->brief_bytes -= MIN(node->brief_bytes, bytes);
	node->huge_bytes -= MIN(node->huge_bytes, huge_bytes);
}

void room_deinit(struct room *r)
{
	free(r->nodes);
	free(r->zones);
	free(r->text);
	*r = (struct room){.sysroot = r->sysroot};
}
