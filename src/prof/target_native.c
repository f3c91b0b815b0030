/*
 * target_native.c - threads of a target that have never run Python: thread pools of C
 * libraries, runtimes of other languages. Looked for now and then; one that sleeps where
 * it slept is not stopped again.
 */
#include "prof/target.h"

#include "base/alloc.h"
#include "base/clock.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

enum { OTHERS_MAX = 4096 };
#define LOOK_NS         (200 * NS_PER_MS)
#define STOP_TIMEOUT_NS (20 * NS_PER_MS)

static bool is_python(struct target *t, pid_t tid)
{
	size_t n, i;
	struct walk_thread **w = walker_threads(t->walker, &n);

	for (i = 0; i < n; i++) {
		const struct lane *l = w[i]->user;

		if (l && l->task.tid == tid)
			return true;
	}
	return false;
}

static void drop(struct target *t, size_t i)
{
	task_close(&t->others[i]->task);
	free(t->others[i]);
	t->others[i] = t->others[--t->n_others];
}

static void add(struct target *t, const struct tick *k, pid_t tid)
{
	struct thread_info info = {
		.series = t->series.id, .tid = tid, .since_ns = k->now_ns + k->wall_ns
	};
	struct lane *l = xcalloc(1, sizeof(*l));

	if (task_open(&l->task, t->pid, tid) != ST_OK) {
		free(l);
		return;
	}
	l->id = ++t->next_thread;
	GROW(t->others, t->cap_others, t->n_others + 1);
	t->others[t->n_others++] = l;
	info.thread = l->id;
	task_name(t->pid, tid, info.name, sizeof(info.name));
	k->sink->ops->thread(k->sink, &info);
}

static bool is_other(const struct target *t, pid_t tid)
{
	size_t i;

	for (i = 0; i < t->n_others; i++) {
		if (t->others[i]->task.tid == tid)
			return true;
	}
	return false;
}

static void look(struct target *t, const struct tick *k)
{
	char path[64];
	struct dirent *e;
	size_t i;
	DIR *dir;

	t->others_ns = k->now_ns;
	for (i = t->n_others; i-- > 0;) {
		if (is_python(t, t->others[i]->task.tid))
			drop(t, i);
	}
	snprintf(path, sizeof(path), "/proc/%d/task", (int)t->pid);
	dir = opendir(path);
	if (!dir)
		return;
	while (t->n_others < OTHERS_MAX && (e = readdir(dir))) {
		pid_t tid = (pid_t)strtol(e->d_name, NULL, 10);

		if (tid > 0 && !is_python(t, tid) && !is_other(t, tid))
			add(t, k, tid);
	}
	closedir(dir);
}

/* Takes registers and stack in a stop; the stack that comes of them, 0 when it cannot. */
static stack_id shoot(struct target *t, const struct lane *l, struct symbols *symbols)
{
	struct stop stop;
	int64_t began = clock_mono_ns();
	bool ok, merged;

	if (!stop_end(&t->unstopped))
		return 0;
	if (stop_begin(&stop, l->task.tid, STOP_TIMEOUT_NS) != 0) {
		if (!stop_end(&stop))
			t->unstopped = stop;
		return 0;
	}
	ok = natives_take(t->natives, l->task.tid) == ST_OK;
	stop_end(&stop);
	t->totals.stops++;
	t->totals.stopped_ns += (uint64_t)(clock_mono_ns() - began);
	return ok ? natives_stack(t->natives, t->resolver, symbols, NULL, 0, 0, &merged)
		  : 0;
}

/* False: the thread has ended. */
static bool sample(struct target *t, struct lane *l, const struct tick *k, uint32_t tick)
{
	struct task_state now;
	enum status st = task_now(&l->task, &now);
	wait_id wait;

	if (st == ST_GONE)
		return false;
	wait = st != ST_OK || now.running ? WAIT_NONE : target_wait(t, l, &now);
	if (!l->merged || l->merged_in != k->symbols || wait == WAIT_NONE ||
		wait != l->wait) {
		l->merged = shoot(t, l, k->symbols);
		l->merged_in = k->symbols;
	}
	l->wait = wait;
	l->state = (uint16_t)(STATE_NATIVE |
			      (wait == WAIT_NONE ? STATE_CPU : STATE_BLOCKED));
	if (!l->merged) {
		t->chunk.stats.n_lost[ST_FAULT]++;
		t->totals.lost[ST_FAULT]++;
		return true;
	}
	target_put(t, l, tick, l->merged);
	t->chunk.stats.n_samples++;
	t->totals.samples++;
	return true;
}

void target_native_threads(struct target *t, const struct tick *k, uint32_t tick)
{
	size_t i;

	if (!t->others_ns || k->now_ns - t->others_ns >= LOOK_NS)
		look(t, k);
	for (i = t->n_others; i-- > 0;) {
		if (!sample(t, t->others[i], k, tick))
			drop(t, i);
	}
}

void target_native_release(struct target *t)
{
	while (t->n_others)
		drop(t, t->n_others - 1);
	free(t->others);
}
