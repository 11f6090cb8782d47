/* SPDX-License-Identifier: GPL-2.0 */
/* What the run itself does about what the machine lacks.  options.h has the checks. */
#ifndef TS_DOCTOR_H
#define TS_DOCTOR_H

#include <stddef.h>

#include "daemon/options.h"

/*
 * The run's question: is anything missing that it needs?  Logs one line for
 * each thing, with how to mend it, and returns how many.
 */
size_t doctor_refuse(const struct options *o);

/* Warn, in one line, of what the run does not keep to while it schedules: CPU limits of cgroups. */
void doctor_warn(const struct options *o);

#endif
