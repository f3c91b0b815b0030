/* series.c - timelines, see series.h */
#include "query/series.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "query/fold.h"

#include <string.h>

enum { MAX_BUCKETS = 100 * 1000, MAX_CELLS = 2 * 1000 * 1000 };

/* Widths a person can read on an axis. Between one and ten seconds there is none: from ten
 * on a store answers without reading samples. */
static const int64_t widths[] = {
	10 * NS_PER_MS,
	20 * NS_PER_MS,
	50 * NS_PER_MS,
	100 * NS_PER_MS,
	200 * NS_PER_MS,
	500 * NS_PER_MS,
	NS_PER_SEC,
	10 * NS_PER_SEC,
	30 * NS_PER_SEC,
	60 * NS_PER_SEC,
	300 * NS_PER_SEC,
	600 * NS_PER_SEC,
	1800 * NS_PER_SEC,
	3600 * NS_PER_SEC,
	7200 * NS_PER_SEC,
	21600 * NS_PER_SEC,
	86400 * NS_PER_SEC,
};

static int64_t choose_width(int64_t span, size_t max)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(widths); i++) {
		if (span / widths[i] < (int64_t)max)
			return widths[i];
	}
	return widths[ARRAY_SIZE(widths) - 1];
}

struct drawing {
	struct timeline *t;
	struct fold *fold;
	struct ask *ask;
	bool by_series, plain;
	struct map rows; /* series -> row + 1 */
	size_t cap_rows;
	struct err *err;
};

static struct timeline_row *row_of(struct drawing *d, series_id series)
{
	struct timeline *t = d->t;
	uint64_t *at;
	size_t i;

	if (!d->by_series)
		series = 0;
	at = map_put(&d->rows, series);
	if (*at)
		return &t->rows[*at - 1];
	if ((t->n_rows + 1) * t->n_buckets > MAX_CELLS) {
		err_set(d->err, ERR_LIMIT, "%zu processes x %zu buckets are too many",
			t->n_rows + 1, t->n_buckets);
		err_hint(d->err, "ask for wider buckets, or choose processes");
		return NULL;
	}
	GROW(t->rows, d->cap_rows, t->n_rows + 1);
	*at = t->n_rows + 1;
	t->rows[t->n_rows] = (struct timeline_row){
		.series = series,
		.points = arena_alloc(&t->arena, t->n_buckets * sizeof(struct point)),
		.match_ns = arena_alloc(&t->arena, t->n_buckets * sizeof(uint64_t)),
		.match_n = arena_alloc(&t->arena, t->n_buckets * sizeof(uint64_t)),
	};
	for (i = 0; i < t->n_buckets; i++) {
		int64_t from = t->from_ns + (int64_t)i * t->bucket_ns;

		point_init(
			&t->rows[t->n_rows].points[i], series, from, from + t->bucket_ns);
	}
	return &t->rows[t->n_rows++];
}

static size_t bucket_of(const struct timeline *t, int64_t ns)
{
	size_t i = ns < t->from_ns ? 0 : (size_t)((ns - t->from_ns) / t->bucket_ns);

	return i < t->n_buckets ? i : t->n_buckets - 1;
}

static int draw_point(void *arg, const struct point *p)
{
	struct drawing *d = arg;
	struct timeline_row *row;
	size_t i;

	if (ask_check(d->ask, d->err) < 0)
		return -1;
	row = row_of(d, p->series);
	if (!row)
		return -1;
	i = bucket_of(d->t, p->from_ns);
	point_add(&row->points[i], p);
	if (d->plain) {
		row->match_ns[i] += p->weight_ns;
		row->match_n[i] += p->n_samples;
	}
	return 0;
}

static int draw_sums(void *arg, const struct sums *sums)
{
	struct drawing *d = arg;
	struct timeline_row *row;
	size_t i, bucket;

	if (ask_check(d->ask, d->err) < 0)
		return -1;
	row = row_of(d, sums->series);
	if (!row)
		return -1;
	bucket = bucket_of(d->t, sums->from_ns);
	for (i = 0; i < sums->n; i++) {
		const struct sum *s = &sums->sums[i];

		if (!fold_wants(d->fold, sums->series, s->thread, s->state, s->wait) ||
			fold_stack(d->fold, sums->symbols, s->stack) == FOLD_DROP)
			continue;
		row->match_ns[bucket] += s->weight_ns;
		row->match_n[bucket] += s->n;
	}
	return 0;
}

static int lay_out(struct timeline *t, const struct ask *a,
	const struct timeline_options *o, struct err *err)
{
	int64_t span = a->until_ns - a->from_ns, end;
	size_t max = o->max_buckets ? o->max_buckets : 1000;

	t->bucket_ns = o->bucket_ns ? o->bucket_ns : choose_width(span, max);
	if (t->bucket_ns < widths[0] || t->bucket_ns > 366 * 86400 * NS_PER_SEC)
		return err_set(err, ERR_USAGE, "a bucket is 10 ms at least");
	t->from_ns = a->from_ns - a->from_ns % t->bucket_ns;
	end = a->until_ns > t->from_ns ? a->until_ns : t->from_ns + 1;
	if ((end - t->from_ns - 1) / t->bucket_ns >= MAX_BUCKETS) {
		err_set(err, ERR_LIMIT, "more than %d buckets", MAX_BUCKETS);
		return err_hint(err, "ask for wider buckets or a shorter range");
	}
	t->n_buckets = (size_t)((end - t->from_ns - 1) / t->bucket_ns) + 1;
	return 0;
}

int timeline_query(struct timeline *t, struct source *s, const struct filter *f,
	const struct timeline_options *o, struct err *err)
{
	struct drawing d = { .t = t, .by_series = o->by_series, .err = err };
	struct fold fold = { 0 };
	struct ask a;
	int ret = -1;

	*t = (struct timeline){ 0 };
	if (filter_ask(f, s, &a, err) < 0)
		return -1;
	if (fold_init(&fold, f, s, &a, FOLD_FUNCS, err) < 0 || lay_out(t, &a, o, err) < 0)
		goto out;
	d.plain = filter_is_plain(f);
	d.fold = &fold;
	d.ask = &a;
	a.step_ns = t->bucket_ns;
	if (!o->by_series && !row_of(&d, 0))
		goto out;
	if (s->ops->points(s, &a, draw_point, &d, err) != 0)
		goto out;
	if (!d.plain && s->ops->sums(s, &a, draw_sums, &d, err) != 0)
		goto out;
	ret = 0;
out:
	map_release(&d.rows);
	fold_release(&fold);
	filter_done(&a);
	if (ret)
		timeline_release(t);
	return ret;
}

void timeline_release(struct timeline *t)
{
	free(t->rows);
	arena_release(&t->arena);
	*t = (struct timeline){ 0 };
}
