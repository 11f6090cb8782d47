/* SPDX-License-Identifier: GPL-2.0 */
/* CXL memory that the machine has and does not use, or not as such: what it is, and what to do. */
#ifndef TS_CXL_ADVICE_H
#define TS_CXL_ADVICE_H

#include <stddef.h>

#include "numa/topology.h"

struct cxl_advice {
	char found[160]; /* one line */
	char mend[160];	 /* a command, or what else helps; "" where nothing does */
};

/* One of each kind at most, with every device of that kind. */
#define CXL_ADVICE_MAX 7

/* Fill ADVICE, returns their number.  Pure. */
size_t cxl_advise(struct cxl_advice advice[CXL_ADVICE_MAX], const struct topology *t);

#endif
