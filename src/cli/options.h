/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From words to options.  Every long option that takes a value, or is a switch, is also a key of
 * the configuration file.  The command line wins.
 */
#ifndef TS_CLI_OPTIONS_H
#define TS_CLI_OPTIONS_H

#include "daemon/options.h"

struct command;

/* Fills in the defaults. */
void options_init(struct options *o);
void options_deinit(struct options *o);

/*
 * Parse the command line of COMMAND and the configuration file that it names.  Logs what is wrong.
 * Returns -1 to go on, or the exit status to leave with (help, version, errors).
 */
int options_parse(struct options *o, const struct command *command, int argc, char **argv);

/* The usage text of the program, to stdout. */
void options_help(void);

#endif
