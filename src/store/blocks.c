/* blocks.c - the list of blocks, see inside.h */
#include "store/inside.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

struct block *block_new(block_id id)
{
	struct block *b = xcalloc(1, sizeof(*b));
	int kind;

	b->written.leaves = 1;
	b->id = id;
	b->refs = 1;
	b->from_ns = INT64_MAX;
	b->until_ns = INT64_MIN;
	for (kind = 0; kind < SYM_KINDS; kind++)
		b->written.kind[kind] = 1; /* entry 0 is everywhere */
	return b;
}

struct block *block_hold(struct block *b)
{
	if (!b->refs++)
		BUG("a block held that is gone");
	return b;
}

void block_drop_locked(struct store *s, struct block *b)
{
	(void)s;
	b->refs--;
	if (b->refs == 0 || (b->refs == 1 && !b->live)) {
		symbols_free(b->symbols);
		symbols_free(b->leaves);
		b->symbols = b->leaves = NULL;
	}
	if (b->refs == 0)
		free(b);
}

void block_drop(struct store *s, struct block *b)
{
	pthread_mutex_lock(&s->lock);
	block_drop_locked(s, b);
	pthread_mutex_unlock(&s->lock);
}

void blocks_release(struct store *s)
{
	size_t i;

	for (i = 0; i < s->blocks.n; i++)
		block_drop_locked(s, s->blocks.blocks[i]);
	free(s->blocks.blocks);
	s->blocks = (struct block_list){ 0 };
}

int blocks_put_extent(struct store *s, struct block *b, struct batch *batch)
{
	struct key key = key_extent(b->id, b->extent_seq++);

	put_svarint(&s->value, b->from_ns);
	put_svarint(&s->value, b->until_ns);
	put_u8(&s->value, b->ended);
	put_varint(&s->value, s->next_series);
	batch_put(batch, s->db, CF_META, &key, &s->value);
	return 0;
}

static int get_extent(struct store *s, struct block *b, struct reader *r)
{
	b->from_ns = get_svarint(r);
	b->until_ns = get_svarint(r);
	b->ended = get_u8(r);
	s->next_series = (series_id)get_varint(r);
	return r->bad ? -1 : 0;
}

/* Where the data of a block that was not ended really ends: the last key of each series. */
static int find_end(struct store *s, struct block *b, struct view *v, struct err *err)
{
	struct cursor *meta = cursor_new(v, CF_META), *raw = cursor_new(v, CF_RAW);
	struct key kind = key_kind(b->id, 'S'), own, past;
	struct key_fields f;
	const void *key;
	size_t len;
	int ret;

	for (cursor_seek(meta, &kind); cursor_at(meta, &kind); cursor_next(meta)) {
		key = cursor_key(meta, &len);
		if (!key_parse(CF_META, key, len, &f))
			continue;
		if (f.series >= s->next_series)
			s->next_series = f.series + 1;
		past = key_raw(
			b->id, f.series, INT64_MAX, seq_of(UINT32_MAX, UINT16_MAX));
		own = key_block(b->id);
		cursor_seek_before(raw, &past);
		if (!cursor_at(raw, &own))
			continue;
		key = cursor_key(raw, &len);
		if (!key_parse(CF_RAW, key, len, &f))
			continue;
		/* A chunk ends within the 10 s in which it begins. */
		f.time_ns = bucket_of(f.time_ns, level_ns[0]) + level_ns[0];
		if (f.time_ns > b->until_ns)
			b->until_ns = f.time_ns;
	}
	ret = cursor_check(meta, err) < 0 || cursor_check(raw, err) < 0 ? -1 : 0;
	cursor_free(meta);
	cursor_free(raw);
	return ret;
}

/* The last chunk of the newest series says it to the nanosecond, which is what
 * "until: end" of a live recording should mean. */
static void sharpen_end(struct store *s, struct block *b, struct view *v)
{
	struct cursor *raw = cursor_new(v, CF_RAW);
	struct cursor *meta = cursor_new(v, CF_META);
	struct key kind = key_kind(b->id, 'S'), past, own = key_block(b->id);
	struct chunk c = { 0 };
	int64_t last = INT64_MIN;
	struct key_fields f;
	struct reader r;
	const void *key, *value;
	size_t len, value_len;

	(void)s;
	for (cursor_seek(meta, &kind); cursor_at(meta, &kind); cursor_next(meta)) {
		key = cursor_key(meta, &len);
		if (!key_parse(CF_META, key, len, &f))
			continue;
		past = key_raw(
			b->id, f.series, INT64_MAX, seq_of(UINT32_MAX, UINT16_MAX));
		cursor_seek_before(raw, &past);
		if (!cursor_at(raw, &own))
			continue;
		key = cursor_key(raw, &len);
		value = cursor_value(raw, &value_len);
		r = unseal(key, len, value, value_len);
		if (!key_parse(CF_RAW, key, len, &f) ||
			decode_chunk(&c, &r, f.time_ns) < 0)
			continue;
		if (c.n_ticks && c.time_ns[c.n_ticks - 1] >= last)
			last = c.time_ns[c.n_ticks - 1] + 1;
	}
	if (last != INT64_MIN && last < b->until_ns)
		b->until_ns = last;
	chunk_release(&c);
	cursor_free(raw);
	cursor_free(meta);
}

/* One block: its last extent, whether raw is gone. False: the key is not of a block. */
static struct block *load_one(
	struct store *s, struct view *v, block_id id, struct err *err)
{
	struct cursor *c = cursor_new(v, CF_META);
	struct key kind = key_kind(id, 'B'), gone = key_raw_gone(id);
	struct block *b = block_new(id);
	size_t key_len, len;
	bool sound = false;

	b->begun = true;
	for (cursor_seek(c, &kind); cursor_at(c, &kind); cursor_next(c)) {
		const void *key = cursor_key(c, &key_len);
		const void *value = cursor_value(c, &len);
		struct reader r = unseal(key, key_len, value, len);

		b->extent_seq++;
		sound = get_extent(s, b, &r) == 0;
	}
	cursor_free(c);
	b->raw_gone = view_has(v, CF_META, &gone);
	if (!sound)
		b->from_ns = INT64_MAX;
	if (sound && !b->ended) {
		if (find_end(s, b, v, err) < 0) {
			block_drop_locked(s, b);
			return NULL;
		}
		sharpen_end(s, b, v);
	}
	return b;
}

static struct block *find_block(const struct block_list *l, block_id id)
{
	size_t i;

	for (i = 0; i < l->n; i++) {
		if (l->blocks[i]->id == id)
			return l->blocks[i];
	}
	return NULL;
}

/* Of what has ended only the samples may have gone since. Whoever lets go of an answer
 * does so at any time: hence the lock. */
static struct block *keep_block(struct store *s, struct view *v, struct block *b)
{
	struct key gone = key_raw_gone(b->id);
	bool raw_gone = b->raw_gone || view_has(v, CF_META, &gone);

	pthread_mutex_lock(&s->lock);
	block_hold(b);
	b->raw_gone = raw_gone;
	pthread_mutex_unlock(&s->lock);
	return b;
}

int blocks_load(struct store *s, struct err *err)
{
	struct view *v = view_new(s->db, VIEW_ONCE);
	struct cursor *c = cursor_new(v, CF_META);
	struct block_list fresh = { 0 }, old;
	struct key at = key_block(1);
	struct key_fields f;
	const void *key;
	size_t len, i;
	int ret = -1;

	s->next_series = 1;
	s->next_block = 1;
	for (cursor_seek(c, &at); cursor_at(c, NULL); cursor_seek(c, &at)) {
		struct block *b, *known;

		key = cursor_key(c, &len);
		if (!key_parse(CF_META, key, len, &f)) {
			err_set(err, ERR_CORRUPT, "%s has a key that is none of ours",
				s->dir);
			goto out;
		}
		s->next_block = f.block + 1;
		at = key_block(f.block + 1);
		known = find_block(&s->blocks, f.block);
		b = known && known->ended ? keep_block(s, v, known)
					  : load_one(s, v, f.block, err);
		if (!b)
			goto out;
		GROW(fresh.blocks, fresh.cap, fresh.n + 1);
		fresh.blocks[fresh.n++] = b;
	}
	if (cursor_check(c, err) < 0)
		goto out;
	ret = 0;
out:
	cursor_free(c);
	view_free(v);
	pthread_mutex_lock(&s->lock);
	old = s->blocks;
	if (ret == 0)
		s->blocks = fresh;
	else
		old = fresh;
	for (i = 0; i < old.n; i++)
		block_drop_locked(s, old.blocks[i]);
	free(old.blocks);
	pthread_mutex_unlock(&s->lock);
	return ret;
}
