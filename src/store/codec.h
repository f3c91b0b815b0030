/*
 * codec.h - the values of schema.h: one pair of functions each.
 *
 * Encoders append to an empty buffer. Decoders get what a file holds and believe nothing:
 * counts are bounded by the bytes that are left, ids are checked by whoever knows the
 * symbols. They return 0, or -1 for a value that breaks its own rules.
 */
#ifndef STORE_CODEC_H
#define STORE_CODEC_H

#include "base/buf.h"
#include "base/bytes.h"
#include "prof/chunk.h"
#include "prof/series.h"
#include "prof/source.h"
#include "prof/symbols.h"
#include "store/keys.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Appends the checksum of key and value. */
void seal(struct buf *value, const struct key *key);
/* A reader of the value without its checksum; bad when that does not hold. */
struct reader unseal(const void *key, size_t key_len, const void *value, size_t len);

/* Samples lost by reason, STATUS_COUNT of them: those that are not 0. The reader is bad
 * after a reason that there is not. */
void put_lost(struct buf *out, const uint64_t *lost);
void get_lost(uint64_t *lost, struct reader *r);

/* --- chunks --- */

/*
 * Makes a chunk storable, so that timer jitter costs bits, not bytes. Times are rounded
 * down to a power of two that is at most a 32nd of the mean tick. Weights become
 * multiples of a quarter of the mean tick, what is rounded off being carried to the next
 * tick: the sum is kept to an eighth of a tick, and ticks that came in time weigh the
 * same. What is stored, rolled up or shown from the unwritten tail is then the same to
 * the nanosecond.
 */
void chunk_quantise(struct chunk *c);
/* Cuts a quantised chunk where its ticks cross a multiple of 10 s or run backwards: the
 * piece that begins at tick `from`, into *piece (cleared first). Returns the tick behind
 * it. Stats go to the first piece, metrics to the piece in whose 10 s they fall, else to
 * the nearest, moved into it. */
size_t chunk_piece(const struct chunk *c, size_t from, struct chunk *piece);
/* First tick, or first metric of a chunk without ticks. */
int64_t chunk_first_ns(const struct chunk *c);

/* Runs and sums name stacks by leaf number, see schema.h: whoever calls translates. */
void encode_chunk(struct buf *out, const struct chunk *c);
/* first_ns is the key's. Sets all but series and symbols. */
int decode_chunk(struct chunk *c, struct reader *r, int64_t first_ns);

/* --- sums --- */

struct sum_list {
	struct sum *sums;
	size_t n, cap;
};

/* Sorts and merges equal entries in place. */
void sum_list_merge(struct sum_list *l);
/* The list must be merged. */
void encode_sums(struct buf *out, const struct sum_list *l);
int decode_sums(struct sum_list *l, struct reader *r);

/* --- the rest --- */

void encode_point(struct buf *out, const struct point *p);
/* series, from and until are the caller's. */
int decode_point(struct point *p, struct reader *r);

/*
 * Leaf numbers: a table of its own in which "frame" n is (stack id, 0), so that both ways
 * are one lookup and readers need no lock. Number 0 is the empty stack.
 */
uint32_t leaf_number(struct symbols *leaves, stack_id stack);
stack_id leaf_stack(const struct symbols *leaves, uint32_t leaf);

/* Symbols with ids first[kind] .. past[kind], and leaves likewise. */
struct symbol_counts {
	uint32_t kind[SYM_KINDS];
	uint32_t leaves;
};
void encode_symbols(struct buf *out, const struct symbols *s,
	const struct symbols *leaves, const struct symbol_counts *first,
	const struct symbol_counts *past);

/* Ids of one block's symbols -> ids in tables that hold other blocks' as well. */
struct chart {
	uint32_t *to[SYM_KINDS], *leaf;  /* leaf number -> stack */
	uint32_t n[SYM_KINDS], n_leaves; /* entry 0 counted */
	size_t cap[SYM_KINDS], cap_leaves;
};

void chart_init(struct chart *c);
/* All but what stacks are found by: the rest is for reading on. */
void chart_trim(struct chart *c);
void chart_release(struct chart *c);
/* Bytes held. */
size_t chart_memory(const struct chart *c);
/* Adds what is new in the block's tables; the values must come in the order in which
 * they were written. */
int decode_symbols(struct chart *c, struct symbols *into, struct reader *r);

void encode_series(struct buf *out, const struct series *s);
int decode_series(struct series *s, struct reader *r);
void encode_thread(struct buf *out, const struct thread_info *t);
int decode_thread(struct thread_info *t, struct reader *r);
void encode_event(struct buf *out, const struct event *e);
int decode_event(struct event *e, struct reader *r);

#endif
