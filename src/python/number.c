/* number.c - see number.h */
#include "python/number.h"

#include "base/alloc.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIGIT_BITS = 30, DIGITS_MAX = 256 };

struct digits {
	uint32_t v[DIGITS_MAX]; /* lowest first */
	uint64_t n; /* how many the int has; more than DIGITS_MAX: v is its end */
	bool negative;
};

/* Count and sign: ob_size is the count, negative for negative numbers; lv_tag has the
 * count above three bits, of which the low two are 0 for +, 1 for zero, 2 for -. */
static void split_tag(const struct abi *abi, uint64_t tag, struct digits *d)
{
	int64_t size = (int64_t)tag;

	if (abi->value.int_kind == 1) {
		d->n = tag >> 3;
		d->negative = (tag & 3) == 2;
		return;
	}
	d->negative = size < 0;
	d->n = size < 0 ? 0 - tag : tag;
}

static enum status digits_read(struct objects *o, uint64_t addr, struct digits *d)
{
	const struct abi *abi = o->abi;
	uint64_t tag, skip = 0;
	size_t n, i;
	enum status st = objects_member(o, addr, abi->pyint.tag, &tag);

	if (st != ST_OK)
		return st;
	split_tag(abi, tag, d);
	if (d->n > INT32_MAX)
		return ST_BAD;
	n = d->n < DIGITS_MAX ? (size_t)d->n : DIGITS_MAX;
	skip = d->n - n;
	if (n)
		st = objects_read(o, addr + abi->pyint.digits + 4 * skip, d->v,
			n * sizeof(d->v[0]));
	for (i = 0; st == ST_OK && i < n; i++)
		if (d->v[i] >> DIGIT_BITS)
			return ST_BAD;
	return st;
}

static enum status magnitude(const struct digits *d, uint64_t *v)
{
	size_t i;

	*v = 0;
	if (d->n > 3 || (d->n == 3 && d->v[2] > 0xf))
		return ST_LIMIT;
	for (i = (size_t)d->n; i-- > 0;)
		*v = *v << DIGIT_BITS | d->v[i];
	return ST_OK;
}

static enum status int27_read(struct objects *o, uint64_t addr, int64_t *v)
{
	uint64_t u;
	enum status st = objects_member(o, addr, o->abi->pyint27.value, &u);

	*v = (int64_t)u;
	return st;
}

enum status int_read_u64(struct objects *o, uint64_t addr, uint64_t *v)
{
	enum kind kind = objects_kind(o, addr);
	struct digits d;
	int64_t i;
	enum status st;

	*v = 0;
	/* bool of 2.7 is laid out like its int, that of 3 like int */
	if (kind == KIND_INT27 || (kind == KIND_BOOL && abi_has(o->abi->pyint27.value))) {
		st = int27_read(o, addr, &i);
		*v = (uint64_t)i;
		return st != ST_OK || i >= 0 ? st : ST_LIMIT;
	}
	if (kind != KIND_INT && kind != KIND_BOOL)
		return ST_BAD;
	st = digits_read(o, addr, &d);
	if (st == ST_OK)
		st = d.negative ? ST_LIMIT : magnitude(&d, v);
	return st;
}

enum status int_read(struct objects *o, uint64_t addr, int64_t *v)
{
	enum kind kind = objects_kind(o, addr);
	struct digits d;
	uint64_t u;
	enum status st;

	*v = 0;
	if (kind == KIND_INT27 || (kind == KIND_BOOL && abi_has(o->abi->pyint27.value)))
		return int27_read(o, addr, v);
	if (kind != KIND_INT && kind != KIND_BOOL)
		return ST_BAD;
	st = digits_read(o, addr, &d);
	if (st == ST_OK)
		st = magnitude(&d, &u);
	if (st == ST_OK && u > (uint64_t)INT64_MAX + d.negative)
		st = ST_LIMIT;
	if (st == ST_OK)
		*v = d.negative ? (int64_t)(0 - u) : (int64_t)u;
	return st;
}

/* Schoolbook division by 10^9, from the top; d is used up. */
static void put_decimal(struct buf *out, struct digits *d)
{
	uint32_t parts[DIGITS_MAX + 8];
	size_t n = (size_t)d->n, n_parts = 0, i;

	while (n && n_parts < ARRAY_SIZE(parts)) {
		uint64_t rest = 0;

		for (i = n; i-- > 0;) {
			rest = rest << DIGIT_BITS | d->v[i];
			d->v[i] = (uint32_t)(rest / 1000000000);
			rest %= 1000000000;
		}
		parts[n_parts++] = (uint32_t)rest;
		while (n && !d->v[n - 1])
			n--;
	}
	buf_printf(out, "%s%u", d->negative ? "-" : "", n_parts ? parts[n_parts - 1] : 0);
	for (i = n_parts; i-- > 1;)
		buf_printf(out, "%09u", parts[i - 1]);
}

static enum status int_put(struct objects *o, uint64_t addr, struct buf *out)
{
	struct digits d;
	enum status st = digits_read(o, addr, &d);

	if (st != ST_OK)
		return st;
	if (d.n <= DIGITS_MAX) {
		put_decimal(out, &d);
		return ST_OK;
	}
	buf_printf(out, "<%sint of %llu bits>", d.negative ? "negative " : "",
		(unsigned long long)(d.n * DIGIT_BITS -
				     (d.v[DIGITS_MAX - 1] ? (unsigned)__builtin_clz(
								    d.v[DIGITS_MAX - 1]) -
								    2
							  : 0)));
	return ST_LIMIT;
}

void double_put(struct buf *out, double v)
{
	char text[48];
	int precision;

	if (isnan(v) || isinf(v)) {
		buf_str(out, isnan(v) ? "nan" : v < 0 ? "-inf" : "inf");
		return;
	}
	for (precision = 1; precision < 17; precision++) {
		snprintf(text, sizeof(text), "%.*e", precision - 1, v);
		if (strtod(text, NULL) == v)
			break;
	}
	/* repr() uses an exponent from 1e16 on and below 1e-4 */
	if (v != 0 && (fabs(v) >= 1e16 || fabs(v) < 1e-4)) {
		snprintf(text, sizeof(text), "%.*e", precision - 1, v);
		buf_str(out, text);
		return;
	}
	snprintf(text, sizeof(text), "%.*g", precision > 1 ? precision : 1, v);
	if (strchr(text, 'e')) /* 1e+15 and the like: all digits */
		snprintf(text, sizeof(text), "%.0f", v);
	buf_str(out, text);
	if (!strchr(text, '.'))
		buf_str(out, ".0");
}

static double half(uint16_t bits)
{
	int exponent = bits >> 10 & 31;
	double fraction = bits & 1023, v;

	if (exponent == 31)
		v = fraction != 0 ? (double)NAN : (double)INFINITY;
	else if (exponent)
		v = ldexp(1024 + fraction, exponent - 25);
	else
		v = ldexp(fraction, -24);
	return bits >> 15 ? -v : v;
}

/* The value lies behind the object's head: numpy/arrayscalars.h. */
static enum status numpy_put(
	struct objects *o, uint64_t addr, const struct numpy_scalar *s, struct buf *out)
{
	uint64_t raw = 0;
	float single;
	double value;
	unsigned unused = 64 - 8u * s->width;
	enum status st = objects_read(o, addr + o->abi->obj.size, &raw, s->width);

	if (st != ST_OK)
		return st;
	if (s->code == 'b') {
		buf_str(out, raw ? "True" : "False");
	} else if (s->code == 'u') {
		buf_printf(out, "%llu", (unsigned long long)raw);
	} else if (s->code == 'i') {
		buf_printf(out, "%lld", (long long)((int64_t)(raw << unused) >> unused));
	} else if (s->width == 8) {
		memcpy(&value, &raw, sizeof(value));
		double_put(out, value);
	} else if (s->width == 4) {
		char text[32];
		int precision;

		memcpy(&single, &raw, sizeof(single));
		for (precision = 1; precision < 9; precision++) {
			snprintf(text, sizeof(text), "%.*g", precision, (double)single);
			if (strtof(text, NULL) == single)
				break;
		}
		double_put(out, strtod(text, NULL));
	} else {
		double_put(out, half((uint16_t)raw));
	}
	return ST_OK;
}

/* Without the ".0" of whole numbers. */
static void put_part(struct buf *out, double v)
{
	double_put(out, v);
	if (out->len > 2 && !memcmp(out->data + out->len - 2, ".0", 2)) {
		out->len -= 2;
		out->data[out->len] = '\0';
	}
}

static enum status complex_put(struct objects *o, uint64_t addr, struct buf *out)
{
	double v[2];
	enum status st;

	if (!abi_has(o->abi->pycomplex.value))
		return ST_UNSUPPORTED;
	st = objects_read(o, addr + o->abi->pycomplex.value, v, sizeof(v));
	if (st != ST_OK)
		return st;
	/* repr() leaves out a real part of +0 */
	if (v[0] != 0 || signbit(v[0])) {
		buf_char(out, '(');
		put_part(out, v[0]);
		if (!signbit(v[1]) || isnan(v[1]))
			buf_char(out, '+');
		put_part(out, v[1]);
		buf_str(out, "j)");
		return ST_OK;
	}
	put_part(out, v[1]);
	buf_char(out, 'j');
	return ST_OK;
}

static enum status float_put(struct objects *o, uint64_t addr, struct buf *out)
{
	double v;
	enum status st;

	if (!abi_has(o->abi->pyfloat.value))
		return ST_UNSUPPORTED;
	st = objects_read(o, addr + o->abi->pyfloat.value, &v, sizeof(v));
	if (st == ST_OK)
		double_put(out, v);
	return st;
}

enum status number_put(
	struct objects *o, uint64_t addr, const struct type *t, struct buf *out)
{
	int64_t v;
	enum status st;

	switch (t->kind) {
	case KIND_INT:
		return int_put(o, addr, out);
	case KIND_INT27:
		st = int27_read(o, addr, &v);
		if (st == ST_OK)
			buf_printf(out, "%lld", (long long)v);
		return st;
	case KIND_BOOL:
		st = int_read(o, addr, &v);
		if (st == ST_OK)
			buf_str(out, v ? "True" : "False");
		return st;
	case KIND_FLOAT:
		return float_put(o, addr, out);
	case KIND_COMPLEX:
		return complex_put(o, addr, out);
	case KIND_NUMPY:
		return numpy_put(o, addr, &t->numpy, out);
	default:
		return ST_BAD;
	}
}
