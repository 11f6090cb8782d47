/* SPDX-License-Identifier: GPL-2.0 */
/* Runs a fuzz target over the files named on the command line, one after another. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		FILE *f = fopen(argv[i], "rb");
		uint8_t *data = malloc(1 << 20);
		size_t size;

		if (!f || !data) {
			perror(argv[i]);
			return 1;
		}
		size = fread(data, 1, 1 << 20, f);
		fclose(f);
		LLVMFuzzerTestOneInput(data, size);
		free(data);
	}
	return argc > 1 ? 0 : 1;
}
