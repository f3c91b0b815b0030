/* keys.c - see keys.h and schema.h */
#include "store/keys.h"

#include "base/bytes.h"
#include "base/err.h"

static void add(struct key *k, uint64_t v, unsigned width)
{
	if (k->len + width > KEY_MAX)
		BUG("a key of %zu bytes", k->len + width);
	while (width--)
		k->data[k->len++] = (uint8_t)(v >> (8 * width));
}

static uint64_t time_bits(int64_t ns)
{
	return (uint64_t)ns ^ (uint64_t)1 << 63;
}

struct key key_block(block_id block)
{
	struct key k = { .len = 0 };

	add(&k, block, 4);
	return k;
}

struct key key_kind(block_id block, char kind)
{
	struct key k = key_block(block);

	add(&k, (uint8_t)kind, 1);
	return k;
}

struct key key_extent(block_id block, uint16_t seq)
{
	struct key k = key_kind(block, 'B');

	add(&k, seq, 2);
	return k;
}

struct key key_series(block_id block, series_id series)
{
	struct key k = key_kind(block, 'S');

	add(&k, series, 4);
	return k;
}

struct key key_thread(block_id block, series_id series, thread_id thread, uint64_t seq)
{
	struct key k = key_kind(block, 'T');

	add(&k, series, 4);
	add(&k, thread, 4);
	add(&k, seq, 6);
	return k;
}

struct key key_event(block_id block, int64_t time_ns, uint64_t seq)
{
	struct key k = key_kind(block, 'E');

	add(&k, time_bits(time_ns), 8);
	add(&k, seq, 6);
	return k;
}

struct key key_raw_gone(block_id block)
{
	return key_kind(block, 'R');
}

struct key key_symbols(block_id block, uint64_t seq)
{
	struct key k = key_block(block);

	add(&k, seq, 6);
	return k;
}

struct key key_raw(block_id block, series_id series, int64_t time_ns, uint64_t seq)
{
	struct key k = key_block(block);

	add(&k, series, 4);
	add(&k, time_bits(time_ns), 8);
	add(&k, seq, 6);
	return k;
}

struct key key_bucket(
	block_id block, unsigned level, series_id series, int64_t bucket_ns, uint64_t seq)
{
	struct key k = key_block(block);

	add(&k, level, 1);
	add(&k, series, 4);
	add(&k, time_bits(bucket_ns), 8);
	add(&k, seq, 6);
	return k;
}

/* --- and back --- */

static uint64_t get_seq(struct reader *r)
{
	uint64_t high = get_be32(r);

	return high << 16 | get_be16(r);
}

static int64_t get_time(struct reader *r)
{
	return (int64_t)time_bits((int64_t)get_be64(r));
}

static void parse_meta(struct reader *r, struct key_fields *f)
{
	f->kind = (char)get_u8(r);
	switch (f->kind) {
	case 'B':
		f->seq = get_be16(r);
		break;
	case 'S':
		f->series = get_be32(r);
		break;
	case 'T':
		f->series = get_be32(r);
		f->thread = get_be32(r);
		f->seq = get_seq(r);
		break;
	case 'E':
		f->time_ns = get_time(r);
		f->seq = get_seq(r);
		break;
	case 'R':
		break;
	default:
		r->bad = true;
	}
}

bool key_parse(enum family cf, const void *data, size_t len, struct key_fields *f)
{
	struct reader r = reader_of(data, len);

	*f = (struct key_fields){ .block = get_be32(&r) };
	switch (cf) {
	case CF_META:
		parse_meta(&r, f);
		break;
	case CF_SYM:
		f->seq = get_seq(&r);
		break;
	case CF_RAW:
		f->series = get_be32(&r);
		f->time_ns = get_time(&r);
		f->seq = get_seq(&r);
		break;
	case CF_AGG:
	case CF_LINE:
		f->level = get_u8(&r);
		f->series = get_be32(&r);
		f->time_ns = get_time(&r);
		f->seq = get_seq(&r);
		if (f->level >= N_LEVELS)
			return false;
		break;
	case CF_DEFAULT:
	case CF_COUNT:
		return false;
	}
	return !r.bad && reader_left(&r) == 0 && f->block != 0;
}
