/*
 * buckets.c - the writer's open buckets: points grow in memory until a series is past
 * their end, then they are written and their sums are queued for rollup.c. What comes
 * behind a closed bucket goes into a further part of it at once.
 */
#include "store/inside.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

static void put_point(struct store *s, struct block *b, unsigned level,
	const struct point *p, uint32_t commit)
{
	struct key key =
		key_bucket(b->id, level, p->series, p->from_ns, writer_seq(s, commit));

	encode_point(&s->value, p);
	batch_put(s->batch, s->db, CF_LINE, &key, &s->value);
}

static void close_bucket(struct store *s, struct block *b, struct live_series *l,
	unsigned level, uint32_t commit)
{
	if (!l->open[level])
		return;
	put_point(s, b, level, &l->points[level], commit);
	rollup_queue(s, b, l->series.id, level, l->points[level].from_ns);
	l->open[level] = false;
}

void buckets_close(
	struct store *s, struct block *b, struct live_series *l, uint32_t commit)
{
	unsigned level;

	for (level = 0; level < N_LEVELS; level++)
		close_bucket(s, b, l, level, commit);
}

static int collect(void *arg, const struct sums *sums)
{
	struct sum_list *list = arg;

	GROW(list->sums, list->cap, list->n + sums->n);
	memcpy(list->sums + list->n, sums->sums, sums->n * sizeof(*sums->sums));
	list->n += sums->n;
	return 0;
}

/* Data behind the back of a closed bucket: sums that are there get another part. */
static void put_late_sums(struct store *s, struct block *b, series_id series,
	unsigned level, const struct chunk *piece, int64_t bucket, uint32_t commit)
{
	struct key first = key_bucket(b->id, level, series, bucket, 0), key;
	const struct ask all = { .from_ns = INT64_MIN, .until_ns = INT64_MAX };
	struct view *v = view_new(s->db, VIEW_ONCE);
	struct cursor *c = cursor_new(v, CF_AGG);
	struct sums_scratch scratch = { 0 };
	struct sum_list list = { 0 };
	struct key own = first;
	size_t i;

	own.len = 17;
	cursor_seek(c, &first);
	if (cursor_at(c, &own)) {
		chunk_emit_sums(&all, piece, &scratch, collect, &list);
		for (i = 0; i < list.n && !series; i++)
			list.sums[i].thread = 0;
		sum_list_merge(&list);
		key = key_bucket(b->id, level, series, bucket, writer_seq(s, commit));
		encode_sums(&s->value, &list);
		batch_put(s->batch, s->db, CF_AGG, &key, &s->value);
	}
	cursor_free(c);
	view_free(v);
	sums_scratch_release(&scratch);
	free(list.sums);
}

static void count_level(struct store *s, struct block *b, struct live_series *l,
	unsigned level, const struct chunk *piece, const struct point *p, uint32_t commit)
{
	int64_t bucket = bucket_of(chunk_first_ns(piece), level_ns[level]);
	struct point late;

	if (l->open[level] && bucket > l->points[level].from_ns)
		close_bucket(s, b, l, level, commit);
	if (!l->open[level] && !l->finished &&
		(!l->points[level].until_ns || bucket >= l->points[level].until_ns ||
			l->points[level].series == 0)) {
		point_init(&l->points[level], l->series.id, bucket,
			bucket + level_ns[level]);
		l->open[level] = true;
	}
	if (l->open[level] && bucket == l->points[level].from_ns) {
		point_add(&l->points[level], p);
		return;
	}
	point_init(&late, l->series.id, bucket, bucket + level_ns[level]);
	point_add(&late, p);
	put_point(s, b, level, &late, commit);
	put_late_sums(s, b, l->series.id, level, piece, bucket, commit);
}

/* The bucket of all series stays open until one of them is past it. */
static void count_merged(
	struct store *s, struct block *b, const struct chunk *piece, uint32_t commit)
{
	unsigned level;

	for (level = MERGED_LEVEL; level < N_LEVELS; level++) {
		int64_t bucket = bucket_of(chunk_first_ns(piece), level_ns[level]);

		if (bucket > s->merged_next_ns[level])
			s->merged_next_ns[level] = bucket;
		if (bucket < s->merged_ns[level])
			put_late_sums(s, b, 0, level, piece, bucket, commit);
	}
}

void buckets_count(struct store *s, struct block *b, struct live_series *l,
	const struct chunk *piece, uint32_t commit)
{
	struct point p;
	unsigned level;

	point_init(&p, l->series.id, INT64_MIN, INT64_MAX);
	point_add_chunk(&p, piece);
	for (level = 0; level < N_LEVELS; level++)
		count_level(s, b, l, level, piece, &p, commit);
	count_merged(s, b, piece, commit);
}

void buckets_close_merged(struct store *s, struct block *b)
{
	unsigned level;

	for (level = MERGED_LEVEL; level < N_LEVELS; level++) {
		if (s->merged_next_ns[level] == s->merged_ns[level])
			continue;
		if (s->merged_ns[level] != INT64_MIN)
			rollup_queue(s, b, 0, level, s->merged_ns[level]);
		s->merged_ns[level] = s->merged_next_ns[level];
	}
}

void buckets_begin_merged(struct store *s)
{
	unsigned level;

	for (level = 0; level < N_LEVELS; level++)
		s->merged_ns[level] = s->merged_next_ns[level] = INT64_MIN;
}

void buckets_end_merged(struct store *s, struct block *b)
{
	unsigned level;

	for (level = MERGED_LEVEL; level < N_LEVELS; level++) {
		if (s->merged_ns[level] != INT64_MIN)
			rollup_queue(s, b, 0, level, s->merged_ns[level]);
	}
	buckets_begin_merged(s);
}
