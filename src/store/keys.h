/*
 * keys.h - one encoder per key of schema.h, and one decoder for those that carry a time.
 */
#ifndef STORE_KEYS_H
#define STORE_KEYS_H

#include "prof/chunk.h"
#include "store/schema.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint32_t block_id;

struct key {
	uint8_t data[KEY_MAX];
	size_t len;
};

/* seq of a commit and a piece of it. */
static inline uint64_t seq_of(uint32_t commit, uint16_t piece)
{
	return (uint64_t)commit << 16 | piece;
}

/* The first key of a block and, with block + 1, the end of it. Any family. */
struct key key_block(block_id block);
struct key key_extent(block_id block, uint16_t seq);
struct key key_series(block_id block, series_id series);
struct key key_thread(block_id block, series_id series, thread_id thread, uint64_t seq);
struct key key_event(block_id block, int64_t time_ns, uint64_t seq);
struct key key_raw_gone(block_id block);
/* What all keys of a kind in a block begin with: 'S', 'T', 'E'. */
struct key key_kind(block_id block, char kind);
struct key key_symbols(block_id block, uint64_t seq);
struct key key_raw(block_id block, series_id series, int64_t time_ns, uint64_t seq);
struct key key_bucket(block_id block, unsigned level, series_id series, int64_t bucket_ns,
	uint64_t seq);

/* Fields of a key; zero where its family has none. */
struct key_fields {
	block_id block;
	char kind;      /* meta only */
	unsigned level; /* agg and line only */
	series_id series;
	thread_id thread;
	int64_t time_ns;
	uint64_t seq;
};

/* False: not a key of this family. */
bool key_parse(enum family cf, const void *data, size_t len, struct key_fields *f);

#endif
