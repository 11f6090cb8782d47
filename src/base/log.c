/* SPDX-License-Identifier: GPL-2.0 */
/* The log.  Each message is formatted first and written at once, so that lines of two processes do
 * not mix. */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

static enum log_level max_level = LOG_LEVEL_INFO;
static bool to_journal;

void log_set_level(enum log_level level)
{
	max_level = level;
}

enum log_level log_get_level(void)
{
	return max_level;
}

void log_init(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long dev, ino;
	struct stat st;

	if (stream && sscanf(stream, "%llu:%llu", &dev, &ino) == 2 && !fstat(STDERR_FILENO, &st))
		to_journal = st.st_dev == dev && st.st_ino == ino;
}

void log_write(enum log_level level, const char *fmt, ...)
{
	static const struct {
		const char *priority, *word;
	} look[] = {
		[LOG_LEVEL_ERROR] = {"<3>", "error: "},
		[LOG_LEVEL_WARNING] = {"<4>", "warning: "},
		[LOG_LEVEL_INFO] = {"<6>", ""},
		[LOG_LEVEL_DEBUG] = {"<7>", "debug: "},
	};
	int saved_errno = errno;
	char message[2048];
	va_list args;

	if (level > max_level)
		return;
	va_start(args, fmt);
	vsnprintf(message, sizeof(message), fmt, args);
	va_end(args);
	if (to_journal)
		fprintf(stderr, "%s%s\n", look[level].priority, message);
	else
		fprintf(stderr, "cxl-tiersched: %s%s\n", look[level].word, message);
	errno = saved_errno;
}
