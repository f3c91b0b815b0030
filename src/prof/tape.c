/*
 * tape.c - see tape.h
 *
 * Chunks are shared by reference: a query takes references under the lock and reads
 * without it, so that the sampler never waits for a query.
 */
#include "prof/tape.h"

#include "base/alloc.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

struct kept {
	atomic_uint refs;
	size_t bytes;
	struct chunk chunk;
};

struct tape {
	struct sink sink;
	struct source source;
	struct symbols *symbols;
	pthread_mutex_t lock; /* guards all below */
	struct kept **kept;
	size_t first, n_kept, cap_kept; /* kept[first .. n_kept) */
	size_t bytes, max_bytes;
	struct series *series;
	size_t n_series, cap_series;
	struct thread_info *threads;
	size_t n_threads, cap_threads;
	struct event *events;
	size_t n_events, cap_events;
	uint64_t generation;
};

static struct tape *tape_of_sink(struct sink *s)
{
	return (struct tape *)((char *)s - offsetof(struct tape, sink));
}

static struct tape *tape_of_source(struct source *s)
{
	return (struct tape *)((char *)s - offsetof(struct tape, source));
}

static void kept_drop(struct kept *k)
{
	if (atomic_fetch_sub(&k->refs, 1) == 1) {
		chunk_release(&k->chunk);
		free(k);
	}
}

/* --- sink --- */

static void series_copy(struct series *to, const struct series *from)
{
	size_t i;

	*to = (struct series){
		.id = from->id, .pid = from->pid, .start_ns = from->start_ns
	};
	for (i = 0; i < from->n_labels; i++)
		series_label(to, from->labels[i].key, from->labels[i].value);
}

static void sink_series(struct sink *sink, struct series *s)
{
	struct tape *t = tape_of_sink(sink);

	pthread_mutex_lock(&t->lock);
	GROW(t->series, t->cap_series, t->n_series + 1);
	s->id = (series_id)t->n_series + 1;
	series_copy(&t->series[t->n_series++], s);
	t->generation++;
	pthread_mutex_unlock(&t->lock);
}

static void sink_thread(struct sink *sink, const struct thread_info *info)
{
	struct tape *t = tape_of_sink(sink);

	pthread_mutex_lock(&t->lock);
	GROW(t->threads, t->cap_threads, t->n_threads + 1);
	t->threads[t->n_threads++] = *info;
	pthread_mutex_unlock(&t->lock);
}

static void sink_event(struct sink *sink, const struct event *e)
{
	struct tape *t = tape_of_sink(sink);

	pthread_mutex_lock(&t->lock);
	GROW(t->events, t->cap_events, t->n_events + 1);
	t->events[t->n_events++] = *e;
	t->generation++;
	pthread_mutex_unlock(&t->lock);
}

static size_t chunk_bytes(const struct chunk *c)
{
	return sizeof(struct kept) + c->cap_ticks * 2 * sizeof(uint64_t) +
	       c->cap_runs * sizeof(struct run) + c->cap_metrics * sizeof(struct metric);
}

static void forget_oldest(struct tape *t)
{
	struct kept *k = t->kept[t->first++];

	t->bytes -= k->bytes;
	kept_drop(k);
	if (t->first > t->n_kept / 2 + 16) {
		t->n_kept -= t->first;
		memmove(t->kept, t->kept + t->first, t->n_kept * sizeof(*t->kept));
		t->first = 0;
	}
}

static void sink_chunk(struct sink *sink, struct chunk *c)
{
	struct tape *t = tape_of_sink(sink);
	struct kept *k;

	if (!c->n_ticks && !c->n_metrics)
		return;
	k = xcalloc(1, sizeof(*k));
	atomic_init(&k->refs, 1);
	k->chunk = *c;
	k->chunk.symbols = t->symbols;
	k->bytes = chunk_bytes(c);
	*c = (struct chunk){ .series = c->series, .symbols = c->symbols };
	pthread_mutex_lock(&t->lock);
	GROW(t->kept, t->cap_kept, t->n_kept + 1);
	t->kept[t->n_kept++] = k;
	t->bytes += k->bytes;
	while (t->max_bytes && t->bytes > t->max_bytes && t->n_kept - t->first > 1)
		forget_oldest(t);
	t->generation++;
	pthread_mutex_unlock(&t->lock);
}

static struct symbols *sink_symbols(struct sink *sink)
{
	return tape_of_sink(sink)->symbols;
}

/* --- source --- */

/* References to the chunks with a tick in the range; by series, then as they came. */
struct picked {
	struct kept **kept;
	size_t n;
};

static bool touches(const struct ask *a, const struct chunk *c)
{
	size_t i;

	if (!ask_wants(a, c->series))
		return false;
	for (i = 0; i < c->n_ticks; i++) {
		if (c->time_ns[i] >= a->from_ns && c->time_ns[i] < a->until_ns)
			return true;
	}
	return !c->n_ticks && c->n_metrics && c->metrics[0].time_ns >= a->from_ns &&
	       c->metrics[0].time_ns < a->until_ns;
}

/* Stable: chunks of one series stay as they came. */
static void sort_by_series(struct picked *p)
{
	struct kept **sorted = xcalloc(p->n + 1, sizeof(struct kept *));
	series_id max = 0;
	size_t *start, i;

	for (i = 0; i < p->n; i++) {
		if (p->kept[i]->chunk.series > max)
			max = p->kept[i]->chunk.series;
	}
	start = xcalloc((size_t)max + 2, sizeof(*start));
	for (i = 0; i < p->n; i++)
		start[p->kept[i]->chunk.series + 1]++;
	for (i = 1; i <= max; i++)
		start[i] += start[i - 1];
	for (i = 0; i < p->n; i++)
		sorted[start[p->kept[i]->chunk.series]++] = p->kept[i];
	free(start);
	free(p->kept);
	p->kept = sorted;
}

static struct picked pick(struct tape *t, const struct ask *a)
{
	struct picked p = { NULL, 0 };
	size_t i;

	pthread_mutex_lock(&t->lock);
	p.kept = xcalloc(t->n_kept - t->first + 1, sizeof(struct kept *));
	for (i = t->first; i < t->n_kept; i++) {
		if (!touches(a, &t->kept[i]->chunk))
			continue;
		atomic_fetch_add(&t->kept[i]->refs, 1);
		p.kept[p.n++] = t->kept[i];
	}
	pthread_mutex_unlock(&t->lock);
	sort_by_series(&p);
	return p;
}

static void picked_release(struct picked *p)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		kept_drop(p->kept[i]);
	free(p->kept);
}

static int source_chunks(
	struct source *s, struct ask *a, chunk_fn *fn, void *arg, struct err *err)
{
	struct picked p = pick(tape_of_source(s), a);
	size_t i;
	int ret = 0;

	for (i = 0; i < p.n && !ret; i++) {
		ret = ask_check(a, err);
		if (!ret)
			ret = fn(arg, &p.kept[i]->chunk);
	}
	picked_release(&p);
	return ret;
}

struct emitting {
	const struct ask *ask;
	struct sums_scratch scratch;
	sums_fn *on_sums;
	point_fn *on_point;
	void *arg;
};

static int emit_sums(void *arg, const struct chunk *c)
{
	struct emitting *e = arg;

	return chunk_emit_sums(e->ask, c, &e->scratch, e->on_sums, e->arg);
}

static int emit_points(void *arg, const struct chunk *c)
{
	struct emitting *e = arg;

	return chunk_emit_points(e->ask, c, e->on_point, e->arg);
}

static int source_sums(
	struct source *s, struct ask *a, sums_fn *fn, void *arg, struct err *err)
{
	struct emitting e = { .ask = a, .on_sums = fn, .arg = arg };
	int ret = source_chunks(s, a, emit_sums, &e, err);

	sums_scratch_release(&e.scratch);
	return ret;
}

static int source_points(
	struct source *s, struct ask *a, point_fn *fn, void *arg, struct err *err)
{
	struct emitting e = { .ask = a, .on_point = fn, .arg = arg };

	return source_chunks(s, a, emit_points, &e, err);
}

static int source_range(
	struct source *s, int64_t *from_ns, int64_t *until_ns, struct err *err)
{
	struct tape *t = tape_of_source(s);
	size_t i, k;

	(void)err;
	*from_ns = INT64_MAX;
	*until_ns = 0;
	pthread_mutex_lock(&t->lock);
	for (i = t->first; i < t->n_kept; i++) {
		const struct chunk *c = &t->kept[i]->chunk;

		for (k = 0; k < c->n_ticks; k++) {
			if (c->time_ns[k] < *from_ns)
				*from_ns = c->time_ns[k];
			if (c->time_ns[k] >= *until_ns)
				*until_ns = c->time_ns[k] + 1;
		}
	}
	pthread_mutex_unlock(&t->lock);
	if (!*until_ns)
		*from_ns = 0;
	return 0;
}

/* Copies under the lock, calls without it. */
static int source_series(
	struct source *s, struct ask *a, series_fn *fn, void *arg, struct err *err)
{
	struct tape *t = tape_of_source(s);
	struct picked p = pick(t, a);
	size_t i;
	int ret = 0;

	for (i = 0; i < p.n && !ret; i++) {
		struct series copy;

		if (i && p.kept[i]->chunk.series == p.kept[i - 1]->chunk.series)
			continue;
		if (p.kept[i]->chunk.series == 0 || p.kept[i]->chunk.series > t->n_series)
			continue;
		pthread_mutex_lock(&t->lock);
		series_copy(&copy, &t->series[p.kept[i]->chunk.series - 1]);
		pthread_mutex_unlock(&t->lock);
		ret = ask_check(a, err);
		if (!ret)
			ret = fn(arg, &copy);
		series_release(&copy);
	}
	picked_release(&p);
	return ret;
}

static int source_threads(
	struct source *s, struct ask *a, thread_fn *fn, void *arg, struct err *err)
{
	struct tape *t = tape_of_source(s);
	struct thread_info *copy;
	size_t i, n;
	int ret = 0;

	pthread_mutex_lock(&t->lock);
	n = t->n_threads;
	copy = xcalloc(n + 1, sizeof(*copy));
	if (n)
		memcpy(copy, t->threads, n * sizeof(*copy));
	pthread_mutex_unlock(&t->lock);
	for (i = 0; i < n && !ret; i++) {
		ret = ask_check(a, err);
		if (!ret && ask_wants(a, copy[i].series))
			ret = fn(arg, &copy[i]);
	}
	free(copy);
	return ret;
}

static int source_events(
	struct source *s, struct ask *a, event_fn *fn, void *arg, struct err *err)
{
	struct tape *t = tape_of_source(s);
	struct event *copy;
	size_t i, n;
	int ret = 0;

	pthread_mutex_lock(&t->lock);
	n = t->n_events;
	copy = xcalloc(n + 1, sizeof(*copy));
	if (n)
		memcpy(copy, t->events, n * sizeof(*copy));
	pthread_mutex_unlock(&t->lock);
	for (i = 0; i < n && !ret; i++) {
		ret = ask_check(a, err);
		if (!ret && ask_wants_event(a, &copy[i]))
			ret = fn(arg, &copy[i]);
	}
	free(copy);
	return ret;
}

static uint64_t source_generation(struct source *s)
{
	struct tape *t = tape_of_source(s);
	uint64_t generation;

	pthread_mutex_lock(&t->lock);
	generation = t->generation;
	pthread_mutex_unlock(&t->lock);
	return generation;
}

/* --- */

struct tape *tape_new(size_t max_bytes)
{
	static const struct sink_ops sink_ops = {
		.series = sink_series,
		.thread = sink_thread,
		.event = sink_event,
		.chunk = sink_chunk,
		.commit = sink_symbols,
		.symbols = sink_symbols,
	};
	static const struct source_ops source_ops = {
		.range = source_range,
		.series = source_series,
		.threads = source_threads,
		.events = source_events,
		.chunks = source_chunks,
		.sums = source_sums,
		.points = source_points,
		.generation = source_generation,
	};
	struct tape *t = xcalloc(1, sizeof(*t));

	t->sink.ops = &sink_ops;
	t->source.ops = &source_ops;
	t->symbols = symbols_new();
	t->max_bytes = max_bytes;
	pthread_mutex_init(&t->lock, NULL);
	return t;
}

void tape_free(struct tape *t)
{
	size_t i;

	if (!t)
		return;
	for (i = t->first; i < t->n_kept; i++)
		kept_drop(t->kept[i]);
	for (i = 0; i < t->n_series; i++)
		series_release(&t->series[i]);
	free(t->kept);
	free(t->series);
	free(t->threads);
	free(t->events);
	symbols_free(t->symbols);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

struct sink *tape_sink(struct tape *t)
{
	return &t->sink;
}

struct source *tape_source(struct tape *t)
{
	return &t->source;
}
