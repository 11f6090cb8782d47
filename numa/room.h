/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How much can be put on a memory node before the kernel has to reclaim there?
 *
 * A zone gives a user's page while more is free than a watermark and its lowmem_reserve together
 * (/proc/zoneinfo calls that one protection).  Up to the high watermark kswapd stays asleep.  So
 * the room of a zone is
 *
 *   free - high - protection
 *
 * and that of a node is the sum of its zones.  The names of zones do not matter.  DMA counts
 * nothing on usual machines, because all of it is protected against user pages.  DMA32 counts,
 * because a small node may have no other zone.
 *
 * A huge page needs more than room: it needs a free block of its size (/proc/buddyinfo).  Without
 * one the kernel compacts memory, and where that does not help, it splits the huge page.
 */
#ifndef TS_NUMA_ROOM_H
#define TS_NUMA_ROOM_H

#include <stddef.h>
#include <stdint.h>

/*
 * Who fills a node leaves so much of its room.  It covers what others allocate there while a
 * batch of 2 MB is moved, at 4 GB a second, and what the kernel has counted but not yet summed up.
 */
#define ROOM_SPARE_BYTES (UINT64_C(8) << 20)

struct room_node {
	unsigned int id;     /* of the kernel */
	uint64_t bytes;	     /* above the high watermarks.  This includes the spare */
	uint64_t huge_bytes; /* of these, in free blocks of a huge page or larger */
	/*
	 * Above the low watermarks.  Where the page cache has the rest of a node, its free memory is
	 * between the two.  Who takes some of that for a moment wakes nobody.
	 */
	uint64_t brief_bytes;
};

/* Starts as {0}, or {.sysroot = ...}.  room_deinit() frees what reading it has taken. */
struct room {
	const char *sysroot;	 /* of the caller; NULL: this machine */
	struct room_node *nodes; /* with memory, in the order of the kernel */
	size_t nr_nodes;
	/* of room_read() alone */
	struct room_zone *zones;
	size_t nr_zones, capacity; /* CAPACITY of both lists */
	char *text;
	size_t text_size;
};

/*
 * Read it all anew.  It takes the locks of zones for as long as the kernel prints them, which grows
 * with CPUs.  So it is for some times a second, and not for each page.
 * 0, or a negative errno, and then there are no nodes.
 */
int room_read(struct room *r);

/* The room of a node.  All 0 for one that the kernel does not list. */
struct room_node room_of(const struct room *r, unsigned int id);

/* So much has been put there since it was read. */
void room_take(struct room *r, unsigned int id, uint64_t bytes, uint64_t huge_bytes);

void room_deinit(struct room *r);

/* The bytes of a huge page that one entry of the second level maps.  0 where there are none. */
uint64_t room_huge_page_bytes(const char *sysroot);

#endif
