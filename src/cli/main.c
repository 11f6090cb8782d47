/* SPDX-License-Identifier: GPL-2.0 */
/* cxl-tiersched: find the command, parse its options, run it. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/output.h"
#include "cli/commands.h"
#include "daemon/run.h"

static const struct {
	const char *name;
	int (*run)(const struct options *o);
} commands[] = {
	{"topology", cmd_topology},
	{"calibrate", cmd_calibrate},
	{"doctor", cmd_doctor},
	{"status", cmd_status},
};

/*
 * Where a standard descriptor is closed, the next file that is opened would take its
 * number, and get what is printed.  Writing to this one fails.
 */
static void fill_standard_fds(void)
{
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			(void)!open("/dev/null", O_RDONLY);
}

int main(int argc, char **argv)
{
	int (*run)(const struct options *) = daemon_run;
	const char *name = "";
	struct options o;
	int status;

	fill_standard_fds();
	log_init();
	if (argc > 1 && argv[1][0] != '-') {
		run = NULL;
		for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
			if (!strcmp(argv[1], commands[i].name))
				run = commands[i].run;
		if (!run) {
			log_error("unknown command '%s'; the commands are topology, "
				  "calibrate, doctor and status",
				  argv[1]);
			return TS_EXIT_USAGE;
		}
		name = argv[1];
		argc--;
		argv++;
	}
	options_init(&o);
	status = options_parse(&o, name, argc, argv);
	if (status < 0)
		status = run(&o);
	options_deinit(&o);
	/* nobody has what was found: whatever it was, this is a failure */
	return output_flush() < 0 ? TS_EXIT_FAILED : status;
}
