/*
 * mend.c - sums that a block lacks, one bucket at a time: those that a killed session had
 * not come to, and those of all series where an older format has none.
 */
#include "store/walk.h"

#include "base/alloc.h"

#include <stdlib.h>

/* Where the work stands: level by level, in each series by series, all of them (0) last. */
struct mend {
	struct block *block;    /* held; NULL: the next one is to be looked for */
	block_id after;         /* done up to it */
	struct series_list all; /* of the block */
	unsigned level;
	size_t nth; /* of `all`; all.n: the sums of all */
	int64_t at_ns;
};

void mend_begin(struct store *s)
{
	s->mend = xcalloc(1, sizeof(*s->mend));
}

static void begin_series(struct mend *m, unsigned level, size_t nth)
{
	m->level = level;
	m->nth = nth;
	m->at_ns = bucket_of(m->block->from_ns, level_ns[level]);
}

/* Takes the reference over. */
static int begin(struct mend *m, struct store *s, struct block *b, struct err *err)
{
	struct view *v = view_new(s->db, VIEW_ONCE);
	int ret = b->ended ? 0 : series_list_read(&m->all, v, b, err);

	view_free(v);
	m->block = b;
	m->after = b->id;
	begin_series(m, m->all.n ? 0 : MERGED_LEVEL, 0);
	return ret;
}

static void end(struct mend *m, struct store *s)
{
	if (m->block)
		block_drop(s, m->block);
	m->block = NULL;
	free(m->all.ids);
	m->all = (struct series_list){ 0 };
}

void mend_release(struct store *s)
{
	if (s->mend)
		end(s->mend, s);
	free(s->mend);
	s->mend = NULL;
}

static series_id series_of(const struct mend *m)
{
	return m->nth < m->all.n ? m->all.ids[m->nth] : 0;
}

/* The bucket of the first sample at or behind `at`, for whom samples are found by their key. */
static int64_t next_bucket(const struct mend *m, struct cursor *raw, int64_t at)
{
	struct key start = key_raw(m->block->id, series_of(m), at, 0), own = start;
	struct key_fields f;
	const void *key;
	size_t len;

	if (!series_of(m))
		return at;
	own.len = 8;
	cursor_seek(raw, &start);
	if (!cursor_at(raw, &own))
		return INT64_MAX;
	key = cursor_key(raw, &len);
	return key_parse(CF_RAW, key, len, &f) ? bucket_of(f.time_ns, level_ns[m->level])
					       : INT64_MAX;
}

/* Moves at_ns to a bucket that has samples and no sums; false when this is it for now. */
static bool find_gap(struct mend *m, struct view *v)
{
	enum { A_STEP = 256 };
	struct cursor *raw = cursor_new(v, CF_RAW), *agg = cursor_new(v, CF_AGG);
	bool found = false;
	int i;

	for (i = 0; i < A_STEP && !found; i++) {
		struct key at;

		m->at_ns = next_bucket(m, raw, m->at_ns);
		if (m->at_ns >= m->block->until_ns)
			break;
		at = key_bucket(m->block->id, m->level, series_of(m), m->at_ns, 0);
		cursor_seek(agg, &at);
		at.len = 17;
		found = !cursor_at(agg, &at);
		if (!found)
			m->at_ns += level_ns[m->level];
	}
	cursor_free(raw);
	cursor_free(agg);
	return found;
}

static int fill_gap(struct mend *m, struct store *s, struct view *v, struct err *err)
{
	struct batch *batch = batch_new();
	int ret = rollup_sum(
		s, v, batch, m->block, series_of(m), m->level, m->at_ns, false, err);

	if (ret == 0)
		ret = db_write(s->db, batch, err);
	batch_free(batch);
	m->at_ns += level_ns[m->level];
	return ret;
}

/* To the next series or level; false behind the last. */
static bool turn(struct mend *m)
{
	bool merged = m->level >= MERGED_LEVEL;

	if (m->nth + 1 < m->all.n + merged)
		begin_series(m, m->level, m->nth + 1);
	else if (m->level + 1 < N_LEVELS)
		begin_series(m, m->level + 1, 0);
	else
		return false;
	return true;
}

/* The block has all it will have: it is not looked through when it is opened again. */
static int put_end(struct mend *m, struct store *s, struct err *err)
{
	struct batch *batch;
	int ret;

	if (m->block->ended)
		return 0;
	pthread_mutex_lock(&s->lock);
	m->block->ended = true;
	pthread_mutex_unlock(&s->lock);
	batch = batch_new();
	blocks_put_extent(s, m->block, batch);
	ret = db_write(s->db, batch, err);
	batch_free(batch);
	return ret;
}

/* Does a little; 1: there is more, 0: the block is done. */
static int go_on(struct mend *m, struct store *s, struct err *err)
{
	struct view *v = view_new(s->db, VIEW_ONCE);
	int ret = 0;

	if (find_gap(m, v))
		ret = fill_gap(m, s, v, err);
	view_free(v);
	if (ret < 0 || m->at_ns < m->block->until_ns || turn(m))
		return ret < 0 ? -1 : 1;
	return put_end(m, s, err);
}

int mend_block(struct store *s, struct block *b, struct err *err)
{
	struct mend m = { 0 };
	int ret;

	if (b->from_ns >= b->until_ns || b->raw_gone)
		return 0;
	pthread_mutex_lock(&s->lock);
	block_hold(b);
	pthread_mutex_unlock(&s->lock);
	ret = begin(&m, s, b, err);
	while (ret >= 0 && (ret = go_on(&m, s, err)) > 0)
		;
	end(&m, s);
	return ret;
}

/* --- between seconds --- */

static bool is_unfinished(const struct block *b)
{
	return !b->ended && !b->live && !b->dead && !b->raw_gone &&
	       b->from_ns < b->until_ns;
}

static struct block *next_unfinished(struct store *s, block_id after)
{
	struct block *found = NULL;
	size_t i;

	pthread_mutex_lock(&s->lock);
	for (i = 0; i < s->blocks.n && !found && !s->stop; i++) {
		if (s->blocks.blocks[i]->id > after && is_unfinished(s->blocks.blocks[i]))
			found = block_hold(s->blocks.blocks[i]);
	}
	pthread_mutex_unlock(&s->lock);
	return found;
}

/* Is the block at hand still to be mended? */
static bool is_wanted(struct store *s, const struct block *b)
{
	bool wanted;

	pthread_mutex_lock(&s->lock);
	wanted = !s->stop && !b->dead;
	pthread_mutex_unlock(&s->lock);
	return wanted;
}

bool mend_step(struct store *s)
{
	struct mend *m = s->mend;
	struct err ignored = ERR_INIT;
	struct block *b;
	bool more;

	if (!m || !s->db || s->stats.failing)
		return false;
	if (!m->block) {
		b = next_unfinished(s, m->after);
		if (!b) {
			mend_release(s);
			return false;
		}
		more = begin(m, s, b, &ignored) == 0;
	} else {
		more = is_wanted(s, m->block) && go_on(m, s, &ignored) > 0;
	}
	/* What cannot be read is left as it is: the check says why. */
	if (!more)
		end(m, s);
	return true;
}
