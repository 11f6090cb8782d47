/* SPDX-License-Identifier: GPL-2.0 */
/* cxl-tiersched calibrate: measure latencies now, show them and keep them for the run. */
#include <unistd.h>

#include "base/log.h"
#include "cli/commands.h"
#include "numa/topology.h"

int cmd_calibrate(const struct options *o)
{
	if (geteuid() != 0) {
		log_error("this needs root, to keep what it measures; try 'sudo cxl-tiersched "
			  "calibrate'");
		return TS_EXIT_FAILED;
	}
	return show_topology(o, latencies_measure);
}
