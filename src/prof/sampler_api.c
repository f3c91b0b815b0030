/* sampler_api.c - what other threads call; see sampler.h */
#include "prof/sampler_impl.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/cond.h"
#include "proc/why.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

static const char *const blocking_words[] = {
	[BLOCKING_NEVER] = "never",
	[BLOCKING_AUTO] = "auto",
	[BLOCKING_ALWAYS] = "always",
};

const char *blocking_word(enum blocking b)
{
	return (size_t)b < ARRAY_SIZE(blocking_words) ? blocking_words[b] : NULL;
}

int blocking_of_word(const char *word)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(blocking_words); i++) {
		if (!strcmp(word, blocking_words[i]))
			return (int)i;
	}
	return -1;
}

struct sampler *sampler_new(struct sink *sink, const struct sampler_options *o)
{
	struct sampler *s = xcalloc(1, sizeof(*s));
	struct label *labels = xcalloc(o->n_labels + 1, sizeof(*labels));
	size_t i;

	s->sink = sink;
	s->options = *o;
	for (i = 0; i < o->n_labels; i++) {
		labels[i].key = xstrdup(o->labels[i].key);
		labels[i].value = xstrdup(o->labels[i].value);
	}
	s->options.labels = labels;
	s->wanted_rate = o->rate_hz;
	s->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_init(&s->lock, NULL);
	cond_init(&s->changed);
	scout_new(s);
	return s;
}

void sampler_free(struct sampler *s)
{
	size_t i;

	if (!s)
		return;
	sampler_stop(s);
	scout_free(s);
	for (i = 0; i < s->n_incoming; i++)
		target_free(s->incoming[i]);
	for (i = 0; i < s->options.n_labels; i++) {
		free(s->options.labels[i].key);
		free(s->options.labels[i].value);
	}
	free((void *)s->options.labels); // NOLINT
	free(s->incoming);
	free(s->entries);
	free(s->targets);
	free(s->late);
	if (s->wake_fd >= 0)
		close(s->wake_fd);
	pthread_cond_destroy(&s->changed);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

void sampler_wake(struct sampler *s)
{
	uint64_t one = 1;

	atomic_store(&s->pending, true);
	if (write(s->wake_fd, &one, sizeof(one)) < 0 && errno != EAGAIN)
		BUG("eventfd: %s", strerror(errno));
}

/* ---- the registry ------------------------------------------------------------------- */

static struct entry *find_entry(struct sampler *s, pid_t pid)
{
	size_t i;

	for (i = 0; i < s->n_entries; i++) {
		if (s->entries[i].target.pid == pid)
			return &s->entries[i];
	}
	return NULL;
}

bool registry_has(struct sampler *s, pid_t pid)
{
	bool has;

	pthread_mutex_lock(&s->lock);
	has = find_entry(s, pid) != NULL;
	pthread_mutex_unlock(&s->lock);
	return has;
}

bool registry_is_unwanted(struct sampler *s, pid_t pid)
{
	struct entry *e;
	bool unwanted;

	pthread_mutex_lock(&s->lock);
	e = find_entry(s, pid);
	unwanted = e && e->unwanted;
	pthread_mutex_unlock(&s->lock);
	return unwanted;
}

void registry_update(struct sampler *s, const struct target *t)
{
	struct entry *e;
	size_t n;

	walker_threads(t->walker, &n);
	pthread_mutex_lock(&s->lock);
	e = find_entry(s, t->pid);
	if (e) {
		e->target.series = t->series.id;
		e->target.n_threads = (uint32_t)n;
		e->target.n_samples = t->totals.samples;
	}
	pthread_mutex_unlock(&s->lock);
}

void registry_drop(struct sampler *s, pid_t pid)
{
	struct entry *e;

	pthread_mutex_lock(&s->lock);
	e = find_entry(s, pid);
	if (e)
		*e = s->entries[--s->n_entries];
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
}

size_t registry_pids(struct sampler *s, pid_t *pids, size_t max)
{
	size_t i, n;

	pthread_mutex_lock(&s->lock);
	n = s->n_entries;
	for (i = 0; i < n && i < max; i++)
		pids[i] = s->entries[i].target.pid;
	pthread_mutex_unlock(&s->lock);
	return n < max ? n : max;
}

int sampler_take(struct sampler *s, struct target *t, struct err *err)
{
	struct entry e = { .start_ticks = t->start_ticks };
	pid_t pid = t->pid;

	e.target.pid = pid;
	e.target.since_ns = t->attached_ns;
	memcpy(e.target.python, t->runtime.version.text, sizeof(e.target.python) - 1);
	pthread_mutex_lock(&s->lock);
	if (find_entry(s, pid)) {
		pthread_mutex_unlock(&s->lock);
		target_free(t);
		return err_set(err, ERR_BUSY, "process %d is followed already", (int)pid);
	}
	GROW(s->entries, s->cap_entries, s->n_entries + 1);
	s->entries[s->n_entries++] = e;
	GROW(s->incoming, s->cap_incoming, s->n_incoming + 1);
	s->incoming[s->n_incoming++] = t;
	s->stats.targets_seen++;
	pthread_mutex_unlock(&s->lock);
	sampler_wake(s);
	return 0;
}

/* ---- for callers -------------------------------------------------------------------- */

/* Only one can stop a thread. What another profiler holds for a moment is looked at again. */
static int refuse_traced(pid_t pid, struct err *err)
{
	const struct timespec moment = clock_timespec(NS_PER_MS);
	pid_t tracer = 0, again;
	char held[128];
	int i;

	for (i = 0; i < 5; i++, tracer = again) {
		again = stop_tracer(pid);
		if (!again || (tracer && again != tracer))
			return 0;
		clock_nanosleep(CLOCK_MONOTONIC, 0, &moment, NULL);
	}
	err_set(err, ERR_PERM, "cannot stop the threads of process %d: %s", (int)pid,
		why_held(pid, held, sizeof(held)));
	return err_hint(err, "--blocking never and auto read it as it is");
}

struct target *sampler_open(struct sampler *s, pid_t pid, const struct label *labels,
	size_t n_labels, struct err *err)
{
	struct target_options o = { .native = s->options.native,
		.asyncio = s->options.asyncio,
		.abi = s->options.abi };
	struct target *t;
	size_t i;

	o.rate_hz = sampler_rate(s);
	if (s->options.blocking == BLOCKING_ALWAYS && refuse_traced(pid, err) < 0)
		return NULL;
	t = target_open(pid, &o, err);
	for (i = 0; t && i < s->options.n_labels; i++)
		series_label(
			&t->series, s->options.labels[i].key, s->options.labels[i].value);
	for (i = 0; t && i < n_labels; i++)
		series_label(&t->series, labels[i].key, labels[i].value);
	return t;
}

int sampler_add(struct sampler *s, pid_t pid, const struct label *labels, size_t n_labels,
	struct err *err)
{
	struct target *t;

	if (registry_has(s, pid))
		return err_set(err, ERR_BUSY, "process %d is followed already", (int)pid);
	t = sampler_open(s, pid, labels, n_labels, err);
	return t ? sampler_take(s, t, err) : -1;
}

void sampler_expect(struct sampler *s, pid_t pid, int64_t timeout_ns)
{
	scout_expect(s, pid, timeout_ns);
}

int sampler_remove(struct sampler *s, pid_t pid)
{
	struct entry *e;

	pthread_mutex_lock(&s->lock);
	e = find_entry(s, pid);
	if (e)
		e->unwanted = true;
	pthread_mutex_unlock(&s->lock);
	if (e)
		sampler_wake(s);
	return e ? 0 : -1;
}

bool sampler_wait_idle(struct sampler *s, int64_t timeout_ns)
{
	struct timespec until =
		clock_timespec(clock_mono_ns() + (timeout_ns > 0 ? timeout_ns : 0));
	bool idle;

	pthread_mutex_lock(&s->lock);
	while (!(idle = !s->n_entries && !scout_is_waiting(s))) {
		if (timeout_ns < 0)
			pthread_cond_wait(&s->changed, &s->lock);
		else if (pthread_cond_timedwait(&s->changed, &s->lock, &until))
			break;
	}
	pthread_mutex_unlock(&s->lock);
	return idle;
}

void sampler_set_rate(struct sampler *s, double rate_hz)
{
	pthread_mutex_lock(&s->lock);
	s->wanted_rate = rate_hz;
	pthread_mutex_unlock(&s->lock);
	sampler_wake(s);
}

double sampler_rate(struct sampler *s)
{
	double rate_hz;

	pthread_mutex_lock(&s->lock);
	rate_hz = s->wanted_rate;
	pthread_mutex_unlock(&s->lock);
	return rate_hz;
}

size_t sampler_targets(struct sampler *s, struct sampler_target *v, size_t max)
{
	size_t i, n;

	pthread_mutex_lock(&s->lock);
	n = s->n_entries;
	for (i = 0; i < n && i < max; i++)
		v[i] = s->entries[i].target;
	pthread_mutex_unlock(&s->lock);
	return n;
}

void sampler_stats(struct sampler *s, struct sampler_stats *out)
{
	pthread_mutex_lock(&s->lock);
	*out = s->stats;
	pthread_mutex_unlock(&s->lock);
}
