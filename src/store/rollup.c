/*
 * rollup.c - sums of closed buckets, made by reading the level below back, so that they
 * hold whatever is in the database and no memory is held for hours. One at a time,
 * between seconds.
 */
#include "store/walk.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

void rollup_queue(struct store *s, struct block *b, series_id series, unsigned level,
	int64_t bucket_ns)
{
	struct job *j = xcalloc(1, sizeof(*j));

	pthread_mutex_lock(&s->lock);
	block_hold(b);
	pthread_mutex_unlock(&s->lock);
	*j = (struct job){ NULL, b, series, level, bucket_ns };
	*s->jobs_end = j;
	s->jobs_end = &j->next;
	s->n_jobs++;
}

/* What so many different sums come of hardly repeats itself: the level below answers as
 * quickly, and memory is not held for it. */
enum { TOO_MANY = 256 * 1024 };

/* Sums of what is below. */
struct gathering {
	struct sum_list list;
	struct map index; /* stack, state, wait -> place in the list + 1; of all series */
	bool always, given_up;
	size_t merge_at;
};

static int check_many(struct gathering *g)
{
	g->given_up = !g->always && g->list.n > TOO_MANY;
	return g->given_up;
}

static int collect(void *arg, const struct sums *sums)
{
	struct gathering *g = arg;
	struct sum_list *list = &g->list;

	GROW(list->sums, list->cap, list->n + sums->n);
	memcpy(list->sums + list->n, sums->sums, sums->n * sizeof(*sums->sums));
	list->n += sums->n;
	if (list->n <= g->merge_at)
		return 0;
	/* A day of a busy process: merged now and then, or it would be millions. */
	sum_list_merge(list);
	g->merge_at = 2 * list->n > TOO_MANY ? 2 * list->n : TOO_MANY;
	return check_many(g);
}

/* All series and threads as one: there are millions of sums in, some ten thousand out. */
static int merge(void *arg, const struct sums *sums)
{
	struct gathering *g = arg;
	struct sum_list *l = &g->list;
	size_t i;

	for (i = 0; i < sums->n; i++) {
		const struct sum *s = &sums->sums[i];
		uint64_t *at = map_put(&g->index,
			(uint64_t)s->stack << 32 | (uint64_t)s->state << 16 | s->wait);

		if (*at) {
			l->sums[*at - 1].n += s->n;
			l->sums[*at - 1].weight_ns += s->weight_ns;
		} else {
			GROW(l->sums, l->cap, l->n + 1);
			l->sums[l->n] = *s;
			l->sums[l->n].thread = 0;
			*at = ++l->n;
		}
	}
	return check_many(g);
}

static int sum_up_all(struct walk *w, struct block *b, unsigned level, int64_t bucket,
	struct gathering *g)
{
	struct series_list all = { 0 };
	int ret = series_list_read(&all, w->v, b, w->err);

	if (ret == 0)
		ret = walk_merged(w, b, &all, (int)level, bucket,
			bucket + level_ns[level], merge, g);
	map_release(&g->index);
	free(all.ids);
	return ret;
}

int rollup_sum(struct store *s, struct view *v, struct batch *batch, struct block *b,
	series_id series, unsigned level, int64_t bucket, bool always, struct err *err)
{
	int64_t until = bucket + level_ns[level];
	struct ask a = { .from_ns = bucket, .until_ns = until };
	struct walk *w = walk_new(s, v, &a, err);
	struct gathering g = {
		.index = MAP_INIT, .always = always, .merge_at = TOO_MANY
	};
	struct key key = key_bucket(b->id, level, series, bucket, 0);
	struct buf value = BUF_INIT;
	int ret;

	if (series)
		ret = walk_sums(w, b, series, (int)level, bucket, until, collect, &g);
	else
		ret = sum_up_all(w, b, level, bucket, &g);
	if (g.given_up)
		ret = 0;
	if (ret == 0 && !g.given_up && g.list.n) {
		sum_list_merge(&g.list);
		encode_sums(&value, &g.list);
		if (always || value.len * 4 <= walk_bytes(w))
			batch_put(batch, s->db, CF_AGG, &key, &value);
	}
	buf_release(&value);
	free(g.list.sums);
	walk_free(w);
	return ret;
}

bool rollup_step(struct store *s)
{
	struct job *j = s->jobs;
	struct err err = ERR_INIT;
	struct batch *batch;
	struct view *v;
	bool stopping;

	if (!j || !s->db)
		return false;
	pthread_mutex_lock(&s->lock);
	stopping = s->stats.failing;
	pthread_mutex_unlock(&s->lock);
	if (stopping)
		return false;
	s->jobs = j->next;
	s->n_jobs--;
	if (!s->jobs)
		s->jobs_end = &s->jobs;
	v = view_new(s->db, VIEW_ONCE);
	batch = batch_new();
	/* One that cannot be made is not missed: the level below answers. */
	if (rollup_sum(s, v, batch, j->block, j->series, j->level, j->bucket_ns, false,
		    &err) == 0)
		db_write(s->db, batch, &err);
	batch_free(batch);
	view_free(v);
	block_drop(s, j->block);
	free(j);
	return true;
}

void rollup_release(struct store *s)
{
	struct job *j;

	while ((j = s->jobs)) {
		s->jobs = j->next;
		block_drop(s, j->block);
		free(j);
	}
	s->jobs_end = &s->jobs;
	s->n_jobs = 0;
}

static bool has_time(struct store *s)
{
	bool has;

	pthread_mutex_lock(&s->lock);
	has = s->queue_bytes < s->o.queue_bytes / 2;
	pthread_mutex_unlock(&s->lock);
	return has;
}

/* With a sixteenth of them done each second, what waits is what 16 seconds brought. */
void rollup_keep_up(struct store *s)
{
	size_t n = s->n_jobs / 16;

	while (n-- && has_time(s) && rollup_step(s))
		;
}

/* --- before raw goes --- */

struct filling {
	struct store *s;
	struct block *b;
	struct view *v;
	struct batch *batch;
	struct err *err;
};

static bool has_bucket(struct filling *f, enum family cf, unsigned level,
	series_id series, int64_t bucket)
{
	struct cursor *c = cursor_new(f->v, cf);
	struct key start = key_bucket(f->b->id, level, series, bucket, 0), own = start;
	bool has;

	own.len = 17;
	cursor_seek(c, &start);
	has = cursor_at(c, &own);
	cursor_free(c);
	return has;
}

static int add_point(void *arg, const struct point *p)
{
	point_add(arg, p);
	return 0;
}

static int fill_point(struct filling *f, series_id series, int64_t bucket)
{
	struct ask a = { .from_ns = bucket, .until_ns = bucket + level_ns[0] };
	struct key key = key_bucket(f->b->id, 0, series, bucket, 0);
	struct walk *w = walk_new(f->s, f->v, &a, f->err);
	struct buf value = BUF_INIT;
	struct point p;
	int ret;

	point_init(&p, series, bucket, a.until_ns);
	ret = walk_points(w, f->b, series, 0, bucket, a.until_ns, add_point, &p);
	if (ret == 0) {
		encode_point(&value, &p);
		batch_put(f->batch, f->s->db, CF_LINE, &key, &value);
	}
	buf_release(&value);
	walk_free(w);
	return ret;
}

static int fill_series(struct filling *f, series_id series)
{
	struct cursor *raw = cursor_new(f->v, CF_RAW);
	struct key start = key_raw(f->b->id, series, INT64_MIN, 0), own = start;
	int64_t point = INT64_MIN, sum = INT64_MIN;
	int ret = 0;

	own.len = 8;
	for (cursor_seek(raw, &start); cursor_at(raw, &own) && !ret; cursor_next(raw)) {
		struct key_fields k;
		size_t len;
		const void *key = cursor_key(raw, &len);

		if (!key_parse(CF_RAW, key, len, &k))
			continue;
		if (bucket_of(k.time_ns, level_ns[0]) != point) {
			point = bucket_of(k.time_ns, level_ns[0]);
			if (!has_bucket(f, CF_LINE, 0, series, point))
				ret = fill_point(f, series, point);
		}
		if (!ret && bucket_of(k.time_ns, level_ns[1]) != sum) {
			sum = bucket_of(k.time_ns, level_ns[1]);
			if (!has_bucket(f, CF_AGG, 1, series, sum))
				ret = rollup_sum(f->s, f->v, f->batch, f->b, series, 1,
					sum, true, f->err);
		}
		if (!ret && batch_bytes(f->batch) > 1 << 20) {
			ret = db_write(f->s->db, f->batch, f->err);
			batch_clear(f->batch);
		}
	}
	if (!ret)
		ret = cursor_check(raw, f->err);
	cursor_free(raw);
	return ret;
}

int rollup_complete(struct store *s, struct block *b, struct err *err)
{
	struct filling f = { s, b, view_new(s->db, VIEW_ONCE), batch_new(), err };
	struct cursor *meta = cursor_new(f.v, CF_META);
	struct key kind = key_kind(b->id, 'S');
	int ret = 0;

	for (cursor_seek(meta, &kind); cursor_at(meta, &kind) && !ret;
		cursor_next(meta)) {
		struct key_fields k;
		size_t len;
		const void *key = cursor_key(meta, &len);

		if (key_parse(CF_META, key, len, &k))
			ret = fill_series(&f, k.series);
	}
	if (!ret)
		ret = cursor_check(meta, err);
	if (!ret)
		ret = db_write(s->db, f.batch, err);
	cursor_free(meta);
	view_free(f.v);
	batch_free(f.batch);
	return ret;
}
