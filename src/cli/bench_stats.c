/* bench_stats.c - what may be concluded from measurements made in turns; see bench.h */
#include "cli/bench.h"

#include "base/alloc.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Student's t, two-sided 95 %, for 1 to 30 degrees of freedom. */
/* clang-format off */
static const double t95[] = { 12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306,
	2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093,
	2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042 };
/* clang-format on */

static double percent(double log_ratio)
{
	return 100 * expm1(log_ratio);
}

bool bench_change(
	struct bench_change *c, const double *bare, const double *sampled, size_t n)
{
	double sum = 0, squares = 0, mean, half;
	size_t i;

	if (n < 2)
		return false;
	for (i = 0; i < n; i++) {
		if (!(bare[i] > 0) || !(sampled[i] > 0))
			return false;
		sum += log(sampled[i] / bare[i]);
	}
	mean = sum / (double)n;
	for (i = 0; i < n; i++)
		squares += pow(log(sampled[i] / bare[i]) - mean, 2);
	i = n - 2 < ARRAY_SIZE(t95) ? n - 2 : ARRAY_SIZE(t95) - 1;
	half = t95[i] * sqrt(squares / (double)(n - 1) / (double)n);
	c->slower = percent(mean);
	c->low = percent(mean - half);
	c->high = percent(mean + half);
	c->told_apart = c->low > 0 || c->high < 0;
	return true;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The value below which a share of them lies, between two of them where need be. */
static double quantile(const double *v, size_t n, double share)
{
	double *sorted, at, value;
	size_t i;

	if (!n)
		return 0;
	sorted = xmalloc(n * sizeof(*sorted));
	memcpy(sorted, v, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), by_value);
	at = share * (double)(n - 1);
	i = (size_t)at;
	value = sorted[i];
	if (i + 1 < n)
		value += (at - (double)i) * (sorted[i + 1] - sorted[i]);
	free(sorted);
	return value;
}

double bench_median(const double *v, size_t n)
{
	return quantile(v, n, 0.5);
}

double bench_spread(const double *v, size_t n)
{
	return (quantile(v, n, 0.75) - quantile(v, n, 0.25)) / 2;
}

bool bench_counter(double *value, const char *data, size_t len)
{
	uint64_t binary;
	char text[32];
	size_t end = len, start;

	if (len >= sizeof(binary) && memchr(data, 0, sizeof(binary))) {
		memcpy(&binary, data, sizeof(binary));
		*value = (double)binary;
		return true;
	}
	while (end && !isdigit((unsigned char)data[end - 1]))
		end--;
	start = end;
	while (start &&
		(isdigit((unsigned char)data[start - 1]) || data[start - 1] == '.'))
		start--;
	if (start == end || end - start >= sizeof(text))
		return false;
	memcpy(text, data + start, end - start);
	text[end - start] = 0;
	*value = strtod(text, NULL);
	return true;
}
