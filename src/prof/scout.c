/*
 * scout.c - the scout thread: finds processes to follow and prepares them.
 *
 * Three sources: pids that a caller expects (a command just started, a program after
 * exec), children of followed processes (/proc/PID/task/TID/children: no scan of /proc),
 * and the caller's rule. Each becomes a candidate, which is tried until it is Python and
 * ready, is gone, or has had its time. A candidate that is not Python yet (a shell, a
 * child between fork and exec) is looked at again, and its own children with it.
 */
#include "prof/sampler_impl.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { MAX_CANDIDATES = 4096, MAX_MATCH = 4096, TASKS_A_STEP = 32 };
#define STEP_EAGER_NS (5 * NS_PER_MS)  /* while something is expected or starting */
#define STEP_CALM_NS  (50 * NS_PER_MS) /* else */
#define STEP_OTHER_NS (20 * NS_PER_MS) /* between looks whether a program is another */
#define CHILD_NS      (10 * NS_PER_SEC)

struct candidate {
	pid_t pid;
	uint64_t start_ticks; /* 0: not seen yet */
	int64_t until_ns, next_ns, began_ns;
	bool expected;   /* by a caller: it waits for it */
	bool child;      /* below a followed process */
	bool not_python; /* for now */
	uint64_t program;
};

/* A child that was listed by the last look below. */
struct child {
	pid_t pid;
	bool listed;
	bool known; /* was followed, is no Python, or has been counted as missed */
};

struct scout {
	pthread_t thread;
	bool running;
	atomic_bool stopping;
	struct candidate *v; /* with the sampler's lock */
	size_t n, cap;
	size_t n_expected;
	int64_t match_ns, children_ns;
	size_t task_at;
	struct child *children; /* the scout thread's own, like the rest */
	size_t n_children, cap_children;
	pid_t *refused; /* matching processes that cannot be followed: said once */
	size_t n_refused, cap_refused;
};

static struct candidate *find_candidate(struct scout *sc, pid_t pid)
{
	size_t i;

	for (i = 0; i < sc->n; i++) {
		if (sc->v[i].pid == pid)
			return &sc->v[i];
	}
	return NULL;
}

static void add_candidate(
	struct sampler *s, pid_t pid, int64_t timeout_ns, bool expected, bool child)
{
	struct scout *sc = s->scout;
	int64_t now = clock_mono_ns();
	struct candidate c = {
		.pid = pid,
		.until_ns = timeout_ns < 0 ? INT64_MAX : now + timeout_ns,
		.began_ns = now,
		.expected = expected,
		.child = child,
	};
	struct candidate *known;

	pthread_mutex_lock(&s->lock);
	known = find_candidate(sc, pid);
	if (known) {
		sc->n_expected += expected && !known->expected;
		known->expected |= expected;
		if (known->until_ns < c.until_ns)
			known->until_ns = c.until_ns;
	} else if (sc->n < MAX_CANDIDATES) {
		GROW(sc->v, sc->cap, sc->n + 1);
		sc->v[sc->n++] = c;
		sc->n_expected += expected;
	}
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
}

static void drop_candidate(struct sampler *s, size_t i)
{
	struct scout *sc = s->scout;

	pthread_mutex_lock(&s->lock);
	sc->n_expected -= sc->v[i].expected;
	sc->v[i] = sc->v[--sc->n];
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
}

bool scout_is_waiting(const struct sampler *s)
{
	return s->scout && s->scout->n_expected > 0;
}

void scout_expect(struct sampler *s, pid_t pid, int64_t timeout_ns)
{
	add_candidate(s, pid, timeout_ns, true, false);
}

/* The numeric names in a directory. */
static size_t list_numbers(const char *path, pid_t *v, size_t max)
{
	DIR *d = opendir(path);
	struct dirent *e;
	size_t n = 0;

	while (d && n < max && (e = readdir(d))) {
		pid_t id = (pid_t)atoi(e->d_name);

		if (id > 0)
			v[n++] = id;
	}
	if (d)
		closedir(d);
	return n;
}

/* ---- children ----------------------------------------------------------------------- */

static struct child *child_of(struct scout *sc, pid_t pid)
{
	size_t i;

	for (i = 0; i < sc->n_children; i++) {
		if (sc->children[i].pid == pid)
			return &sc->children[i];
	}
	GROW(sc->children, sc->cap_children, sc->n_children + 1);
	sc->children[sc->n_children] = (struct child){ .pid = pid };
	return &sc->children[sc->n_children++];
}

static bool has_ended(pid_t pid)
{
	struct procstat p;
	bool ended = procstat_open(&p, pid) == ST_GONE;

	procstat_close(&p);
	return ended;
}

static void count_missed(struct sampler *s)
{
	pthread_mutex_lock(&s->lock);
	s->stats.children_missed++;
	pthread_mutex_unlock(&s->lock);
}

/* One that has ended is listed until its parent has waited for it. */
static void meet_child(struct sampler *s, pid_t pid)
{
	struct child *c = child_of(s->scout, pid);

	c->listed = true;
	if (registry_has(s, pid)) {
		c->known = true;
	} else if (find_candidate(s->scout, pid)) {
		return;
	} else if (!has_ended(pid)) {
		add_candidate(s, pid, CHILD_NS, false, true);
	} else if (!c->known) {
		c->known = true;
		count_missed(s);
	}
}

/* "4243 4250 ": the children that one thread of the process has, a part at a time. */
static void read_children(struct sampler *s, pid_t pid, const char *tid)
{
	char path[96], text[4096], *end;
	size_t kept = 0, at;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/task/%.20s/children", (int)pid, tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	while ((n = read(fd, text + kept, sizeof(text) - 1 - kept)) > 0) {
		kept += (size_t)n;
		text[kept] = '\0';
		for (at = 0; (end = strchr(text + at, ' '));
			at = (size_t)(end + 1 - text)) {
			long child = strtol(text + at, NULL, 10);

			if (child > 0)
				meet_child(s, (pid_t)child);
		}
		kept -= at;
		memmove(text, text + at, kept);
		if (kept > 32)
			break; /* no number is so long */
	}
	close(fd);
}

/* All threads of a small process; of a large one the main thread and some in turn. */
static void look_below(struct sampler *s, pid_t pid)
{
	char path[64], main_tid[16];
	pid_t tids[1024];
	size_t n = 0, i;

	snprintf(main_tid, sizeof(main_tid), "%d", (int)pid);
	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	n = list_numbers(path, tids, ARRAY_SIZE(tids));
	if (n > TASKS_A_STEP)
		read_children(s, pid, main_tid);
	for (i = 0; i < n && i < TASKS_A_STEP; i++) {
		char tid[16];

		snprintf(tid, sizeof(tid), "%d",
			(int)tids[n > TASKS_A_STEP ? s->scout->task_at++ % n : i]);
		read_children(s, pid, tid);
	}
}

static void look_for_children(struct sampler *s)
{
	pid_t pids[1024];
	size_t n = registry_pids(s, pids, ARRAY_SIZE(pids)), i, kept = 0;
	struct scout *sc = s->scout;

	for (i = 0; i < sc->n_children; i++)
		sc->children[i].listed = false;
	for (i = 0; i < n; i++)
		look_below(s, pids[i]);
	/* Below what is no Python itself: a shell that starts one. */
	for (i = 0; i < sc->n; i++) {
		if (sc->v[i].not_python)
			look_below(s, sc->v[i].pid);
	}
	for (i = 0; i < sc->n_children; i++) {
		if (sc->children[i].listed)
			sc->children[kept++] = sc->children[i];
	}
	sc->n_children = kept;
}

/* ---- candidates --------------------------------------------------------------------- */

/* What came of a try. */
enum outcome { TAKEN, LATER, NEVER };

static enum outcome try_candidate(struct sampler *s, struct candidate *c, struct err *err)
{
	struct target *t;

	/* After an exec it is expected just before it is let go. */
	if (registry_has(s, c->pid))
		return clock_mono_ns() - c->began_ns < NS_PER_SEC / 20 ? LATER : NEVER;
	t = sampler_open(s, c->pid, NULL, 0, err);
	if (t)
		return sampler_take(s, t, err) == 0 ? TAKEN : NEVER;
	switch (err->code) {
	case ERR_NOT_READY:
		return LATER;
	case ERR_NOT_PYTHON:
		c->not_python = !has_ended(c->pid);
		if (c->not_python)
			return LATER;
		err->code = ERR_GONE; /* it ended while it was looked at */
		return NEVER;
	case ERR_GONE: /* or it went over into another program while it was opened */
		return has_ended(c->pid) ? NEVER : LATER;
	default:
		return NEVER;
	}
}

/* A program that is no Python is not opened again until it has become another one. */
static bool is_worth_a_try(struct candidate *c)
{
	struct procstat p;
	struct procstat_now now = { 0 };
	bool changed;

	if (!c->not_python || c->expected)
		return true;
	if (procstat_open(&p, c->pid) != ST_OK)
		return true;
	procstat_now(&p, &now);
	procstat_close(&p);
	changed = now.program != c->program;
	c->program = now.program;
	return changed;
}

/* A candidate was given up: whoever waits for it hears why. */
static void give_up(struct sampler *s, const struct candidate *c, const struct err *err)
{
	log_debug("process %d is given up: %s", (int)c->pid, err->msg);
	if (c->child && err->code == ERR_GONE) {
		if (!c->not_python && !child_of(s->scout, c->pid)->known)
			count_missed(s);
	} else if (err->code != ERR_GONE && err->code != ERR_NONE &&
		   err->code != ERR_BUSY && !(c->child && err->code == ERR_NOT_PYTHON)) {
		log_warn("%s", err->msg);
	}
}

static void try_candidates(struct sampler *s)
{
	struct scout *sc = s->scout;
	int64_t now = clock_mono_ns();
	size_t i;

	for (i = sc->n; i-- > 0;) {
		struct candidate c;
		struct err err = ERR_INIT;
		enum outcome what;

		pthread_mutex_lock(&s->lock);
		c = sc->v[i];
		pthread_mutex_unlock(&s->lock);
		if (c.next_ns > now)
			continue;
		if (!is_worth_a_try(&c)) {
			what = LATER;
			if (c.program == 0)
				what = NEVER;
		} else {
			what = try_candidate(s, &c, &err);
		}
		if (what == LATER && now < c.until_ns) {
			bool eager = c.expected || now - c.began_ns < NS_PER_SEC / 2;

			c.next_ns = now + (eager ? STEP_EAGER_NS : STEP_OTHER_NS);
			pthread_mutex_lock(&s->lock);
			c.expected = sc->v[i].expected;
			c.until_ns = sc->v[i].until_ns;
			sc->v[i] = c;
			pthread_mutex_unlock(&s->lock);
			continue;
		}
		if (what != TAKEN)
			give_up(s, &c, &err);
		if (c.child)
			child_of(sc, c.pid)->known = true;
		drop_candidate(s, i);
	}
}

/* ---- the caller's rule -------------------------------------------------------------- */

static void look_for_matches(struct sampler *s)
{
	struct scout *sc = s->scout;
	pid_t *pids = xcalloc(MAX_MATCH, sizeof(*pids));
	size_t n = s->options.match(s->options.match_arg, pids, MAX_MATCH), i, k;
	size_t kept = 0;

	/* Those that were refused and are gone may be forgotten. */
	for (k = 0; k < sc->n_refused; k++) {
		for (i = 0; i < n && pids[i] != sc->refused[k]; i++)
			;
		if (i < n)
			sc->refused[kept++] = sc->refused[k];
	}
	sc->n_refused = kept;
	for (i = 0; i < n; i++) {
		struct err err = ERR_INIT;
		struct target *t;

		for (k = 0; k < sc->n_refused && sc->refused[k] != pids[i]; k++)
			;
		if (k < sc->n_refused || registry_has(s, pids[i]))
			continue;
		t = sampler_open(s, pids[i], NULL, 0, &err);
		if (t && sampler_take(s, t, &err) == 0)
			continue;
		if (err.code == ERR_NOT_READY || err.code == ERR_GONE ||
			err.code == ERR_BUSY)
			continue;
		log_warn("%s", err.msg);
		GROW(sc->refused, sc->cap_refused, sc->n_refused + 1);
		sc->refused[sc->n_refused++] = pids[i];
	}
	free(pids);
}

/* ---- the loop ----------------------------------------------------------------------- */

static bool is_eager(struct sampler *s)
{
	struct scout *sc = s->scout;
	int64_t now = clock_mono_ns();
	bool eager = false;
	size_t i;

	pthread_mutex_lock(&s->lock);
	for (i = 0; i < sc->n && !eager; i++)
		eager = sc->v[i].expected || now - sc->v[i].began_ns < NS_PER_SEC / 2;
	pthread_mutex_unlock(&s->lock);
	return eager;
}

/* What was born and is gone since the last look is counted before all is over. */
static void look_for_gone(struct sampler *s)
{
	const struct scout *sc = s->scout;
	size_t i;

	look_for_children(s);
	for (i = 0; i < sc->n; i++) {
		if (sc->v[i].child && !sc->v[i].not_python && has_ended(sc->v[i].pid))
			count_missed(s);
	}
}

static void *scout_thread(void *arg)
{
	struct sampler *s = arg;
	struct scout *sc = s->scout;
	int64_t match_every = s->options.match_ns ? s->options.match_ns : NS_PER_SEC;

	prctl(PR_SET_NAME, "scout");
	while (!atomic_load(&sc->stopping)) {
		int64_t now = clock_mono_ns();
		struct timespec until;

		if (s->options.subprocesses && now - sc->children_ns >= STEP_CALM_NS) {
			sc->children_ns = now;
			look_for_children(s);
		}
		if (s->options.match && now - sc->match_ns >= match_every) {
			sc->match_ns = now;
			look_for_matches(s);
		}
		try_candidates(s);
		until = clock_timespec(
			clock_mono_ns() + (is_eager(s) ? STEP_EAGER_NS : STEP_CALM_NS));
		pthread_mutex_lock(&s->lock);
		if (!atomic_load(&sc->stopping)) {
			if (sc->n || s->options.subprocesses || s->options.match)
				pthread_cond_timedwait(&s->changed, &s->lock, &until);
			else
				pthread_cond_wait(&s->changed, &s->lock);
		}
		pthread_mutex_unlock(&s->lock);
	}
	if (s->options.subprocesses)
		look_for_gone(s);
	return NULL;
}

int scout_start(struct sampler *s, struct err *err)
{
	int e;

	e = pthread_create(&s->scout->thread, NULL, scout_thread, s);
	if (e)
		return err_sys(err, e, "cannot start the scout thread");
	s->scout->running = true;
	return 0;
}

void scout_stop(struct sampler *s)
{
	if (!s->scout->running)
		return;
	pthread_mutex_lock(&s->lock);
	atomic_store(&s->scout->stopping, true);
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->scout->thread, NULL);
	s->scout->running = false;
}

void scout_new(struct sampler *s)
{
	s->scout = xcalloc(1, sizeof(*s->scout));
}

void scout_free(struct sampler *s)
{
	free(s->scout->v);
	free(s->scout->refused);
	free(s->scout->children);
	free(s->scout);
	s->scout = NULL;
}
