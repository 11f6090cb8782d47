/* SPDX-License-Identifier: GPL-2.0 */
/* Fuzz target: a perf ring buffer of DAMON's events, torn anywhere (damon/ring.h). */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "damon/read/ring.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct ring_layout layout = {
	.fields = {{8, 8}, {16, 4}, {24, 8}, {32, 8}, {40, 4}, {44, 4}}};

/* The first byte is the head, in units of eight; the rest is the buffer. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct member list[3] = {
		{.index_before = 1}, {.index_before = MEMBER_NEW}, {.index_before = 2}};
	struct members members = {list, 3, 3, 1000, 2000};
	struct regions regions = {0};
	struct ring_layout parsed;
	uint8_t *buffer;
	char *text;

	if (size < 2)
		return 0;
	text = strndup((const char *)data, size);
	buffer = calloc(1, 4096);
	assert(text && buffer);
	ring_layout_parse(&parsed, text);
	memcpy(buffer, data + 1, size - 1 < 4096 ? size - 1 : 4096);
	assert(!regions_reset(&regions, members.nr, data[1], data[0] % 2 ? 2 : SIZE_MAX));
	assert(!ring_decode(&regions, &layout, &members, buffer, 4096,
			    UINT64_MAX - data[0] * 8 + 1));
	for (size_t i = 0; i < regions.nr_runs; i++) {
		const struct regions_run *run = &regions.runs[i];

		assert(run->wanted || !run->known);
		assert(run->known == (run->nr > 0) && run->first + run->nr <= regions.nr);
		for (size_t k = 1; k < run->nr; k++)
			assert(regions.all[run->first + k - 1].end <=
			       regions.all[run->first + k].start);
	}
	regions_deinit(&regions);
	free(buffer);
	free(text);
	return 0;
}
