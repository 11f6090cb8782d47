/* SPDX-License-Identifier: GPL-2.0 */
/* Results, on stdout. */
#include "base/output.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"

int output_flush(void)
{
	static bool told; /* one for all, as there is one stdout */
	int error = fflush(stdout) ? errno : 0;

	if (!error && !ferror(stdout))
		return 0;
	/* an earlier write failed, and errno is no longer that write's */
	if (!told && !error)
		log_error("cannot write all of the output");
	else if (!told)
		log_error("cannot write the output: %s", strerror(error));
	told = true;
	return -EIO;
}
