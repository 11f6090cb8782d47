/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whom to manage.  One pass over /proc, one small file per process of user space.
 *
 * Most processes of an idle machine are kernel threads, which never turn into
 * anything else: they are read once and known again by the inode of their
 * directory, which lives as long as they do (or is forgotten, and they are read
 * again).
 */
#include "choose.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/util.h"

struct kernel_thread {
	pid_t pid;
	ino_t inode; /* of /proc/PID */
};

struct kernel_threads {
	struct kernel_thread *by_pid;
	size_t nr, capacity;
};

struct chooser {
	const struct options *options;
	struct choice *all; /* scratch of a scan; the chosen come first */
	size_t nr_all, capacity;
	struct choice *chosen; /* the last result */
	size_t nr_chosen;
	struct kernel_threads now, before; /* of this scan and the last */
	pid_t self;
};

const char *choose_reason_name(enum choose_reason reason)
{
	static const char *const names[] = {
		[CHOOSE_PID] = "pid",	[CHOOSE_RULE] = "rule", [CHOOSE_CHILD] = "child",
		[CHOOSE_NAME] = "name", [CHOOSE_SIZE] = "size", [CHOOSE_NOT] = "no",
	};

	return names[reason];
}

int chooser_new(struct chooser **out, const struct options *options)
{
	struct chooser *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	c->options = options;
	c->self = getpid();
	c->chosen = calloc(options->max_processes, sizeof(*c->chosen));
	if (!c->chosen) {
		free(c);
		return -ENOMEM;
	}
	*out = c;
	return 0;
}

void chooser_free(struct chooser *c)
{
	if (!c)
		return;
	free(c->all);
	free(c->chosen);
	free(c->now.by_pid);
	free(c->before.by_pid);
	free(c);
}

static bool has_known_name(const struct options *o, const char *comm)
{
	for (size_t i = 0; i < TS_MAX_NAMES; i++)
		if (o->names[i][0] &&
		    !strncmp(comm, o->names[i], strnlen(o->names[i], TS_NAME_LEN)))
			return true;
	return false;
}

/* By name or size, for what neither pid nor rule has named. */
static enum choose_reason judge(const struct choice *c, const struct options *o,
				uint64_t uptime_ticks, bool was_chosen)
{
	uint64_t second_ticks = (uint64_t)sysconf(_SC_CLK_TCK);

	if (c->proc.kernel_thread || !c->proc.rss_bytes || c->proc.state == 'Z')
		return CHOOSE_NOT;
	if (c->reason != CHOOSE_NOT)
		return c->reason;
	if (has_known_name(o, c->proc.comm))
		return CHOOSE_NAME;
	if (was_chosen)
		return c->proc.rss_bytes >= o->min_rss_bytes / 2 ? CHOOSE_SIZE : CHOOSE_NOT;
	if (c->proc.rss_bytes >= o->min_rss_bytes &&
	    uptime_ticks - c->proc.start_time >= second_ticks)
		return CHOOSE_SIZE;
	return CHOOSE_NOT;
}

static int compare_pid(const void *a, const void *b)
{
	const struct choice *x = a, *y = b;

	return x->proc.pid < y->proc.pid ? -1 : x->proc.pid > y->proc.pid;
}

static int compare_rank(const void *a, const void *b)
{
	const struct choice *x = a, *y = b;

	if (x->reason != y->reason)
		return x->reason < y->reason ? -1 : 1;
	if (x->proc.rss_bytes != y->proc.rss_bytes)
		return x->proc.rss_bytes > y->proc.rss_bytes ? -1 : 1;
	return compare_pid(a, b);
}

/* ALL is sorted by pid. */
static struct choice *find_pid(struct choice *all, size_t nr, pid_t pid)
{
	struct choice key = {.proc.pid = pid};

	return nr ? bsearch(&key, all, nr, sizeof(*all), compare_pid) : NULL;
}

/* The nearest ancestor that was named, if any; bounded, for a parent may change while we read. */
static const struct choice *named_ancestor(struct choice *all, size_t nr, const struct choice *c)
{
	for (int depth = 0; depth < 64 && c && c->proc.ppid > 1; depth++) {
		c = find_pid(all, nr, c->proc.ppid);
		if (c && c->reason <= CHOOSE_RULE)
			return c;
	}
	return NULL;
}

size_t choose_rank(struct choice *all, size_t nr, const struct options *options,
		   uint64_t uptime_ticks,
		   bool (*was_chosen)(void *user, const struct proc_stat *proc), void *user)
{
	size_t nr_chosen = 0;

	qsort(all, nr, sizeof(*all), compare_pid);
	if (options->nr_pids || options->nr_rules) {
		for (size_t i = 0; i < nr; i++) {
			const struct choice *parent;

			if (all[i].reason != CHOOSE_NOT)
				continue;
			parent = named_ancestor(all, nr, &all[i]);
			if (parent) {
				all[i].reason = CHOOSE_CHILD;
				all[i].class = parent->class;
			}
		}
	}
	for (size_t i = 0; i < nr; i++)
		all[i].reason =
			judge(&all[i], options, uptime_ticks, was_chosen(user, &all[i].proc));
	qsort(all, nr, sizeof(*all), compare_rank);
	while (nr_chosen < nr && all[nr_chosen].reason != CHOOSE_NOT)
		nr_chosen++;
	return MIN(nr_chosen, options->max_processes);
}

static bool in_choice(void *user, const struct proc_stat *proc)
{
	const struct chooser *c = user;

	for (size_t i = 0; i < c->nr_chosen; i++)
		if (c->chosen[i].proc.pid == proc->pid &&
		    c->chosen[i].proc.start_time == proc->start_time)
			return true;
	return false;
}

static bool named_by_pid(const struct options *o, pid_t pid)
{
	for (size_t i = 0; i < o->nr_pids; i++)
		if (o->pids[i] == pid)
			return true;
	return false;
}

static const struct rule *matching_rule(const struct options *o, const struct proc_stat *p)
{
	char value[PATH_MAX];

	for (size_t i = 0; i < o->nr_rules; i++) {
		const struct rule *rule = &o->rules[i];

		if (rule->field == RULE_COMM && rule_matches(rule, p->comm))
			return rule;
		if (rule->field == RULE_EXE && !proc_exe(value, sizeof(value), p->pid) &&
		    rule_matches(rule, value))
			return rule;
		if (rule->field == RULE_CGROUP && !proc_cgroup(value, sizeof(value), p->pid) &&
		    rule_matches(rule, value))
			return rule;
	}
	return NULL;
}

/* The array with room for one more than NR elements; NULL without memory, and it is as it was. */
static void *with_room(void *array, size_t *capacity, size_t nr, size_t element_size)
{
	size_t more = MAX(2 * *capacity, (size_t)256);
	void *grown;

	if (nr < *capacity)
		return array;
	grown = reallocarray(array, more, element_size);
	if (grown)
		*capacity = more;
	return grown;
}

static int add(struct chooser *c, const struct proc_stat *p)
{
	const struct rule *rule = matching_rule(c->options, p);
	struct choice choice = {
		.proc = *p, .reason = CHOOSE_NOT, .class = rule ? rule->class : TS_CLASS_UNSET};
	struct choice *all;

	if (named_by_pid(c->options, p->pid))
		choice.reason = CHOOSE_PID;
	else if (rule)
		choice.reason = CHOOSE_RULE;
	all = with_room(c->all, &c->capacity, c->nr_all, sizeof(*all));
	if (!all)
		return -ENOMEM;
	c->all = all;
	c->all[c->nr_all++] = choice;
	return 0;
}

static uint64_t uptime_ticks(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (uint64_t)ts.tv_sec * (uint64_t)sysconf(_SC_CLK_TCK);
}

static int compare_kernel_thread(const void *a, const void *b)
{
	const struct kernel_thread *x = a, *y = b;

	return x->pid < y->pid ? -1 : x->pid > y->pid;
}

/* /proc lists by pid. */
static int keep_kernel_thread(struct kernel_threads *list, pid_t pid, ino_t inode)
{
	struct kernel_thread *by_pid =
		with_room(list->by_pid, &list->capacity, list->nr, sizeof(*by_pid));

	if (!by_pid)
		return -ENOMEM;
	list->by_pid = by_pid;
	list->by_pid[list->nr++] = (struct kernel_thread){pid, inode};
	return 0;
}

static bool is_known(const struct kernel_threads *list, pid_t pid, ino_t inode)
{
	const struct kernel_thread key = {.pid = pid}, *found = NULL;

	if (list->nr)
		found = bsearch(&key, list->by_pid, list->nr, sizeof(key), compare_kernel_thread);
	return found && found->inode == inode;
}

/* One entry of /proc. */
static int scan_process(struct chooser *c, pid_t pid, ino_t inode)
{
	struct proc_stat p;

	if (is_known(&c->before, pid, inode))
		return keep_kernel_thread(&c->now, pid, inode);
	/* gone meanwhile, or odd: not ours to manage */
	if (proc_stat_read(&p, pid) < 0 || p.pid == c->self)
		return 0;
	return p.kernel_thread ? keep_kernel_thread(&c->now, pid, inode) : add(c, &p);
}

int chooser_scan(struct chooser *c, const struct choice **out, size_t *nr)
{
	_cleanup_closedir_ DIR *proc = opendir("/proc");
	const struct kernel_threads last = c->now;
	struct dirent *entry;

	if (!proc)
		return -errno;
	c->now = c->before;
	c->now.nr = 0;
	c->before = last;
	c->nr_all = 0;
	while ((entry = readdir(proc))) {
		int r = isdigit((unsigned char)entry->d_name[0])
				? scan_process(c, atoi(entry->d_name), entry->d_ino)
				: 0;

		if (r < 0)
			return r;
	}
	*nr = choose_rank(c->all, c->nr_all, c->options, uptime_ticks(), in_choice, c);
	memcpy(c->chosen, c->all, *nr * sizeof(*c->chosen));
	c->nr_chosen = *nr;
	*out = c->chosen;
	return 0;
}
