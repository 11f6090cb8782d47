/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The mover.  move.h has the theory.
 *
 * One lock guards the plan, the results and the totals.  The thread does not hold it while it moves
 * pages or reads files.  Plans are numbered, so the thread sees afterwards that a new one has come.
 *
 * A quota is one time: from then on something is left of it.  To use some of it puts this time off.
 * It never lies farther back than the burst.
 */
#include "tier/move.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/sysfs.h"
#include "base/thread.h"
#include "numa/room.h"
#include "tier/guard.h"

/* A reading of rooms is good for no longer, however much room there is. */
#define ROOM_NS NSEC_PER_SEC
/* So fast may others fill a node.  ROOM_SPARE_BYTES goes by the same. */
#define ROOM_BYTES_PER_NS 4
/* The kernel renews its figures of pressure each two seconds. */
#define PRESSURE_NS (500 * NSEC_PER_MSEC)

struct mover {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed; /* there is a plan, a place for results, or the end */
	struct move_options options;
	/* under the lock */
	struct move_job *jobs;
	size_t nr_jobs, next; /* the thread is at job NEXT */
	uint64_t plan;
	bool ends;
	struct move_totals totals;
	struct move_done results[MOVE_MAX_RESULTS];
	size_t first, nr_results; /* a ring */
	/* of the thread alone */
	bool is_begun; /* the job that DONE is of */
	struct move_done done;
	struct migrate migrate;
	struct room room;
	uint64_t room_ns, pressure_ns; /* when they were read.  0: never */
	double pressure_percent;
	uint64_t bytes_free_ns, cpu_free_ns; /* the quotas */
	uint64_t cpu_ns;		     /* that the quota knows of */
};

static uint64_t now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

static void use_quota(uint64_t *free_ns, uint64_t now, double cost_ns)
{
	*free_ns = MAX(*free_ns, now - MIN(now, MOVE_BURST_NS)) + (uint64_t)cost_ns;
}

/* Charge what was moved, and the CPU time since the last call. */
static void charge(struct mover *m, uint64_t moved_bytes)
{
	uint64_t now = now_ns(), cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);

	if (m->options.max_bytes_per_s)
		use_quota(&m->bytes_free_ns, now,
			  (double)moved_bytes * (double)NSEC_PER_SEC /
				  (double)m->options.max_bytes_per_s);
	use_quota(&m->cpu_free_ns, now,
		  (double)(cpu_ns - m->cpu_ns) * 100 / MAX(m->options.max_cpu_percent, 1u));
	m->cpu_ns = cpu_ns;
}

static bool pressure_is_old(const struct mover *m, uint64_t now)
{
	return !m->pressure_ns || now - m->pressure_ns >= PRESSURE_NS;
}

static void read_pressure(struct mover *m)
{
	char text[256];

	m->pressure_ns = now_ns();
	/* a kernel that does not count it never says that there is any */
	if (sysfs_read(text, sizeof(text), m->options.sysroot, "/proc/pressure/memory") ||
	    proc_pressure_parse(&m->pressure_percent, text))
		m->pressure_percent = -1;
}

/* Read rooms anew where others may have filled NODE since the last reading. */
static int read_room(struct mover *m, unsigned int node)
{
	uint64_t now = now_ns(),
		 good_ns = MIN(room_of(&m->room, node).bytes / ROOM_BYTES_PER_NS, ROOM_NS);
	int r;

	if (m->room_ns && now - m->room_ns < good_ns)
		return 0;
	r = room_read(&m->room);
	m->room_ns = r < 0 ? 0 : now;
	return r;
}

static int move_batch(struct mover *m, struct migrate_result *out,
		      const struct migrate_order *order)
{
	return m->options.batch ? m->options.batch(m->options.arg, out, order)
				: migrate_batch(&m->migrate, out, order);
}

static uint64_t beyond_spare(uint64_t bytes)
{
	return bytes > ROOM_SPARE_BYTES ? bytes - ROOM_SPARE_BYTES : 0;
}

/* What the rules say now of the next batch of ORDER, which is in one block. */
static enum guard_answer ask_rules(struct mover *m, const struct migrate_order *order)
{
	uint64_t block = m->migrate.huge_bytes ? m->migrate.huge_bytes
					       : MIGRATE_BATCH_PAGES * m->migrate.page_bytes;
	uint64_t end = MIN(order->end, order->start + block - order->start % block);

	return m->options.guard
		       ? guard_ask(m->options.guard, order->task, order->start, end, order->to)
		       : GUARD_MAY;
}

/* The next batch of the job, without the lock.  0 or a negative errno. */
static int do_batch(struct mover *m, struct migrate_result *out, const struct move_job *job,
		    uint64_t at)
{
	struct mapper sharers[MIGRATE_MAX_SHARERS];
	struct migrate_order order = {.task = job->task.pid,
				      .start = at,
				      .end = job->start + job->bytes,
				      .from = job->from,
				      .to = job->to,
				      .sharers = sharers,
				      .nr_sharers = job->nr_sharers};
	struct room_node room;
	struct proc_stat stat;
	int r = proc_stat_read(&stat, job->task.pid);

	if (r < 0)
		return r;
	if (!process_is_same(proc_id(&stat), job->task))
		return -ESRCH;
	/* an order begins at its own address */
	for (uint32_t i = 0; i < job->nr_sharers; i++)
		sharers[i] = (struct mapper){job->sharers[i].task,
					     job->sharers[i].start + at - job->start};
	r = read_room(m, job->to);
	if (r < 0)
		return r;
	room = room_of(&m->room, job->to);
	order.room_bytes = beyond_spare(room.bytes);
	order.huge_room_bytes = beyond_spare(room.huge_bytes);
	order.forbidden = ask_rules(m, &order) != GUARD_MAY;
	r = move_batch(m, out, &order);
	if (!r && out->moved_bytes && ask_rules(m, &order) == GUARD_ELSEWHERE)
		r = migrate_undo(&m->migrate, out, &order);
	if (!r)
		room_take(&m->room, job->to, out->moved_bytes, out->moved_huge_bytes);
	return r;
}

/* What a batch says of its job: an enum move_end, or -1 to go on. */
static int end_of_batch(const struct mover *m, const struct migrate_result *batch, int error)
{
	if (error == -ESRCH)
		return MOVE_GONE;
	if (error < 0)
		return MOVE_ERROR;
	/* by the kernel, which asks the cpuset.  Rules differ by address */
	if (batch->left_bytes[MIGRATE_FORBIDDEN] && !m->options.guard)
		return MOVE_FORBIDDEN;
	if (batch->left_bytes[MIGRATE_NO_ROOM] || batch->left_bytes[MIGRATE_NO_HUGE_ROOM])
		return MOVE_NO_ROOM;
	return -1;
}

static void add_batch(struct mover *m, const struct migrate_result *batch)
{
	struct move_done *done = &m->done;
	bool tried = batch->moved_bytes;

	done->reached = batch->next;
	done->moved_bytes += batch->moved_bytes;
	done->elsewhere_bytes += batch->elsewhere_bytes;
	done->absent_bytes += batch->absent_bytes;
	m->totals.moved_bytes[done->job.direction] += batch->moved_bytes;
	for (size_t i = 0; i < MIGRATE_NR_REASONS; i++) {
		done->left_bytes[i] += batch->left_bytes[i];
		m->totals.left_bytes[i] += batch->left_bytes[i];
		tried |= batch->left_bytes[i] > 0;
	}
	m->totals.nr_batches += tried;
}

static void begin_job(struct mover *m)
{
	const struct move_job *job = &m->jobs[m->next];

	m->done = (struct move_done){.job = *job, .plan = m->plan, .reached = job->start};
	m->is_begun = true;
}

static void end_job(struct mover *m, enum move_end end, int error)
{
	m->done.end = end;
	m->done.error = end == MOVE_ERROR ? error : 0;
	m->done.when_ns = now_ns();
	m->results[(m->first + m->nr_results++) % MOVE_MAX_RESULTS] = m->done;
	m->is_begun = false;
	/* of a plan that has been replaced, NEXT is no more */
	if (m->done.plan == m->plan)
		m->next++;
}

/* With the lock: move a batch of the job under way. */
static void step(struct mover *m)
{
	struct migrate_result batch = {0};
	struct move_job job = m->done.job;
	uint64_t at = m->done.reached;
	int error, end;

	pthread_mutex_unlock(&m->lock);
	error = do_batch(m, &batch, &job, at);
	charge(m, batch.moved_bytes);
	pthread_mutex_lock(&m->lock);
	m->totals.cpu_ns = m->cpu_ns;
	if (!error)
		add_batch(m, &batch);
	end = end_of_batch(m, &batch, error);
	/* one that does not come on would be tried for ever */
	if (end < 0 && (m->done.reached >= job.start + job.bytes || m->done.reached <= at))
		end = MOVE_COMPLETE;
	if (end >= 0)
		end_job(m, (enum move_end)end, error);
}

/* With the lock: wait until something changes, or it is UNTIL. */
static void wait_until(struct mover *m, uint64_t until)
{
	struct timespec ts = {.tv_sec = (time_t)(until / NSEC_PER_SEC),
			      .tv_nsec = (long)(until % NSEC_PER_SEC)};

	pthread_cond_timedwait(&m->changed, &m->lock, &ts);
}

/*
 * With the lock: when the next batch may begin.  A time that has passed: now.  It also says whether
 * that is because of memory pressure.
 */
static uint64_t next_batch_ns(struct mover *m)
{
	m->totals.pressure_percent = m->pressure_percent;
	m->totals.is_paused = m->pressure_percent > m->options.max_pressure_percent;
	return m->totals.is_paused ? m->pressure_ns + PRESSURE_NS
				   : MAX(m->bytes_free_ns, m->cpu_free_ns);
}

/* With the lock: do one thing, or wait for something to do. */
static void turn(struct mover *m)
{
	uint64_t when;

	if (m->is_begun && m->done.plan != m->plan) {
		end_job(m, MOVE_REPLACED, 0);
		return;
	}
	if (!m->is_begun && (m->next == m->nr_jobs || m->nr_results == MOVE_MAX_RESULTS)) {
		m->totals.is_paused = false;
		pthread_cond_wait(&m->changed, &m->lock);
		return;
	}
	if (pressure_is_old(m, now_ns())) {
		pthread_mutex_unlock(&m->lock);
		read_pressure(m);
		pthread_mutex_lock(&m->lock);
		return;
	}
	when = next_batch_ns(m);
	if (when > now_ns()) {
		wait_until(m, when);
		return;
	}
	if (!m->is_begun)
		begin_job(m);
	step(m);
}

static void *run(void *arg)
{
	struct mover *m = arg;

	thread_be_ordinary();
	pthread_mutex_lock(&m->lock);
	while (!m->ends)
		turn(m);
	pthread_mutex_unlock(&m->lock);
	return NULL;
}

static int init_lock(struct mover *m)
{
	pthread_condattr_t attributes;
	int r = pthread_mutex_init(&m->lock, NULL);

	if (r)
		return -r;
	r = pthread_condattr_init(&attributes);
	if (!r) {
		r = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
		if (!r)
			r = pthread_cond_init(&m->changed, &attributes);
		pthread_condattr_destroy(&attributes);
	}
	if (r)
		pthread_mutex_destroy(&m->lock);
	return -r;
}

static void free_all(struct mover *m)
{
	pthread_cond_destroy(&m->changed);
	pthread_mutex_destroy(&m->lock);
	room_deinit(&m->room);
	free(m->jobs);
	free(m);
}

int mover_new(struct mover **out, const struct move_options *options)
{
	struct mover *m = calloc(1, sizeof(*m));
	int r;

	if (!m)
		return -ENOMEM;
	m->options = *options;
	m->room.sysroot = options->sysroot;
	m->pressure_percent = m->totals.pressure_percent = -1;
	migrate_init(&m->migrate);
	r = init_lock(m);
	if (r < 0) {
		free(m);
		return r;
	}
	r = thread_start(&m->thread, "tiersched-move", run, m);
	if (r < 0) {
		free_all(m);
		return r;
	}
	*out = m;
	return 0;
}

void mover_free(struct mover *m)
{
	if (!m)
		return;
	pthread_mutex_lock(&m->lock);
	m->ends = true;
	pthread_cond_signal(&m->changed);
	pthread_mutex_unlock(&m->lock);
	pthread_join(m->thread, NULL);
	free_all(m);
}

int mover_give(struct mover *m, const struct move_job *jobs, size_t nr)
{
	struct move_job *copy = calloc(MAX(nr, (size_t)1), sizeof(*copy)), *old;

	if (!copy)
		return -ENOMEM;
	if (nr)
		memcpy(copy, jobs, nr * sizeof(*copy));
	pthread_mutex_lock(&m->lock);
	old = m->jobs;
	m->jobs = copy;
	m->nr_jobs = nr;
	m->next = 0;
	m->plan++;
	pthread_cond_signal(&m->changed);
	pthread_mutex_unlock(&m->lock);
	free(old);
	return 0;
}

size_t mover_take(struct mover *m, struct move_done *out, size_t max)
{
	size_t nr;

	pthread_mutex_lock(&m->lock);
	nr = MIN(max, m->nr_results);
	for (size_t i = 0; i < nr; i++)
		out[i] = m->results[(m->first + i) % MOVE_MAX_RESULTS];
	m->first = (m->first + nr) % MOVE_MAX_RESULTS;
	m->nr_results -= nr;
	pthread_cond_signal(&m->changed);
	pthread_mutex_unlock(&m->lock);
	return nr;
}

void mover_totals(struct mover *m, struct move_totals *out)
{
	pthread_mutex_lock(&m->lock);
	*out = m->totals;
	out->nr_jobs_left = m->nr_jobs - m->next;
	pthread_mutex_unlock(&m->lock);
}
