/* SPDX-License-Identifier: GPL-2.0 */
/* What the run does where the machine lacks something.  options.h has the checks. */
#ifndef TS_DOCTOR_H
#define TS_DOCTOR_H

#include <stddef.h>

#include "daemon/options.h"

/*
 * The run asks: is anything missing that it needs?  Logs a line for each such thing, with how to
 * mend it, and returns how many there are.
 */
size_t doctor_refuse(const struct options *o);

/* Warn, in one line, that CPU limits of cgroups do not hold while the run schedules. */
void doctor_warn(const struct options *o);

#endif
