/* SPDX-License-Identifier: GPL-2.0 */
/* The table of commands. */
#include "cli/commands.h"

#include <string.h>

#include "base/util.h"
#include "daemon/options.h"
#include "report/report.h"

const struct command commands[] = {
	{"", NULL, FOR_RUN, daemon_run, NULL, NULL},
	{"topology", NULL, FOR_TOPOLOGY, cmd_topology,
	 "nodes, CXL devices, near CPUs, latency and bandwidth", &topology_table},
	{"calibrate", NULL, FOR_CALIBRATE, cmd_calibrate,
	 "measure the latencies, keep them until the next boot", &topology_table},
	{"doctor", NULL, FOR_DOCTOR, cmd_doctor, "can this machine run it, and what is missing",
	 &doctor_table},
	{"status", "PID", FOR_STATUS, cmd_status, "what the running daemon manages, where and why",
	 &text_table},
};
const size_t nr_commands = ARRAY_SIZE(commands);

const struct command *command_find(const char *name)
{
	for (size_t i = 1; i < nr_commands; i++)
		if (!strcmp(name, commands[i].name))
			return &commands[i];
	return NULL;
}

const char *command_names(char *buf, size_t size)
{
	size_t used = 0;

	for (size_t i = 1; i < nr_commands && used < size; i++)
		used += (size_t)snprintf(buf + used, size - used, "%s%s",
					 i == 1			? ""
					 : i == nr_commands - 1 ? " and "
								: ", ",
					 commands[i].name);
	return buf;
}
