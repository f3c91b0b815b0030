/*
 * reader.c - a store as a source: what walk.c finds in the blocks that a query touches,
 * in one view of the database, then the seconds that are not in it yet.
 */
#include "store/scope.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

/* --- the tail, as it will be stored --- */

static bool touches(const struct ask *a, const struct chunk *c)
{
	size_t i;

	for (i = 0; i < c->n_ticks; i++) {
		if (c->time_ns[i] >= a->from_ns && c->time_ns[i] < a->until_ns)
			return true;
	}
	return !c->n_ticks && c->n_metrics;
}

static int tail_of(struct query *q, struct walk *w, series_id series)
{
	struct chunk whole = { 0 };
	size_t i, k, at;
	int ret = 0;

	for (i = 0; i < q->n_tail && !ret; i++) {
		const struct second *x = q->tail[i];

		for (k = 0; k < x->n_chunks && !ret; k++) {
			if (x->chunks[k].series != series)
				continue;
			w->block = x->block;
			w->symbols = x->block->symbols;
			w->leaves = NULL;
			w->chart = NULL;
			chunk_copy(&whole, &x->chunks[k]);
			chunk_quantise(&whole);
			at = 0;
			do {
				at = chunk_piece(&whole, at, &w->chunk);
				w->chunk.series = series;
				if (touches(q->a, &w->chunk))
					ret = walk_give_chunk(w);
			} while (at < whole.n_ticks && !ret);
		}
		if (!ret)
			query_pin(q, x->block);
	}
	chunk_release(&whole);
	return ret;
}

/* --- source_ops --- */

enum what { CHUNKS, SUMS, MERGED, POINTS };

static int walk_part(struct query *q, struct walk *w, struct part *p, series_id id,
	enum what what, void *fn, void *arg)
{
	struct block *b = p->block;

	w->symbols = p->symbols;
	w->leaves = p->leaves;
	w->chart = p->chart;
	switch (what) {
	case CHUNKS:
		return walk_chunks(
			w, b, id, q->a->from_ns, q->a->until_ns, (chunk_fn *)fn, arg);
	case SUMS:
		return walk_sums(
			w, b, id, N_LEVELS, p->from, p->until, (sums_fn *)fn, arg);
	case MERGED:
		return walk_merged(w, b, &p->series, N_LEVELS, p->from, p->until,
			(sums_fn *)fn, arg);
	case POINTS:
		return walk_points(
			w, b, id, N_LEVELS, p->from, p->until, (point_fn *)fn, arg);
	}
	return 0;
}

struct touched {
	struct query *q;
	chunk_fn *fn;
	void *arg;
};

static int only_touching(void *arg, const struct chunk *c)
{
	struct touched *t = arg;

	return touches(t->q->a, c) ? t->fn(t->arg, c) : 0;
}

static struct store *store_of(struct source *src)
{
	return (struct store *)((char *)src - offsetof(struct store, source));
}

static int run(struct source *src, struct ask *a, enum what what, void *fn, void *arg,
	struct err *err)
{
	struct store *s = store_of(src);
	struct query q;
	struct walk *w;
	size_t i, k;
	int ret = 0;

	if (query_begin(&q, s, a, err) < 0)
		return -1;
	w = walk_new(s, q.v, a, err);
	for (k = 0; k < q.n_parts && what != POINTS && !ret && q.v; k++)
		ret = query_symbols(&q, &q.parts[k]);
	for (k = 0; k < q.n_parts && what == MERGED && !ret && q.v; k++)
		ret = walk_part(&q, w, &q.parts[k], 0, what, fn, arg);
	for (i = 0; i < q.n_series && !ret; i++) {
		for (k = 0; k < q.n_parts && what != MERGED && !ret && q.v; k++) {
			if (part_has(&q.parts[k], q.series[i]))
				ret = walk_part(
					&q, w, &q.parts[k], q.series[i], what, fn, arg);
		}
		w->on_chunk = what == CHUNKS ? (chunk_fn *)fn : NULL;
		w->on_sums = what == SUMS || what == MERGED ? (sums_fn *)fn : NULL;
		w->on_point = what == POINTS ? (point_fn *)fn : NULL;
		w->arg = arg;
		if (!ret)
			ret = tail_of(&q, w, q.series[i]);
		if (!ret)
			ret = ask_check(a, err);
	}
	walk_free(w);
	query_end(&q);
	return ret;
}

static int source_chunks(
	struct source *src, struct ask *a, chunk_fn *fn, void *arg, struct err *err)
{
	struct query only = { .a = a };
	struct touched t = { &only, fn, arg };

	return run(src, a, CHUNKS, (void *)only_touching, &t, err);
}

static int source_sums(
	struct source *src, struct ask *a, sums_fn *fn, void *arg, struct err *err)
{
	/* All of all is what buckets of series 0 hold. */
	return run(src, a, a->merged && !a->series ? MERGED : SUMS, (void *)fn, arg, err);
}

static int source_points(
	struct source *src, struct ask *a, point_fn *fn, void *arg, struct err *err)
{
	return run(src, a, POINTS, (void *)fn, arg, err);
}

static int source_range(
	struct source *src, int64_t *from_ns, int64_t *until_ns, struct err *err)
{
	struct store *s = store_of(src);
	struct second *x;
	size_t i, k, t;

	(void)err;
	*from_ns = INT64_MAX;
	*until_ns = INT64_MIN;
	pthread_mutex_lock(&s->lock);
	for (i = 0; i < s->blocks.n; i++) {
		const struct block *b = s->blocks.blocks[i];

		if (b->dead || b->from_ns >= b->until_ns)
			continue;
		*from_ns = b->from_ns < *from_ns ? b->from_ns : *from_ns;
		*until_ns = b->until_ns > *until_ns ? b->until_ns : *until_ns;
	}
	for (x = s->queue; x; x = x->next) {
		for (k = 0; k < x->n_chunks; k++) {
			const struct chunk *c = &x->chunks[k];

			for (t = 0; t < c->n_ticks; t++) {
				if (c->time_ns[t] < *from_ns)
					*from_ns = c->time_ns[t];
				if (c->time_ns[t] >= *until_ns)
					*until_ns = c->time_ns[t] + 1;
			}
		}
	}
	pthread_mutex_unlock(&s->lock);
	if (*from_ns >= *until_ns)
		*from_ns = *until_ns = 0;
	return 0;
}

/* --- series, threads, events --- */

/* Has the series a chunk in the range? Asked only where a block is cut by it. */
static bool has_data(
	struct query *q, struct cursor *raw, const struct part *p, series_id id)
{
	struct key start =
		key_raw(p->block->id, id, bucket_of(q->a->from_ns, level_ns[0]), 0);
	struct key own = start;
	struct key_fields f;
	const void *key;
	size_t len;

	if (p->block->raw_gone || p->whole)
		return true;
	own.len = 8;
	cursor_seek(raw, &start);
	if (!cursor_at(raw, &own))
		return false;
	key = cursor_key(raw, &len);
	return key_parse(CF_RAW, key, len, &f) && f.time_ns < q->a->until_ns;
}

static int give_series(
	struct query *q, struct part *p, struct map *given, series_fn *fn, void *arg)
{
	struct cursor *c = cursor_new(q->v, CF_META), *raw = cursor_new(q->v, CF_RAW);
	struct key kind = key_kind(p->block->id, 'S');
	int ret = 0;

	for (cursor_seek(c, &kind); cursor_at(c, &kind) && !ret; cursor_next(c)) {
		size_t key_len, len;
		const void *key = cursor_key(c, &key_len);
		const void *value = cursor_value(c, &len);
		struct reader r = unseal(key, key_len, value, len);
		struct series series = { 0 };
		struct key_fields f;

		if (!key_parse(CF_META, key, key_len, &f) || !ask_wants(q->a, f.series) ||
			map_get(given, f.series) || !has_data(q, raw, p, f.series))
			continue;
		if (decode_series(&series, &r) == 0) {
			*map_put(given, f.series) = 1;
			series.id = f.series;
			ret = fn(arg, &series);
		}
		series_release(&series);
	}
	if (!ret)
		ret = cursor_check(c, q->err);
	cursor_free(c);
	cursor_free(raw);
	return ret;
}

static int source_series(
	struct source *src, struct ask *a, series_fn *fn, void *arg, struct err *err)
{
	struct map given = MAP_INIT;
	struct query q;
	size_t i, k;
	int ret = 0;

	if (query_begin(&q, store_of(src), a, err) < 0)
		return -1;
	/* Newest block first: its labels are the newest. */
	for (i = q.n_parts; i-- > 0 && !ret && q.v;)
		ret = give_series(&q, &q.parts[i], &given, fn, arg);
	for (i = 0; i < q.n_tail && !ret; i++) {
		for (k = 0; k < q.tail[i]->n_series && !ret; k++) {
			const struct series *series = &q.tail[i]->series[k];

			if (!ask_wants(a, series->id) || map_get(&given, series->id))
				continue;
			*map_put(&given, series->id) = 1;
			ret = fn(arg, series);
		}
	}
	map_release(&given);
	query_end(&q);
	return ret;
}

static int give_threads(struct query *q, struct part *p, thread_fn *fn, void *arg)
{
	struct cursor *c = cursor_new(q->v, CF_META);
	struct key kind = key_kind(p->block->id, 'T');
	int ret = 0;

	for (cursor_seek(c, &kind); cursor_at(c, &kind) && !ret; cursor_next(c)) {
		size_t key_len, len;
		const void *key = cursor_key(c, &key_len);
		const void *value = cursor_value(c, &len);
		struct reader r = unseal(key, key_len, value, len);
		struct thread_info t = { 0 };
		struct key_fields f;

		if (!key_parse(CF_META, key, key_len, &f) || !ask_wants(q->a, f.series))
			continue;
		t.series = f.series;
		t.thread = f.thread;
		if (decode_thread(&t, &r) == 0)
			ret = fn(arg, &t);
	}
	if (!ret)
		ret = cursor_check(c, q->err);
	cursor_free(c);
	return ret;
}

static int source_threads(
	struct source *src, struct ask *a, thread_fn *fn, void *arg, struct err *err)
{
	struct query q;
	size_t i, k;
	int ret = 0;

	if (query_begin(&q, store_of(src), a, err) < 0)
		return -1;
	for (i = 0; i < q.n_parts && !ret && q.v; i++)
		ret = give_threads(&q, &q.parts[i], fn, arg);
	for (i = 0; i < q.n_tail && !ret; i++) {
		for (k = 0; k < q.tail[i]->n_threads && !ret; k++) {
			if (ask_wants(a, q.tail[i]->threads[k].series))
				ret = fn(arg, &q.tail[i]->threads[k]);
		}
	}
	query_end(&q);
	return ret;
}

static int give_events(struct query *q, struct part *p, event_fn *fn, void *arg)
{
	struct cursor *c = cursor_new(q->v, CF_META);
	struct key kind = key_kind(p->block->id, 'E');
	struct key start = key_event(p->block->id, q->a->from_ns, 0);
	int ret = 0;

	for (cursor_seek(c, &start); cursor_at(c, &kind) && !ret; cursor_next(c)) {
		size_t key_len, len;
		const void *key = cursor_key(c, &key_len);
		const void *value = cursor_value(c, &len);
		struct reader r = unseal(key, key_len, value, len);
		struct event e = { 0 };
		struct key_fields f;

		if (!key_parse(CF_META, key, key_len, &f))
			continue;
		if (f.time_ns >= q->a->until_ns)
			break;
		e.time_ns = f.time_ns;
		if (decode_event(&e, &r) == 0 && ask_wants_event(q->a, &e))
			ret = fn(arg, &e);
	}
	if (!ret)
		ret = cursor_check(c, q->err);
	cursor_free(c);
	return ret;
}

static int source_events(
	struct source *src, struct ask *a, event_fn *fn, void *arg, struct err *err)
{
	struct query q;
	size_t i, k;
	int ret = 0;

	if (query_begin(&q, store_of(src), a, err) < 0)
		return -1;
	for (i = 0; i < q.n_parts && !ret && q.v; i++)
		ret = give_events(&q, &q.parts[i], fn, arg);
	for (i = 0; i < q.n_tail && !ret; i++) {
		for (k = 0; k < q.tail[i]->n_events && !ret; k++) {
			if (ask_wants_event(a, &q.tail[i]->events[k]))
				ret = fn(arg, &q.tail[i]->events[k]);
		}
	}
	query_end(&q);
	return ret;
}

static uint64_t source_generation(struct source *src)
{
	struct store *s = store_of(src);
	uint64_t generation;

	pthread_mutex_lock(&s->lock);
	generation = s->generation;
	pthread_mutex_unlock(&s->lock);
	return generation;
}

static void source_health(struct source *src, struct source_health *h)
{
	struct store *s = store_of(src);

	pthread_mutex_lock(&s->lock);
	*h = (struct source_health){ .failing = s->stats.failing,
		.seconds_lost = s->stats.seconds_lost,
		.samples_lost = s->stats.samples_lost };
	memcpy(h->problem, s->stats.problem, sizeof(h->problem));
	pthread_mutex_unlock(&s->lock);
}

void reader_init(struct store *s)
{
	static const struct source_ops ops = {
		.range = source_range,
		.series = source_series,
		.threads = source_threads,
		.events = source_events,
		.chunks = source_chunks,
		.sums = source_sums,
		.points = source_points,
		.generation = source_generation,
		.health = source_health,
	};

	s->source.ops = &ops;
}
