/*
 * reader.c - a store as a source: blocks, roll-ups and raw from a view of the database,
 * then the seconds that are not in it yet.
 *
 * Longer than most: the walk over one block and series, and the query over many, are two
 * halves of one thing and share its state.
 *
 * A range is answered level by level: the buckets of a level that are there and lie in
 * the range, the gaps between them from the level below, at the bottom the chunks.
 *
 * One file because a query's parts (blocks, tail, levels) are chosen together; its walk
 * over keys, its series and its events share them.
 */
#include "store/inside.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

/* --- one block and series --- */

struct walk {
	struct store *s;
	struct view *v;
	struct ask *a;
	struct err *err;
	struct cursor *cursors[2][N_LEVELS], *raw;
	struct chunk chunk;
	struct sums_scratch scratch;
	struct sum_list list;
	uint64_t bytes;
	unsigned steps;
	/* of the walk at hand */
	struct block *block;
	const struct symbols *symbols;
	/* What turns leaf numbers into stacks; neither: they stay what they are. */
	const struct symbols *leaves;
	const struct chart *chart;
	enum family family;
	chunk_fn *on_chunk;
	sums_fn *on_sums;
	point_fn *on_point;
	void *arg;
};

struct walk *walk_new(struct store *s, struct view *v, struct ask *a, struct err *err)
{
	struct walk *w = xcalloc(1, sizeof(*w));

	w->s = s;
	w->v = v;
	w->a = a;
	w->err = err;
	return w;
}

void walk_free(struct walk *w)
{
	int i, level;

	if (!w)
		return;
	for (i = 0; i < 2; i++) {
		for (level = 0; level < N_LEVELS; level++)
			cursor_free(w->cursors[i][level]);
	}
	cursor_free(w->raw);
	chunk_release(&w->chunk);
	sums_scratch_release(&w->scratch);
	free(w->list.sums);
	free(w);
}

uint64_t walk_bytes(const struct walk *w)
{
	return w->bytes;
}

static int damaged(struct walk *w, const char *what)
{
	err_set(w->err, ERR_CORRUPT, "%s in block %u of %s is damaged", what,
		w->block->id, w->s->dir);
	return err_hint(w->err, "see: pystrobe store check %s", w->s->dir);
}

static int walk_check(struct walk *w)
{
	return ++w->steps % 64 ? 0 : ask_check(w->a, w->err);
}

static stack_id stack_of(const struct walk *w, uint32_t leaf)
{
	if (w->chart)
		return leaf < w->chart->n_leaves ? w->chart->leaf[leaf] : 0;
	return w->leaves ? leaf_stack(w->leaves, leaf) : leaf;
}

static int give_chunk(struct walk *w)
{
	size_t i;

	for (i = 0; i < w->chunk.n_runs; i++)
		w->chunk.runs[i].stack = stack_of(w, w->chunk.runs[i].stack);
	w->chunk.symbols = (struct symbols *)(uintptr_t)w->symbols;
	if (w->on_chunk)
		return w->on_chunk(w->arg, &w->chunk);
	if (w->on_sums)
		return chunk_emit_sums(w->a, &w->chunk, &w->scratch, w->on_sums, w->arg);
	return chunk_emit_points(w->a, &w->chunk, w->on_point, w->arg);
}

static int walk_raw(struct walk *w, series_id series, int64_t from, int64_t until)
{
	struct key start, own = key_raw(w->block->id, series, 0, 0);
	int ret = 0;

	if (w->block->raw_gone)
		return 0;
	own.len = 8;
	if (!w->raw)
		w->raw = cursor_new(w->v, CF_RAW);
	/* A chunk lies within 10 s: an earlier one has no tick in the range. */
	start = key_raw(w->block->id, series, bucket_of(from, level_ns[0]), 0);
	for (cursor_seek(w->raw, &start); cursor_at(w->raw, &own) && !ret;
		cursor_next(w->raw)) {
		size_t key_len, len;
		const void *key = cursor_key(w->raw, &key_len);
		const void *value = cursor_value(w->raw, &len);
		struct reader r = unseal(key, key_len, value, len);
		struct key_fields f;

		if (!key_parse(CF_RAW, key, key_len, &f))
			return damaged(w, "a key");
		if (f.time_ns >= until)
			return 0;
		if (decode_chunk(&w->chunk, &r, f.time_ns) < 0)
			return damaged(w, "a chunk");
		w->bytes += len;
		w->chunk.series = series;
		ret = walk_check(w);
		if (!ret)
			ret = give_chunk(w);
	}
	return ret ? ret : cursor_check(w->raw, w->err);
}

static int give_bucket(struct walk *w, const struct key_fields *f, struct reader *r)
{
	int64_t until = f->time_ns + level_ns[f->level];

	if (w->family == CF_AGG) {
		struct sums sums = { f->series, f->time_ns, until, w->symbols, NULL, 0 };
		size_t i;

		w->list.n = 0;
		if (decode_sums(&w->list, r) < 0)
			return damaged(w, "a roll-up");
		for (i = 0; i < w->list.n; i++)
			w->list.sums[i].stack = stack_of(w, w->list.sums[i].stack);
		sums.sums = w->list.sums;
		sums.n = w->list.n;
		return w->on_sums(w->arg, &sums);
	} else {
		struct point p;

		point_init(&p, f->series, f->time_ns, until);
		if (decode_point(&p, r) < 0)
			return damaged(w, "a timeline point");
		return w->on_point(w->arg, &p);
	}
}

/* All keys of the bucket that the cursor is at. */
static int give_whole_bucket(
	struct walk *w, struct cursor *c, const struct key_fields *at)
{
	struct key own = key_bucket(at->block, at->level, at->series, at->time_ns, 0);
	struct key_fields f;
	int ret = 0;

	own.len = 17;
	while (cursor_at(c, &own) && !ret) {
		size_t key_len, len;
		const void *key = cursor_key(c, &key_len);
		const void *value = cursor_value(c, &len);
		struct reader r = unseal(key, key_len, value, len);

		if (!key_parse(w->family, key, key_len, &f))
			return damaged(w, "a key");
		w->bytes += len;
		ret = walk_check(w);
		if (!ret)
			ret = give_bucket(w, &f, &r);
		cursor_next(c);
	}
	return ret;
}

static int walk_level(
	struct walk *w, series_id series, int level, int64_t from, int64_t until)
{
	struct cursor **c;
	int64_t width, at = from;
	struct key start, own;
	bool loose;
	int ret = 0;

	if (level < 0)
		return walk_raw(w, series, from, until);
	width = level_ns[level];
	if (w->a->step_ns && w->a->step_ns % width)
		return walk_level(w, series, level - 1, from, until);
	/* Without samples, a bucket counts where it begins. */
	loose = w->block->raw_gone && level <= 1;
	c = &w->cursors[w->family == CF_LINE][level];
	if (!*c)
		*c = cursor_new(w->v, w->family);
	start = key_bucket(w->block->id, (unsigned)level, series,
		bucket_of(from + width - 1, width), 0);
	own = start;
	own.len = 9;
	for (cursor_seek(*c, &start); cursor_at(*c, &own) && !ret;) {
		size_t len;
		const void *key = cursor_key(*c, &len);
		struct key_fields f;

		if (!key_parse(w->family, key, len, &f))
			return damaged(w, "a key");
		if (f.time_ns >= until || (!loose && f.time_ns + width > until))
			break;
		if (f.time_ns > at)
			ret = walk_level(w, series, level - 1, at, f.time_ns);
		if (!ret)
			ret = give_whole_bucket(w, *c, &f);
		at = f.time_ns + width;
	}
	if (!ret)
		ret = cursor_check(*c, w->err);
	if (!ret && at < until)
		ret = walk_level(w, series, level - 1, at, until);
	return ret;
}

int walk_sums(struct walk *w, struct block *b, series_id series, int below, int64_t from,
	int64_t until, sums_fn *fn, void *arg)
{
	w->block = b;
	w->family = CF_AGG;
	w->on_chunk = NULL;
	w->on_sums = fn;
	w->on_point = NULL;
	w->arg = arg;
	return walk_level(w, series, below - 1, from, until);
}

int walk_points(struct walk *w, struct block *b, series_id series, int below,
	int64_t from, int64_t until, point_fn *fn, void *arg)
{
	w->block = b;
	w->family = CF_LINE;
	w->on_chunk = NULL;
	w->on_sums = NULL;
	w->on_point = fn;
	w->arg = arg;
	return walk_level(w, series, below - 1, from, until);
}

static int walk_chunks(struct walk *w, struct block *b, series_id series, int64_t from,
	int64_t until, chunk_fn *fn, void *arg)
{
	w->block = b;
	w->on_chunk = fn;
	w->arg = arg;
	return walk_raw(w, series, from, until);
}

/* --- a query: blocks, view and tail --- */

struct part {
	struct block *block;
	const struct symbols *symbols, *leaves; /* see struct walk */
	const struct chart *chart;
	int64_t from, until; /* of the ask, widened where the block has no more data */
	series_id *series;
	size_t n_series, cap_series;
};

struct query {
	struct store *s;
	struct ask *a;
	struct err *err;
	struct view *v;
	struct atlas *atlas;
	struct part *parts;
	size_t n_parts;
	struct second **tail;
	size_t n_tail;
	series_id *series; /* of all parts and the tail, sorted */
	size_t n_series, cap_series;
};

struct held {
	struct store *s;
	struct block *block;
};

static void let_go(void *what)
{
	struct held *h = what;

	block_drop(h->s, h->block);
	free(h);
}

/* The block's symbols outlive the query, until ask_release. */
static void pin_block(struct query *q, struct block *b)
{
	struct held *h = xmalloc(sizeof(*h));

	pthread_mutex_lock(&q->s->lock);
	*h = (struct held){ q->s, block_hold(b) };
	pthread_mutex_unlock(&q->s->lock);
	ask_pin(q->a, let_go, h);
}

struct held_atlas {
	struct store *s;
	struct atlas *atlas;
};

static void let_atlas_go(void *what)
{
	struct held_atlas *h = what;

	atlas_drop(h->s, h->atlas);
	free(h);
}

static void pin_atlas(struct query *q)
{
	struct held_atlas *h = xmalloc(sizeof(*h));

	*h = (struct held_atlas){ q->s, q->atlas };
	ask_pin(q->a, let_atlas_go, h);
}

/* The tables that a part's stacks are in, kept until ask_release. */
static int find_symbols(struct query *q, struct part *p)
{
	if (p->symbols) {
		pin_block(q, p->block);
		return 0;
	}
	if (!q->atlas) {
		q->atlas = atlas_hold(q->s);
		pin_atlas(q);
	}
	p->symbols = atlas_symbols(q->atlas);
	p->chart = atlas_chart(q->s, q->atlas, p->block, q->v, q->err);
	return p->chart ? 0 : -1;
}

/* Caller holds s->lock. */
static void choose_blocks(struct query *q)
{
	struct store *s = q->s;
	const int64_t day = level_ns[N_LEVELS - 1];
	size_t i;

	q->parts = xcalloc(s->blocks.n + 1, sizeof(*q->parts));
	for (i = 0; i < s->blocks.n; i++) {
		struct block *b = s->blocks.blocks[i];
		struct part *p = &q->parts[q->n_parts];

		if (b->dead || b->from_ns >= q->a->until_ns ||
			b->until_ns <= q->a->from_ns)
			continue;
		p->block = block_hold(b);
		p->symbols = b->symbols;
		p->leaves = b->leaves;
		p->from = q->a->from_ns <= b->from_ns ? bucket_of(b->from_ns, day)
						      : q->a->from_ns;
		p->until = q->a->until_ns >= b->until_ns
				   ? bucket_of(b->until_ns - 1, day) + day
				   : q->a->until_ns;
		q->n_parts++;
	}
}

/* Caller holds s->lock. */
static void choose_tail(struct query *q)
{
	struct second *x;
	size_t n = 0;

	for (x = q->s->queue; x; x = x->next)
		n++;
	q->tail = xcalloc(n + 1, sizeof(struct second *));
	for (x = q->s->queue; x; x = x->next) {
		atomic_fetch_add(&x->refs, 1);
		q->tail[q->n_tail++] = x;
	}
}

static bool has_part(const struct query *q, const struct block *b)
{
	size_t i;

	for (i = 0; i < q->n_parts && q->parts[i].block != b; i++)
		;
	return i < q->n_parts;
}

/* The tail was taken before the view: what has been written in between is in both. Of a
 * block that had nothing then, and so is no part of the query, the tail stays. */
static void drop_written(struct query *q)
{
	struct key mark;
	size_t i, n = 0;

	for (i = 0; i < q->n_tail; i++) {
		if (has_part(q, q->tail[i]->block) && second_mark(q->tail[i], &mark) &&
			q->v && view_has(q->v, CF_RAW, &mark))
			second_drop(q->s, q->tail[i]);
		else
			q->tail[n++] = q->tail[i];
	}
	q->n_tail = n;
}

static int by_id(const void *a, const void *b)
{
	series_id x = *(const series_id *)a, y = *(const series_id *)b;

	return x < y ? -1 : x > y;
}

static void add_series(struct query *q, series_id id)
{
	GROW(q->series, q->cap_series, q->n_series + 1);
	q->series[q->n_series++] = id;
}

static int series_of_part(struct query *q, struct part *p)
{
	struct cursor *c = cursor_new(q->v, CF_META);
	struct key kind = key_kind(p->block->id, 'S');
	struct key_fields f;
	int ret;

	for (cursor_seek(c, &kind); cursor_at(c, &kind); cursor_next(c)) {
		size_t len;
		const void *key = cursor_key(c, &len);

		if (!key_parse(CF_META, key, len, &f) || !ask_wants(q->a, f.series))
			continue;
		GROW(p->series, p->cap_series, p->n_series + 1);
		p->series[p->n_series++] = f.series;
		add_series(q, f.series);
	}
	ret = cursor_check(c, q->err);
	cursor_free(c);
	return ret;
}

static void query_end(struct query *q)
{
	size_t i;

	for (i = 0; i < q->n_tail; i++)
		second_drop(q->s, q->tail[i]);
	for (i = 0; i < q->n_parts; i++) {
		free(q->parts[i].series);
		block_drop(q->s, q->parts[i].block);
	}
	view_free(q->v);
	free(q->tail);
	free(q->parts);
	free(q->series);
	pthread_rwlock_unlock(&q->s->db_lock);
}

static int query_begin(struct query *q, struct store *s, struct ask *a, struct err *err)
{
	size_t i, k, n = 0;

	*q = (struct query){ .s = s, .a = a, .err = err };
	pthread_rwlock_rdlock(&s->db_lock);
	pthread_mutex_lock(&s->lock);
	choose_tail(q);
	choose_blocks(q);
	pthread_mutex_unlock(&s->lock);
	if (s->db)
		q->v = view_new(s->db);
	drop_written(q);
	for (i = 0; i < q->n_parts && q->v; i++) {
		if (series_of_part(q, &q->parts[i]) < 0) {
			query_end(q);
			return -1;
		}
	}
	for (i = 0; i < q->n_tail; i++) {
		for (k = 0; k < q->tail[i]->n_chunks; k++) {
			if (ask_wants(a, q->tail[i]->chunks[k].series))
				add_series(q, q->tail[i]->chunks[k].series);
		}
	}
	if (q->n_series)
		qsort(q->series, q->n_series, sizeof(*q->series), by_id);
	for (i = 0; i < q->n_series; i++) {
		if (!n || q->series[n - 1] != q->series[i])
			q->series[n++] = q->series[i];
	}
	q->n_series = n;
	return 0;
}

static bool part_has(const struct part *p, series_id id)
{
	return bsearch(&id, p->series, p->n_series, sizeof(id), by_id) != NULL;
}

/* --- the tail, as it will be stored --- */

typedef int piece_fn(struct walk *w);

static void copy_chunk(struct chunk *to, const struct chunk *from)
{
	size_t i;

	chunk_clear(to);
	for (i = 0; i < from->n_ticks; i++)
		chunk_tick(to, from->time_ns[i], from->weight_ns[i]);
	for (i = 0; i < from->n_runs; i++)
		chunk_run(to, &from->runs[i]);
	for (i = 0; i < from->n_metrics; i++)
		chunk_metric(to, &from->metrics[i]);
	to->stats = from->stats;
	to->series = from->series;
}

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
			copy_chunk(&whole, &x->chunks[k]);
			chunk_quantise(&whole);
			at = 0;
			do {
				at = chunk_piece(&whole, at, &w->chunk);
				w->chunk.series = series;
				if (touches(q->a, &w->chunk))
					ret = give_chunk(w);
			} while (at < whole.n_ticks && !ret);
		}
		if (!ret)
			pin_block(q, x->block);
	}
	chunk_release(&whole);
	return ret;
}

/* --- source_ops --- */

enum what { CHUNKS, SUMS, POINTS };

static int walk_part(struct query *q, struct walk *w, struct part *p, series_id id,
	enum what what, void *fn, void *arg)
{
	int64_t from = p->from, until = p->until;

	switch (what) {
	case CHUNKS:
		return walk_chunks(w, p->block, id, q->a->from_ns, q->a->until_ns,
			(chunk_fn *)fn, arg);
	case SUMS:
		return walk_sums(
			w, p->block, id, N_LEVELS, from, until, (sums_fn *)fn, arg);
	case POINTS:
		return walk_points(
			w, p->block, id, N_LEVELS, from, until, (point_fn *)fn, arg);
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
		ret = find_symbols(&q, &q.parts[k]);
	for (i = 0; i < q.n_series && !ret; i++) {
		for (k = 0; k < q.n_parts && !ret && q.v; k++) {
			if (!part_has(&q.parts[k], q.series[i]))
				continue;
			w->symbols = q.parts[k].symbols;
			w->leaves = q.parts[k].leaves;
			w->chart = q.parts[k].chart;
			ret = walk_part(&q, w, &q.parts[k], q.series[i], what, fn, arg);
		}
		w->on_chunk = what == CHUNKS ? (chunk_fn *)fn : NULL;
		w->on_sums = what == SUMS ? (sums_fn *)fn : NULL;
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
	return run(src, a, SUMS, (void *)fn, arg, err);
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

	if (p->block->raw_gone || (q->a->from_ns <= p->block->from_ns &&
					  q->a->until_ns >= p->block->until_ns))
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

static bool event_is_wanted(const struct ask *a, const struct event *e)
{
	return e->time_ns >= a->from_ns && e->time_ns < a->until_ns &&
	       (!e->series || ask_wants(a, e->series));
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
		if (decode_event(&e, &r) == 0 && event_is_wanted(q->a, &e))
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
			if (event_is_wanted(a, &q.tail[i]->events[k]))
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

static void source_keep(struct source *src)
{
	(void)src;
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
		.close = source_keep,
	};

	s->source.ops = &ops;
}
