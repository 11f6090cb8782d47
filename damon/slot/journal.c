/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The journal of a session.  Each line is one "key value", in a fixed order, so that people can
 * read it.
 */
#include "damon/slot/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/parse.h"
#include "base/sysfs.h"
#include "base/util.h"

#define TITLE "cxl-tiersched damon journal 1\n"

static const char *const stage_words[] = {
	[JOURNAL_NO_SLOT] = "none",
	[JOURNAL_CLAIMING] = "claiming",
	[JOURNAL_MARKED] = "marked",
};

/* Take "KEY value\n" off *TEXT and copy the value.  0 or -EINVAL. */
static int take_word(char *out, size_t size, const char **text, const char *key)
{
	size_t key_len = strlen(key), len;
	const char *value, *end;

	if (strncmp(*text, key, key_len) || (*text)[key_len] != ' ')
		return -EINVAL;
	value = *text + key_len + 1;
	end = strchr(value, '\n');
	if (!end)
		return -EINVAL;
	len = (size_t)(end - value);
	if (!len || len >= size)
		return -EINVAL;
	memcpy(out, value, len);
	out[len] = '\0';
	*text = end + 1;
	return 0;
}

static int take_number(uint64_t *out, const char **text, const char *key, uint64_t max)
{
	char word[32];
	uint64_t value;
	int r = take_word(word, sizeof(word), text, key);

	if (!r)
		r = parse_u64(&value, word);
	if (r || value > max)
		return -EINVAL;
	*out = value;
	return 0;
}

static int take_stage(enum journal_stage *out, const char **text)
{
	char word[16];
	int r = take_word(word, sizeof(word), text, "stage");

	for (size_t i = 0; !r && i < ARRAY_SIZE(stage_words); i++) {
		if (strcmp(word, stage_words[i]))
			continue;
		*out = (enum journal_stage)i;
		return 0;
	}
	return -EINVAL;
}

int journal_parse(struct journal *out, const char *text)
{
	uint64_t stat, slot, kdamonds, contexts, mark, thread;
	struct journal j = {0};

	if (strncmp(text, TITLE, strlen(TITLE)))
		return -EINVAL;
	text += strlen(TITLE);
	if (take_word(j.boot_id, sizeof(j.boot_id), &text, "boot") ||
	    take_number(&stat, &text, "stat-lifted", 1) || take_stage(&j.stage, &text) ||
	    take_number(&slot, &text, "slot", INT_MAX) ||
	    take_number(&kdamonds, &text, "kdamonds-before", INT_MAX) ||
	    take_number(&contexts, &text, "contexts-before", INT_MAX) ||
	    take_number(&mark, &text, "mark", UINT64_MAX) ||
	    take_number(&thread, &text, "thread", INT_MAX) || text[strspn(text, "\n")])
		return -EINVAL;
	j.stat_lifted = stat;
	j.slot = (uint32_t)slot;
	j.nr_kdamonds_before = (uint32_t)kdamonds;
	j.nr_contexts_before = (uint32_t)contexts;
	j.mark = mark;
	j.thread = (pid_t)thread;
	*out = j;
	return 0;
}

void journal_format(char *buf, const struct journal *j)
{
	snprintf(buf, JOURNAL_TEXT_SIZE,
		 TITLE "boot %s\nstat-lifted %d\nstage %s\nslot %" PRIu32
		       "\nkdamonds-before %" PRIu32 "\ncontexts-before %" PRIu32 "\nmark %" PRIu64
		       "\nthread %d\n",
		 j->boot_id, j->stat_lifted, stage_words[j->stage], j->slot, j->nr_kdamonds_before,
		 j->nr_contexts_before, j->mark, j->thread);
}

int journal_load(struct journal *out, const char *path)
{
	char text[JOURNAL_TEXT_SIZE + 1];
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, text, JOURNAL_TEXT_SIZE);
	if (n < 0)
		return -errno;
	text[n] = '\0';
	return journal_parse(out, text);
}

static int write_text(int fd, const char *text)
{
	size_t len = strlen(text);
	ssize_t n = write(fd, text, len);

	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}

/* Write a new file that takes the place of the old one. */
static int replace(const char *text, const char *path)
{
	char tmp[PATH_MAX];
	_cleanup_close_ int fd = -1;
	int r;

	if (snprintf(tmp, sizeof(tmp), "%s.tmp", path) >= (int)sizeof(tmp))
		return -ENAMETOOLONG;
	fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	r = write_text(fd, text);
	if (!r && rename(tmp, path) < 0)
		r = -errno;
	if (r < 0)
		unlink(tmp);
	return r;
}

/*
 * Write into the file that is there.  It has its page, so this needs no room.  One write within a
 * page is done or not done, whatever kills us.  Empty lines cover the rest of a longer text.
 */
static int overwrite(const char *text, const char *path)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);
	char padded[JOURNAL_TEXT_SIZE];

	if (fd < 0)
		return -errno;
	memset(padded, '\n', sizeof(padded) - 1);
	padded[sizeof(padded) - 1] = '\0';
	memcpy(padded, text, strlen(text));
	return write_text(fd, padded);
}

int journal_store(const struct journal *j, const char *path)
{
	char text[JOURNAL_TEXT_SIZE];
	int r;

	journal_format(text, j);
	r = replace(text, path);
	if (r == -ENOSPC || r == -EDQUOT)
		r = overwrite(text, path);
	return r;
}

void journal_remove(const char *path)
{
	char tmp[PATH_MAX];

	unlink(path);
	if (snprintf(tmp, sizeof(tmp), "%s.tmp", path) < (int)sizeof(tmp))
		unlink(tmp);
}
