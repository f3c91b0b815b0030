/* line.c - see line.h */
#include "format/line.h"

#include <string.h>

struct line line_first(const char *data, size_t len)
{
	return (struct line){ .next = data, .end = data + len };
}

bool line_next(struct line *l)
{
	const char *stop;

	if (l->next >= l->end)
		return false;
	l->at = l->next;
	stop = memchr(l->at, '\n', (size_t)(l->end - l->at));
	l->next = stop ? stop + 1 : l->end;
	l->len = (size_t)((stop ? stop : l->end) - l->at);
	if (l->len && l->at[l->len - 1] == '\r')
		l->len--;
	l->number++;
	return true;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

size_t line_number(const char *s, size_t len, uint64_t *value)
{
	uint64_t v = 0;
	size_t i;

	for (i = 0; i < len && is_digit(s[i]); i++) {
		if (__builtin_mul_overflow(v, 10u, &v) ||
			__builtin_add_overflow(v, (uint64_t)(s[i] - '0'), &v))
			return 0;
	}
	*value = v;
	return i;
}

static int hex_digit(char c)
{
	if (is_digit(c))
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

size_t line_hex(const char *s, size_t len, uint64_t *value)
{
	size_t i = len > 2 && s[0] == '0' && (s[1] | 0x20) == 'x' ? 2 : 0, first = i;
	uint64_t v = 0;

	for (; i < len && hex_digit(s[i]) >= 0; i++) {
		if (v >> 60)
			return 0;
		v = v << 4 | (uint64_t)hex_digit(s[i]);
	}
	*value = v;
	return i > first ? i : 0;
}

bool line_cut_value(const char *s, size_t *len, uint64_t *value)
{
	size_t end = *len, at;

	while (end && s[end - 1] == ' ')
		end--;
	for (at = end; at && is_digit(s[at - 1]); at--)
		;
	if (at == end || !at || (s[at - 1] != ' ' && s[at - 1] != '\t') ||
		!line_number(s + at, end - at, value))
		return false;
	while (at && (s[at - 1] == ' ' || s[at - 1] == '\t'))
		at--;
	*len = at;
	return at > 0;
}

/* "file.py:12" -> file, 12; false without a line. */
static bool split_line(const char *s, size_t *len, uint32_t *line)
{
	size_t at = *len;
	uint64_t value;

	while (at && is_digit(s[at - 1]))
		at--;
	if (at < 2 || at == *len || s[at - 1] != ':' ||
		!line_number(s + at, *len - at, &value) || value > UINT32_MAX)
		return false;
	*len = at - 1;
	*line = (uint32_t)value;
	return true;
}

static bool looks_like_file(const char *s, size_t len)
{
	return len && (s[0] == '<' || memchr(s, '/', len) || memchr(s, '\\', len) ||
			      memmem(s, len, ".py", 3));
}

/* func (file:12), func (file), func(module); false when it does not end in ")". */
static bool parenthesized(const char *s, size_t len, struct import_place *p)
{
	size_t open = len, inner_len;
	const char *inner;
	int depth = 0;

	if (len < 3 || s[len - 1] != ')')
		return false;
	while (open--) {
		depth += s[open] == ')' ? 1 : s[open] == '(' ? -1 : 0;
		if (!depth)
			break;
	}
	if (depth || !open)
		return false;
	inner = s + open + 1;
	inner_len = len - open - 2;
	p->name = s;
	p->name_len = s[open - 1] == ' ' ? open - 1 : open;
	if (split_line(inner, &inner_len, &p->line) ||
		looks_like_file(inner, inner_len)) {
		p->file = inner;
		p->file_len = inner_len;
	} else if (s[open - 1] != ' ' && inner_len) {
		p->module = inner;
		p->module_len = inner_len;
	} else {
		return false; /* "foo (deleted)", "operator()" */
	}
	return p->name_len > 0;
}

/* file:func:12 */
static bool colons(const char *s, size_t len, struct import_place *p)
{
	size_t rest = len, at;

	if (!split_line(s, &rest, &p->line))
		return false;
	for (at = rest; at && s[at - 1] != ':'; at--)
		;
	if (at < 2 || at == rest || !looks_like_file(s, at - 1))
		return false;
	p->file = s;
	p->file_len = at - 1;
	p->name = s + at;
	p->name_len = rest - at;
	return true;
}

void line_frame(const char *s, size_t len, struct import_place *p)
{
	memset(p, 0, sizeof(*p));
	if (parenthesized(s, len, p))
		return;
	memset(p, 0, sizeof(*p));
	if (colons(s, len, p))
		return;
	memset(p, 0, sizeof(*p));
	p->name = s;
	p->name_len = len;
	if (len > 2 && ((s[0] == '<' && s[len - 1] == '>') ||
			       (s[0] == '(' && s[len - 1] == ')')))
		p->flags = FUNC_MARK;
}
