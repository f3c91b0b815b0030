/* store.c - opening and closing, see store.h */
#include "store/store.h"

#include "base/alloc.h"
#include "base/cond.h"
#include "base/file.h"
#include "store/inside.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void set_defaults(struct store *s, const struct store_options *o)
{
	s->o = *o;
	if (!s->o.queue_bytes)
		s->o.queue_bytes = 16 << 20;
	if (!s->o.block_ns)
		s->o.block_ns = 86400 * NS_PER_SEC;
	if (!s->o.block_symbols)
		s->o.block_symbols = 24 << 20;
	s->o.address = NULL; /* the caller's: written down, not kept */
}

static void release(struct store *s)
{
	struct err ignored = ERR_INIT;

	db_close(s->db);
	if (s->owner_fd >= 0) {
		/* What is left says nothing false: the lock is what counts. */
		if (ftruncate(s->owner_fd, 0) < 0)
			errno = 0;
		close(s->owner_fd);
	}
	if (s->temporary)
		file_remove_tree(s->temporary, &ignored);
	if (s->atlas)
		atlas_drop(s, s->atlas);
	pthread_mutex_destroy(&s->lock);
	pthread_mutex_destroy(&s->atlas_lock);
	pthread_cond_destroy(&s->wake);
	pthread_cond_destroy(&s->moved);
	pthread_rwlock_destroy(&s->db_lock);
	free(s->temporary);
	free(s->dir);
	free(s);
}

static int open_writer(struct store *s, const struct store_options *o, struct err *err)
{
	struct err why = ERR_INIT;
	unsigned format = 0;

	if (file_mkdirs(s->dir, err) < 0)
		return -1;
	if (store_format_read(s->dir, &format, &why) < 0) {
		if (why.code != ERR_NOT_FOUND) {
			*err = why;
			return -1;
		}
		if (store_begin(s->dir, err) < 0)
			return -1;
	}
	s->owner_fd = owner_take(s->dir, o->address, err);
	if (s->owner_fd < 0)
		return -1;
	s->db = db_open(s->dir, DB_WRITE, !o->no_sync, err);
	if (!s->db)
		return -1;
	/* Now that it can be read. What is in one of an older format stays as it was: every
	 * older format is a part of this one. */
	if (format < STORE_FORMAT && store_format_put(s->dir, err) < 0)
		return -1;
	return blocks_load(s, err);
}

static int open_reader(struct store *s, struct err *err)
{
	unsigned format;

	if (store_format_read(s->dir, &format, err) < 0) {
		if (err->code == ERR_NOT_FOUND)
			err_set(err, ERR_NOT_FOUND, "there is no store in %s", s->dir);
		return -1;
	}
	s->db = db_open(s->dir, DB_READ, false, err);
	if (!s->db)
		return -1;
	return blocks_load(s, err);
}

struct store *store_open(const char *dir, const struct store_options *o, struct err *err)
{
	struct store *s = xcalloc(1, sizeof(*s));
	pthread_rwlockattr_t kind;
	int ret;

	s->dir = xstrdup(dir);
	s->owner_fd = -1;
	set_defaults(s, o);
	pthread_mutex_init(&s->lock, NULL);
	pthread_mutex_init(&s->atlas_lock, NULL);
	cond_init(&s->wake);
	pthread_cond_init(&s->moved, NULL);
	pthread_rwlockattr_init(&kind);
	pthread_rwlockattr_setkind_np(
		&kind, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(&s->db_lock, &kind);
	pthread_rwlockattr_destroy(&kind);
	ret = o->mode == STORE_WRITE ? open_writer(s, o, err) : open_reader(s, err);
	if (ret == 0) {
		sink_init(s);
		reader_init(s);
		if (o->mode == STORE_WRITE)
			ret = writer_start(s, err);
	}
	if (ret < 0) {
		blocks_release(s);
		release(s);
		return NULL;
	}
	return s;
}

int store_close(struct store *s, struct err *err)
{
	int ret = 0;

	if (!s)
		return 0;
	if (s->o.mode == STORE_WRITE) {
		s->sink.ops->commit(&s->sink); /* what was given since the last one */
		ret = writer_stop(s, err);
	}
	sink_finish(s);
	blocks_release(s);
	release(s);
	return ret;
}

bool store_is_store(const char *dir)
{
	struct err ignored = ERR_INIT;
	unsigned format;

	return store_format_read(dir, &format, &ignored) == 0 ||
	       ignored.code == ERR_VERSION;
}

struct sink *store_sink(struct store *s)
{
	return &s->sink;
}

struct source *store_source(struct store *s)
{
	return &s->source;
}

int store_refresh(struct store *s, struct err *err)
{
	bool moved;
	int ret;

	if (s->o.mode == STORE_WRITE)
		return 0;
	pthread_rwlock_wrlock(&s->db_lock);
	ret = db_catch_up(s->db, &moved, err);
	if (ret == 0)
		ret = blocks_load(s, err);
	s->refreshes++;
	pthread_mutex_lock(&s->lock);
	s->generation += moved;
	pthread_mutex_unlock(&s->lock);
	pthread_rwlock_unlock(&s->db_lock);
	return ret;
}

void store_stats(struct store *s, struct store_stats *st)
{
	pthread_mutex_lock(&s->lock);
	*st = s->stats;
	st->bytes_queued = s->queue_bytes;
	pthread_mutex_unlock(&s->lock);
	if (!st->bytes_disk)
		st->bytes_disk = file_disk_usage(s->dir);
}

int store_flush(struct store *s, struct err *err)
{
	uint64_t lost;
	int ret = 0;

	if (s->o.mode != STORE_WRITE)
		return 0;
	pthread_mutex_lock(&s->lock);
	lost = s->stats.seconds_lost;
	while (s->queue && !s->stats.failing)
		pthread_cond_wait(&s->moved, &s->lock);
	if (s->stats.failing || s->stats.seconds_lost != lost)
		ret = err_set(err, ERR_NO_SPACE, "%s", s->stats.problem);
	pthread_mutex_unlock(&s->lock);
	return ret;
}
