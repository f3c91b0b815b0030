/* repr_text.c - str and bytes as repr() shows them; see repr_impl.h */
#include "python/repr_impl.h"

#include "python/str.h"

#include <string.h>

static size_t room(const struct writer *w)
{
	size_t used = w->out->len - w->start;

	return used < w->bytes ? w->bytes - used : 0;
}

/* \ud800 to \udfff: what str_read makes of a lone surrogate. */
static bool is_surrogate(const char *s, size_t len)
{
	return len >= 6 && s[1] == 'u' && s[2] == 'd' && strchr("89abcdef", s[3]) && s[3];
}

/* Escapes as repr() does; the text is UTF-8 with lone surrogates escaped already. */
static void put_quoted(struct writer *w, const char *s, size_t len, bool is_bytes)
{
	bool has_single = memchr(s, '\'', len), has_double = memchr(s, '"', len);
	char quote = has_single && !has_double ? '"' : '\'';
	size_t i;

	buf_char(w->out, quote);
	for (i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c == '\n')
			buf_str(w->out, "\\n");
		else if (c == '\r')
			buf_str(w->out, "\\r");
		else if (c == '\t')
			buf_str(w->out, "\\t");
		else if (c < 0x20 || c == 0x7f || (is_bytes && c > 0x7f))
			buf_printf(w->out, "\\x%02x", c);
		else if (c == (unsigned char)quote ||
			 (c == '\\' && (is_bytes || !is_surrogate(s + i, len - i))))
			buf_printf(w->out, "\\%c", c);
		else
			buf_char(w->out, (char)c);
	}
	buf_char(w->out, quote);
}

void put_str(struct writer *w, uint64_t addr)
{
	struct buf text = BUF_INIT;
	size_t max = room(w) < 8 ? 8 : room(w);
	enum status st = str_read(w->o->mem, w->o->abi, addr, max, &text);

	if (st != ST_OK && st != ST_LIMIT) {
		put_unreadable(w, addr);
	} else {
		if (w->o->abi->version < ABI_VERSION(3, 0))
			buf_char(w->out, 'u');
		put_quoted(w, text.data ? text.data : "", text.len, false);
		if (st == ST_LIMIT)
			buf_str(w->out, "...");
	}
	buf_release(&text);
}

void put_bytes(struct writer *w, uint64_t addr, bool is_array)
{
	const struct abi *abi = w->o->abi;
	uint32_t length_at = is_array ? abi->bytearray.length : abi->bytes.length;
	size_t max = room(w) < 8 ? 8 : room(w), n;
	struct buf raw = BUF_INIT;
	uint64_t length, data = addr + abi->bytes.data;
	enum status st = objects_length(w->o, addr, length_at, &length);

	if (st == ST_OK && is_array && length)
		st = objects_member(w->o, addr, abi->bytearray.data, &data);
	n = length < max ? (size_t)length : max;
	if (st == ST_OK && n)
		st = objects_read(w->o, data, buf_reserve(&raw, n), n);
	if (st != ST_OK) {
		put_unreadable(w, addr);
	} else {
		buf_str(w->out, is_array ? "bytearray(" : "");
		buf_str(w->out, is_array || abi->version >= ABI_VERSION(3, 0) ? "b" : "");
		put_quoted(w, raw.data ? raw.data : "", n, true);
		buf_str(w->out, n < length ? "..." : "");
		buf_str(w->out, is_array ? ")" : "");
	}
	buf_release(&raw);
}
