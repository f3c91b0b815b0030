/*
 * check.c - store_check: reads all of a store and proves what schema.h says of it.
 *
 * Per block: symbols refer backwards only; every record, chunk and roll-up decodes under
 * its checksum; every series and stack that is named is defined in the block; sums and
 * points of a bucket equal what the samples in it add up to.
 */
#include "store/admin.h"

#include "base/alloc.h"
#include "store/walk.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct check {
	struct store *s;
	struct view *v;
	struct block *b;
	struct symbols *symbols;
	struct chart chart;
	struct map series;        /* defined in the block */
	struct series_list every; /* the same */
	struct store_report *r;
	struct err *err;
	store_progress_fn *progress;
	void *arg;
	uint64_t done, all;
};

__attribute__((format(printf, 3, 4))) static void found(
	struct check *c, uint64_t *counter, const char *fmt, ...)
{
	va_list ap;

	++*counter;
	if (c->r->first[0])
		return;
	va_start(ap, fmt);
	vsnprintf(c->r->first, sizeof(c->r->first), fmt, ap);
	va_end(ap);
}

static int step(struct check *c, const char *doing)
{
	c->r->n_keys++;
	if (++c->done % 4096 || !c->progress)
		return 0;
	return c->progress(c->arg, doing, c->done, c->all)
		       ? err_set(c->err, ERR_CANCELLED, "the check was given up")
		       : 0;
}

/* Reads the value under the cursor; false when its checksum does not hold. */
static bool open_value(
	struct check *c, struct cursor *at, const char *what, struct reader *r)
{
	size_t key_len, len;
	const void *key = cursor_key(at, &key_len), *value = cursor_value(at, &len);

	*r = unseal(key, key_len, value, len);
	if (r->bad)
		found(c, &c->r->n_bad_checksum, "block %u: checksum of %s", c->b->id,
			what);
	return !r->bad;
}

static bool parse_key(
	struct check *c, enum family cf, struct cursor *at, struct key_fields *k)
{
	size_t len;
	const void *key = cursor_key(at, &len);
	bool fine = key_parse(cf, key, len, k);

	if (!fine)
		found(c, &c->r->n_bad_value, "block %u: a key that is none of ours",
			c->b->id);
	return fine;
}

typedef void one_fn(struct check *c, struct cursor *at, const struct key_fields *k);

/* Every key of a family in the block. */
static int each(struct check *c, enum family cf, const char *what, one_fn *fn)
{
	struct cursor *at = cursor_new(c->v, cf);
	struct key own = key_block(c->b->id);
	struct key_fields k;
	int ret = 0;

	for (cursor_seek(at, &own); cursor_at(at, &own) && !ret; cursor_next(at)) {
		ret = step(c, what);
		if (!ret && parse_key(c, cf, at, &k))
			fn(c, at, &k);
	}
	if (!ret)
		ret = cursor_check(at, c->err);
	cursor_free(at);
	return ret;
}

static void check_symbols(struct check *c, struct cursor *at, const struct key_fields *k)
{
	struct reader r;

	(void)k;
	if (open_value(c, at, "symbols", &r) &&
		decode_symbols(&c->chart, c->symbols, &r) < 0)
		found(c, &c->r->n_dangling,
			"block %u: symbols that refer to what is not there", c->b->id);
}

/* In tables of its own each symbol of a block gets an entry of its own. */
static void check_once(struct check *c)
{
	int kind;

	for (kind = 0; kind < SYM_KINDS; kind++) {
		if (symbols_count(c->symbols, (enum symbol_kind)kind) != c->chart.n[kind])
			found(c, &c->r->n_bad_value, "block %u: a symbol twice",
				c->b->id);
	}
}

static bool is_defined(const struct check *c, series_id series)
{
	return map_get(&c->series, series) != NULL;
}

static void check_meta(struct check *c, struct cursor *at, const struct key_fields *k)
{
	struct series series = { 0 };
	struct thread_info thread;
	struct event event;
	struct reader r;
	int ret = 0;

	if (!open_value(c, at, "a record", &r))
		return;
	switch (k->kind) {
	case 'S':
		ret = decode_series(&series, &r);
		series_release(&series);
		*map_put(&c->series, k->series) = 1;
		break;
	case 'T':
		ret = decode_thread(&thread, &r);
		if (!is_defined(c, k->series))
			found(c, &c->r->n_dangling, "block %u: a thread of series %u",
				c->b->id, k->series);
		break;
	case 'E': /* sorts before 'S' */
		ret = decode_event(&event, &r);
		break;
	default:
		break;
	}
	if (ret < 0)
		found(c, &c->r->n_bad_value, "block %u: record '%c'", c->b->id, k->kind);
}

static void check_series(struct check *c, const struct key_fields *k, const char *what)
{
	if (!is_defined(c, k->series) && (k->series || strcmp(what, "a roll-up") != 0))
		found(c, &c->r->n_dangling,
			"block %u: %s of series %u, which is not defined", c->b->id, what,
			k->series);
}

static void check_stack(struct check *c, stack_id stack, const char *what)
{
	if (stack >= c->chart.n_leaves)
		found(c, &c->r->n_dangling, "block %u: %s with stack %u of %u", c->b->id,
			what, stack, c->chart.n_leaves);
}

static void check_raw(struct check *c, struct cursor *at, const struct key_fields *k)
{
	struct chunk chunk = { 0 };
	struct reader r;
	size_t i;

	c->r->n_chunks++;
	check_series(c, k, "samples");
	if (!open_value(c, at, "a chunk", &r))
		return;
	if (decode_chunk(&chunk, &r, k->time_ns) < 0)
		found(c, &c->r->n_bad_value, "block %u: a chunk that does not decode",
			c->b->id);
	for (i = 0; i < chunk.n_runs; i++) {
		c->r->n_samples += chunk.runs[i].n_ticks;
		check_stack(c, chunk.runs[i].stack, "samples");
	}
	chunk_release(&chunk);
}

/* --- roll-ups --- */

static int collect(void *arg, const struct sums *sums)
{
	struct sum_list *l = arg;

	GROW(l->sums, l->cap, l->n + sums->n);
	memcpy(l->sums + l->n, sums->sums, sums->n * sizeof(*sums->sums));
	l->n += sums->n;
	if (l->n > 512 * 1024)
		sum_list_merge(l);
	return 0;
}

static bool same_sums(const struct sum_list *a, const struct sum_list *b)
{
	size_t i;

	if (a->n != b->n)
		return false;
	for (i = 0; i < a->n; i++) {
		const struct sum *x = &a->sums[i], *y = &b->sums[i];

		if (x->thread != y->thread || x->stack != y->stack ||
			x->state != y->state || x->wait != y->wait || x->n != y->n ||
			x->weight_ns != y->weight_ns)
			return false;
	}
	return true;
}

static void sums_at(
	struct check *c, const struct key_fields *k, int below, struct sum_list *l)
{
	struct ask a = { .from_ns = k->time_ns,
		.until_ns = k->time_ns + level_ns[k->level] };
	struct err err = ERR_INIT;
	struct walk *w = walk_new(c->s, c->v, &a, &err);
	size_t i;
	int ret;

	if (k->series)
		ret = walk_sums(
			w, c->b, k->series, below, a.from_ns, a.until_ns, collect, l);
	else
		ret = walk_merged(
			w, c->b, &c->every, below, a.from_ns, a.until_ns, collect, l);
	if (ret != 0)
		found(c, &c->r->n_bad_value, "%s", err.msg);
	for (i = 0; i < l->n && !k->series; i++)
		l->sums[i].thread = 0;
	sum_list_merge(l);
	walk_free(w);
}

static int add_point(void *arg, const struct point *p)
{
	point_add(arg, p);
	return 0;
}

static void point_at(
	struct check *c, const struct key_fields *k, int below, struct point *p)
{
	struct ask a = { .from_ns = k->time_ns,
		.until_ns = k->time_ns + level_ns[k->level] };
	struct err err = ERR_INIT;
	struct walk *w = walk_new(c->s, c->v, &a, &err);

	point_init(p, k->series, a.from_ns, a.until_ns);
	if (walk_points(w, c->b, k->series, below, a.from_ns, a.until_ns, add_point, p) !=
		0)
		found(c, &c->r->n_bad_value, "%s", err.msg);
	walk_free(w);
}

static bool same_points(const struct point *a, const struct point *b)
{
	return a->n_ticks == b->n_ticks && a->n_samples == b->n_samples &&
	       a->ticks_ns == b->ticks_ns && a->weight_ns == b->weight_ns &&
	       !memcmp(a->state_ns, b->state_ns, sizeof(a->state_ns)) &&
	       a->wanted == b->wanted && a->missed == b->missed &&
	       !memcmp(a->n_lost, b->n_lost, sizeof(a->n_lost)) &&
	       a->n_metrics == b->n_metrics && a->rss_sum == b->rss_sum &&
	       a->rss_max == b->rss_max;
}

/* A bucket is checked once, at its first key. */
static bool is_first_of_bucket(struct check *c, enum family cf, struct cursor *at)
{
	struct key_fields k, before;
	struct cursor *back = cursor_new(c->v, cf);
	struct key key = { .len = 0 };
	const void *data = cursor_key(at, &key.len);
	bool first = true;
	size_t len;

	memcpy(key.data, data, key.len);
	key_parse(cf, data, key.len, &k);
	if (k.seq) {
		key = key_bucket(k.block, k.level, k.series, k.time_ns, k.seq - 1);
		cursor_seek_before(back, &key);
		if (cursor_at(back, NULL)) {
			data = cursor_key(back, &len);
			first = !key_parse(cf, data, len, &before) ||
				before.level != k.level || before.series != k.series ||
				before.time_ns != k.time_ns || before.block != k.block;
		}
	}
	cursor_free(back);
	return first;
}

static void check_agg(struct check *c, struct cursor *at, const struct key_fields *k)
{
	struct sum_list own = { 0 }, raw = { 0 };
	struct reader r;
	size_t i;

	c->r->n_rollups++;
	check_series(c, k, "a roll-up");
	if (!open_value(c, at, "a roll-up", &r))
		return;
	if (decode_sums(&own, &r) < 0)
		found(c, &c->r->n_bad_value, "block %u: a roll-up that does not decode",
			c->b->id);
	for (i = 0; i < own.n; i++)
		check_stack(c, own.sums[i].stack, "a roll-up");
	own.n = 0;
	if (!c->b->raw_gone && is_first_of_bucket(c, CF_AGG, at)) {
		sums_at(c, k, (int)k->level + 1, &own);
		sums_at(c, k, 0, &raw);
		if (!same_sums(&own, &raw))
			found(c, &c->r->n_bad_rollup,
				"block %u: sums of level %u at %lld of series %u are not "
				"those of its samples",
				c->b->id, k->level, (long long)k->time_ns, k->series);
	}
	free(own.sums);
	free(raw.sums);
}

static void check_line(struct check *c, struct cursor *at, const struct key_fields *k)
{
	struct point own, raw;
	struct reader r;

	check_series(c, k, "a point");
	if (!open_value(c, at, "a point", &r))
		return;
	point_init(&own, k->series, k->time_ns, 0);
	if (decode_point(&own, &r) < 0)
		found(c, &c->r->n_bad_value, "block %u: a point that does not decode",
			c->b->id);
	if (c->b->raw_gone || !is_first_of_bucket(c, CF_LINE, at))
		return;
	point_at(c, k, (int)k->level + 1, &own);
	point_at(c, k, 0, &raw);
	if (!same_points(&own, &raw))
		found(c, &c->r->n_bad_rollup,
			"block %u: the point of level %u at %lld of series %u is not "
			"that of "
			"its samples",
			c->b->id, k->level, (long long)k->time_ns, k->series);
}

static void check_event_series(
	struct check *c, struct cursor *at, const struct key_fields *k)
{
	struct event event;
	struct reader r;

	if (k->kind != 'E' || !open_value(c, at, "an event", &r) ||
		decode_event(&event, &r) < 0 || !event.series)
		return;
	if (!is_defined(c, event.series))
		found(c, &c->r->n_dangling, "block %u: an event of series %u", c->b->id,
			event.series);
}

static int check_block(struct check *c)
{
	int ret;

	c->symbols = symbols_new();
	chart_init(&c->chart);
	map_clear(&c->series);
	ret = series_list_read(&c->every, c->v, c->b, c->err);
	if (!ret)
		ret = each(c, CF_SYM, "symbols", check_symbols);
	check_once(c);
	if (!ret)
		ret = each(c, CF_META, "records", check_meta);
	if (!ret)
		ret = each(c, CF_META, "events", check_event_series);
	if (!ret)
		ret = each(c, CF_RAW, "samples", check_raw);
	if (!ret)
		ret = each(c, CF_AGG, "roll-ups", check_agg);
	if (!ret)
		ret = each(c, CF_LINE, "timelines", check_line);
	symbols_free(c->symbols);
	chart_release(&c->chart);
	free(c->every.ids);
	c->every = (struct series_list){ 0 };
	c->symbols = NULL;
	return ret;
}

/* Keys of blocks that meta does not know: left by nothing that we do. */
static int check_strays(struct check *c, enum family cf)
{
	struct cursor *at = cursor_new(c->v, cf);
	struct key start = key_block(0);
	struct key_fields k;
	size_t i, len;
	int ret;

	for (cursor_seek(at, &start); cursor_at(at, NULL); cursor_seek(at, &start)) {
		const void *key = cursor_key(at, &len);

		if (!key_parse(cf, key, len, &k)) {
			found(c, &c->r->n_bad_value, "a key that is none of ours");
			break;
		}
		for (i = 0; i < c->s->blocks.n && c->s->blocks.blocks[i]->id != k.block;
			i++)
			;
		if (i == c->s->blocks.n)
			found(c, &c->r->n_dangling,
				"data of block %u, which is not there", k.block);
		start = key_block(k.block + 1);
	}
	ret = cursor_check(at, c->err);
	cursor_free(at);
	return ret;
}

int store_check(const char *dir, struct store_report *r, store_progress_fn *progress,
	void *arg, struct err *err)
{
	const struct store_options o = { .mode = STORE_READ };
	struct check c = { .r = r, .err = err, .progress = progress, .arg = arg };
	int ret = 0, cf;
	size_t i;

	*r = (struct store_report){ 0 };
	c.s = store_open(dir, &o, err);
	if (!c.s)
		return -1;
	c.v = view_new(c.s->db, VIEW_ONCE);
	for (cf = CF_META; cf < CF_COUNT; cf++)
		c.all += db_keys(c.s->db, (enum family)cf);
	for (i = 0; i < c.s->blocks.n && !ret; i++) {
		c.b = c.s->blocks.blocks[i];
		ret = check_block(&c);
	}
	for (cf = CF_SYM; cf < CF_COUNT && !ret; cf++)
		ret = check_strays(&c, (enum family)cf);
	map_release(&c.series);
	view_free(c.v);
	store_close(c.s, err);
	return ret;
}

bool store_report_is_clean(const struct store_report *r)
{
	return !r->n_bad_checksum && !r->n_bad_value && !r->n_dangling &&
	       !r->n_bad_rollup;
}
