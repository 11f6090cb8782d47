/* SPDX-License-Identifier: GPL-2.0 */
/* Fuzz target: the terms of a PMU's events, by the formats of a CXL unit (counters/pmu.h). */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "counters/pmu.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct {
	const char *name;
	struct pmu_format format;
} formats[] = {
	{"mask", {0, 0xffffffff}},
	{"gid", {0, UINT64_C(0xffff) << 32}},
	{"vid", {0, UINT64_C(0xffff) << 48}},
	{"threshold", {1, 0xffff}},
	{"invert", {1, 1 << 16}},
	{"edge", {1, 1 << 17}},
};

static int format_of(struct pmu_format *out, const char *name, const void *arg)
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (!strcmp(name, formats[i].name)) {
			*out = formats[i].format;
			return 0;
		}
	return -1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct pmu_config untouched = {{1, 2, 3}};
	struct pmu_config config = untouched;
	char *text = malloc(size + 1);

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (pmu_terms_parse(&config, text, format_of, NULL) < 0)
		assert(!memcmp(&config, &untouched, sizeof(config)));
	else if (!memmem(data, size, "config", 6))
		assert(!config.config[2] && !(config.config[1] & ~UINT64_C(0x3ffff)));
	free(text);
	return 0;
}
