/* SPDX-License-Identifier: GPL-2.0 */
/* cxl-tiersched: find the command, parse its options, run it. */
#include <fcntl.h>
#include <unistd.h>

#include "base/log.h"
#include "base/output.h"
#include "cli/commands.h"
#include "cli/options.h"

/*
 * Where a standard descriptor is closed, the next file that is opened would take its number and
 * get what is printed.  So open one here that cannot be written to.
 */
#ifndef __clang__
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wanalyzer-fd-leak" /* they are to stay open */
#endif
static void fill_standard_fds(void)
{
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			(void)!open("/dev/null", O_RDONLY);
}
#ifndef __clang__
#pragma GCC diagnostic pop
#endif

int main(int argc, char **argv)
{
	const struct command *command = &commands[0];
	struct options o;
	char names[256];
	int status;

	fill_standard_fds();
	log_init();
	if (argc > 1 && argv[1][0] != '-') {
		command = command_find(argv[1]);
		if (!command) {
			log_error("unknown command '%s'; the commands are %s", argv[1],
				  command_names(names, sizeof(names)));
			return TS_EXIT_USAGE;
		}
		argc--;
		argv++;
	}
	options_init(&o);
	status = options_parse(&o, command, argc, argv);
	if (status < 0)
		status = command->run(&o);
	options_deinit(&o);
	/* nobody got the results, so this is a failure whatever they were */
	return output_flush() < 0 ? TS_EXIT_FAILED : status;
}
