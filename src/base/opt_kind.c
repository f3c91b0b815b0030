/* opt_kind.c - the kinds of values that options take; see opt.h */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/opt.h"
#include "base/units.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

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

/* A plain number, and what stands behind it. */
static const char *number_of(const char *text, double *v)
{
	const char *end = text;

	if (!units_number(&end, v))
		return NULL;
	while (*end == ' ')
		end++;
	return end;
}

static int parse_number(
	const struct opt *o, void *field, const char *text, struct err *err)
{
	const char *end = number_of(text, field);

	(void)o;
	if (!end || *end)
		return err_set(err, ERR_USAGE, "'%s' is not a number", text);
	return 0;
}

static int parse_seconds(
	const struct opt *o, void *field, const char *text, struct err *err)
{
	int64_t ns;

	(void)o;
	if (duration_parse(text, &ns, err) < 0)
		return -1;
	*(double *)field = (double)ns / NS_PER_SEC;
	return 0;
}

static int parse_rate(const struct opt *o, void *field, const char *text, struct err *err)
{
	double *v = field;
	const char *unit;

	(void)o;
	if (!strcasecmp(text, "max")) {
		*v = 0;
		return 0;
	}
	unit = number_of(text, v);
	if (unit && tolower((unsigned char)*unit) == 'k') {
		*v *= 1000;
		unit++;
	}
	if (!unit || (*unit && strcasecmp(unit, "hz") != 0) || *v <= 0)
		return err_set(err, ERR_USAGE,
			"'%s' is not a rate in samples a second (like 100, 1k or max)",
			text);
	if (*v < 0.1)
		return err_set(err, ERR_USAGE,
			"%s is too slow: at least 0.1, a sample every ten seconds", text);
	if (*v > 1e6)
		return err_set(err, ERR_USAGE,
			"%s is too fast: at most 1000k, or max for as fast as possible",
			text);
	return 0;
}

static int parse_size(const struct opt *o, void *field, const char *text, struct err *err)
{
	(void)o;
	return size_parse(text, field, err);
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
