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
	static bool told; /* like stdout itself, one for all */
	int error = fflush(stdout) ? errno : 0;

	if (!error && !ferror(stdout))
		return 0;
	/* lost while it was printed: errno has been used by others since */
	if (!told && !error)
		log_error("cannot write all of the output");
	else if (!told)
		log_error("cannot write the output: %s", strerror(error));
	told = true;
	return -EIO;
}
