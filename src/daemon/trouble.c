/* SPDX-License-Identifier: GPL-2.0 */
/* Trouble that a run goes on with. */
#include "daemon/trouble.h"

#include <string.h>

#include "base/log.h"

static const struct {
	const char *name, *meanwhile;
} words[NR_TROUBLES] = {
	[TROUBLE_TOPOLOGY] = {"reading the topology", "what was known of the machine stays"},
	[TROUBLE_PROCESSES] = {"looking for processes", "those that are managed stay so"},
	[TROUBLE_TARGETS] = {"telling DAMON what to monitor", "what it monitors stays"},
	[TROUBLE_SNAPSHOTS] = {"reading what DAMON saw",
			       "profiles grow old, and three ticks later none counts"},
	[TROUBLE_TIER] = {"planning which pages should move", "no page moves"},
	[TROUBLE_PUBLISH] = {"writing profiles for the scheduler", "it keeps the ones it has"},
	[TROUBLE_LOOP] = {"waiting for the next tick", "ticks come by the clock alone"},
};

const char *trouble_name(enum trouble_with with)
{
	return words[with].name;
}

const char *trouble_meanwhile(enum trouble_with with)
{
	return words[with].meanwhile;
}

void trouble_report(struct troubles *t, enum trouble_with with, int r, const char *who)
{
	int before = t->errors[with];

	t->errors[with] = r < 0 ? r : 0;
	if (r < 0 && !before)
		log_warning("%s: %s; %s, and it is tried again", words[with].name,
			    who ? who : strerror(-r), words[with].meanwhile);
	else if (r >= 0 && before)
		log_info("%s: works again", words[with].name);
}
