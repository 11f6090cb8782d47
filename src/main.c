/* SPDX-License-Identifier: GPL-2.0 */
/* cxl-tiersched: find the command, parse its options, run it. */
#include <string.h>

#include "base/log.h"
#include "commands.h"

static const struct {
	const char *name;
	int (*run)(const struct options *o);
} commands[] = {
	{"topology", cmd_topology},
	{"calibrate", cmd_calibrate},
	{"doctor", cmd_doctor},
	{"status", cmd_status},
};

int main(int argc, char **argv)
{
	int (*run)(const struct options *) = cmd_run;
	const char *name = "";
	struct options o;
	int status;

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
	if (fflush(stdout) || ferror(stdout)) {
		log_error("cannot write the output: %m");
		status = status ? status : TS_EXIT_FAILED;
	}
	return status;
}
