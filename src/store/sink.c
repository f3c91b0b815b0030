/*
 * sink.c - the sampler's side of a store: fills a second, queues it, never waits for a
 * disk. When the queue is full the oldest second that is not being written is dropped;
 * its series, names and events stay (they are small and what comes later needs them).
 */
#include "store/inside.h"

#include "base/alloc.h"
#include "base/clock.h"

#include <stdlib.h>
#include <string.h>

static struct store *store_of(struct sink *sink)
{
	return (struct store *)((char *)sink - offsetof(struct store, sink));
}

struct second *second_new(struct block *block)
{
	struct second *x = xcalloc(1, sizeof(*x));

	atomic_init(&x->refs, 1);
	x->block = block;
	return x;
}

static void second_drop_locked(struct store *s, struct second *x)
{
	size_t i;

	if (atomic_fetch_sub(&x->refs, 1) != 1)
		return;
	for (i = 0; i < x->n_chunks; i++)
		chunk_release(&x->chunks[i]);
	for (i = 0; i < x->n_series; i++)
		series_release(&x->series[i]);
	free(x->chunks);
	free(x->series);
	free(x->threads);
	free(x->events);
	block_drop_locked(s, x->block);
	free(x);
}

void second_drop(struct store *s, struct second *x)
{
	pthread_mutex_lock(&s->lock);
	second_drop_locked(s, x);
	pthread_mutex_unlock(&s->lock);
}

bool second_mark(const struct second *x, struct key *key)
{
	struct chunk copy = { 0 };
	size_t i;

	if (!x->n_chunks)
		return false;
	/* As the writer will store it. */
	for (i = 0; i < x->chunks[0].n_ticks; i++)
		chunk_tick(&copy, x->chunks[0].time_ns[i], x->chunks[0].weight_ns[i]);
	for (i = 0; i < x->chunks[0].n_metrics; i++)
		chunk_metric(&copy, &x->chunks[0].metrics[i]);
	chunk_quantise(&copy);
	*key = key_raw(x->block->id, x->chunks[0].series, chunk_first_ns(&copy),
		seq_of(x->commit, 0));
	chunk_release(&copy);
	return true;
}

/* --- sink_ops --- */

static void series_copy(struct series *to, const struct series *from)
{
	size_t i;

	*to = (struct series){
		.id = from->id, .pid = from->pid, .start_ns = from->start_ns
	};
	for (i = 0; i < from->n_labels; i++)
		series_label(to, from->labels[i].key, from->labels[i].value);
}

static void take_series(struct sink *sink, struct series *series)
{
	struct store *s = store_of(sink);
	struct second *x = s->filling;

	series->id = s->next_series++;
	GROW(x->series, x->cap_series, x->n_series + 1);
	series_copy(&x->series[x->n_series++], series);
}

static void take_thread(struct sink *sink, const struct thread_info *t)
{
	struct second *x = store_of(sink)->filling;

	GROW(x->threads, x->cap_threads, x->n_threads + 1);
	x->threads[x->n_threads++] = *t;
}

static void take_event(struct sink *sink, const struct event *e)
{
	struct second *x = store_of(sink)->filling;

	GROW(x->events, x->cap_events, x->n_events + 1);
	x->events[x->n_events++] = *e;
}

static size_t chunk_bytes(const struct chunk *c)
{
	return sizeof(*c) + c->cap_ticks * 16 + c->cap_runs * sizeof(struct run) +
	       c->cap_metrics * sizeof(struct metric);
}

static void take_chunk(struct sink *sink, struct chunk *c)
{
	struct second *x = store_of(sink)->filling;
	struct chunk fresh = { .series = c->series, .symbols = c->symbols };
	size_t i;

	if (!c->n_ticks && !c->n_metrics)
		return;
	GROW(x->chunks, x->cap_chunks, x->n_chunks + 1);
	x->chunks[x->n_chunks++] = *c;
	x->bytes += chunk_bytes(c);
	for (i = 0; i < c->n_runs; i++)
		x->n_samples += c->runs[i].n_ticks;
	/* As large as this second was, so that the next one does not grow in steps. */
	GROW(fresh.runs, fresh.cap_runs, c->n_runs);
	*c = fresh;
}

/* --- commit --- */

/* What is left of a second whose samples are dropped: its small records, or NULL. Queued
 * seconds are read by queries without a lock, so it is another one that takes its place. */
static struct second *husk_of(const struct second *x)
{
	struct second *husk;
	size_t i;

	if (!x->n_series && !x->n_threads && !x->n_events)
		return NULL;
	husk = second_new(block_hold(x->block));
	husk->commit = x->commit;
	memcpy(husk->counts, x->counts, sizeof(husk->counts));
	GROW(husk->series, husk->cap_series, x->n_series);
	for (i = 0; i < x->n_series; i++)
		series_copy(&husk->series[husk->n_series++], &x->series[i]);
	GROW(husk->threads, husk->cap_threads, x->n_threads);
	for (i = 0; i < x->n_threads; i++)
		husk->threads[husk->n_threads++] = x->threads[i];
	GROW(husk->events, husk->cap_events, x->n_events);
	for (i = 0; i < x->n_events; i++)
		husk->events[husk->n_events++] = x->events[i];
	return husk;
}

/* Caller holds s->lock. The newest second stays: it is what a live view shows. */
static void make_room(struct store *s)
{
	struct second **at = s->writing ? &s->queue->next : &s->queue;

	while (s->queue_bytes > s->o.queue_bytes && *at && (*at)->next) {
		struct second *oldest = *at, *husk;

		if (!oldest->bytes) {
			at = &oldest->next;
			continue;
		}
		husk = husk_of(oldest);
		if (husk)
			husk->next = oldest->next;
		*at = husk ? husk : oldest->next;
		s->queue_bytes -= oldest->bytes;
		s->stats.seconds_lost++;
		s->stats.samples_lost += oldest->n_samples;
		second_drop_locked(s, oldest);
	}
}

static int64_t newest_ns(const struct second *x)
{
	int64_t newest = INT64_MIN;
	size_t i;

	for (i = 0; i < x->n_chunks; i++) {
		const struct chunk *c = &x->chunks[i];

		if (c->n_ticks && c->time_ns[c->n_ticks - 1] > newest)
			newest = c->time_ns[c->n_ticks - 1];
	}
	return newest;
}

/* A block ends with its day, with too many symbols, or where it is so large that
 * retention by size would have to drop too much at once. */
static bool block_is_full(struct store *s, const struct second *x)
{
	struct block *b = s->block;
	int64_t at = newest_ns(x);

	if (at != INT64_MIN && !b->end_ns)
		b->end_ns = bucket_of(at, s->o.block_ns) + s->o.block_ns;
	return (at != INT64_MIN && at >= b->end_ns - NS_PER_SEC) ||
	       symbols_memory(b->symbols) > s->o.block_symbols ||
	       (s->o.max_bytes && atomic_load(&b->bytes) > s->o.max_bytes / 12);
}

/* Caller holds s->lock. */
static struct block *begin_block(struct store *s)
{
	struct block *b = block_new(s->next_block++);

	b->symbols = symbols_new();
	b->leaves = symbols_new();
	b->live = true;
	GROW(s->blocks.blocks, s->blocks.cap, s->blocks.n + 1);
	s->blocks.blocks[s->blocks.n++] = b;
	return b;
}

static struct symbols *commit(struct sink *sink)
{
	struct store *s = store_of(sink);
	struct second *x = s->filling;
	bool full;
	int kind;

	if (!x->n_chunks && !x->n_series && !x->n_threads && !x->n_events)
		return s->block->symbols;
	for (kind = 0; kind < SYM_KINDS; kind++)
		x->counts[kind] =
			symbols_count(s->block->symbols, (enum symbol_kind)kind);
	x->commit = s->commit++;
	full = block_is_full(s, x);
	pthread_mutex_lock(&s->lock);
	*s->queue_end = x;
	s->queue_end = &x->next;
	s->queue_bytes += x->bytes;
	make_room(s);
	if (full)
		s->block = begin_block(s);
	s->filling = second_new(block_hold(s->block));
	s->generation++;
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
	return s->block->symbols;
}

static struct symbols *symbols_now(struct sink *sink)
{
	return store_of(sink)->block->symbols;
}

void sink_init(struct store *s)
{
	static const struct sink_ops ops = {
		.series = take_series,
		.thread = take_thread,
		.event = take_event,
		.chunk = take_chunk,
		.commit = commit,
		.symbols = symbols_now,
	};

	s->sink.ops = &ops;
	s->queue_end = &s->queue;
	if (s->o.mode != STORE_WRITE)
		return;
	s->block = begin_block(s);
	s->filling = second_new(block_hold(s->block));
}

void sink_finish(struct store *s)
{
	struct second *x;

	while ((x = s->queue)) {
		s->queue = x->next;
		second_drop(s, x);
	}
	if (s->filling)
		second_drop(s, s->filling);
	s->filling = NULL;
}
