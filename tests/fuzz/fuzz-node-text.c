/* SPDX-License-Identifier: GPL-2.0 */
/* Fuzz target: a node's distance, meminfo and cpumap files (numa/text.h). */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "numa/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t distances[4];
	struct idlist cpus = IDLIST_INIT;
	uint64_t bytes = 1;
	char *text = malloc(size + 1);

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	assert(text_parse_distances(distances, 4, text) <= (int)(size / 2 + 1));
	if (text_parse_mem_total(&bytes, text) < 0)
		assert(bytes == 1);
	else
		assert(bytes % 1024 == 0);
	if (text_parse_mask(&cpus, text) < 0)
		assert(!cpus.ids && !cpus.nr);
	else
		assert(!cpus.nr || cpus.ids[cpus.nr - 1] <= IDLIST_MAX_ID);
	idlist_deinit(&cpus);
	free(text);
	return 0;
}
