/* str.c - see str.h */
#include "python/str.h"

#include "base/utf8.h"

#include <stdio.h>
#include <string.h>

/* Head and, most often, all of a string in one read. */
enum { HEAD_MAX = 128, GUESS = 256 };

/* Py_TPFLAGS_STRING_SUBCLASS of 2.7 (object.h) */
#define FLAG_STR27 (1u << 27)

struct text {
	uint64_t data;   /* address of the first character */
	uint64_t length; /* characters */
	unsigned width;  /* bytes each */
};

static void put_char(struct buf *out, uint32_t c)
{
	if (c >= 0xd800 && c < 0xe000)
		buf_printf(out, "\\u%04x", c);
	else
		utf8_put(out, c);
}

static uint32_t char_at(const uint8_t *data, unsigned width, size_t i)
{
	uint16_t two;
	uint32_t four;

	if (width == 1)
		return data[i];
	if (width == 2) {
		memcpy(&two, data + 2 * i, sizeof(two));
		return two;
	}
	memcpy(&four, data + 4 * i, sizeof(four));
	return four;
}

static void put_chars(struct buf *out, const uint8_t *data, unsigned width, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		put_char(out, char_at(data, width, i));
}

/* UTF-16, as narrow builds of 2.7 keep it. */
static void put_pairs(struct buf *out, const uint8_t *data, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		uint32_t c = char_at(data, 2, i);
		uint32_t low = i + 1 < n ? char_at(data, 2, i + 1) : 0;

		if (c >= 0xd800 && c < 0xdc00 && low >= 0xdc00 && low < 0xe000) {
			c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
			i++;
		}
		put_char(out, c);
	}
}

void str_put_bytes(struct buf *out, const char *s, size_t len)
{
	size_t i = 0;

	while (i < len) {
		size_t n = utf8_valid_at(s + i, len - i);

		if (n)
			buf_add(out, s + i, n);
		else
			buf_printf(out, "\\x%02x", (unsigned char)s[i]);
		i += n ? n : 1;
	}
}

/* Where the characters are, from the head of a str of 3.6 or later. */
static enum status text_of_head(const struct abi *abi, uint64_t addr, const uint8_t *head,
	size_t len, struct text *t)
{
	uint32_t state;

	if (!abi_get_u64(head, len, abi->str.length, &t->length) ||
		!abi_get_u32(head, len, abi->str.state, &state))
		return ST_UNSUPPORTED;
	t->width = abi_bits(state, abi->strstate.kind);
	if (t->length > INT64_MAX / 8 ||
		(t->width != 1 && t->width != 2 && t->width != 4))
		return ST_BAD;
	if (!abi_bits(state, abi->strstate.compact)) {
		abi_get_ptr(head, len, abi->ustr.data, &t->data);
		return t->data || !t->length ? ST_OK : ST_BAD;
	}
	t->data = addr +
		  (abi_bits(state, abi->strstate.ascii) ? abi->str.size : abi->cstr.size);
	return ST_OK;
}

/* Reads `len` bytes of data from what came with the head, or from the target. */
static enum status fetch(struct mem *mem, uint64_t addr, const uint8_t *seen,
	uint64_t seen_addr, size_t seen_len, void *dst, size_t len)
{
	if (addr >= seen_addr && addr - seen_addr <= seen_len &&
		seen_len - (addr - seen_addr) >= len) {
		memcpy(dst, seen + (addr - seen_addr), len);
		return ST_OK;
	}
	return mem_read(mem, addr, dst, len);
}

/* Head bytes, and as many of the GUESS that follow as can be read. */
static enum status read_guess(
	struct mem *mem, uint64_t addr, size_t need, uint8_t *dst, size_t *got)
{
	struct mem_segment seg[2] = {
		{ addr, dst, need },
		{ addr + need, dst + need, GUESS - need },
	};
	size_t done = 0;
	enum status st = mem_readv(mem, seg, 2, &done);

	*got = done == 2 ? GUESS : need;
	return done ? ST_OK : st;
}

static enum status put_text(struct mem *mem, const struct text *t, size_t max_chars,
	const uint8_t *seen, uint64_t seen_addr, size_t seen_len, struct buf *out)
{
	size_t n = t->length < max_chars ? (size_t)t->length : max_chars;
	struct buf raw = BUF_INIT;
	enum status st = ST_OK;

	if (n) {
		size_t len = n * t->width;

		st = fetch(mem, t->data, seen, seen_addr, seen_len,
			buf_reserve(&raw, len), len);
		if (st == ST_OK)
			put_chars(out, (const uint8_t *)raw.data, t->width, n);
	}
	buf_release(&raw);
	return st == ST_OK && n < t->length ? ST_LIMIT : st;
}

/*
 * 2.7 says nowhere how wide its characters are: 4 bytes in Debian's builds, 2 by default.
 * Two characters of 2 bytes, read as one of 4, give a number that is not a character, or
 * one of the planes nobody uses; one character reads the same either way.
 */
static unsigned width_27(const uint8_t *data, size_t len)
{
	size_t i;

	for (i = 0; i + 4 <= len; i += 4) {
		uint32_t c = char_at(data, 4, i / 4);

		if (c >= 0x40000 && (c < 0xe0000 || c > 0x10ffff))
			return 2;
	}
	return 4;
}

static enum status unicode27_read(struct mem *mem, const struct abi *abi,
	const uint8_t *head, size_t len, size_t max_chars, struct buf *out)
{
	struct text t = { .width = 2 };
	struct buf raw = BUF_INIT;
	size_t n;
	enum status st = ST_OK;

	if (!abi_get_u64(head, len, abi->ustr.length, &t.length) ||
		!abi_get_ptr(head, len, abi->ustr.data, &t.data))
		return ST_UNSUPPORTED;
	if (t.length > INT64_MAX / 8 || (t.length && !t.data))
		return ST_BAD;
	n = t.length < max_chars ? (size_t)t.length : max_chars;
	if (n) {
		st = mem_read(mem, t.data, buf_reserve(&raw, 4 * n), 4 * n);
		if (st == ST_OK)
			t.width = width_27((const uint8_t *)raw.data, 4 * n);
		else /* narrow, at the very end of a mapping */
			st = mem_read(mem, t.data, raw.data, 2 * n);
		if (st == ST_OK && t.width == 4)
			put_chars(out, (const uint8_t *)raw.data, 4, n);
		else if (st == ST_OK)
			put_pairs(out, (const uint8_t *)raw.data, n);
	}
	buf_release(&raw);
	return st == ST_OK && n < t.length ? ST_LIMIT : st;
}

static bool is_str27(
	struct mem *mem, const struct abi *abi, const uint8_t *head, size_t len)
{
	uint64_t type, flags;

	return abi_get_ptr(head, len, abi->obj.type, &type) && abi_has(abi->type.flags) &&
	       mem_read_u64(mem, type + abi->type.flags, &flags) == ST_OK &&
	       flags & FLAG_STR27;
}

static size_t head_size(const struct abi *abi)
{
	size_t n = abi_has(abi->str.size) ? abi->ustr.size : abi->bytes.size;

	n = n > abi->ustr.size || !abi_has(abi->ustr.size) ? n : abi->ustr.size;
	return n < HEAD_MAX ? n : HEAD_MAX;
}

static enum status bytes_read_text(struct mem *mem, const struct abi *abi, uint64_t addr,
	size_t max, struct buf *out)
{
	struct buf raw = BUF_INIT;
	uint64_t length = 0;
	enum status st = mem_read_u64(mem, addr + abi->bytes.length, &length);
	size_t n = length < max ? (size_t)length : max;

	if (st == ST_OK && length > INT64_MAX)
		st = ST_BAD;
	if (st == ST_OK && n)
		st = mem_read(mem, addr + abi->bytes.data, buf_reserve(&raw, n), n);
	if (st == ST_OK && n)
		str_put_bytes(out, raw.data, n);
	buf_release(&raw);
	return st == ST_OK && n < length ? ST_LIMIT : st;
}

enum status str_read(struct mem *mem, const struct abi *abi, uint64_t addr,
	size_t max_chars, struct buf *out)
{
	size_t need = head_size(abi), got = 0;
	uint8_t head[GUESS];
	struct text t = { 0 };
	enum status st;

	max_chars = max_chars < STR_MAX ? max_chars : STR_MAX;
	if (!addr)
		return ST_BAD;
	st = read_guess(mem, addr, need, head, &got);
	if (st != ST_OK)
		return st;
	if (!abi_has(abi->str.size)) {
		if (is_str27(mem, abi, head, got))
			return bytes_read_text(mem, abi, addr, max_chars, out);
		return unicode27_read(mem, abi, head, got, max_chars, out);
	}
	st = text_of_head(abi, addr, head, got, &t);
	if (st != ST_OK)
		return st;
	return put_text(mem, &t, max_chars, head, addr, got, out);
}

enum status str_read_into(struct mem *mem, const struct abi *abi, uint64_t addr,
	char *dst, size_t size, size_t *len)
{
	struct buf text = BUF_INIT;
	enum status st = str_read(mem, abi, addr, size, &text);
	size_t n = 0, step;

	/* cut between characters */
	while (n < text.len && (step = utf8_valid_at(text.data + n, text.len - n)) > 0 &&
		n + step < size)
		n += step;
	if (size) {
		if (n)
			memcpy(dst, text.data, n);
		dst[n] = '\0';
	}
	if (len)
		*len = n;
	if (st == ST_OK && n < text.len)
		st = ST_LIMIT;
	buf_release(&text);
	return st;
}

enum status str_length(
	struct mem *mem, const struct abi *abi, uint64_t addr, uint64_t *length)
{
	uint32_t off = abi_has(abi->str.length) ? abi->str.length : abi->ustr.length;

	*length = 0;
	if (!addr || !abi_has(off))
		return ST_BAD;
	return mem_read_u64(mem, addr + off, length);
}

enum status bytes_read(struct mem *mem, const struct abi *abi, uint64_t addr, size_t max,
	struct buf *out)
{
	uint64_t length = 0;
	enum status st;

	if (!addr || !abi_has(abi->bytes.length) || !abi_has(abi->bytes.data))
		return ST_BAD;
	st = mem_read_u64(mem, addr + abi->bytes.length, &length);
	if (st != ST_OK)
		return st;
	if (length > INT64_MAX)
		return ST_BAD;
	if (length > max)
		return ST_LIMIT;
	if (!length)
		return ST_OK;
	st = mem_read(mem, addr + abi->bytes.data, buf_reserve(out, (size_t)length),
		(size_t)length);
	if (st == ST_OK) {
		out->len += (size_t)length;
		out->data[out->len] = '\0';
	}
	return st;
}
