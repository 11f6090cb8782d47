/* SPDX-License-Identifier: GPL-2.0 */
/* cxl-tiersched doctor */
#include <json-c/json.h>
#include <string.h>

#include "base/escape.h"
#include "base/util.h"
#include "cli/commands.h"
#include "daemon/doctor.h"
#include "report/foreign.h"

static const char *const states[] = {
	[DOCTOR_OK] = "ok", [DOCTOR_NOTE] = "note", [DOCTOR_MISSING] = "missing"};

static void print_json(const struct doctor_check *checks, size_t nr, bool able)
{
	json_object *o = json_object_new_object(), *list = json_object_new_array();

	for (size_t i = 0; i < nr; i++) {
		json_object *c = json_object_new_object();

		json_object_object_add(c, "name", foreign_string(checks[i].name));
		json_object_object_add(c, "state", foreign_string(states[checks[i].state]));
		json_object_object_add(c, "needed",
				       json_object_new_boolean(checks[i].need != DOCTOR_OPTIONAL));
		json_object_object_add(c, "found", foreign_string(checks[i].found));
		json_object_object_add(c, "mend",
				       checks[i].mend[0] ? foreign_string(checks[i].mend)
							 : NULL);
		json_object_array_add(list, c);
	}
	json_object_object_add(o, "able", json_object_new_boolean(able));
	json_object_object_add(o, "checks", list);
	printf("%s\n", json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY |
								 JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
}

int cmd_doctor(const struct options *o)
{
	struct doctor_check checks[DOCTOR_MAX_CHECKS];
	int found = doctor_examine(checks, o), width = 0;
	size_t nr = (size_t)found, missing = 0;
	char text[ESCAPE_SIZE(sizeof(checks->found))];

	if (found < 0)
		return TS_EXIT_USAGE; /* it has said why */
	for (size_t i = 0; i < nr; i++)
		missing += checks[i].state == DOCTOR_MISSING;
	if (o->json) {
		print_json(checks, nr, !missing);
		return missing ? TS_EXIT_LACKING : TS_EXIT_OK;
	}
	for (size_t i = 0; i < nr; i++)
		width = MAX(width, (int)strlen(checks[i].name));
	for (size_t i = 0; i < nr; i++) {
		printf("%-8s %-*s %s\n", states[checks[i].state], width, checks[i].name,
		       escape(text, sizeof(text), checks[i].found));
		if (checks[i].mend[0])
			printf("%*s -> %s\n", 9 + width, "",
			       escape(text, sizeof(text), checks[i].mend));
	}
	if (missing)
		printf("\nthis machine lacks %zu thing%s that cxl-tiersched needs\n", missing,
		       missing == 1 ? "" : "s");
	else
		printf("\nthis machine can run cxl-tiersched\n");
	return missing ? TS_EXIT_LACKING : TS_EXIT_OK;
}
