/* SPDX-License-Identifier: GPL-2.0 */
/* Who maps a page: this process and a child, as /proc tells of them. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/util.h"
#include "numa/mappers.h"

enum { PAGES = 8 };

static size_t page_bytes;
static char *memory; /* of which the last page is absent */
static pid_t child;  /* it maps all but the first two */

static int begin(void **state)
{
	int ready[2];
	char word = 0;

	(void)state;
	page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	memory = mmap(NULL, PAGES * page_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	assert_ptr_not_equal(memory, MAP_FAILED);
	memset(memory, 1, (PAGES - 1) * page_bytes);
	assert_int_equal(pipe(ready), 0);
	child = fork();
	assert_int_not_equal(child, -1);
	if (!child) {
		munmap(memory, 2 * page_bytes);
		for (size_t i = 2; i < PAGES - 1; i++)
			word += *(volatile char *)(memory + i * page_bytes);
		(void)!write(ready[1], &word, 1);
		pause();
		_exit(0);
	}
	assert_int_equal(read(ready[0], &word, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return 0;
}

static int end(void **state)
{
	(void)state;
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	munmap(memory, PAGES * page_bytes);
	return 0;
}

/* Who may not see frames, as in many containers, knows nothing. */
static bool sees_frames(void)
{
	int fd = open("/proc/kpagecount", O_RDONLY | O_CLOEXEC);
	bool known;
	const struct mapper me = {getpid(), (uintptr_t)memory};

	if (fd < 0)
		return false;
	close(fd);
	mappers_know(&known, 1, &me, 1);
	return known;
}

static void who_maps_is_known_page_by_page(void **state)
{
	const struct mapper both[] = {{getpid(), (uintptr_t)memory}, {child, (uintptr_t)memory}};
	bool known[PAGES];

	(void)state;
	if (!sees_frames()) {
		print_message("# skipped: frames of pages are not shown here\n");
		skip();
	}
	mappers_know(known, PAGES, both, 1);
	for (size_t i = 0; i < PAGES; i++)
		assert_int_equal(known[i], i < 2);
	mappers_know(known, PAGES, both, 2);
	for (size_t i = 0; i < PAGES; i++)
		assert_int_equal(known[i], i < PAGES - 1);
}

/* Another place of the same process, or somebody who is gone, does not stand for the child. */
static void who_has_other_pages_does_not_count(void **state)
{
	struct mapper mappers[] = {{getpid(), (uintptr_t)memory + 2 * page_bytes},
				   {child, (uintptr_t)memory + 3 * page_bytes}};
	bool known[PAGES];

	(void)state;
	mappers_know(known, 3, mappers, 2);
	for (size_t i = 0; i < 3; i++)
		assert_false(known[i]);
	mappers[1] = (struct mapper){0x7fffffff, (uintptr_t)memory + 2 * page_bytes};
	mappers_know(known, 3, mappers, 2);
	for (size_t i = 0; i < 3; i++)
		assert_false(known[i]);
	mappers_know(known, 3, mappers, 0);
	assert_false(known[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(who_maps_is_known_page_by_page, begin, end),
		cmocka_unit_test_setup_teardown(who_has_other_pages_does_not_count, begin, end),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
