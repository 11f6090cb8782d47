/* SPDX-License-Identifier: GPL-2.0 */
/*
 * There are two tables by pid, one of this pass and one of the pass before.  /proc lists
 * processes by rising pid.  So both tables are walked side by side, and nothing has to be sorted
 * or searched.
 *
 * The directory is read in small pieces.  The kernel goes on behind the last pid.  So a pass may
 * take as long as it likes: a process that lives all the while is seen once.
 */
#include "process/scan.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"

/* Growth by less than this is not worth a look in each pass. */
#define LEAST_GROWTH_BYTES (UINT64_C(4) << 20)

struct table {
	struct process *by_pid;
	size_t nr, capacity;
};

struct scan {
	struct table now, before;
	size_t at_before; /* how far the walk along BEFORE has come */
	int proc;	  /* descriptor of /proc */
	pid_t self;
	uint64_t now_ns, uptime_ticks; /* as of the last scan_set_time() */
	uint32_t pass;
	size_t nr_others; /* in this pass: neither kernel threads nor watched */
	size_t turns;	  /* so many passes read each of the others once */
	int error;	  /* the first of this pass */
	/* A piece of the directory: some forty processes. */
	_Alignas(8) char piece[1024];
	size_t piece_bytes, at_piece;
};

int scan_new(struct scan **out)
{
	struct scan *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	s->proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->proc < 0) {
		r = -errno;
		free(s);
		return r;
	}
	s->self = getpid();
	s->turns = 1;
	*out = s;
	return 0;
}

void scan_free(struct scan *s)
{
	if (!s)
		return;
	close_fd(&s->proc);
	free(s->now.by_pid);
	free(s->before.by_pid);
	free(s);
}

void scan_begin(struct scan *s)
{
	const struct table last = s->now;

	s->now = s->before;
	s->now.nr = 0;
	s->before = last;
	s->at_before = 0;
	s->turns = 1 + s->nr_others / SCAN_READS;
	s->nr_others = 0;
	s->error = 0;
	s->pass++;
	s->piece_bytes = s->at_piece = 0;
	(void)lseek(s->proc, 0, SEEK_SET);
}

int scan_error(const struct scan *s)
{
	return s->error;
}

void scan_set_time(struct scan *s, uint64_t now_ns, uint64_t uptime_ticks)
{
	s->now_ns = now_ns;
	s->uptime_ticks = uptime_ticks;
}

static int compare_pid(const void *a, const void *b)
{
	const struct process *x = a, *y = b;

	return x->stat.pid < y->stat.pid ? -1 : x->stat.pid > y->stat.pid;
}

const struct process *scan_find(const struct scan *s, pid_t pid)
{
	const struct process key = {.stat.pid = pid};
	const struct table *table =
		s->now.nr && s->now.by_pid[s->now.nr - 1].stat.pid >= pid ? &s->now : &s->before;

	return table->nr ? bsearch(&key, table->by_pid, table->nr, sizeof(key), compare_pid) : NULL;
}

/* Make room for one more process at the end.  NULL without memory. */
static struct process *reserve(struct table *t)
{
	size_t more = MAX(2 * t->capacity, (size_t)256);
	struct process *grown;

	if (t->nr == t->capacity) {
		grown = reallocarray(t->by_pid, more, sizeof(*grown));
		if (!grown)
			return NULL;
		t->by_pid = grown;
		t->capacity = more;
	}
	return &t->by_pid[t->nr];
}

/* The process as the pass before knew it, or NULL. */
static const struct process *recall(struct scan *s, pid_t pid, ino_t inode)
{
	const struct table *t = &s->before;

	while (s->at_before < t->nr && t->by_pid[s->at_before].stat.pid < pid)
		s->at_before++;
	if (s->at_before == t->nr || t->by_pid[s->at_before].stat.pid != pid ||
	    t->by_pid[s->at_before].inode != inode)
		return NULL;
	return &t->by_pid[s->at_before];
}

static bool is_due(const struct scan *s, const struct process *p)
{
	return p->note.watch || ((size_t)p->stat.pid + s->pass) % s->turns == 0;
}

/*
 * Find the thread whose id shows the memory.  It is another than the first one when that has
 * ended.
 */
static void find_task(struct process *p)
{
	struct proc_stat living;

	if (p->stat.state != 'Z') {
		p->task = proc_id(&p->stat);
		return;
	}
	if (p->stat.nr_threads < 2 || proc_living_thread(&living, p->stat.pid, p->task.pid) < 0) {
		p->task.pid = 0;
		return;
	}
	p->task = proc_id(&living);
	p->stat.vm_bytes = living.vm_bytes;
	p->stat.rss_bytes = living.rss_bytes;
}

/*
 * Has it used a hundredth of a CPU since the read before, or in all its life if there was none?
 * One tick is too coarse to measure a second by.
 */
static bool was_busy(const struct scan *s, const struct process *p, const struct proc_stat *before)
{
	uint64_t used = p->stat.cpu_ticks - before->cpu_ticks;
	uint64_t since_ns = p->read_ns ? s->now_ns - p->read_ns : UINT64_MAX;
	uint64_t age = proc_age_ticks(&p->stat, s->uptime_ticks);
	uint64_t tick_ns = NSEC_PER_SEC / (uint64_t)sysconf(_SC_CLK_TCK);

	return used > 1 && used * 100 >= MIN(age, since_ns / tick_ns);
}

/* Read P, which is as the pass before knew it, or all 0.  0 or -errno. */
static int read_again(const struct scan *s, struct process *p, pid_t pid)
{
	const struct proc_stat before = p->stat;
	int r = proc_stat_read(&p->stat, pid);

	if (r < 0) {
		p->stat = before;
		return r;
	}
	if (p->stat.kernel_thread)
		return 0;
	find_task(p);
	if (was_busy(s, p, &before))
		p->busy_ns = s->now_ns;
	if (p->read_ns && p->stat.rss_bytes > before.rss_bytes + before.rss_bytes / 4 &&
	    p->stat.rss_bytes > before.rss_bytes + LEAST_GROWTH_BYTES)
		p->grown_ns = s->now_ns;
	p->read_ns = s->now_ns;
	p->fresh = true;
	return 0;
}

/*
 * Look at one entry of /proc.  Returns 1 with a process for the reader, or -ENOMEM.  Without a
 * process it returns 0, or -EAGAIN when a file had to be read.
 */
static int look(struct scan *s, struct process **out, pid_t pid, ino_t inode)
{
	const struct process *known = recall(s, pid, inode);
	struct process *p = reserve(&s->now);
	int r = 0;

	if (!p)
		return -ENOMEM;
	if (pid == s->self)
		return 0;
	*p = known ? *known : (struct process){.inode = inode};
	p->fresh = false;
	if (!known || (!p->stat.kernel_thread && is_due(s, p)))
		r = read_again(s, p, pid);
	if (r < 0 && r != -ESRCH && !s->error)
		s->error = r;
	/* it is gone, or it cannot be read just now and what is known of it still holds */
	if (r == -ESRCH || (r < 0 && !known))
		return -EAGAIN;
	s->now.nr++;
	if (p->stat.kernel_thread)
		return known ? 0 : -EAGAIN;
	s->nr_others += !p->note.watch;
	*out = p;
	return 1;
}

/* Read the next piece of the directory.  1, 0 at the end, or -errno. */
static int next_piece(struct scan *s)
{
	ssize_t n = getdents64(s->proc, s->piece, sizeof(s->piece));

	if (n < 0)
		return -errno;
	s->piece_bytes = (size_t)n;
	s->at_piece = 0;
	return n > 0;
}

int scan_next(struct scan *s, struct process **out)
{
	if (s->at_piece == s->piece_bytes) {
		int r = next_piece(s);

		return r > 0 ? -EAGAIN : r;
	}
	while (s->at_piece < s->piece_bytes) {
		const struct dirent64 *entry = (void *)&s->piece[s->at_piece];
		int r;

		s->at_piece += entry->d_reclen;
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		r = look(s, out, atoi(entry->d_name), entry->d_ino);
		if (r)
			return r;
	}
	return -EAGAIN;
}
