/* SPDX-License-Identifier: GPL-2.0 */
/* Who maps a page.  mappers.h has the theory. */
#include "numa/mappers.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"

/* Documentation/admin-guide/mm/pagemap.rst */
#define PRESENT (UINT64_C(1) << 63)
#define FRAME ((UINT64_C(1) << 55) - 1)

/* Read the frames of NR pages; 0 where there is none, or we may not know. */
static void read_frames(uint64_t *frames, uint32_t nr, const struct mapper *mapper)
{
	_cleanup_close_ int fd = -1;
	uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	char path[32];
	ssize_t bytes;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", mapper->task);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	bytes = fd < 0 ? -1
		       : pread(fd, frames, nr * sizeof(*frames),
			       (off_t)(mapper->start / page_bytes * sizeof(*frames)));
	for (uint32_t i = 0; i < nr; i++) {
		bool is_read = bytes >= (ssize_t)((i + 1) * sizeof(*frames));

		frames[i] = is_read && frames[i] & PRESENT ? frames[i] & FRAME : 0;
	}
}

void mappers_know(bool *known, uint32_t nr, const struct mapper *mappers, uint32_t nr_mappers)
{
	_cleanup_close_ int counts = open("/proc/kpagecount", O_RDONLY | O_CLOEXEC);
	uint64_t frames[MAPPERS_MAX_PAGES], others[MAPPERS_MAX_PAGES];
	uint32_t have[MAPPERS_MAX_PAGES];

	memset(known, 0, nr * sizeof(*known));
	if (counts < 0 || !nr_mappers)
		return;
	read_frames(frames, nr, &mappers[0]);
	for (uint32_t i = 0; i < nr; i++)
		have[i] = frames[i] != 0;
	for (uint32_t m = 1; m < nr_mappers; m++) {
		read_frames(others, nr, &mappers[m]);
		for (uint32_t i = 0; i < nr; i++)
			have[i] += others[i] && others[i] == frames[i];
	}
	for (uint32_t i = 0; i < nr; i++) {
		uint64_t count;

		if (frames[i] && pread(counts, &count, sizeof(count),
				       (off_t)(frames[i] * sizeof(count))) == sizeof(count))
			known[i] = count == have[i];
	}
}
