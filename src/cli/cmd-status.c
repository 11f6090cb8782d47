/* SPDX-License-Identifier: GPL-2.0 */
/* cxl-tiersched status */
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/state.h"
#include "cli/commands.h"
#include "control/server.h"
#include "report/report.h"

int cmd_status(const struct options *o)
{
	json_object *report;
	int status = TS_EXIT_OK;
	int r = server_ask(&report, STATE_STATUS_ALL_SOCKET);

	/* this user may not use it, or the daemon is older and has none */
	if (r == -EACCES || r == -ENOENT || r == -ECONNREFUSED)
		r = server_ask(&report, STATE_STATUS_SOCKET);
	if (r == -ENOENT || r == -ECONNREFUSED) {
		log_error("no cxl-tiersched is running; start it with 'cxl-tiersched'");
		return TS_EXIT_FAILED;
	}
	if (r == -ETIMEDOUT || r == -EAGAIN) {
		log_error("the daemon does not answer (stopped?); profiles are ignored by the "
			  "scheduler meanwhile");
		return TS_EXIT_FAILED;
	}
	if (r < 0) {
		log_error("cannot read the daemon's report from %s: %s", STATE_STATUS_SOCKET,
			  strerror(-r));
		return TS_EXIT_FAILED;
	}
	if (o->of_pid && text_keep(report, o->of_pid) < 0) {
		log_error("process %d is not managed, or it is another user's; see "
			  "'cxl-tiersched status'",
			  o->of_pid);
		status = TS_EXIT_FAILED;
	} else if (o->json) {
		printf("%s\n",
		       json_object_to_json_string_ext(
			       report, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
	} else if (text_print(report, &o->table) < 0) {
		status = TS_EXIT_FAILED;
	} else if (o->of_pid && !table_is_alone(&o->table)) {
		text_print_pages(report, o->of_pid);
	}
	json_object_put(report);
	return status;
}
