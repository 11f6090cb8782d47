/* SPDX-License-Identifier: GPL-2.0 */
/* The log.  A message is formatted first and then written in one call, so that lines of two
 * processes do not mix. */
#include "base/log.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "base/escape.h"

enum { LINE_SIZE = 2048 }; /* longer ones are cut */

static enum log_level max_level = LOG_LEVEL_INFO;
static bool to_journal;

void log_set_level(enum log_level level)
{
	max_level = level;
}

void log_init(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long dev, ino;
	struct stat st;

	if (stream && sscanf(stream, "%llu:%llu", &dev, &ino) == 2 && !fstat(STDERR_FILENO, &st))
		to_journal = st.st_dev == dev && st.st_ino == ino;
}

static void write_line(enum log_level level, const char *line)
{
	static const struct {
		const char *priority, *word;
	} look[] = {
		[LOG_LEVEL_ERROR] = {"<3>", "error: "},
		[LOG_LEVEL_WARNING] = {"<4>", "warning: "},
		[LOG_LEVEL_INFO] = {"<6>", ""},
		[LOG_LEVEL_DEBUG] = {"<7>", "debug: "},
	};
	char escaped[ESCAPE_SIZE(LINE_SIZE)];

	escape(escaped, sizeof(escaped), line);
	if (to_journal)
		fprintf(stderr, "%s%s\n", look[level].priority, escaped);
	else
		fprintf(stderr, "cxl-tiersched: %s%s\n", look[level].word, escaped);
}

void log_write(enum log_level level, const char *fmt, ...)
{
	int saved_errno = errno;
	char message[LINE_SIZE];
	va_list args;

	if (level > max_level)
		return;
	va_start(args, fmt);
	vsnprintf(message, sizeof(message), fmt, args);
	va_end(args);
	write_line(level, message);
	errno = saved_errno;
}

void log_write_lines(enum log_level level, const char *fmt, va_list args)
{
	_cleanup_free_ char *text = NULL;
	int saved_errno = errno;

	if (level <= max_level && vasprintf(&text, fmt, args) < 0)
		text = NULL;
	for (char *line = text, *end; line && *line; line = end) {
		end = line + strcspn(line, "\n");
		if (*end)
			*end++ = '\0';
		for (char *tab = line; (tab = strchr(tab, '\t'));)
			*tab = ' ';
		write_line(level, line);
	}
	errno = saved_errno;
}
