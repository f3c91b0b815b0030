/*
 * bytes.h - bounded encoding and decoding: fixed big-endian numbers, varints, strings.
 *
 * A reader that runs over its end, or meets a varint of more than ten bytes, sets `bad`
 * and from then on yields zeros: check `bad` once at the end of a record.
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reader {
	const uint8_t *at, *end;
	bool bad;
};

struct reader reader_of(const void *data, size_t len);
size_t reader_left(const struct reader *r);
uint8_t get_u8(struct reader *r);
uint16_t get_be16(struct reader *r);
uint32_t get_be32(struct reader *r);
uint64_t get_be64(struct reader *r);
/* A varint whatever its length; what get_varint does with long ones. */
uint64_t get_long_varint(struct reader *r);

/* LEB128: seven bits a byte, low bits first. Most are one byte, and there are millions. */
static inline uint64_t get_varint(struct reader *r)
{
	if (!r->bad && r->at < r->end && *r->at < 0x80)
		return *r->at++;
	return get_long_varint(r);
}

/* Zigzag: small negative numbers stay short. */
static inline int64_t get_svarint(struct reader *r)
{
	uint64_t v = get_varint(r);

	return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}

/* len bytes in place, borrowed from the reader's data; NULL when fewer are left. */
const void *get_bytes(struct reader *r, size_t len);
/* varint length, then the bytes, borrowed; "" with *len 0 when bad. */
const char *get_string(struct reader *r, size_t *len);

void put_u8(struct buf *b, uint8_t v);
void put_be16(struct buf *b, uint16_t v);
void put_be32(struct buf *b, uint32_t v);
void put_be64(struct buf *b, uint64_t v);
void put_varint(struct buf *b, uint64_t v);
void put_svarint(struct buf *b, int64_t v);
void put_string(struct buf *b, const char *s, size_t len);

#endif
