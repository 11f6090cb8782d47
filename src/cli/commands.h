/* SPDX-License-Identifier: GPL-2.0 */
/* The commands: one table.  The help and the complaints are made from it, too. */
#ifndef TS_COMMANDS_H
#define TS_COMMANDS_H

#include <stddef.h>

#include "daemon/options.h"
#include "numa/topology.h"

/* Which commands an option goes with. */
enum {
	FOR_RUN = 1,
	FOR_TOPOLOGY = 2,
	FOR_DOCTOR = 4,
	FOR_STATUS = 8,
	FOR_CALIBRATE = 16,
	FOR_TABLE = FOR_TOPOLOGY | FOR_DOCTOR | FOR_STATUS | FOR_CALIBRATE,
	FOR_ALL = FOR_RUN | FOR_TABLE,
};

struct command {
	const char *name;    /* "": the run */
	const char *operand; /* what may follow it, in the help; NULL: nothing */
	unsigned int bit;
	int (*run)(const struct options *o); /* returns an exit status */
	const char *words;		     /* in the help */
	const struct table_kind *table;	     /* what its --output chooses from; NULL: nothing */
};

/* The first is the run. */
extern const struct command commands[];
extern const size_t nr_commands;

/* NULL: none of that name. */
const struct command *command_find(const char *name);

/* The names of all but the run, "a, b and c".  Returns BUF. */
const char *command_names(char *buf, size_t size);

/* Rows: nodes; checks. */
extern const struct table_kind topology_table, doctor_table;

int cmd_topology(const struct options *o);
int cmd_calibrate(const struct options *o);
int cmd_doctor(const struct options *o);
int cmd_status(const struct options *o);

/* Read the topology, IMPROVE it (it says why it cannot), print it: topology and calibrate. */
int show_topology(const struct options *o, int (*improve)(struct topology *t));

#endif
