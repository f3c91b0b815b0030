/*
 * test_store.c - what goes into a store comes out of it: codecs, roll-ups, tail, blocks
 *
 * One file because all of it works on the same loaded stores.
 */
#include "test.h"

#include "load.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/map.h"
#include "store/admin.h"
#include "store/codec.h"
#include "store/db.h"
#include "store/store.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- codecs --- */

static void random_chunk(struct chunk *c, unsigned seed)
{
	int64_t t = 1795262400 * NS_PER_SEC + 123456789;
	unsigned n = 1 + seed * 7 % 300, i, k;

	chunk_clear(c);
	for (i = 0; i < n; i++) {
		uint64_t gap = 9000000 + (uint64_t)rand() % 2000000;

		t += (int64_t)gap;
		chunk_tick(c, t, i % 50 == 49 ? gap / 2 : gap);
	}
	for (k = 0; k < 1 + seed % 9; k++) {
		for (i = (unsigned)rand() % n; i < n;) {
			struct run r = { .thread = k * 3, .first_tick = i };

			r.n_ticks = 1 + (uint32_t)rand() % 5;
			if (r.first_tick + r.n_ticks > n)
				r.n_ticks = n - r.first_tick;
			r.stack = (stack_id)rand() % (seed % 2 ? 100 : 1000000);
			r.state = (uint16_t)(rand() % 256);
			r.wait = (wait_id)(rand() % 3 ? 0 : 0xff00);
			chunk_run(c, &r);
			i += r.n_ticks + (uint32_t)(rand() % 4 == 0);
		}
	}
	for (i = 0; i < seed % 3; i++)
		chunk_metric(c,
			&(struct metric){ t - 1000 * i, (uint64_t)rand(), i, 9, 1, 2 });
	c->stats.ticks_wanted = n;
	c->stats.n_lost[ST_TORN] = seed;
	chunk_quantise(c);
}

TEST(a_chunk_reads_back_as_it_was_stored)
{
	struct chunk c = { 0 }, back = { 0 };
	struct buf value = BUF_INIT;
	unsigned seed;
	size_t i;

	for (seed = 0; seed < 300; seed++) {
		struct key key = key_raw(1, 2, 3, seed);
		struct reader r;

		random_chunk(&c, seed);
		buf_clear(&value);
		encode_chunk(&value, &c);
		seal(&value, &key);
		r = unseal(key.data, key.len, value.data, value.len);
		CHECK_INT(decode_chunk(&back, &r, chunk_first_ns(&c)), 0);
		CHECK_INT(back.n_ticks, c.n_ticks);
		CHECK_MEM(back.time_ns, c.time_ns, c.n_ticks * 8);
		CHECK_MEM(back.weight_ns, c.weight_ns, c.n_ticks * 8);
		CHECK_INT(back.n_runs, c.n_runs);
		for (i = 0; i < c.n_runs; i++)
			CHECK_MEM(&back.runs[i], &c.runs[i], sizeof(struct run));
		CHECK_INT(back.n_metrics, c.n_metrics);
		for (i = 0; i < c.n_metrics; i++)
			CHECK_INT(back.metrics[i].rss_bytes, c.metrics[i].rss_bytes);
		CHECK_MEM(&back.stats, &c.stats, sizeof(c.stats));
	}
	chunk_release(&c);
	chunk_release(&back);
	buf_release(&value);
}

/* Damage is noticed by the checksum; behind it, whatever decodes stays within bounds. */
TEST(a_damaged_chunk_is_refused_or_harmless)
{
	struct chunk c = { 0 }, back = { 0 };
	struct buf value = BUF_INIT;
	struct key key = key_raw(1, 2, 3, 4);
	unsigned i;
	size_t k;

	random_chunk(&c, 41);
	encode_chunk(&value, &c);
	seal(&value, &key);
	for (i = 0; i < 20000; i++) {
		size_t at = (size_t)rand() % (value.len - 4);
		char old = value.data[at];
		struct reader r;

		value.data[at] = (char)rand();
		r = unseal(key.data, key.len, value.data, value.len);
		if (value.data[at] != old)
			CHECK(r.bad);
		r = reader_of(
			value.data, value.len - 4 - (i % 7 ? 0 : (size_t)rand() % 50));
		if (decode_chunk(&back, &r, 5) == 0) {
			for (k = 0; k < back.n_runs; k++)
				CHECK(back.runs[k].first_tick + back.runs[k].n_ticks <=
					back.n_ticks);
		}
		value.data[at] = old;
	}
	chunk_release(&c);
	chunk_release(&back);
	buf_release(&value);
}

TEST(columns_are_stored_and_frames_of_before_have_none)
{
	static const struct columns call = { 8, 1, 20 };
	const struct symbol_counts first = { { 1, 1, 1, 1 }, 1 };
	struct symbols *s = symbols_new(), *leaves = symbols_new(), *into = symbols_new();
	struct symbol_counts past;
	struct buf out = BUF_INIT;
	struct chart chart;
	struct reader r;
	frame_id id;

	symbols_frame(s, 0, 7);
	symbols_frame_part(s, 0, 7, columns_pack(&call));
	past = (struct symbol_counts){ { 1, 1, 3, 1 }, 1 };
	encode_symbols(&out, s, leaves, &first, &past);
	chart_init(&chart);
	r = reader_of(out.data, out.len);
	CHECK_INT(decode_symbols(&chart, into, &r), 0);
	for (id = 1; id <= 2; id++) {
		const struct frame *f = symbols_frame_of(into, chart.to[SYM_FRAME][id]);

		CHECK_INT(f->line, 7);
		CHECK_INT(f->columns, id == 1 ? 0 : columns_pack(&call));
	}
	chart_release(&chart);
	buf_release(&out);
	symbols_free(s);
	symbols_free(leaves);
	symbols_free(into);
}

TEST(pieces_lie_within_ten_seconds_and_add_up)
{
	struct chunk c = { 0 }, piece = { 0 };
	int64_t t = 1795262408 * NS_PER_SEC;
	size_t at = 0, ticks = 0, metrics = 0, samples = 0, i;
	unsigned n = 0;

	for (i = 0; i < 40; i++) {
		/* over a boundary, then the clock steps back an hour */
		t += i == 30 ? -3600 * NS_PER_SEC : 100 * NS_PER_MS;
		chunk_tick(&c, t, 100 * NS_PER_MS);
		if (i % 8 == 0)
			chunk_metric(
				&c, &(struct metric){ .time_ns = t, .rss_bytes = 1 });
	}
	chunk_run(&c, &(struct run){ .thread = 1, .first_tick = 2, .n_ticks = 38 });
	c.stats.ticks_wanted = 40;
	chunk_quantise(&c);
	do {
		at = chunk_piece(&c, at, &piece);
		CHECK(piece.n_ticks > 0);
		CHECK(bucket_of(piece.time_ns[0], level_ns[0]) ==
			bucket_of(piece.time_ns[piece.n_ticks - 1], level_ns[0]));
		CHECK_INT(piece.stats.ticks_wanted, n ? 0 : 40);
		ticks += piece.n_ticks;
		metrics += piece.n_metrics;
		samples += piece.runs[0].n_ticks;
		n++;
	} while (at < c.n_ticks);
	CHECK_INT(n, 3);
	CHECK_INT(ticks, 40);
	CHECK_INT(metrics, c.n_metrics);
	CHECK_INT(samples, 38);
	chunk_release(&c);
	chunk_release(&piece);
}

TEST(sums_read_back_merged)
{
	struct sum_list l = { 0 }, back = { 0 };
	struct buf value = BUF_INIT;
	struct reader r;
	uint64_t n = 0, ns = 0;
	size_t i;

	GROW(l.sums, l.cap, 5000);
	for (i = 0; i < 5000; i++) {
		l.sums[l.n++] = (struct sum){ (thread_id)rand() % 8,
			(stack_id)rand() % 500, (uint16_t)(rand() % 3), 0,
			1 + (uint64_t)rand() % 3, ((uint64_t)rand() % 300) << 16 };
		n += l.sums[i].n;
		ns += l.sums[i].weight_ns;
	}
	sum_list_merge(&l);
	CHECK(l.n < 5000);
	encode_sums(&value, &l);
	r = reader_of(value.data, value.len);
	CHECK_INT(decode_sums(&back, &r), 0);
	CHECK_INT(back.n, l.n);
	for (i = 0; i < l.n; i++) {
		n -= back.sums[i].n;
		ns -= back.sums[i].weight_ns;
		CHECK_INT(back.sums[i].stack, l.sums[i].stack);
	}
	CHECK_INT(n, 0);
	CHECK_INT(ns, 0);
	free(l.sums);
	free(back.sums);
	buf_release(&value);
}

/* --- stores --- */

static struct store *open_store(const char *dir, enum store_mode mode, int64_t block_ns)
{
	const struct store_options o = {
		.mode = mode, .no_sync = true, .block_ns = block_ns
	};
	struct err err = ERR_INIT;
	struct store *s = store_open(dir, &o, &err);

	if (!s)
		fail_msg("%s", err.msg);
	return s;
}

static void close_store(struct store *s)
{
	struct err err = ERR_INIT;

	CHECK_OK(store_close(s, &err), err);
}

/* What an answer adds up to: by (series, thread, state, stack's name path hash). */
struct total {
	struct map n, ns;
	uint64_t samples, weight_ns;
	bool merged; /* series and threads are not told apart */
};

static uint64_t path_hash(const struct symbols *s, stack_id id)
{
	uint64_t h = 1;

	for (; id; id = symbols_stack_of(s, id)->parent) {
		const struct frame *f =
			symbols_frame_of(s, symbols_stack_of(s, id)->frame);
		size_t len;
		const char *name =
			symbols_text(s, symbols_func_of(s, f->func)->name, &len);

		h = hash_step(hash_step(h, hash_bytes(name, len)), f->line);
	}
	return h;
}

static int add_sums(void *arg, const struct sums *sums)
{
	struct total *t = arg;
	size_t i;

	for (i = 0; i < sums->n; i++) {
		const struct sum *s = &sums->sums[i];
		uint64_t who = t->merged ? 0
					 : (uint64_t)sums->series << 40 |
						   (uint64_t)s->thread << 16;
		uint64_t key = hash_step(path_hash(sums->symbols, s->stack),
			hash_step(s->wait, who | s->state));

		*map_put(&t->n, key) += s->n;
		*map_put(&t->ns, key) += s->weight_ns;
		t->samples += s->n;
		t->weight_ns += s->weight_ns;
	}
	return 0;
}

struct raw_total {
	struct total t;
	struct ask *a;
	struct sums_scratch scratch;
};

static int add_chunk(void *arg, const struct chunk *c)
{
	struct raw_total *r = arg;

	return chunk_emit_sums(r->a, c, &r->scratch, add_sums, &r->t);
}

static void total_release(struct total *t)
{
	map_release(&t->n);
	map_release(&t->ns);
}

/* What a range of a source is asked for. */
struct range {
	int64_t from, until;
	series_id series; /* 0: all */
	bool merged;
};

static struct ask ask_of(const struct range *r)
{
	return (struct ask){ .from_ns = r->from,
		.until_ns = r->until,
		.series = r->series ? &r->series : NULL,
		.n_series = r->series != 0,
		.merged = r->merged };
}

static struct total sums_in(struct source *s, const struct range *r)
{
	struct ask a = ask_of(r);
	struct err err = ERR_INIT;
	struct total t = { .merged = r->merged };

	CHECK_OK(s->ops->sums(s, &a, add_sums, &t, &err), err);
	ask_release(&a);
	return t;
}

static struct total raw_in(struct source *s, const struct range *range)
{
	struct ask a = ask_of(range);
	struct raw_total r = { .a = &a, .t = { .merged = range->merged } };
	struct err err = ERR_INIT;

	CHECK_OK(s->ops->chunks(s, &a, add_chunk, &r, &err), err);
	ask_release(&a);
	sums_scratch_release(&r.scratch);
	return r.t;
}

static struct total sums_of(struct source *s, int64_t from, int64_t until)
{
	return sums_in(s, &(struct range){ from, until, 0, false });
}

static struct total raw_of(struct source *s, int64_t from, int64_t until)
{
	return raw_in(s, &(struct range){ from, until, 0, false });
}

static void check_same(const struct total *a, const struct total *b)
{
	size_t i;

	CHECK_INT(a->samples, b->samples);
	CHECK_INT(a->weight_ns, b->weight_ns);
	CHECK_INT(a->n.n, b->n.n);
	for (i = 0; a->n.slots && i <= a->n.mask; i++) {
		const struct map_slot *slot = &a->n.slots[i];

		if (!slot->used)
			continue;
		CHECK(map_get(&b->n, slot->key) != NULL);
		CHECK_INT(*map_get(&b->n, slot->key), slot->value);
		CHECK_INT(*map_get(&b->ns, slot->key), *map_get(&a->ns, slot->key));
	}
}

static void check_ranges(struct source *s, unsigned how_many)
{
	int64_t from, until;
	struct err err = ERR_INIT;
	unsigned i;

	CHECK_OK(s->ops->range(s, &from, &until, &err), err);
	for (i = 0; i < how_many; i++) {
		int64_t span = until - from, a = from, b = until;
		struct range r = { 0, 0, i % 5 == 4, i % 2 };
		struct total sums, raw;

		if (i) {
			a += (int64_t)((double)rand() / RAND_MAX * (double)span);
			b = a +
			    (int64_t)((double)rand() / RAND_MAX * (double)(until - a));
		}
		if (i % 3 == 1) /* on boundaries of buckets */
			a = bucket_of(a, level_ns[i % 2]);
		r.from = a;
		r.until = b;
		sums = sums_in(s, &r);
		raw = raw_in(s, &r);
		check_same(&sums, &raw);
		total_release(&sums);
		total_release(&raw);
	}
}

TEST(rollups_are_raw_exactly_before_and_after_closing)
{
	char *dir = xstrdup(test_tmpdir());
	struct store *s = open_store(dir, STORE_WRITE, 0);
	const struct load_options lo = { .n_series = 2,
		.n_threads = 4,
		.n_stacks = 60,
		.hz = 20,
		.start_ns = 1795262393 * NS_PER_SEC };
	struct load *l = load_new(&lo, store_sink(s));
	struct err err = ERR_INIT;
	struct total all;
	unsigned i;

	for (i = 0; i < 1300; i++) {
		load_second(l);
		if (i == 400 || i == 777)
			check_ranges(
				store_source(s), 5); /* with a tail, while it writes */
	}
	CHECK_OK(store_flush(s, &err), err);
	check_ranges(store_source(s), 20);
	close_store(s);
	s = open_store(dir, STORE_READ, 0);
	check_ranges(store_source(s), 40);
	all = sums_of(store_source(s), 0, INT64_MAX);
	CHECK_INT(all.samples, load_samples(l));
	total_release(&all);
	close_store(s);
	load_free(l);
	free(dir);
}

static void check_clean(const char *dir, uint64_t samples)
{
	struct store_report r;
	struct err err = ERR_INIT;

	CHECK_OK(store_check(dir, &r, NULL, NULL, &err), err);
	if (!store_report_is_clean(&r))
		fail_msg("%s", r.first);
	if (samples)
		CHECK_INT(r.n_samples, samples);
}

/* Keys of sums of all series. */
static unsigned count_merged(const char *dir)
{
	struct err err = ERR_INIT;
	struct db *db = db_open(dir, DB_READ, false, &err);
	struct view *v = view_new(db, VIEW_ONCE);
	struct cursor *c = cursor_new(v, CF_AGG);
	struct key start = key_block(0);
	struct key_fields f;
	unsigned n = 0;

	for (cursor_seek(c, &start); cursor_at(c, NULL); cursor_next(c)) {
		size_t len;
		const void *key = cursor_key(c, &len);

		CHECK(key_parse(CF_AGG, key, len, &f));
		n += !f.series;
	}
	cursor_free(c);
	view_free(v);
	db_close(db);
	return n;
}

/* Series begin and end at their own times, their seconds come late, the clock steps. */
TEST(sums_of_all_series_are_those_of_each)
{
	char *dir = xstrdup(test_tmpdir());
	struct store *s = open_store(dir, STORE_WRITE, 1500 * NS_PER_SEC);
	const struct load_options lo = { .n_series = 6,
		.n_threads = 4,
		.n_stacks = 40,
		.hz = 10,
		.start_ns = 1795262393 * NS_PER_SEC };
	struct load *l = load_new(&lo, store_sink(s)), *other = NULL;
	struct err err = ERR_INIT;
	struct total all;
	unsigned i;

	for (i = 0; i < 3000; i++) {
		load_second(l);
		if (i == 700) {
			struct load_options late = lo;

			late.start_ns = load_now_ns(l) - 7 * NS_PER_SEC;
			late.n_series = 2;
			other = load_new(&late, store_sink(s));
		}
		if (other && i % 7 != 0)
			load_second(other);
		if (i == 1900)
			load_step_clock(l, -650 * NS_PER_SEC);
		if (i % 300 == 299) {
			CHECK_OK(store_flush(s, &err), err);
			check_ranges(store_source(s), 3);
		}
	}
	close_store(s);
	CHECK(count_merged(dir) > 5);
	s = open_store(dir, STORE_READ, 0);
	check_ranges(store_source(s), 40);
	all = sums_in(store_source(s), &(struct range){ 0, INT64_MAX, 0, true });
	CHECK_INT(all.samples, load_samples(l) + load_samples(other));
	total_release(&all);
	close_store(s);
	check_clean(dir, load_samples(l) + load_samples(other));
	load_free(l);
	load_free(other);
	free(dir);
}

TEST(a_clock_that_steps_back_loses_and_doubles_nothing)
{
	char *dir = xstrdup(test_tmpdir());
	struct store *s = open_store(dir, STORE_WRITE, 0);
	const struct load_options lo = { .n_series = 2,
		.n_threads = 3,
		.n_stacks = 30,
		.hz = 10,
		.start_ns = 1795262393 * NS_PER_SEC };
	struct load *l = load_new(&lo, store_sink(s));
	struct err err = ERR_INIT;
	struct total all;
	unsigned i;

	for (i = 0; i < 2000; i++) {
		if (i == 900)
			load_step_clock(l, -500 * NS_PER_SEC);
		if (i == 1500)
			load_step_clock(l, -3600 * NS_PER_SEC);
		if (i == 1700)
			load_step_clock(l, 7200 * NS_PER_SEC);
		load_second(l);
		if (i % 100 == 0)
			CHECK_OK(store_flush(s, &err), err);
	}
	CHECK_OK(store_flush(s, &err), err);
	check_ranges(store_source(s), 10);
	close_store(s);
	s = open_store(dir, STORE_READ, 0);
	check_ranges(store_source(s), 30);
	all = sums_of(store_source(s), 0, INT64_MAX);
	CHECK_INT(all.samples, load_samples(l));
	total_release(&all);
	close_store(s);
	load_free(l);
	free(dir);
}

TEST(blocks_have_symbols_of_their_own)
{
	char *dir = xstrdup(test_tmpdir());
	struct store *s = open_store(dir, STORE_WRITE, 60 * NS_PER_SEC);
	const struct load_options lo = {
		.n_series = 2, .n_threads = 3, .n_stacks = 200, .hz = 20
	};
	struct load *l = load_new(&lo, store_sink(s));
	struct symbols *before = store_sink(s)->ops->symbols(store_sink(s));
	struct total all, again;
	unsigned i;

	for (i = 0; i < 400; i++)
		load_second(l);
	CHECK(store_sink(s)->ops->symbols(store_sink(s)) != before);
	check_ranges(store_source(s), 10);
	all = sums_of(store_source(s), 0, INT64_MAX);
	close_store(s);
	s = open_store(dir, STORE_WRITE, 60 * NS_PER_SEC);
	again = sums_of(store_source(s), 0, INT64_MAX);
	CHECK_INT(all.samples, load_samples(l));
	check_same(&all, &again);
	total_release(&all);
	total_release(&again);
	check_ranges(store_source(s), 10);
	close_store(s);
	load_free(l);
	free(dir);
}

static int add_point(void *arg, const struct point *p)
{
	struct point *sum = arg;

	point_add(sum, p);
	return 0;
}

TEST(points_of_any_step_add_up)
{
	static const int64_t steps[] = { 0, 10 * NS_PER_MS, NS_PER_SEC, 10 * NS_PER_SEC,
		60 * NS_PER_SEC, 300 * NS_PER_SEC, 3600 * NS_PER_SEC };
	char *dir = xstrdup(test_tmpdir());
	struct store *s = open_store(dir, STORE_WRITE, 0);
	const struct load_options lo = { .n_threads = 3, .n_stacks = 30, .hz = 10 };
	struct load *l = load_new(&lo, store_sink(s));
	unsigned i;

	for (i = 0; i < 1000; i++)
		load_second(l);
	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		struct ask a = { .until_ns = INT64_MAX, .step_ns = steps[i] };
		struct source *src = store_source(s);
		struct err err = ERR_INIT;
		struct point p;

		point_init(&p, 0, 0, 0);
		CHECK_OK(src->ops->points(src, &a, add_point, &p, &err), err);
		ask_release(&a);
		CHECK_INT(p.n_samples, load_samples(l));
		CHECK_INT(p.n_ticks, 10000);
		CHECK_INT(p.n_metrics, 1000);
		CHECK_INT(p.wanted, 10000);
	}
	close_store(s);
	load_free(l);
	free(dir);
}

static int count_thread(void *arg, const struct thread_info *t)
{
	uint64_t *n = arg;

	n[0]++;
	n[1] += !strcmp(t->name, "old");
	return 0;
}

TEST(threads_that_have_ended_are_not_taken_into_the_next_block)
{
	enum { SECONDS = 200, EACH = 100 }; /* 20 000 threads, one that stays */
	char *dir = xstrdup(test_tmpdir());
	struct store *s = open_store(dir, STORE_WRITE, SECONDS * NS_PER_SEC);
	struct sink *sink = store_sink(s);
	struct series series = { .pid = 7 };
	const int64_t start = 8 * SECONDS * NS_PER_SEC;
	struct ask a = { .from_ns = start + SECONDS * NS_PER_SEC, .until_ns = INT64_MAX };
	struct source *src = store_source(s);
	struct err err = ERR_INIT;
	uint64_t n[2] = { 0 };
	int i, k;

	sink->ops->series(sink, &series);
	sink->ops->thread(sink,
		&(struct thread_info){ .series = series.id, .thread = 1, .name = "old" });
	for (i = 0; i < SECONDS + 10; i++) {
		struct chunk c = { .series = series.id,
			.symbols = sink->ops->symbols(sink) };
		uint32_t tick =
			chunk_tick(&c, start + i * NS_PER_SEC + NS_PER_MS, NS_PER_SEC);

		for (k = 0; k <= EACH; k++) {
			thread_id id = k ? (thread_id)(1 + i * EACH + k) : 1;

			chunk_run(&c,
				&(struct run){
					.thread = id, .first_tick = tick, .n_ticks = 1 });
			if (k)
				sink->ops->thread(
					sink, &(struct thread_info){ .series = series.id,
						      .thread = id,
						      .name = "new" });
		}
		sink->ops->chunk(sink, &c);
		sink->ops->commit(sink);
		chunk_release(&c);
		CHECK_OK(store_flush(s, &err), err);
	}
	CHECK_OK(src->ops->threads(src, &a, count_thread, n, &err), err);
	ask_release(&a);
	CHECK_INT(n[1], 1);
	CHECK(n[0] > 10 * EACH && n[0] <= 80 * EACH); /* a minute's, and its own */
	series_release(&series);
	close_store(s);
	free(dir);
}

TEST(a_second_writer_is_refused_and_told_by_whom)
{
	char *dir = xstrdup(test_tmpdir());
	const struct store_options o = { .mode = STORE_WRITE,
		.address = "http://here:1" };
	struct err err = ERR_INIT;
	struct store *s = store_open(dir, &o, &err), *second;

	CHECK(s != NULL);
	second = store_open(dir, &o, &err);
	CHECK(second == NULL);
	CHECK_INT(err.code, ERR_BUSY);
	CHECK(strstr(err.msg, "http://here:1") != NULL);
	close_store(s);
	s = store_open(dir, &o, &err);
	CHECK(s != NULL);
	close_store(s);
	free(dir);
}

TEST(a_reader_beside_the_writer_sees_what_was_written)
{
	char *dir = xstrdup(test_tmpdir());
	struct store *s = open_store(dir, STORE_WRITE, 100 * NS_PER_SEC), *r;
	const struct load_options lo = { .n_threads = 3, .n_stacks = 300, .hz = 20 };
	struct load *l = load_new(&lo, store_sink(s));
	struct err err = ERR_INIT;
	unsigned i;

	/* Over several blocks, with new symbols at each turn. */
	load_second(l);
	CHECK_OK(store_flush(s, &err), err);
	r = open_store(dir, STORE_READ, 0);
	for (i = 0; i < 40; i++) {
		unsigned k;
		struct total t, own;

		for (k = 0; k < 10; k++)
			load_second(l);
		CHECK_OK(store_flush(s, &err), err);
		CHECK_OK(store_refresh(r, &err), err);
		t = sums_of(store_source(r), 0, INT64_MAX);
		own = sums_of(store_source(s), 0, INT64_MAX);
		CHECK_INT(t.samples, load_samples(l));
		check_same(&t, &own);
		total_release(&t);
		total_release(&own);
	}
	check_ranges(store_source(r), 5);
	close_store(r);
	close_store(s);
	load_free(l);
	free(dir);
}

static void set_format(const char *dir, unsigned format)
{
	char *path = xasprintf("%s/FORMAT", dir);
	FILE *f = fopen(path, "w");

	fprintf(f, "pystrobe-store %u\n", format);
	fclose(f);
	free(path);
}

static unsigned format_of(const char *dir)
{
	struct err err = ERR_INIT;
	struct store_info info;

	CHECK_OK(store_info(dir, &info, &err), err);
	return info.format;
}

/* Takes away what format 1 did not have. */
static void make_format_1(const char *dir)
{
	struct err err = ERR_INIT;
	struct db *db = db_open(dir, DB_WRITE, false, &err);
	unsigned level;

	for (level = 0; level < N_LEVELS; level++) {
		struct key from = key_bucket(1, level, 0, INT64_MIN, 0);
		struct key to = key_bucket(1, level, 1, INT64_MIN, 0);

		CHECK_OK(db_drop(db, CF_AGG, &from, &to, &err), err);
	}
	db_close(db);
	set_format(dir, 1);
}

TEST(an_older_format_is_read_written_and_brought_up_to_date_by_compact)
{
	char *dir = xstrdup(test_tmpdir());
	struct store *s = open_store(dir, STORE_WRITE, 0);
	const struct load_options lo = {
		.n_series = 6, .n_threads = 4, .n_stacks = 40, .hz = 10
	};
	struct load *l = load_new(&lo, store_sink(s));
	struct err err = ERR_INIT;
	unsigned i;

	for (i = 0; i < 1000; i++)
		load_second(l);
	close_store(s);
	CHECK(count_merged(dir) > 0);
	make_format_1(dir);
	CHECK_INT(count_merged(dir), 0);
	s = open_store(dir, STORE_READ, 0);
	check_ranges(store_source(s), 10);
	close_store(s);
	CHECK_INT(format_of(dir), 1);
	close_store(open_store(dir, STORE_WRITE, 0));
	CHECK_INT(format_of(dir), STORE_FORMAT);
	set_format(dir, 1);
	CHECK_OK(store_compact(dir, NULL, NULL, NULL, NULL, &err), err);
	CHECK_INT(format_of(dir), STORE_FORMAT);
	CHECK(count_merged(dir) > 0);
	check_clean(dir, load_samples(l));
	s = open_store(dir, STORE_READ, 0);
	check_ranges(store_source(s), 20);
	close_store(s);
	load_free(l);
	free(dir);
}

/* Keys that begin with this. */
static unsigned count_keys(const char *dir, enum family cf, const struct key *prefix)
{
	struct err err = ERR_INIT;
	struct db *db = db_open(dir, DB_READ, false, &err);
	struct view *v = view_new(db, VIEW_ONCE);
	struct cursor *c = cursor_new(v, cf);
	unsigned n = 0;

	for (cursor_seek(c, prefix); cursor_at(c, prefix); cursor_next(c))
		n++;
	cursor_free(c);
	view_free(v);
	db_close(db);
	return n;
}

/* As a session leaves it that is killed before any sums were made. */
static void make_killed(const char *dir)
{
	struct err err = ERR_INIT;
	struct db *db = db_open(dir, DB_WRITE, false, &err);
	struct key from = key_block(1), to = key_block(2);

	CHECK_OK(db_drop(db, CF_AGG, &from, &to, &err), err);
	/* The first extent says where it begins, the last that it has ended. */
	from = key_extent(1, 1);
	to = key_extent(1, UINT16_MAX);
	CHECK_OK(db_drop(db, CF_META, &from, &to, &err), err);
	db_close(db);
}

TEST(what_a_killed_session_had_not_summed_up_the_next_one_does)
{
	char *dir = xstrdup(test_tmpdir());
	struct store *s = open_store(dir, STORE_WRITE, 0);
	const struct load_options lo = {
		.n_series = 3, .n_threads = 4, .n_stacks = 40, .hz = 20
	};
	struct load *l = load_new(&lo, store_sink(s)), *next;
	const struct key block = key_block(1), extents = key_kind(1, 'B');
	struct err err = ERR_INIT;
	int64_t deadline;
	unsigned before, i;

	for (i = 0; i < 4000; i++) {
		load_second(l);
		if (i % 64 == 0)
			CHECK_OK(store_flush(s, &err), err);
	}
	close_store(s);
	before = count_keys(dir, CF_AGG, &block);
	CHECK(before > 100);
	make_killed(dir);
	CHECK_INT(count_keys(dir, CF_AGG, &block), 0);
	CHECK_INT(count_keys(dir, CF_META, &extents), 1);
	s = open_store(dir, STORE_READ, 0);
	check_ranges(store_source(s), 10);
	close_store(s);

	s = open_store(dir, STORE_WRITE, 0);
	next = load_new(&lo, store_sink(s));
	deadline = clock_mono_ns() + 60 * NS_PER_SEC;
	do { /* seconds come and are asked for meanwhile */
		load_second(next);
		CHECK_OK(store_flush(s, &err), err);
		check_ranges(store_source(s), 2);
	} while (count_keys(dir, CF_META, &extents) < 2 && clock_mono_ns() < deadline);
	CHECK_INT(count_keys(dir, CF_META, &extents), 2);
	CHECK_INT(count_keys(dir, CF_AGG, &block), before);
	close_store(s);
	s = open_store(dir, STORE_READ, 0);
	check_ranges(store_source(s), 20);
	close_store(s);
	check_clean(dir, load_samples(l) + load_samples(next));

	/* Nobody has come since: the one who compacts does it. */
	make_killed(dir);
	CHECK_OK(store_compact(dir, NULL, NULL, NULL, NULL, &err), err);
	CHECK_INT(count_keys(dir, CF_META, &extents), 2);
	CHECK_INT(count_keys(dir, CF_AGG, &block), before);
	check_clean(dir, load_samples(l) + load_samples(next));
	load_free(l);
	load_free(next);
	free(dir);
}

TEST(a_store_of_a_newer_format_is_refused)
{
	static const enum store_mode modes[] = { STORE_READ, STORE_WRITE };
	char *dir = xstrdup(test_tmpdir());
	unsigned i;

	close_store(open_store(dir, STORE_WRITE, 0));
	set_format(dir, 99);
	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		const struct store_options o = { .mode = modes[i] };
		struct err err = ERR_INIT;

		CHECK(store_open(dir, &o, &err) == NULL);
		CHECK_INT(err.code, ERR_VERSION);
		CHECK(strstr(err.msg, "format 99") != NULL);
	}
	free(dir);
}

/* --- looking after it --- */

static uint64_t fill(const char *dir, unsigned seconds, int64_t block_ns)
{
	struct store *s = open_store(dir, STORE_WRITE, block_ns);
	const struct load_options lo = {
		.n_series = 2, .n_threads = 4, .n_stacks = 100, .hz = 20
	};
	struct load *l = load_new(&lo, store_sink(s));
	uint64_t samples;
	unsigned i;

	for (i = 0; i < seconds; i++)
		load_second(l);
	samples = load_samples(l);
	load_free(l);
	close_store(s);
	return samples;
}

TEST(a_check_is_clean_and_notices_a_flipped_byte)
{
	char *dir = xstrdup(test_tmpdir()), *command;
	uint64_t samples = fill(dir, 700, 120 * NS_PER_SEC), before, after;
	struct store_report r;
	struct err err = ERR_INIT;
	struct store_info info;

	check_clean(dir, samples);
	CHECK_OK(store_info(dir, &info, &err), err);
	CHECK_INT(info.n_samples, samples);
	CHECK_INT(info.n_series, 2);
	CHECK_INT(info.n_threads, 8);
	CHECK(info.n_blocks > 3);
	CHECK(!info.live);
	CHECK_OK(store_compact(dir, NULL, NULL, &before, &after, &err), err);
	check_clean(dir, samples);
	/* In the middle of every file of samples. */
	command = xasprintf(
		"for f in %s/*.sst; do printf '\\377\\377\\377' | dd of=$f bs=1 "
		"seek=300 conv=notrunc status=none; done",
		dir);
	CHECK_INT(system(command), 0);
	CHECK(store_check(dir, &r, NULL, NULL, &err) < 0 || !store_report_is_clean(&r));
	free(command);
	free(dir);
}

TEST(a_frozen_live_store_is_whole)
{
	char *dir = xstrdup(test_tmpdir()), *to = xstrdup(test_tmpdir());
	char *linked = xstrdup(test_tmpdir());
	struct store *s = open_store(dir, STORE_WRITE, 0);
	const struct load_options lo = { .n_threads = 3, .n_stacks = 300, .hz = 20 };
	struct load *l = load_new(&lo, store_sink(s));
	struct err err = ERR_INIT;
	uint64_t samples;
	unsigned i;

	for (i = 0; i < 350; i++)
		load_second(l);
	CHECK_OK(store_flush(s, &err), err);
	samples = load_samples(l);
	CHECK_OK(store_freeze(dir, to, NULL, NULL, &err), err);
	CHECK_OK(store_checkpoint(s, linked, &err), err);
	for (i = 0; i < 50; i++)
		load_second(l);
	close_store(s);
	check_clean(to, samples);
	check_clean(linked, samples);
	check_clean(dir, load_samples(l));
	CHECK_INT(store_freeze(dir, to, NULL, NULL, &err), -1);
	load_free(l);
	free(dir);
	free(to);
	free(linked);
}

TEST(a_packed_store_opens_as_it_is)
{
	char *dir = xstrdup(test_tmpdir()), *file = xasprintf("%s.pystrobe.zst", dir);
	uint64_t samples = fill(dir, 100, 0);
	struct err err = ERR_INIT;
	struct store *s;
	struct total t;

	CHECK_OK(store_pack(dir, file, NULL, NULL, &err), err);
	CHECK(store_is_packed(file));
	CHECK(!store_is_packed("/proc/self/exe"));
	s = store_open_any(file, &err);
	if (!s)
		fail_msg("%s", err.msg);
	t = sums_of(store_source(s), 0, INT64_MAX);
	CHECK_INT(t.samples, samples);
	total_release(&t);
	close_store(s);
	CHECK_INT(truncate(file, (off_t)file_disk_usage(file) - 9000), 0);
	CHECK(store_open_any(file, &err) == NULL);
	CHECK_INT(err.code, ERR_CORRUPT);
	unlink(file);
	free(file);
	free(dir);
}

TEST(retention_drops_blocks_and_keeps_rollups_longer_than_samples)
{
	char *dir = xstrdup(test_tmpdir());
	const struct store_options o = { .mode = STORE_WRITE,
		.no_sync = true,
		.block_ns = 300 * NS_PER_SEC,
		.retain_ns = 1500 * NS_PER_SEC,
		.retain_raw_ns = 700 * NS_PER_SEC };
	struct err err = ERR_INIT;
	struct store *s = store_open(dir, &o, &err), *reader;
	const struct load_options lo = { .n_threads = 3, .n_stacks = 100, .hz = 10 };
	struct load *l = load_new(&lo, store_sink(s));
	int64_t start = load_now_ns(l), from, until, deadline;
	struct total raw, sums, again;
	unsigned i;

	for (i = 0; i < 600; i++)
		load_second(l);
	CHECK_OK(store_flush(s, &err), err);
	reader = open_store(dir, STORE_READ, 0);
	for (; i < 3000; i++)
		load_second(l);
	CHECK_OK(store_flush(s, &err), err);
	/* Retention is the writer's, once a second: until it has come this far. */
	deadline = clock_mono_ns() + 60 * NS_PER_SEC;
	do {
		load_second(l);
		CHECK_OK(store_flush(s, &err), err);
		CHECK_OK(
			store_source(s)->ops->range(store_source(s), &from, &until, &err),
			err);
		raw = raw_of(store_source(s), 0, INT64_MAX);
		sums = sums_of(store_source(s), 0, INT64_MAX);
		total_release(&raw);
		total_release(&sums);
		usleep(10000);
	} while ((from < start + 1200 * NS_PER_SEC || sums.samples <= raw.samples ||
			 raw.samples > 40000) &&
		 clock_mono_ns() < deadline);
	CHECK(from >= start + 1200 * NS_PER_SEC);
	CHECK(sums.samples > raw.samples);
	CHECK(raw.samples <= 40000);
	CHECK(sums.samples >= 1500 * 30 - 300);
	close_store(s);
	/* Who followed sees the same as who comes now. */
	CHECK_OK(store_refresh(reader, &err), err);
	s = open_store(dir, STORE_READ, 0);
	sums = sums_of(store_source(s), 0, INT64_MAX);
	again = sums_of(store_source(reader), 0, INT64_MAX);
	check_same(&sums, &again);
	total_release(&sums);
	total_release(&again);
	close_store(reader);
	close_store(s);
	check_clean(dir, 0);
	load_free(l);
	free(dir);
}

TEST(retention_gives_the_disk_its_room_back)
{
	char *dir = xstrdup(test_tmpdir());
	struct store_options o = {
		.mode = STORE_WRITE, .no_sync = true, .block_ns = 300 * NS_PER_SEC
	};
	struct err err = ERR_INIT;
	struct store *s = store_open(dir, &o, &err);
	struct load_options lo = { .n_threads = 8, .n_stacks = 5000, .hz = 100 };
	struct load *l = load_new(&lo, store_sink(s));
	uint64_t full, now;
	int64_t from, until, deadline = clock_mono_ns() + 60 * NS_PER_SEC;
	unsigned i;

	for (i = 0; i < 12000; i++)
		load_second(l);
	CHECK_OK(store_flush(s, &err), err);
	close_store(s);
	full = file_disk_usage(dir);
	o.retain_ns = 400 * NS_PER_SEC;
	s = store_open(dir, &o, &err);
	lo.start_ns = load_now_ns(l);
	load_free(l);
	l = load_new(&lo, store_sink(s));
	/* Retention is the writer's, once a second: until it has come this far. */
	do {
		load_second(l);
		CHECK_OK(store_flush(s, &err), err);
		CHECK_OK(
			store_source(s)->ops->range(store_source(s), &from, &until, &err),
			err);
		usleep(10000);
	} while (from < lo.start_ns - 1000 * NS_PER_SEC && clock_mono_ns() < deadline);
	close_store(s); /* the log of what was written last goes as well */
	now = file_disk_usage(dir);
	CHECK(now <= full / 4);
	check_clean(dir, 0);
	load_free(l);
	free(dir);
}

/* A query that stands still after its first answer until it is let go on. */
struct slow_query {
	struct store *s;
	struct ask a;
	struct total t;
	sem_t begun, go_on;
	int64_t first_ns; /* how long the first answer's time is; 0: none yet */
	struct err err;
};

static int add_sums_slowly(void *arg, const struct sums *sums)
{
	struct slow_query *q = arg;

	if (!q->first_ns) {
		q->first_ns = sums->until_ns - sums->from_ns;
		sem_post(&q->begun);
		sem_wait(&q->go_on);
	}
	return add_sums(&q->t, sums);
}

static void *query_slowly(void *arg)
{
	struct slow_query *q = arg;
	struct source *src = store_source(q->s);

	src->ops->sums(src, &q->a, add_sums_slowly, q, &q->err);
	ask_release(&q->a);
	return NULL;
}

/* Seconds are written until the disk, which is what the reader sees, has no samples in the
 * range any more. */
static bool samples_go(
	struct store *s, struct load *l, struct store *reader, struct range range)
{
	int64_t deadline = clock_mono_ns() + 60 * NS_PER_SEC;
	struct err err = ERR_INIT;
	struct total t;

	do {
		load_second(l);
		CHECK_OK(store_flush(s, &err), err);
		CHECK_OK(store_refresh(reader, &err), err);
		t = raw_in(store_source(reader), &range);
		total_release(&t);
		usleep(10000);
	} while (t.samples && clock_mono_ns() < deadline);
	return !t.samples;
}

/* Of three blocks and more, the one in the middle is read while retention drops the first
 * and the last of them. */
static void hold_over_retention(struct store_options o)
{
	char *dir = xstrdup(test_tmpdir());
	struct load_options lo = { .n_threads = 3, .n_stacks = 20, .hz = 100 };
	struct err err = ERR_INIT;
	struct store *s, *reader;
	struct load *l;
	struct slow_query q = { .err = ERR_INIT };
	struct range held, behind;
	struct total before, meanwhile, after;
	struct store_stats st;
	pthread_t thread;
	unsigned i;

	o.mode = STORE_WRITE;
	o.no_sync = true;
	o.block_ns = 300 * NS_PER_SEC;
	s = store_open(dir, &o, &err);
	l = load_new(&lo, store_sink(s));
	held = (struct range){ .from = bucket_of(
				       load_now_ns(l) + 400 * NS_PER_SEC, level_ns[0]) };
	held.until = held.from + 105 * NS_PER_SEC;
	behind = (struct range){ held.until + 300 * NS_PER_SEC,
		held.until + 350 * NS_PER_SEC, 0, false };
	for (i = 0; i < 1000; i++)
		load_second(l);
	close_store(s); /* all roll-ups are made */
	s = store_open(dir, &o, &err);
	lo.start_ns = load_now_ns(l);
	load_free(l);
	l = load_new(&lo, store_sink(s));
	reader = open_store(dir, STORE_READ, 0);
	before = raw_in(store_source(s), &held);
	CHECK(before.samples > 20000);
	q.s = s;
	q.a = ask_of(&held);
	sem_init(&q.begun, 0, 0);
	sem_init(&q.go_on, 0, 0);
	CHECK_INT(pthread_create(&thread, NULL, query_slowly, &q), 0);
	sem_wait(&q.begun);
	for (i = 0; i < 1000; i++)
		load_second(l);
	CHECK(samples_go(s, l, reader, behind));
	meanwhile = raw_in(store_source(reader), &held);
	check_same(&before, &meanwhile);
	sem_post(&q.go_on);
	CHECK_INT(pthread_join(thread, NULL), 0);
	CHECK_OK(q.err.code ? -1 : 0, q.err);
	/* A roll-up: the samples behind it had not been looked for yet. */
	CHECK(q.first_ns >= level_ns[0]);
	check_same(&before, &q.t);
	/* Nobody holds it now. */
	CHECK(samples_go(s, l, reader, held));
	after = sums_in(store_source(s), &held);
	CHECK_INT(after.samples != 0, o.retain_raw_ns != 0);
	store_stats(s, &st);
	CHECK_INT(st.blocks_dropped != 0, o.retain_ns != 0);
	close_store(reader);
	close_store(s);
	check_clean(dir, 0);
	total_release(&before);
	total_release(&meanwhile);
	total_release(&after);
	total_release(&q.t);
	sem_destroy(&q.begun);
	sem_destroy(&q.go_on);
	load_free(l);
	free(dir);
}

TEST(a_query_keeps_the_block_that_retention_drops_until_it_is_done)
{
	hold_over_retention((struct store_options){ .retain_ns = 600 * NS_PER_SEC });
}

TEST(a_query_keeps_the_samples_that_retention_drops_until_it_is_done)
{
	hold_over_retention((struct store_options){ .retain_raw_ns = 600 * NS_PER_SEC });
}
