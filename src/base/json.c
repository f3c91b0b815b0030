/* json.c - see json.h */
#include "base/json.h"

#include "base/err.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void json_init(struct json *j, struct buf *out)
{
	*j = (struct json){ .out = out, .first = true };
}

static void newline(struct json *j)
{
	int i;

	if (!j->indent)
		return;
	buf_char(j->out, '\n');
	for (i = 0; i < j->depth; i++)
		buf_char(j->out, ' ');
}

static void before_value(struct json *j)
{
	if (j->after_key) {
		j->after_key = false;
		return;
	}
	if (j->depth && j->closers[j->depth - 1] == '}')
		BUG("JSON value without a key");
	if (j->depth && !j->first)
		buf_char(j->out, ',');
	if (j->depth)
		newline(j);
	j->first = false;
}

static void open_level(struct json *j, char opener, char closer)
{
	before_value(j);
	if (j->depth == JSON_MAX_DEPTH)
		BUG("JSON nested deeper than %d", JSON_MAX_DEPTH);
	buf_char(j->out, opener);
	j->closers[j->depth++] = closer;
	j->first = true;
}

void json_object(struct json *j)
{
	open_level(j, '{', '}');
}

void json_array(struct json *j)
{
	open_level(j, '[', ']');
}

void json_end(struct json *j)
{
	bool empty = j->first;

	if (!j->depth || j->after_key)
		BUG("JSON closed where nothing is open");
	j->depth--;
	if (!empty)
		newline(j);
	buf_char(j->out, j->closers[j->depth]);
	j->first = false;
}

void json_key(struct json *j, const char *key)
{
	if (!j->depth || j->closers[j->depth - 1] != '}' || j->after_key)
		BUG("JSON key '%s' outside an object", key);
	if (!j->first)
		buf_char(j->out, ',');
	newline(j);
	json_quote(j->out, key, strlen(key));
	buf_char(j->out, ':');
	if (j->indent)
		buf_char(j->out, ' ');
	j->first = false;
	j->after_key = true;
}

void json_strn(struct json *j, const char *s, size_t len)
{
	before_value(j);
	json_quote(j->out, s, len);
}

void json_str(struct json *j, const char *s)
{
	json_strn(j, s, strlen(s));
}

/* Answers and exports are mostly numbers: printf would be most of their time. */
static void put_digits(struct buf *out, uint64_t v, bool negative)
{
	char text[24];
	size_t at = sizeof(text);

	do {
		text[--at] = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	if (negative)
		text[--at] = '-';
	buf_add(out, text + at, sizeof(text) - at);
}

void json_int(struct json *j, int64_t v)
{
	before_value(j);
	put_digits(j->out, v < 0 ? 0 - (uint64_t)v : (uint64_t)v, v < 0);
}

void json_uint(struct json *j, uint64_t v)
{
	before_value(j);
	put_digits(j->out, v, false);
}

/* Numbers with at most six decimals, such as nanoseconds in ms: the double nearest to
 * n / 10^6 is v itself, so its decimals read back equal. */
static bool put_millionths(struct buf *out, double v)
{
	double n = round(fabs(v) * 1e6);
	uint64_t whole, part;
	unsigned width;
	char text[8];

	if (!(n < 9007199254740992.0) || n / 1e6 != fabs(v))
		return false;
	whole = (uint64_t)n / 1000000;
	part = (uint64_t)n % 1000000;
	put_digits(out, whole, signbit(v) && n > 0);
	if (part) {
		for (width = 6; part % 10 == 0; width--)
			part /= 10;
		snprintf(text, sizeof(text), "%0*u", (int)width, (unsigned)part);
		buf_char(out, '.');
		buf_add(out, text, width);
	}
	return true;
}

void json_double(struct json *j, double v)
{
	char text[32];
	int digits;

	if (!isfinite(v)) {
		json_null(j);
		return;
	}
	before_value(j);
	if (put_millionths(j->out, v))
		return;
	for (digits = 6; digits < 17; digits += 3) {
		snprintf(text, sizeof(text), "%.*g", digits, v);
		if (strtod(text, NULL) == v)
			break;
	}
	if (digits >= 17)
		snprintf(text, sizeof(text), "%.17g", v);
	buf_str(j->out, text);
}

void json_bool(struct json *j, bool v)
{
	before_value(j);
	buf_str(j->out, v ? "true" : "false");
}

void json_null(struct json *j)
{
	before_value(j);
	buf_str(j->out, "null");
}

void json_kstr(struct json *j, const char *key, const char *s)
{
	json_key(j, key);
	json_str(j, s);
}

void json_kint(struct json *j, const char *key, int64_t v)
{
	json_key(j, key);
	json_int(j, v);
}

void json_kdouble(struct json *j, const char *key, double v)
{
	json_key(j, key);
	json_double(j, v);
}

void json_kbool(struct json *j, const char *key, bool v)
{
	json_key(j, key);
	json_bool(j, v);
}

/* U+2028 and U+2029 are legal in JSON but end a line in older JavaScript. */
static bool is_line_separator(const char *s, size_t n)
{
	return n == 3 && !memcmp(s, "\xe2\x80", 2) && (s[2] & ~1) == (char)0xa8;
}

/* Bytes at s that need no second look. */
static size_t plain_len(const char *s, size_t len)
{
	size_t i = 0;

	while (i < len && s[i] >= ' ' && s[i] != '"' && s[i] != '\\' && s[i] != '/' &&
		s[i] != 0x7f)
		i++;
	return i;
}

void json_quote(struct buf *out, const char *s, size_t len)
{
	size_t i = 0;

	buf_char(out, '"');
	while (i < len) {
		unsigned char c;
		size_t n = plain_len(s + i, len - i);

		buf_add(out, s + i, n);
		i += n;
		if (i == len)
			break;
		c = (unsigned char)s[i];
		if (c >= 0x80) {
			n = utf8_valid_at(s + i, len - i);
			if (!n)
				buf_str(out, "\xef\xbf\xbd");
			else if (is_line_separator(s + i, n))
				buf_printf(out, "\\u%s", s[i + 2] & 1 ? "2029" : "2028");
			else
				buf_add(out, s + i, n);
			i += n ? n : 1;
			continue;
		}
		if (c == '"' || c == '\\')
			buf_printf(out, "\\%c", c);
		else if (c == '\n')
			buf_str(out, "\\n");
		else if (c == '\t')
			buf_str(out, "\\t");
		else if (c < 0x20 || c == 0x7f)
			buf_printf(out, "\\u%04x", c);
		else if (c == '/' && i && s[i - 1] == '<')
			buf_str(out, "\\/");
		else
			buf_char(out, (char)c);
		i++;
	}
	buf_char(out, '"');
}
