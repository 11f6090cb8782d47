/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The configuration file.
 *
 * No library reads it.  Libraries for .ini files accept more than this format has: sections,
 * "key: value", comments behind values, values that go on in the next line.  Some cut long lines.
 * All of that would have to be refused before the library sees the text.
 */
#include "cli/settings.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/util.h"

#define SHOWN 100 /* bytes of a wrong line, so that the end of the complaint is not cut */

/* TEXT without white space at both ends. */
static char *trim(char *text)
{
	char *end = text + strlen(text);

	while (end > text && isspace((unsigned char)end[-1]))
		end--;
	*end = '\0';
	while (isspace((unsigned char)*text))
		text++;
	return text;
}

static int take_line(const char *where, char *line, settings_take take, void *user)
{
	char *equals;

	line = trim(line);
	if (!*line || *line == '#' || *line == ';')
		return 0;
	if (*line == '[') {
		log_error("%s'%.*s': there are no sections; leave this line out", where, SHOWN,
			  line);
		return -EINVAL;
	}
	equals = strchr(line, '=');
	if (!equals) {
		log_error("%s'%.*s' is not KEY = VALUE", where, SHOWN, line);
		return -EINVAL;
	}
	*equals = '\0';
	return take(user, where, trim(line), trim(equals + 1));
}

int settings_parse(const char *path, char *text, size_t size, settings_take take, void *user)
{
	char *end = text + size, where[1024];
	int r = 0;

	for (unsigned int nr = 1; !r && text < end; nr++) {
		char *newline = memchr(text, '\n', (size_t)(end - text));

		if (!newline)
			newline = end;
		*newline = '\0';
		snprintf(where, sizeof(where), "%.900s:%u: ", path, nr);
		if (strlen(text) < (size_t)(newline - text)) {
			log_error("%snot text: there is a zero byte in it", where);
			return -EINVAL;
		}
		r = take_line(where, text, take, user);
		text = newline + 1;
	}
	return r;
}

/* A descriptor, or a negative errno after logging why not. */
static int open_file(const char *path)
{
	struct stat st;
	int fd = -1, r;

	/* opening a device may do something to it, and opening a FIFO waits for its writer */
	r = stat(path, &st) ? -errno : 0;
	if (!r && S_ISREG(st.st_mode)) {
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
		r = fd < 0 || fstat(fd, &st) ? -errno : 0;
	}
	if (!r && S_ISREG(st.st_mode))
		return fd;
	if (r < 0)
		log_error("config: '%s': %s", path, strerror(-r));
	else
		log_error("config: '%s' is not a regular file", path);
	close_fd(&fd);
	return r < 0 ? r : -EINVAL;
}

int settings_read(const char *path, settings_take take, void *user)
{
	_cleanup_free_ char *text = malloc(SETTINGS_MAX_BYTES + 1);
	_cleanup_close_ int fd = open_file(path);
	size_t size = 0;
	ssize_t n = 1;

	if (fd < 0)
		return fd;
	if (!text) {
		log_error("config: no memory to read '%s'", path);
		return -ENOMEM;
	}
	while (n > 0 && size <= SETTINGS_MAX_BYTES) {
		n = read(fd, text + size, SETTINGS_MAX_BYTES + 1 - size);
		size += n > 0 ? (size_t)n : 0;
	}
	if (n < 0) {
		int r = -errno;

		log_error("config: '%s': %s", path, strerror(-r));
		return r;
	}
	if (size > SETTINGS_MAX_BYTES) {
		log_error("config: '%s' has more than %d bytes", path, SETTINGS_MAX_BYTES);
		return -EFBIG;
	}
	return settings_parse(path, text, size, take, user);
}
