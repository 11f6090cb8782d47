/* SPDX-License-Identifier: GPL-2.0 */
/* cxl-tiersched doctor */
#include <json-c/json.h>
#include <string.h>

#include "base/util.h"
#include "cli/commands.h"
#include "daemon/options.h"
#include "report/report.h"

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
				       checks[i].mend[0] ? foreign_string(checks[i].mend) : NULL);
		json_object_array_add(list, c);
	}
	json_object_object_add(o, "able", json_object_new_boolean(able));
	json_object_object_add(o, "checks", list);
	printf("%s\n", json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY |
								 JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
}

/* Cells.  A row is a check. */

static void print_state(FILE *out, const void *row, const void *arg)
{
	fprintf(out, "%s", states[((const struct doctor_check *)row)->state]);
}

static void print_name(FILE *out, const void *row, const void *arg)
{
	fprintf(out, "%s", ((const struct doctor_check *)row)->name);
}

static void print_found(FILE *out, const void *row, const void *arg)
{
	fprintf(out, "%s", ((const struct doctor_check *)row)->found);
}

static void print_mend(FILE *out, const void *row, const void *arg)
{
	fprintf(out, "%s", ((const struct doctor_check *)row)->mend);
}

static void print_needed(FILE *out, const void *row, const void *arg)
{
	fprintf(out, "%s",
		((const struct doctor_check *)row)->need != DOCTOR_OPTIONAL ? "yes" : "no");
}

static const struct table_column columns[] = {
	{"STATE", 0, print_state, NULL, "ok, note (something is lost) or missing"},
	{"CHECK", 0, print_name, NULL, "what was looked at"},
	{"FOUND", 0, print_found, NULL, "what was found"},
	{"MEND", TABLE_EXTRA, print_mend, NULL, "how to mend it"},
	{"NEEDED", TABLE_EXTRA, print_needed, NULL, "does the run need it"},
};
const struct table_kind doctor_table = {columns, ARRAY_SIZE(columns)};

static int print_checks(const struct doctor_check *checks, size_t nr, const struct table_options *o)
{
	_cleanup_table_ struct table *table = table_new(&doctor_table, o);

	for (size_t i = 0; i < nr; i++)
		table_add(table, &checks[i]);
	return table_print(table);
}

/* How to mend what can be mended: commands on whole lines, to copy from. */
static int print_mends(const struct doctor_check *checks, size_t nr)
{
	static const struct table_options o = {.output = "CHECK,MEND"};
	_cleanup_table_ struct table *table = table_new(&doctor_table, &o);
	bool any = false;

	for (size_t i = 0; i < nr; i++) {
		if (!checks[i].mend[0])
			continue;
		table_add(table, &checks[i]);
		any = true;
	}
	if (any)
		putchar('\n');
	return table_print(table);
}

static int print_text(const struct doctor_check *checks, size_t nr, size_t missing,
		      const struct table_options *o)
{
	int r = print_checks(checks, nr, o);

	if (r < 0 || table_is_alone(o))
		return r;
	r = print_mends(checks, nr);
	if (missing)
		printf("\nthis machine lacks %zu thing%s that cxl-tiersched needs\n", missing,
		       missing == 1 ? "" : "s");
	else
		printf("\nthis machine can run cxl-tiersched\n");
	return r;
}

int cmd_doctor(const struct options *o)
{
	struct doctor_check checks[DOCTOR_MAX_CHECKS];
	int found = doctor_examine(checks, o);
	size_t nr = (size_t)found, missing = 0;

	if (found < 0)
		return TS_EXIT_USAGE; /* it has said why */
	for (size_t i = 0; i < nr; i++)
		missing += checks[i].state == DOCTOR_MISSING;
	if (o->json)
		print_json(checks, nr, !missing);
	else if (print_text(checks, nr, missing, &o->table) < 0)
		return TS_EXIT_FAILED;
	return missing ? TS_EXIT_LACKING : TS_EXIT_OK;
}
