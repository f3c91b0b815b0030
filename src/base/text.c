/* text.c - see text.h */
#include "base/text.h"

#include "base/alloc.h"
#include "base/utf8.h"

#include <stdio.h>
#include <string.h>

void text_safe(struct buf *out, const char *text, size_t len)
{
	size_t i = 0;

	while (i < len) {
		unsigned char c = (unsigned char)text[i];
		size_t n = utf8_valid_at(text + i, len - i);

		if (!n) {
			buf_str(out, "\xef\xbf\xbd");
			i++;
		} else if (c == '\n') {
			buf_str(out, "\\n");
			i++;
		} else if (c == '\t') {
			buf_str(out, "\\t");
			i++;
		} else if (c < 0x20 || c == 0x7f) {
			buf_printf(out, "\\x%02x", c);
			i++;
		} else if (n == 2 && c == 0xc2 && (unsigned char)text[i + 1] < 0xa0) {
			buf_printf(out, "\\x%02x", (unsigned char)text[i + 1]);
			i += 2;
		} else {
			buf_add(out, text + i, n);
			i += n;
		}
	}
}

/* Bytes of the longest beginning of text that takes at most `columns`. */
static size_t fitting(const char *text, size_t len, size_t columns)
{
	size_t i = 0, used = 0;

	while (i < len) {
		size_t n = utf8_valid_at(text + i, len - i);
		size_t width;

		n = n ? n : 1;
		width = utf8_columns(text + i, n);
		if (used + width > columns)
			break;
		used += width;
		i += n;
	}
	return i;
}

void text_fit(struct buf *out, const char *text, size_t columns)
{
	struct buf safe = BUF_INIT;

	text_safe(&safe, text, strlen(text));
	if (!columns || !safe.len) {
		/* nothing fits */
	} else if (utf8_columns(safe.data, safe.len) <= columns) {
		buf_add(out, safe.data, safe.len);
	} else {
		buf_add(out, safe.data, fitting(safe.data, safe.len, columns - 1));
		buf_str(out, "\xe2\x80\xa6");
	}
	buf_release(&safe);
}

void text_fit_end(struct buf *out, const char *text, size_t columns)
{
	struct buf safe = BUF_INIT;
	size_t at = 0;

	text_safe(&safe, text, strlen(text));
	if (!columns || !safe.len) {
		/* nothing fits */
	} else if (utf8_columns(safe.data, safe.len) <= columns) {
		buf_add(out, safe.data, safe.len);
	} else {
		while (at < safe.len &&
			utf8_columns(safe.data + at, safe.len - at) > columns - 1) {
			size_t n = utf8_valid_at(safe.data + at, safe.len - at);

			at += n ? n : 1;
		}
		buf_str(out, "\xe2\x80\xa6");
		buf_add(out, safe.data + at, safe.len - at);
	}
	buf_release(&safe);
}

void text_pad(struct buf *out, size_t start, size_t columns)
{
	size_t used =
		out->len > start ? utf8_columns(out->data + start, out->len - start) : 0;

	for (; used < columns; used++)
		buf_char(out, ' ');
}

const char *text_bytes(char *text, size_t size, double bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	size_t i = 0;

	while (bytes >= 1024 && i + 1 < ARRAY_SIZE(units)) {
		bytes /= 1024;
		i++;
	}
	snprintf(text, size, i && bytes < 99.95 ? "%.1f %s" : "%.0f %s", bytes, units[i]);
	return text;
}

const char *text_span(char *text, size_t size, double seconds)
{
	unsigned long s = (unsigned long)(seconds + 0.5);

	if (seconds < 0.001)
		snprintf(text, size, "%.0f us", seconds * 1e6);
	else if (seconds < 1)
		snprintf(text, size, "%.0f ms", seconds * 1e3);
	else if (seconds < 60)
		snprintf(text, size, "%.1f s", seconds);
	else if (s < 3600)
		snprintf(text, size, "%lu:%02lu min", s / 60, s % 60);
	else if (s < 48 * 3600)
		snprintf(text, size, "%lu:%02lu:%02lu h", s / 3600, s / 60 % 60, s % 60);
	else
		snprintf(text, size, "%lu d %lu h", s / 86400, s / 3600 % 24);
	return text;
}

const char *text_number(char *text, size_t size, uint64_t n)
{
	char digits[32];
	size_t len, i, at = 0;

	snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n);
	len = strlen(digits);
	for (i = 0; i < len && at + 2 < size; i++) {
		if (i && (len - i) % 3 == 0)
			text[at++] = ' ';
		text[at++] = digits[i];
	}
	text[at] = '\0';
	return text;
}
