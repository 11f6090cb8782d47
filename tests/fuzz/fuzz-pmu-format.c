/* SPDX-License-Identifier: GPL-2.0 */
/* Fuzz target: a PMU's format files, and values put where they say (counters/pmu.h). */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "counters/pmu.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pmu_config config = {{0}};
	struct pmu_format format;
	char *text = malloc(size + 1);

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (!pmu_format_parse(&format, text)) {
		assert(format.word >= 0 && format.word < 3 && format.bits);
		assert(!pmu_format_put(&config, &format, 1));
		assert(config.config[format.word] == (format.bits & -format.bits));
		assert(pmu_format_put(&config, &format, UINT64_MAX) == 0 || ~format.bits);
	}
	free(text);
	return 0;
}
