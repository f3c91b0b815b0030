/*
 * writer.c - the thread that writes: a second is one batch, with the symbols it is the
 * first to use; between seconds roll-ups and retention. No read happens on the way of a
 * second that comes in time.
 *
 * A disk that cannot be written to costs nothing but the seconds that no longer fit the
 * queue: RocksDB is reopened once a probe of the directory succeeds.
 */
#include "store/inside.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

uint64_t writer_seq(struct store *s, uint32_t commit)
{
	if (commit != s->piece_commit) {
		s->piece_commit = commit;
		s->piece_seq = 0;
	}
	return seq_of(commit, s->piece_seq++);
}

/* --- chunks --- */

static void put_piece(struct store *s, struct second *x, struct live_series *l)
{
	struct block *b = x->block;
	int64_t first = chunk_first_ns(&s->piece);
	struct key key =
		key_raw(b->id, l->series.id, first, seq_of(x->commit, s->raw_seq++));
	size_t i;

	for (i = 0; i < s->piece.n_runs; i++)
		s->piece.runs[i].stack = leaf_number(b->leaves, s->piece.runs[i].stack);
	encode_chunk(&s->value, &s->piece);
	batch_put(s->batch, s->db, CF_RAW, &key, &s->value);
	buckets_count(s, b, l, &s->piece, x->commit);
}

struct extent {
	int64_t from, until;
};

static void put_chunk(
	struct store *s, struct second *x, const struct chunk *c, struct extent *extent)
{
	struct live_series *l = live_of(s, c->series);
	size_t at = 0, n;

	if (!l) { /* ended long ago */
		pthread_mutex_lock(&s->lock);
		s->stats.samples_lost += c->stats.n_samples;
		pthread_mutex_unlock(&s->lock);
		return;
	}
	live_see(l, c, x->commit);
	live_define(s, x->block, l, x->commit);
	chunk_copy(&s->whole, c);
	chunk_quantise(&s->whole);
	do {
		at = chunk_piece(&s->whole, at, &s->piece);
		n = s->piece.n_ticks;
		put_piece(s, x, l);
		if (chunk_first_ns(&s->piece) < extent->from)
			extent->from = chunk_first_ns(&s->piece);
		if ((n ? s->piece.time_ns[n - 1] : chunk_first_ns(&s->piece)) >=
			extent->until)
			extent->until = 1 + (n ? s->piece.time_ns[n - 1]
					       : chunk_first_ns(&s->piece));
	} while (at < s->whole.n_ticks);
}

/* --- a second --- */

static void put_event(
	struct store *s, struct block *b, const struct event *e, uint32_t commit)
{
	struct key key = key_event(b->id, e->time_ns, writer_seq(s, commit));

	encode_event(&s->value, e);
	batch_put(s->batch, s->db, CF_META, &key, &s->value);
}

static void report_losses(struct store *s, struct second *x)
{
	struct event e = { .time_ns = clock_wall_ns(), .kind = EVENT_LOST };
	uint64_t lost;

	pthread_mutex_lock(&s->lock);
	lost = s->stats.seconds_lost - s->lost_reported;
	snprintf(e.text, sizeof(e.text), "%llu seconds could not be written: %.120s",
		(unsigned long long)lost, s->stats.problem);
	pthread_mutex_unlock(&s->lock);
	if (!lost)
		return;
	if (x->n_chunks && x->chunks[0].n_ticks)
		e.time_ns = x->chunks[0].time_ns[0];
	put_event(s, x->block, &e, x->commit);
	s->lost_reported += lost;
}

static void finish_series(struct store *s, struct second *x, series_id id)
{
	struct live_series *l = live_of(s, id);

	if (!l || l->finished)
		return;
	buckets_close(s, x->block, l, x->commit);
	l->finished = true;
	l->finished_at = x->commit;
}

static void fill_batch(struct store *s, struct second *x, struct extent *extent)
{
	struct block *b = x->block;
	struct key key = key_symbols(b->id, seq_of(x->commit, 0));
	struct symbol_counts now;
	size_t i;

	for (i = 0; i < x->n_series; i++)
		live_learn(s, &x->series[i]);
	for (i = 0; i < x->n_chunks; i++)
		put_chunk(s, x, &x->chunks[i], extent);
	buckets_close_merged(s, b);
	memcpy(now.kind, x->counts, sizeof(now.kind));
	now.leaves = symbols_count(b->leaves, SYM_FRAME);
	if (memcmp(&b->written, &now, sizeof(now)) != 0) {
		encode_symbols(&s->value, b->symbols, b->leaves, &b->written, &now);
		batch_put(s->batch, s->db, CF_SYM, &key, &s->value);
		b->written = now;
	}
	for (i = 0; i < x->n_threads; i++)
		live_thread(s, b, &x->threads[i], x->commit);
	for (i = 0; i < x->n_events; i++) {
		const struct event *e = &x->events[i];
		struct live_series *l = live_of(s, e->series);

		if (l)
			live_define(s, b, l, x->commit);
		put_event(s, b, e, x->commit);
		if (e->kind == EVENT_EXIT || e->kind == EVENT_DETACH)
			finish_series(s, x, e->series);
	}
	report_losses(s, x);
}

/* The block before has its last second: its buckets are closed, its end is written. */
static void end_block(struct store *s, struct block *b, uint32_t commit)
{
	struct live_series *l;

	for (l = s->series; l; l = l->next) {
		if (!l->finished)
			buckets_close(s, b, l, commit);
		memset(l->points, 0, sizeof(l->points));
	}
	buckets_end_merged(s, b);
	pthread_mutex_lock(&s->lock);
	b->ended = true;
	pthread_mutex_unlock(&s->lock);
	if (b->begun)
		blocks_put_extent(s, b, s->batch);
}

static void advance(
	struct store *s, struct second *x, const struct extent *extent, bool *new_extent)
{
	struct block *b = x->block;

	pthread_mutex_lock(&s->lock);
	*new_extent = !b->begun || extent->from < b->from_ns;
	if (extent->from < b->from_ns)
		b->from_ns = extent->from;
	if (extent->until > b->until_ns)
		b->until_ns = extent->until;
	pthread_mutex_unlock(&s->lock);
	if (extent->until > s->newest_ns)
		s->newest_ns = extent->until;
}

/* Builds the batch of the head of the queue; afterwards it is only written, again and
 * again if need be, so that no state has to be taken back. */
static void build(struct store *s, struct second *x)
{
	struct extent extent = { INT64_MAX, INT64_MIN };
	struct block *b = x->block, *before = s->writing_block;
	bool new_extent;

	batch_clear(s->batch);
	s->piece_commit = x->commit;
	s->piece_seq = 0;
	s->raw_seq = 0;
	if (before && before != b) {
		/* In one batch with the first second of the new block. */
		end_block(s, before, x->commit);
		s->writing_block = NULL;
		pthread_mutex_lock(&s->lock);
		before->live = false;
		block_drop_locked(s, before);
		pthread_mutex_unlock(&s->lock);
	}
	if (!s->writing_block) {
		pthread_mutex_lock(&s->lock);
		s->writing_block = block_hold(b);
		pthread_mutex_unlock(&s->lock);
	}
	fill_batch(s, x, &extent);
	advance(s, x, &extent, &new_extent);
	if (new_extent) {
		blocks_put_extent(s, b, s->batch);
		b->begun = true;
	}
	live_forget(s, x->commit);
}

/* --- trouble --- */

static void note_problem(struct store *s, const struct err *err)
{
	bool fresh;

	pthread_mutex_lock(&s->lock);
	fresh = !s->stats.failing;
	s->stats.failing = true;
	snprintf(s->stats.problem, sizeof(s->stats.problem), "%.255s", err->msg);
	s->generation++;
	pthread_cond_broadcast(&s->moved);
	pthread_mutex_unlock(&s->lock);
	if (fresh)
		log_warn("%s; sampling goes on, writing resumes when it can", err->msg);
}

static void note_success(struct store *s, const struct second *x, size_t bytes)
{
	bool was;

	pthread_mutex_lock(&s->lock);
	was = s->stats.failing;
	s->stats.failing = false;
	s->stats.seconds_written += x->n_chunks != 0;
	s->stats.chunks_written += x->n_chunks;
	s->stats.samples_written += x->n_samples;
	s->stats.write_ns = (uint64_t)clock_ns(CLOCK_THREAD_CPUTIME_ID);
	s->generation++;
	pthread_mutex_unlock(&s->lock);
	atomic_fetch_add(&x->block->bytes, bytes / 2); /* on disk: about half */
	if (was)
		log_warn("%s can be written again", s->dir);
}

/* Can a file of the size that RocksDB needs to begin with be written? */
static bool probe(struct store *s)
{
	static const char zeros[64 << 10];
	char *path = xasprintf("%s/probe", s->dir);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), i;
	bool fine = fd >= 0;

	for (i = 0; i < 16 && fine; i++)
		fine = write(fd, zeros, sizeof(zeros)) == (ssize_t)sizeof(zeros);
	if (fine)
		fine = fsync(fd) == 0;
	if (fd >= 0)
		close(fd);
	unlink(path);
	free(path);
	return fine;
}

static int reopen(struct store *s, struct err *err)
{
	int ret = 0;

	if (!probe(s))
		return err_set(err, ERR_NO_SPACE, "no room in %s", s->dir);
	pthread_rwlock_wrlock(&s->db_lock);
	db_close(s->db);
	s->db = db_open(s->dir, DB_WRITE, !s->o.no_sync, err);
	if (!s->db)
		ret = -1;
	pthread_rwlock_unlock(&s->db_lock);
	return ret;
}

/* Waits up to a second, less when the store is being closed. */
static void pause_writing(struct store *s)
{
	struct timespec until = clock_timespec(clock_mono_ns() + NS_PER_SEC);

	pthread_mutex_lock(&s->lock);
	while (!s->stop && pthread_cond_timedwait(&s->wake, &s->lock, &until) == 0)
		;
	pthread_mutex_unlock(&s->lock);
}

static bool is_stopping(struct store *s)
{
	bool stop;

	pthread_mutex_lock(&s->lock);
	stop = s->stop;
	pthread_mutex_unlock(&s->lock);
	return stop;
}

/* Tries until `attempt` works; when the store is being closed, a few times only. */
static int insist(struct store *s, int (*attempt)(struct store *, struct err *))
{
	struct err err = ERR_INIT;
	int tries_left = 3;

	while (attempt(s, &err) < 0) {
		note_problem(s, &err);
		if (is_stopping(s) && !tries_left--)
			return -1;
		pause_writing(s);
		reopen(s, &err);
	}
	return 0;
}

static int is_open(struct store *s, struct err *err)
{
	return s->db ? 0 : err_set(err, ERR_FAILED, "%s could not be reopened", s->dir);
}

static int write_batch(struct store *s, struct err *err)
{
	return s->db ? db_write(s->db, s->batch, err) : is_open(s, err);
}

/* --- the thread --- */

static struct second *next_second(struct store *s)
{
	struct second *x;

	pthread_mutex_lock(&s->lock);
	x = s->queue;
	s->writing = x != NULL;
	pthread_mutex_unlock(&s->lock);
	return x;
}

static void done_with(struct store *s, struct second *x)
{
	pthread_mutex_lock(&s->lock);
	s->queue = x->next;
	if (!s->queue)
		s->queue_end = &s->queue;
	s->queue_bytes -= x->bytes;
	s->writing = false;
	pthread_cond_broadcast(&s->moved);
	pthread_mutex_unlock(&s->lock);
	second_drop(s, x);
}

static void write_second(struct store *s, struct second *x)
{
	bool fine = insist(s, is_open) == 0;

	if (fine) {
		build(s, x);
		fine = insist(s, write_batch) == 0;
	}
	if (fine) {
		note_success(s, x, batch_bytes(s->batch));
	} else {
		pthread_mutex_lock(&s->lock);
		s->stats.seconds_lost += x->n_chunks != 0;
		s->stats.samples_lost += x->n_samples;
		pthread_mutex_unlock(&s->lock);
	}
	done_with(s, x);
}

/* Memory that is free goes back to the system, or a process that records for days keeps what
 * its worst moment took: the end of a block, a large query, a thousand children. */
static void give_back(struct store *s)
{
	int64_t now = clock_mono_ns();

	if (now < s->next_trim_ns)
		return;
	s->next_trim_ns = now + 60 * NS_PER_SEC;
	malloc_trim(0);
}

static void *writer_main(void *arg)
{
	struct store *s = arg;
	struct second *x;

	for (;;) {
		x = next_second(s);
		if (x) {
			write_second(s, x);
			rollup_keep_up(s);
			continue;
		}
		if (rollup_step(s) || mend_step(s))
			continue;
		retain_step(s);
		give_back(s);
		pthread_mutex_lock(&s->lock);
		s->stats.write_ns = (uint64_t)clock_ns(CLOCK_THREAD_CPUTIME_ID);
		if (s->stop && !s->queue) {
			pthread_mutex_unlock(&s->lock);
			break;
		}
		while (!s->queue && !s->stop) {
			struct timespec until =
				clock_timespec(clock_mono_ns() + 60 * NS_PER_SEC);

			if (pthread_cond_timedwait(&s->wake, &s->lock, &until))
				break;
		}
		pthread_mutex_unlock(&s->lock);
	}
	return NULL;
}

int writer_start(struct store *s, struct err *err)
{
	int failed;

	s->batch = batch_new();
	s->jobs_end = &s->jobs;
	buckets_begin_merged(s);
	mend_begin(s);
	failed = pthread_create(&s->thread, NULL, writer_main, s);
	if (failed)
		return err_sys(err, failed, "cannot start the writer's thread");
	s->has_thread = true;
	return 0;
}

/* Everything that is open is closed: the store is as small and quick as it gets. */
static int write_last(struct store *s, struct err *err)
{
	struct block *b = s->writing_block;

	if (!b)
		return 0;
	batch_clear(s->batch);
	end_block(s, b, s->commit);
	if (!s->db)
		return err_set(err, ERR_FAILED, "%s", s->stats.problem);
	if (db_write(s->db, s->batch, err) < 0)
		return -1;
	while (rollup_step(s))
		;
	return 0;
}

int writer_stop(struct store *s, struct err *err)
{
	int ret = 0;

	if (s->has_thread) {
		pthread_mutex_lock(&s->lock);
		s->stop = true;
		pthread_cond_signal(&s->wake);
		pthread_mutex_unlock(&s->lock);
		pthread_join(s->thread, NULL);
		s->has_thread = false;
		ret = s->stats.failing
			      ? err_set(err, ERR_NO_SPACE, "%s", s->stats.problem)
			      : write_last(s, err);
	}
	rollup_release(s);
	mend_release(s);
	live_forget_all(s);
	if (s->writing_block)
		block_drop(s, s->writing_block);
	s->writing_block = NULL;
	batch_free(s->batch);
	s->batch = NULL;
	buf_release(&s->value);
	chunk_release(&s->piece);
	chunk_release(&s->whole);
	return ret;
}
