/* units.c - see units.h */
#include "base/units.h"

#include "base/alloc.h"
#include "base/clock.h"

#include <ctype.h>
#include <math.h>
#include <string.h>
#include <strings.h>

static const struct {
	const char *word;
	int64_t ns;
} units[] = {
	{ "ns", 1 },
	{ "us", NS_PER_US },
	{ "ms", NS_PER_MS },
	{ "msec", NS_PER_MS },
	{ "s", NS_PER_SEC },
	{ "sec", NS_PER_SEC },
	{ "secs", NS_PER_SEC },
	{ "second", NS_PER_SEC },
	{ "seconds", NS_PER_SEC },
	{ "m", 60 * NS_PER_SEC },
	{ "min", 60 * NS_PER_SEC },
	{ "mins", 60 * NS_PER_SEC },
	{ "minute", 60 * NS_PER_SEC },
	{ "minutes", 60 * NS_PER_SEC },
	{ "h", 3600 * NS_PER_SEC },
	{ "hr", 3600 * NS_PER_SEC },
	{ "hour", 3600 * NS_PER_SEC },
	{ "hours", 3600 * NS_PER_SEC },
	{ "d", 86400 * NS_PER_SEC },
	{ "day", 86400 * NS_PER_SEC },
	{ "days", 86400 * NS_PER_SEC },
	{ "w", 7 * 86400 * NS_PER_SEC },
	{ "week", 7 * 86400 * NS_PER_SEC },
	{ "weeks", 7 * 86400 * NS_PER_SEC },
	{ "y", 365 * 86400 * NS_PER_SEC },
	{ "year", 365 * 86400 * NS_PER_SEC },
	{ "years", 365 * 86400 * NS_PER_SEC },
};

static const char *skip_space(const char *p)
{
	while (isspace((unsigned char)*p))
		p++;
	return p;
}

/* A number of our own: strtod would take "inf", "nan" and hexadecimal. */
bool units_number(const char **text, double *v)
{
	const char *p = *text;
	double scale = 1;

	if (!isdigit((unsigned char)*p) && !(*p == '.' && isdigit((unsigned char)p[1])))
		return false;
	for (*v = 0; isdigit((unsigned char)*p); p++)
		*v = *v * 10 + (*p - '0');
	if (*p == '.') {
		for (p++; isdigit((unsigned char)*p); p++) {
			scale /= 10;
			*v += (*p - '0') * scale;
		}
	}
	*text = p;
	return true;
}

static int64_t unit_of(const char *word, size_t len)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(units); i++) {
		if (strlen(units[i].word) == len &&
			!strncasecmp(units[i].word, word, len))
			return units[i].ns;
	}
	return 0;
}

/* "1h30m", "2 hours": how far it understood is left in *text. */
bool units_duration(const char **text, bool bare, int64_t *ns)
{
	const char *p = skip_space(*text);
	double sum = 0, v;
	int parts = 0;

	while (units_number(&p, &v)) {
		const char *word = skip_space(p), *end = word;
		int64_t unit;

		while (isalpha((unsigned char)*end))
			end++;
		unit = unit_of(word, (size_t)(end - word));
		if (!unit && bare && end == word && !parts)
			unit = NS_PER_SEC;
		if (!unit)
			return false;
		sum += v * (double)unit;
		parts++;
		p = end;
		*text = p;
		p = skip_space(p);
	}
	if (!parts || sum > 9e18)
		return false;
	*ns = (int64_t)llround(sum);
	return true;
}

int duration_parse(const char *text, int64_t *ns, struct err *err)
{
	const char *p = text;
	int64_t v;

	if (!units_duration(&p, true, &v) || *skip_space(p))
		return err_set(err, ERR_USAGE,
			"'%.64s' is not a time span (like 90, 1.5m, 1h30m or 7d)", text);
	*ns = v;
	return 0;
}

int size_parse(const char *text, uint64_t *bytes, struct err *err)
{
	static const char letters[] = "KMGTP";
	const char *p = skip_space(text);
	double v, base = 1024;
	const char *letter;
	int power;

	if (!units_number(&p, &v))
		goto bad;
	p = skip_space(p);
	letter = *p ? strchr(letters, toupper((unsigned char)*p)) : NULL;
	if (letter) {
		p++;
		if (!strncasecmp(p, "iB", 2))
			p += 2;
		else if (*p == 'B' || *p == 'b')
			base = 1000, p++;
		for (power = (int)(letter - letters); power >= 0; power--)
			v *= base;
	} else if (*p == 'B' || *p == 'b') {
		p++;
	}
	if (*skip_space(p) || v > 1e18)
		goto bad;
	*bytes = (uint64_t)v;
	return 0;
bad:
	return err_set(
		err, ERR_USAGE, "'%.64s' is not a size (like 512MiB or 20GiB)", text);
}
