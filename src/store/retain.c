/*
 * retain.c - what is too old or too much goes, in whole blocks: files first, so that the
 * disk is free at once and no compaction is waited for.
 *
 * A block that a query holds is hidden from new ones and goes when it is let go of.
 */
#include "store/inside.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"

static int drop_families(struct store *s, struct block *b, struct err *err)
{
	/* Meta last: a block that is only half dropped is still known, and dropped again. */
	static const enum family order[] = { CF_RAW, CF_AGG, CF_LINE, CF_SYM, CF_META };
	struct key from = key_block(b->id), to = key_block(b->id + 1);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(order); i++) {
		if (db_drop(s->db, order[i], &from, &to, err) < 0)
			return -1;
	}
	return 0;
}

/* Caller holds s->lock. Nothing uses it but the list. */
static void unlist(struct store *s, struct block *b)
{
	size_t i, n = 0;

	for (i = 0; i < s->blocks.n; i++) {
		if (s->blocks.blocks[i] != b)
			s->blocks.blocks[n++] = s->blocks.blocks[i];
	}
	s->blocks.n = n;
	block_drop_locked(s, b);
	s->stats.blocks_dropped++;
	s->generation++;
}

static bool drop_dead(struct store *s, struct err *err)
{
	struct block *dead = NULL;
	size_t i;

	pthread_mutex_lock(&s->lock);
	for (i = 0; i < s->blocks.n && !dead; i++) {
		if (s->blocks.blocks[i]->dead && s->blocks.blocks[i]->refs == 1)
			dead = s->blocks.blocks[i];
	}
	pthread_mutex_unlock(&s->lock);
	if (!dead)
		return false;
	if (drop_families(s, dead, err) < 0) {
		log_warn("%s", err->msg);
		return false;
	}
	pthread_mutex_lock(&s->lock);
	unlist(s, dead);
	pthread_mutex_unlock(&s->lock);
	return true;
}

/* Caller holds s->lock. Blocks of this session that are being written stay. */
static bool may_go(const struct block *b)
{
	return !b->dead && !b->live;
}

static void mark_old(struct store *s, int64_t before_ns)
{
	size_t i;

	pthread_mutex_lock(&s->lock);
	for (i = 0; i < s->blocks.n; i++) {
		struct block *b = s->blocks.blocks[i];

		if (may_go(b) && b->until_ns < before_ns)
			b->dead = true;
	}
	pthread_mutex_unlock(&s->lock);
}

/* One block at a time: usage is measured again after it went. */
static bool mark_oldest(struct store *s)
{
	struct block *oldest = NULL;
	size_t i;

	pthread_mutex_lock(&s->lock);
	for (i = 0; i < s->blocks.n; i++) {
		struct block *b = s->blocks.blocks[i];

		if (may_go(b) && (!oldest || b->until_ns < oldest->until_ns))
			oldest = b;
	}
	if (oldest)
		oldest->dead = true;
	pthread_mutex_unlock(&s->lock);
	return oldest != NULL;
}

static struct block *next_raw(struct store *s, int64_t before_ns)
{
	struct block *found = NULL;
	size_t i;

	pthread_mutex_lock(&s->lock);
	for (i = 0; i < s->blocks.n && !found; i++) {
		struct block *b = s->blocks.blocks[i];

		if (may_go(b) && !b->raw_gone && b->until_ns < before_ns && b->refs == 1)
			found = block_hold(b);
	}
	pthread_mutex_unlock(&s->lock);
	return found;
}

/* Whether queries go by roll-ups. Not changed, and false, while one reads the block: it
 * may have begun before the roll-ups were complete. */
static bool set_raw_gone(struct store *s, struct block *b, bool gone)
{
	bool alone;

	pthread_mutex_lock(&s->lock);
	alone = b->refs == 2; /* the list and whoever calls */
	if (alone)
		b->raw_gone = gone;
	pthread_mutex_unlock(&s->lock);
	return alone;
}

static bool drop_raw(struct store *s, int64_t before_ns, struct err *err)
{
	struct block *b = next_raw(s, before_ns);
	struct key from, to, gone;
	struct batch *batch;
	struct buf value = BUF_INIT;
	bool fine;

	if (!b)
		return false;
	from = key_block(b->id);
	to = key_block(b->id + 1);
	gone = key_raw_gone(b->id);
	batch = batch_new();
	fine = rollup_complete(s, b, err) == 0;
	if (fine && set_raw_gone(s, b, true)) {
		batch_put(batch, s->db, CF_META, &gone, &value);
		fine = db_write(s->db, batch, err) == 0 &&
		       db_drop(s->db, CF_RAW, &from, &to, err) == 0;
		if (!fine)
			set_raw_gone(s, b, false);
	}
	if (!fine)
		log_warn("%s", err->msg);
	batch_free(batch);
	buf_release(&value);
	block_drop(s, b);
	return fine;
}

/* Bytes on disk, now. */
static uint64_t measure(struct store *s)
{
	uint64_t bytes = file_disk_usage(s->dir);

	pthread_mutex_lock(&s->lock);
	s->stats.bytes_disk = bytes;
	pthread_mutex_unlock(&s->lock);
	return bytes;
}

void retain_step(struct store *s)
{
	const struct store_options *o = &s->o;
	int64_t now = clock_mono_ns();
	struct err err = ERR_INIT;

	if (!s->db || s->stats.failing)
		return;
	while (drop_dead(s, &err))
		;
	if (now < s->next_retention_ns)
		return;
	s->next_retention_ns = now + (o->block_ns < level_ns[2] ? 1 : 60) * NS_PER_SEC;
	/* Age is counted from the newest sample: a clock that jumps ahead for a moment
	 * must not empty the store, and a store opened after years is not emptied. */
	if (o->retain_ns && s->newest_ns > o->retain_ns)
		mark_old(s, s->newest_ns - o->retain_ns);
	while (drop_dead(s, &err))
		;
	if (o->retain_raw_ns && s->newest_ns > o->retain_raw_ns)
		drop_raw(s, s->newest_ns - o->retain_raw_ns, &err);
	while (measure(s) > o->max_bytes && o->max_bytes && mark_oldest(s)) {
		if (!drop_dead(s, &err))
			break;
	}
}
