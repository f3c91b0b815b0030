/* timespec.c - see timespec.h */
#include "query/timespec.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/units.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

static const char *skip_space(const char *p)
{
	while (isspace((unsigned char)*p))
		p++;
	return p;
}

/* --- dates --- */

struct date {
	int year, month, day, hour, minute;
	double second;
	bool has_offset;
	int offset_s;
};

static bool get_digits(const char **text, int n, int *v)
{
	const char *p = *text;

	for (*v = 0; n > 0; n--, p++) {
		if (!isdigit((unsigned char)*p))
			return false;
		*v = *v * 10 + (*p - '0');
	}
	*text = p;
	return true;
}

static bool get_char(const char **text, char c)
{
	if (**text != c)
		return false;
	(*text)++;
	return true;
}

/* 14:00, 14:00:30, 14:00:30.25; then Z or +01:00 when an offset may follow. */
static bool get_clock(const char **text, struct date *d)
{
	const char *p = *text;
	int hours, minutes, sign;

	if (!get_digits(&p, 2, &d->hour) || !get_char(&p, ':') ||
		!get_digits(&p, 2, &d->minute))
		return false;
	if (get_char(&p, ':') && !units_number(&p, &d->second))
		return false;
	if (d->hour > 24 || d->minute > 59 || d->second >= 61)
		return false;
	if (*p == 'Z' || *p == 'z') {
		d->has_offset = true;
		p++;
	} else if (*p == '+' || *p == '-') {
		sign = *p++ == '-' ? -1 : 1;
		if (!get_digits(&p, 2, &hours))
			return false;
		get_char(&p, ':');
		if (!get_digits(&p, 2, &minutes))
			return false;
		d->has_offset = true;
		d->offset_s = sign * (hours * 3600 + minutes * 60);
	}
	*text = p;
	return true;
}

static int64_t date_ns(const struct date *d, bool utc)
{
	struct tm tm = {
		.tm_year = d->year - 1900,
		.tm_mon = d->month - 1,
		.tm_mday = d->day,
		.tm_hour = d->hour,
		.tm_min = d->minute,
		.tm_isdst = -1,
	};
	time_t t = utc || d->has_offset ? timegm(&tm) : mktime(&tm);

	return ((int64_t)t - d->offset_s) * NS_PER_SEC +
	       (int64_t)llround(d->second * NS_PER_SEC);
}

static void date_of(struct date *d, int64_t ns, int days, bool utc)
{
	time_t t = (time_t)(ns / NS_PER_SEC);
	struct tm tm;

	if (utc)
		gmtime_r(&t, &tm);
	else
		localtime_r(&t, &tm);
	/* mktime puts a day of the month that is not into the next or last month. */
	*d = (struct date){ .year = tm.tm_year + 1900,
		.month = tm.tm_mon + 1,
		.day = tm.tm_mday + days };
}

/* [today|yesterday|2026-11-21][T| ][clock] */
static bool get_date(const char *p, const struct timespec_base *base, int64_t *ns)
{
	struct date d = { 0 };
	bool named = true;

	if (!strncasecmp(p, "today", 5)) {
		date_of(&d, base->now_ns, 0, base->utc);
		p += 5;
	} else if (!strncasecmp(p, "yesterday", 9)) {
		date_of(&d, base->now_ns, -1, base->utc);
		p += 9;
	} else if (strlen(p) >= 10 && p[4] == '-') {
		if (!get_digits(&p, 4, &d.year) || !get_char(&p, '-') ||
			!get_digits(&p, 2, &d.month) || !get_char(&p, '-') ||
			!get_digits(&p, 2, &d.day) || d.month < 1 || d.month > 12 ||
			d.day < 1 || d.day > 31)
			return false;
		if (*p == 'T' || *p == 't')
			p++;
	} else {
		date_of(&d, base->now_ns, 0, base->utc);
		named = false;
	}
	p = skip_space(p);
	if (*p || !named) {
		if (!get_clock(&p, &d))
			return false;
	}
	if (*skip_space(p))
		return false;
	*ns = date_ns(&d, base->utc);
	return true;
}

/* "2 hours ago", "-15minutes", "start+30s", "end-5min" */
static bool get_relative(const char *p, const struct timespec_base *base, int64_t *ns)
{
	int64_t at = base->now_ns, delta;
	const char *after;
	int sign = 0;

	if (!strncasecmp(p, "start", 5) && base->start_ns) {
		at = base->start_ns;
		p += 5;
	} else if (!strncasecmp(p, "end", 3) && base->end_ns) {
		at = base->end_ns;
		p += 3;
	} else if (!strncasecmp(p, "now", 3)) {
		p += 3;
	} else if (*p != '-' && *p != '+') {
		if (!units_duration(&p, false, &delta))
			return false;
		after = skip_space(p);
		if (strcasecmp(after, "ago"))
			return false;
		*ns = at - delta;
		return true;
	}
	p = skip_space(p);
	if (!*p) {
		*ns = at;
		return true;
	}
	sign = *p == '-' ? -1 : *p == '+' ? 1 : 0;
	if (!sign)
		return false;
	p++;
	if (!units_duration(&p, true, &delta) || *skip_space(p))
		return false;
	*ns = at + sign * delta;
	return true;
}

/* Ten digits or so since 1970, with a fraction; "@" before it allows any number. */
static bool get_unix(const char *p, int64_t *ns)
{
	int64_t seconds = 0, fraction = 0, scale = NS_PER_SEC;
	int digits = 0;
	bool any = get_char(&p, '@');

	for (; isdigit((unsigned char)*p) && digits < 11; p++, digits++)
		seconds = seconds * 10 + (*p - '0');
	if (digits < (any ? 1 : 9) || digits > 10)
		return false;
	if (get_char(&p, '.')) {
		for (; isdigit((unsigned char)*p); p++) {
			scale /= 10;
			fraction += (*p - '0') * scale;
		}
	}
	if (*skip_space(p) || seconds > INT64_MAX / NS_PER_SEC)
		return false;
	*ns = seconds * NS_PER_SEC + fraction;
	return true;
}

int timespec_parse(
	const char *text, const struct timespec_base *base, int64_t *ns, struct err *err)
{
	const char *p = skip_space(text);

	if (get_unix(p, ns) || get_date(p, base, ns) || get_relative(p, base, ns))
		return 0;
	err_set(err, ERR_USAGE, "'%.64s' is not a time", text);
	return err_hint(err, "examples: -15minutes, '2 hours ago', 'yesterday 14:00', "
			     "2026-11-21T14:00:00Z, 1795262400");
}

const char *time_text(char *out, size_t size, int64_t ns, bool with_ms, bool utc)
{
	time_t t = (time_t)(ns / NS_PER_SEC);
	struct tm tm;
	char date[64];

	if (utc)
		gmtime_r(&t, &tm);
	else
		localtime_r(&t, &tm);
	strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S", &tm);
	if (with_ms)
		snprintf(out, size, "%s.%03d", date, (int)(ns % NS_PER_SEC / NS_PER_MS));
	else
		snprintf(out, size, "%s", date);
	return out;
}

const char *duration_text(char *out, size_t size, int64_t ns)
{
	static const struct {
		int64_t big, small;
		const char *big_word, *small_word;
	} pairs[] = {
		{ 86400 * NS_PER_SEC, 3600 * NS_PER_SEC, "d", "h" },
		{ 3600 * NS_PER_SEC, 60 * NS_PER_SEC, "h", "min" },
		{ 60 * NS_PER_SEC, NS_PER_SEC, "min", "s" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(pairs); i++) {
		if (ns < pairs[i].big)
			continue;
		snprintf(out, size, "%lld %s %02lld %s", (long long)(ns / pairs[i].big),
			pairs[i].big_word,
			(long long)(ns % pairs[i].big / pairs[i].small),
			pairs[i].small_word);
		return out;
	}
	if (ns >= NS_PER_SEC)
		snprintf(out, size, "%.1f s", (double)ns / NS_PER_SEC);
	else if (ns >= NS_PER_MS)
		snprintf(out, size, "%.0f ms", (double)ns / NS_PER_MS);
	else
		snprintf(out, size, "%.0f us", (double)ns / NS_PER_US);
	return out;
}
