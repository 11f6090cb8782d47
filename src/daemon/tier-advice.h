/* SPDX-License-Identifier: GPL-2.0 */
/* Who moves pages on this machine beside us, and what that does not do. */
#ifndef TS_TIER_ADVICE_H
#define TS_TIER_ADVICE_H

#include <stdbool.h>
#include <stddef.h>

#include "numa/topology.h"

struct tier_advice {
	const char *name; /* of the check */
	bool lacks;	  /* something is lost */
	char found[160];  /* one line */
	char mend[160];	  /* a command, or what else helps; "" where nothing does */
};

#define TIER_ADVICE_MAX 4

/* Fill ADVICE, returns their number: none where all memory is alike.  It only reads. */
size_t tier_advise(struct tier_advice advice[TIER_ADVICE_MAX], const struct topology *t,
		   const char *sysroot);

#endif
