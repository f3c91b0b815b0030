/* bytes.c - see bytes.h */
#include "base/bytes.h"

struct reader reader_of(const void *data, size_t len)
{
	const uint8_t *at = data;

	return (struct reader){ .at = at, .end = len ? at + len : at };
}

size_t reader_left(const struct reader *r)
{
	return (size_t)(r->end - r->at);
}

const void *get_bytes(struct reader *r, size_t len)
{
	const void *p = r->at;

	if (r->bad || len > reader_left(r)) {
		r->bad = true;
		return NULL;
	}
	r->at += len;
	return p;
}

static uint64_t get_be(struct reader *r, size_t width)
{
	const uint8_t *p = get_bytes(r, width);
	uint64_t v = 0;
	size_t i;

	for (i = 0; p && i < width; i++)
		v = v << 8 | p[i];
	return v;
}

uint8_t get_u8(struct reader *r)
{
	return (uint8_t)get_be(r, 1);
}

uint16_t get_be16(struct reader *r)
{
	return (uint16_t)get_be(r, 2);
}

uint32_t get_be32(struct reader *r)
{
	return (uint32_t)get_be(r, 4);
}

uint64_t get_be64(struct reader *r)
{
	return get_be(r, 8);
}

uint64_t get_long_varint(struct reader *r)
{
	uint64_t v = 0;
	unsigned shift;

	for (shift = 0; shift < 70 && !r->bad && r->at < r->end; shift += 7) {
		uint8_t byte = *r->at++;

		v |= (uint64_t)(byte & 0x7f) << (shift < 64 ? shift : 63);
		if (!(byte & 0x80))
			return v;
	}
	r->bad = true;
	return 0;
}

const char *get_string(struct reader *r, size_t *len)
{
	uint64_t n = get_varint(r);
	const char *s = n <= reader_left(r) ? get_bytes(r, (size_t)n) : NULL;

	if (!s)
		r->bad = true;
	*len = s ? (size_t)n : 0;
	return s ? s : "";
}

static void put_be(struct buf *b, uint64_t v, size_t width)
{
	uint8_t bytes[8];
	size_t i;

	for (i = 0; i < width; i++)
		bytes[i] = (uint8_t)(v >> (8 * (width - 1 - i)));
	buf_add(b, bytes, width);
}

void put_u8(struct buf *b, uint8_t v)
{
	put_be(b, v, 1);
}

void put_be16(struct buf *b, uint16_t v)
{
	put_be(b, v, 2);
}

void put_be32(struct buf *b, uint32_t v)
{
	put_be(b, v, 4);
}

void put_be64(struct buf *b, uint64_t v)
{
	put_be(b, v, 8);
}

void put_varint(struct buf *b, uint64_t v)
{
	while (v >= 0x80) {
		put_u8(b, (uint8_t)(v | 0x80));
		v >>= 7;
	}
	put_u8(b, (uint8_t)v);
}

void put_svarint(struct buf *b, int64_t v)
{
	put_varint(b, (uint64_t)v << 1 ^ (uint64_t)(v >> 63));
}

void put_string(struct buf *b, const char *s, size_t len)
{
	put_varint(b, len);
	buf_add(b, s, len);
}
