/*
 * walk.c - the samples of one block: see walk.h
 *
 * A range is answered level by level: the buckets of a level that are there and lie in
 * the range, the gaps between them from the level below, at the bottom the chunks.
 */
#include "store/walk.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

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
	for (i = 0; i < 3; i++) {
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

int walk_give_chunk(struct walk *w)
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
			ret = walk_give_chunk(w);
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
	struct walk *w, series_id series, int level, int64_t from, int64_t until);

static int walk_each(struct walk *w, int64_t from, int64_t until)
{
	size_t i;
	int ret = 0;

	for (i = 0; i < w->all->n && !ret; i++)
		ret = walk_level(w, w->all->ids[i], w->top, from, until);
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

	if (!series && level < MERGED_LEVEL)
		return walk_each(w, from, until);
	if (level < 0)
		return walk_raw(w, series, from, until);
	width = level_ns[level];
	if (w->a->step_ns && w->a->step_ns % width)
		return walk_level(w, series, level - 1, from, until);
	/* Without samples, a bucket counts where it begins. */
	loose = w->block->raw_gone && level <= 1;
	c = &w->cursors[w->family == CF_LINE ? 1 : series ? 0 : 2][level];
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

int walk_merged(struct walk *w, struct block *b, const struct series_list *all, int below,
	int64_t from, int64_t until, sums_fn *fn, void *arg)
{
	w->all = all;
	w->top = below ? N_LEVELS - 1 : -1;
	return walk_sums(w, b, 0, below, from, until, fn, arg);
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

int walk_chunks(struct walk *w, struct block *b, series_id series, int64_t from,
	int64_t until, chunk_fn *fn, void *arg)
{
	w->block = b;
	w->on_chunk = fn;
	w->arg = arg;
	return walk_raw(w, series, from, until);
}

int series_list_read(
	struct series_list *l, struct view *v, const struct block *b, struct err *err)
{
	struct cursor *c = cursor_new(v, CF_META);
	struct key kind = key_kind(b->id, 'S');
	struct key_fields f;
	int ret;

	for (cursor_seek(c, &kind); cursor_at(c, &kind); cursor_next(c)) {
		size_t len;
		const void *key = cursor_key(c, &len);

		if (!key_parse(CF_META, key, len, &f) || !f.series)
			continue;
		GROW(l->ids, l->cap, l->n + 1);
		l->ids[l->n++] = f.series;
	}
	ret = cursor_check(c, err);
	cursor_free(c);
	return ret;
}
