/* lines.c - see lines.h */
#include "python/lines.h"

enum { LNOTAB_UNSIGNED, LNOTAB, RANGES, LOCATIONS };

static const struct place nowhere = { 0, -1, -1, -1 };

static struct place on_line(int64_t line)
{
	struct place p = nowhere;

	p.line = line > 0 && line <= INT32_MAX ? (int32_t)line : 0;
	return p;
}

/* Pairs (address delta, line delta); the line counts while the address is not beyond. */
static struct place in_lnotab(const struct lines *t, int32_t offset)
{
	int64_t line = t->first_line, at = 0;
	size_t i;

	for (i = 0; i + 1 < t->len; i += 2) {
		at += t->table[i];
		if (at > offset)
			break;
		line += t->kind == LNOTAB ? (int8_t)t->table[i + 1] : t->table[i + 1];
	}
	return on_line(line);
}

/* Pairs (length of the range, line delta of it); -128: the range has no line. */
static struct place in_ranges(const struct lines *t, int32_t offset)
{
	int64_t line = t->first_line, end = 0;
	size_t i;

	for (i = 0; i + 1 < t->len; i += 2) {
		int8_t delta = (int8_t)t->table[i + 1];

		end += t->table[i];
		if (delta != -128)
			line += delta;
		if (offset < end)
			return delta == -128 ? nowhere : on_line(line);
	}
	return nowhere;
}

struct cursor {
	const uint8_t *at, *end;
};

/* Six bits a byte, low ones first, 0x40: more follow; never into the next entry. */
static uint32_t varint(struct cursor *c)
{
	uint32_t value = 0;
	unsigned shift = 0;
	uint8_t byte = 0x40;

	while (byte & 0x40 && c->at < c->end && !(*c->at & 0x80)) {
		byte = *c->at++;
		if (shift < 32)
			value |= (uint32_t)(byte & 0x3f) << shift;
		shift += 6;
	}
	return value;
}

static int64_t svarint(struct cursor *c)
{
	uint32_t u = varint(c);

	return u & 1 ? -(int64_t)(u >> 1) : (int64_t)(u >> 1);
}

static uint8_t byte_of(struct cursor *c)
{
	return c->at < c->end && !(*c->at & 0x80) ? *c->at++ : 0;
}

static int32_t small(int64_t v)
{
	return v >= 0 && v <= INT32_MAX ? (int32_t)v : -1;
}

/*
 * One entry, whose first byte is 1cccclll (c: form, l: code units - 1):
 *	0-9  same line, columns in one byte     10-12  0 to 2 lines on, two column bytes
 *	13   line only   14  everything, as varints   15  no line
 * Moves *line on and gives the place; the cursor is anywhere within the entry.
 */
static struct place entry(struct cursor *c, int64_t *line)
{
	unsigned form = *c->at++ >> 3 & 15;
	struct place p;
	uint8_t low;

	if (form == 15)
		return nowhere;
	if (form == 13 || form == 14)
		*line += svarint(c);
	else if (form >= 10)
		*line += form - 10;
	p = on_line(*line);
	if (form == 13)
		return p;
	if (form == 14) {
		p.end_line = small(*line + varint(c));
		p.column = small((int64_t)varint(c) - 1);
		p.end_column = small((int64_t)varint(c) - 1);
		return p;
	}
	p.end_line = p.line;
	if (form >= 10) {
		p.column = byte_of(c);
		p.end_column = byte_of(c);
		return p;
	}
	low = byte_of(c);
	p.column = (int32_t)(form << 3 | low >> 4);
	p.end_column = p.column + (low & 15);
	return p;
}

static struct place in_locations(const struct lines *t, int32_t offset)
{
	struct cursor c = { t->table, t->table + t->len };
	int64_t line = t->first_line, end = 0;

	while (c.at < c.end) {
		int64_t units = (*c.at & 7) + 1;
		struct place p = entry(&c, &line);

		end += 2 * units;
		if (offset < end)
			return p;
		while (c.at < c.end && !(*c.at & 0x80))
			c.at++;
	}
	return nowhere;
}

struct place lines_place(const struct lines *t, int32_t offset)
{
	if (offset < 0 || !t->table || !t->len)
		return on_line(t->first_line);
	switch (t->kind) {
	case LNOTAB_UNSIGNED:
	case LNOTAB:
		return in_lnotab(t, offset);
	case RANGES:
		return in_ranges(t, offset);
	case LOCATIONS:
		return in_locations(t, offset);
	default:
		return on_line(t->first_line);
	}
}

int32_t lines_at(const struct lines *t, int32_t offset)
{
	return lines_place(t, offset).line;
}
