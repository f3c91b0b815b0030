/* opt_kind.c - the kinds of values that options take; see opt.h */
#include "base/alloc.h"
#include "base/opt.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <string.h>

static int parse_flag(const struct opt *o, void *field, const char *text, struct err *err)
{
	(void)o, (void)text, (void)err;
	*(bool *)field = true;
	return 0;
}

static int parse_count(
	const struct opt *o, void *field, const char *text, struct err *err)
{
	(void)o, (void)text, (void)err;
	++*(unsigned *)field;
	return 0;
}

static int parse_string(
	const struct opt *o, void *field, const char *text, struct err *err)
{
	(void)o, (void)err;
	*(const char **)field = text;
	return 0;
}

static int parse_list(const struct opt *o, void *field, const char *text, struct err *err)
{
	struct opt_list *list = field;

	(void)o, (void)err;
	GROW(list->v, list->cap, list->n + 1);
	list->v[list->n++] = text;
	return 0;
}

static int parse_unsigned(
	const struct opt *o, void *field, const char *text, struct err *err)
{
	unsigned long v;
	char *end;

	(void)o;
	errno = 0;
	v = strtoul(text, &end, 10);
	if (errno || end == text || *end || v > 0x7fffffff ||
		!isdigit((unsigned char)*text))
		return err_set(err, ERR_USAGE, "'%s' is not a whole number", text);
	*(unsigned *)field = (unsigned)v;
	return 0;
}

struct unit {
	const char *word;
	double factor;
};

static const struct unit second_units[] = {
	{ "", 1 },
	{ "s", 1 },
	{ "sec", 1 },
	{ "seconds", 1 },
	{ "ms", 1e-3 },
	{ "m", 60 },
	{ "min", 60 },
	{ "minutes", 60 },
	{ "h", 3600 },
	{ "hours", 3600 },
	{ "d", 86400 },
	{ "days", 86400 },
};
static const struct unit rate_units[] = {
	{ "", 1 },
	{ "hz", 1 },
	{ "k", 1e3 },
	{ "khz", 1e3 },
};
static const struct unit size_units[] = {
	{ "", 1 },
	{ "b", 1 },
	{ "k", 1024 },
	{ "kb", 1e3 },
	{ "kib", 1024 },
	{ "m", 1048576.0 },
	{ "mb", 1e6 },
	{ "mib", 1048576.0 },
	{ "g", 1073741824.0 },
	{ "gb", 1e9 },
	{ "gib", 1073741824.0 },
	{ "t", 1099511627776.0 },
	{ "tb", 1e12 },
	{ "tib", 1099511627776.0 },
};

/* A plain number with a unit behind it. strtod alone would take "nan", "inf", "0x1p3". */
static int parse_scaled(double *v, const char *text, const struct unit *units, size_t n)
{
	char *end;
	size_t i;

	if (!isdigit((unsigned char)text[0]) && text[0] != '.')
		return -1;
	if (text[strspn(text, "0123456789.")] == 'x')
		return -1;
	errno = 0;
	*v = strtod(text, &end);
	if (errno || end == text || !isfinite(*v))
		return -1;
	while (*end == ' ')
		end++;
	for (i = 0; i < n; i++) {
		if (!strcasecmp(end, units[i].word)) {
			*v *= units[i].factor;
			return 0;
		}
	}
	return -1;
}

static int parse_number(
	const struct opt *o, void *field, const char *text, struct err *err)
{
	static const struct unit none[] = { { "", 1 } };

	(void)o;
	if (parse_scaled(field, text, none, 1) < 0)
		return err_set(err, ERR_USAGE, "'%s' is not a number", text);
	return 0;
}

static int parse_seconds(
	const struct opt *o, void *field, const char *text, struct err *err)
{
	(void)o;
	if (parse_scaled(field, text, second_units, ARRAY_SIZE(second_units)) < 0)
		return err_set(err, ERR_USAGE,
			"'%s' is not a time span (like 30, 1.5m, 2h or 7d)", text);
	return 0;
}

static int parse_rate(const struct opt *o, void *field, const char *text, struct err *err)
{
	double *v = field;

	(void)o;
	if (!strcasecmp(text, "max")) {
		*v = 0;
		return 0;
	}
	if (parse_scaled(v, text, rate_units, ARRAY_SIZE(rate_units)) < 0 || *v < 0.001)
		return err_set(err, ERR_USAGE,
			"'%s' is not a rate in samples a second (like 100, 1k or max)",
			text);
	if (*v > 1e6)
		return err_set(err, ERR_USAGE,
			"%s is too fast: at most 1000k, or max for as fast as possible",
			text);
	return 0;
}

static int parse_size(const struct opt *o, void *field, const char *text, struct err *err)
{
	double v;

	(void)o;
	if (parse_scaled(&v, text, size_units, ARRAY_SIZE(size_units)) < 0 || v > 1e18)
		return err_set(err, ERR_USAGE,
			"'%s' is not a size (like 512MiB or 20GiB)", text);
	*(uint64_t *)field = (uint64_t)v;
	return 0;
}

static int parse_choice(
	const struct opt *o, void *field, const char *text, struct err *err)
{
	const char *at = o->choices;
	size_t len = strlen(text);

	while (at) {
		const char *bar = strchrnul(at, '|');

		if ((size_t)(bar - at) == len && !memcmp(at, text, len)) {
			*(const char **)field = text;
			return 0;
		}
		at = *bar ? bar + 1 : NULL;
	}
	return err_set(err, ERR_USAGE, "'%s' is not one of %s", text, o->choices);
}

const struct opt_kind opt_flag = { false, parse_flag };
const struct opt_kind opt_count = { false, parse_count };
const struct opt_kind opt_string = { true, parse_string };
const struct opt_kind opt_list = { true, parse_list };
const struct opt_kind opt_unsigned = { true, parse_unsigned };
const struct opt_kind opt_number = { true, parse_number };
const struct opt_kind opt_seconds = { true, parse_seconds };
const struct opt_kind opt_rate = { true, parse_rate };
const struct opt_kind opt_size = { true, parse_size };
const struct opt_kind opt_choice = { true, parse_choice };
