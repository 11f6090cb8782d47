/* SPDX-License-Identifier: GPL-2.0 */
/*
 * numa/room over files of our own making, in the format of the kernel.  Figures are in pages, so
 * that it does not matter how large a page is here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "numa/room.h"
#include "tests/helpers/sysroot.h"

#define _cleanup_room_ __attribute__((cleanup(room_deinit)))

static uint64_t page_bytes;

/* A zone as /proc/zoneinfo has it.  The page sets of CPUs have a "high", too. */
#define ZONE(node, name, stats, free, high, protection)                                            \
	"Node " node ", zone " name "\n" stats "  pages free     " free "\n"                       \
	"        boost    0\n"                                                                     \
	"        min      20\n"                                                                    \
	"        low      30\n"                                                                    \
	"        high     " high "\n"                                                              \
	"        promo    50\n"                                                                    \
	"        spanned  262144\n"                                                                \
	"        present  262144\n"                                                                \
	"        managed  258421\n"                                                                \
	"        cma      0\n"                                                                     \
	"        protection: (" protection ")\n"                                                   \
	"      nr_free_pages " free "\n"                                                           \
	"      nr_zone_inactive_anon 99\n"                                                         \
	"  pagesets\n"                                                                             \
	"    cpu: 0\n"                                                                             \
	"              count:    7\n"                                                              \
	"              high:     378\n"                                                            \
	"              high_min: 378\n"                                                            \
	"  vm stats threshold: 36\n"                                                               \
	"  node_unreclaimable:  0\n"                                                               \
	"  start_pfn:           4096\n"

#define EMPTY_ZONE(node, name)                                                                     \
	"Node " node ", zone " name "\n"                                                           \
	"  pages free     0\n"                                                                     \
	"        boost    0\n"                                                                     \
	"        min      0\n"                                                                     \
	"        low      0\n"                                                                     \
	"        high     0\n"                                                                     \
	"        promo    0\n"                                                                     \
	"        spanned  0\n"                                                                     \
	"        present  0\n"                                                                     \
	"        managed  0\n"                                                                     \
	"        cma      0\n"                                                                     \
	"        protection: (0, 0, 0, 0, 0)\n"

#define STATS                                                                                      \
	"  per-node stats\n"                                                                       \
	"      nr_inactive_anon 195801\n"                                                          \
	"      nr_active_file 102883\n"

static const char zoneinfo[] = ZONE("0", "     DMA", STATS, "3840", "40",
				    "0, 2991, 64000, 64000, 64000")
	ZONE("0", "   DMA32", "", "10000", "100", "0, 0, 900, 900, 900") ZONE(
		"0", "  Normal", "", "20000", "5000", "0, 0, 0, 0, 0") EMPTY_ZONE("0", " Movable")
		EMPTY_ZONE("0", "  Device") EMPTY_ZONE("1", "     DMA") EMPTY_ZONE("1", "   DMA32")
			ZONE("1", "  Normal", STATS, "400", "500", "0, 0, 0, 70000, 70000")
				ZONE("1", " Movable", "", "7000", "600",
				     "0, 0, 0, 0, 0") EMPTY_ZONE("1", "  Device")
					ZONE("12", " Movable", STATS, "50", "600", "0, 0, 0, 0, 0");

/* Blocks of order 0 to 10.  A huge page is of order 9 here. */
static const char buddyinfo[] = "Node 0, zone      DMA      0      0      0      0      0      0   "
				"   0      0      1      1      2 \n"
				"Node 0, zone    DMA32      4      3      2      1      1      1   "
				"   1      1      1      3      1 \n"
				"Node 0, zone   Normal      9      9      9      9      9      9   "
				"   9      9      9      0     50 \n"
				"Node 1, zone   Normal      0      0      0      0      0      0   "
				"   0      0      0      1      0 \n"
				"Node 1, zone  Movable   7000      0      0      0      0      0   "
				"   0      0      0      0      0 \n"
				"Node 12, zone  Movable     0      1      0      0      0      0   "
				"   0      0      0      0      0 \n";

static void put_huge(const struct sysroot *root, uint64_t bytes)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu\n", (unsigned long long)bytes);
	sysroot_put(root, "/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", text);
}

static void make(struct sysroot *root, struct room *r)
{
	sysroot_init(root, "");
	sysroot_put(root, "/proc/zoneinfo", zoneinfo);
	sysroot_put(root, "/proc/buddyinfo", buddyinfo);
	put_huge(root, page_bytes << 9);
	*r = (struct room){.sysroot = root->path};
}

static void assert_room(const struct room *r, unsigned int node, uint64_t pages,
			uint64_t huge_pages)
{
	assert_int_equal(room_of(r, node).id, node);
	assert_int_equal(room_of(r, node).bytes / page_bytes, pages);
	assert_int_equal(room_of(r, node).huge_bytes / page_bytes, huge_pages);
}

static void test_zones_are_summed(void **state)
{
	_cleanup_sysroot_ struct sysroot root;
	_cleanup_room_ struct room r;

	make(&root, &r);
	assert_int_equal(room_read(&r), 0);
	/* of DMA all is protected; of Normal more blocks are free than its watermark leaves */
	assert_room(&r, 0, (10000 - 100 - 900) + (20000 - 5000), (3 * 512 + 1024) + 15000);
	assert_int_equal(room_of(&r, 0).brief_bytes / page_bytes,
			 (10000 - 30 - 900) + (20000 - 30));
	/* no room, but kswapd sleeps */
	assert_int_equal(room_of(&r, 12).brief_bytes / page_bytes, 50 - 30);
	/* Normal is below its watermark, and Movable has small pages only */
	assert_room(&r, 1, 7000 - 600, 0);
	assert_room(&r, 12, 0, 0);
	assert_room(&r, 7, 0, 0);
}

static void test_reading_again_forgets(void **state)
{
	_cleanup_sysroot_ struct sysroot root;
	_cleanup_room_ struct room r;
	const char *text;

	make(&root, &r);
	assert_int_equal(room_read(&r), 0);
	text = r.text;
	sysroot_put(&root, "/proc/zoneinfo", ZONE("1", " Movable", STATS, "700", "600", "0, 0"));
	assert_int_equal(room_read(&r), 0);
	assert_room(&r, 0, 0, 0);
	assert_room(&r, 1, 100, 0);
	assert_ptr_equal(r.text, text);
	sysroot_remove(&root, "/proc/zoneinfo");
	assert_true(room_read(&r) < 0);
	assert_room(&r, 1, 0, 0);
}

static void test_what_is_put_there_is_taken(void **state)
{
	_cleanup_sysroot_ struct sysroot root;
	_cleanup_room_ struct room r;

	make(&root, &r);
	assert_int_equal(room_read(&r), 0);
	room_take(&r, 0, 1000 * page_bytes, 512 * page_bytes);
	assert_room(&r, 0, 24000 - 1000, 2560 + 15000 - 512);
	room_take(&r, 0, UINT64_MAX, UINT64_MAX);
	assert_room(&r, 0, 0, 0);
	room_take(&r, 99, 1, 1);
}

/* Without blocks nothing is known of huge pages, so there is no room for any. */
static void test_no_huge_pages(void **state)
{
	_cleanup_sysroot_ struct sysroot root;
	_cleanup_room_ struct room r;

	make(&root, &r);
	sysroot_remove(&root, "/proc/buddyinfo");
	assert_int_equal(room_read(&r), 0);
	assert_room(&r, 0, 24000, 0);
	sysroot_put(&root, "/proc/buddyinfo", buddyinfo);
	sysroot_remove(&root, "/sys/kernel/mm/transparent_hugepage/hpage_pmd_size");
	assert_int_equal(room_read(&r), 0);
	assert_room(&r, 0, 24000, 0);
	/* as on arm64 with large pages: larger than any block */
	put_huge(&root, page_bytes << 13);
	assert_int_equal(room_read(&r), 0);
	assert_room(&r, 0, 24000, 0);
}

/* A zone of which a line is missing or odd has no room, and the others are what they are. */
static void test_odd_zones(void **state)
{
	static const char *const lines[] = {
		"  pages free     10000\n",
		"        high     100\n",
		"protection: (0, 0, 900, 900, 900)",
		"0, 0, 900",
		"free     10000",
	};
	_cleanup_sysroot_ struct sysroot root;
	_cleanup_room_ struct room r;
	char text[sizeof(zoneinfo)];

	make(&root, &r);
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		char *at;

		strcpy(text, zoneinfo);
		at = strstr(strstr(text, "DMA32"), lines[i]);
		assert_non_null(at);
		memset(at, 'x', strlen(lines[i]) - 1);
		sysroot_put(&root, "/proc/zoneinfo", text);
		assert_int_equal(room_read(&r), 0);
		assert_room(&r, 0, 15000, 15000);
		assert_room(&r, 1, 6400, 0);
	}
}

/* However the text is cut off or broken, it is read to its end and no further. */
static void test_broken_text(void **state)
{
	_cleanup_sysroot_ struct sysroot root;
	_cleanup_room_ struct room r;
	char text[sizeof(zoneinfo)];

	make(&root, &r);
	for (size_t len = 0; len < sizeof(zoneinfo); len += 7) {
		memcpy(text, zoneinfo, len);
		text[len] = '\0';
		sysroot_put(&root, "/proc/zoneinfo", text);
		(void)room_read(&r);
		assert_true(room_of(&r, 0).bytes <= 24000 * page_bytes);
		assert_true(room_of(&r, 0).huge_bytes <= room_of(&r, 0).bytes);
	}
	sysroot_put(&root, "/proc/zoneinfo", zoneinfo);
	for (size_t len = 0; len < sizeof(buddyinfo); len += 3) {
		memcpy(text, buddyinfo, len);
		text[len] = '\0';
		sysroot_put(&root, "/proc/buddyinfo", text);
		assert_int_equal(room_read(&r), 0);
		assert_true(room_of(&r, 0).huge_bytes <= (2560 + 15000) * page_bytes);
	}
}

/* More text than the buffer begins with, as many CPUs make it. */
static void test_many_nodes(void **state)
{
	_cleanup_sysroot_ struct sysroot root;
	_cleanup_room_ struct room r;
	static char text[256 * 1024];
	size_t used = 0;

	make(&root, &r);
	for (unsigned int node = 0; node < 200; node++)
		used += (size_t)snprintf(
			text + used, sizeof(text) - used,
			"Node %u, zone   Normal\n%s  pages free     %u\n        high     1\n"
			"        protection: (0, 0)\n  pagesets\n    cpu: 0\n              high:  "
			"9\n",
			node, STATS, node + 2);
	sysroot_put(&root, "/proc/zoneinfo", text);
	assert_int_equal(room_read(&r), 0);
	assert_int_equal(r.nr_nodes, 200);
	for (unsigned int node = 0; node < 200; node++)
		assert_int_equal(room_of(&r, node).bytes, (node + 1) * page_bytes);
}

/* Whatever machine this is: no node has more room than memory. */
static void test_this_machine(void **state)
{
	_cleanup_room_ struct room r = {0};
	uint64_t bytes = 0;

	if (room_read(&r)) {
		print_message("# skipped: no /proc/zoneinfo here\n");
		skip();
	}
	for (size_t i = 0; i < r.nr_nodes; i++) {
		assert_true(r.nodes[i].huge_bytes <= r.nodes[i].bytes);
		bytes += r.nodes[i].bytes;
	}
	assert_true(bytes / page_bytes <= (uint64_t)sysconf(_SC_PHYS_PAGES));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_zones_are_summed),
		cmocka_unit_test(test_reading_again_forgets),
		cmocka_unit_test(test_what_is_put_there_is_taken),
		cmocka_unit_test(test_no_huge_pages),
		cmocka_unit_test(test_odd_zones),
		cmocka_unit_test(test_broken_text),
		cmocka_unit_test(test_many_nodes),
		cmocka_unit_test(test_this_machine),
	};

	page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
