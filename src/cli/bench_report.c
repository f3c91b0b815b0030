/* bench_report.c - what pystrobe bench says: text for a person, JSON for programs */
#include "cli/bench.h"

#include "base/alloc.h"
#include "base/json.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

const char *bench_rate_name(char *text, size_t size, double hz)
{
	if (hz < 0)
		snprintf(text, size, "bare");
	else if (hz == 0)
		snprintf(text, size, "max");
	else if (hz >= 1000)
		snprintf(text, size, "%g kHz", hz / 1000);
	else
		snprintf(text, size, "%g Hz", hz);
	return text;
}

struct totals {
	uint64_t samples, missed, lost;
	double own_cpu; /* share of a core */
};

static struct totals totals(const struct bench *b, const struct bench_series *s)
{
	struct totals t = { 0 };
	double wall = 0, cpu = 0;
	size_t i, k;

	for (i = 0; i < b->rounds; i++) {
		const struct sampler_stats *stats = &s->runs[i].stats;

		t.samples += stats->samples;
		t.missed += stats->missed;
		for (k = 0; k < ARRAY_SIZE(stats->lost); k++)
			t.lost += stats->lost[k];
		wall += s->runs[i].wall_s;
		cpu += s->runs[i].own_cpu_s;
	}
	t.own_cpu = wall > 0 ? cpu / wall : 0;
	return t;
}

static const char *value_text(char *text, size_t size, const struct bench *b, double s)
{
	if (b->plan.progress)
		snprintf(text, size, "%.5g /s", s > 0 ? 1 / s : 0);
	else
		snprintf(text, size, "%.4g s", s);
	return text;
}

static void print_series(
	const struct bench *b, const struct bench_series *s, struct buf *out)
{
	double middle = bench_median(s->values, b->rounds);
	struct totals t = totals(b, s);
	struct bench_change c;
	char name[24], value[32];

	buf_printf(out, "%-10s %12s +-%4.1f %%",
		bench_rate_name(name, sizeof(name), s->rate_hz),
		value_text(value, sizeof(value), b, middle),
		middle > 0 ? 100 * bench_spread(s->values, b->rounds) / middle : 0);
	if (s->rate_hz < 0) {
		buf_char(out, '\n');
		return;
	}
	if (bench_change(&c, b->series[0].values, s->values, b->rounds))
		buf_printf(out, "   %+6.2f %%  [%+.2f, %+.2f]  %-30s", c.slower, c.low,
			c.high,
			!c.told_apart  ? "cannot be told from noise"
			: c.slower > 0 ? "slower"
				       : "faster, which is chance");
	buf_printf(out, "%6.1f %%  %10llu %8llu %6llu\n", 100 * t.own_cpu,
		(unsigned long long)t.samples, (unsigned long long)t.missed,
		(unsigned long long)t.lost);
}

/* The command's own CPU time: quieter than the wall clock where others want the cores,
 * and blind to being stopped. */
static bool cpu_change(
	const struct bench *b, const struct bench_series *s, struct bench_change *c)
{
	double *v = xcalloc(2 * b->rounds, sizeof(*v));
	bool known;
	size_t i;

	for (i = 0; i < b->rounds; i++) {
		v[i] = b->series[0].runs[i].cpu_s;
		v[b->rounds + i] = s->runs[i].cpu_s;
	}
	known = bench_change(c, v, v + b->rounds, b->rounds);
	free(v);
	return known;
}

/* What the rounds have shown, and what they could not have: a sentence or two a rate. */
static void print_verdict(
	const struct bench *b, const struct bench_series *s, struct buf *out)
{
	struct bench_change c;
	char name[24];

	if (!bench_change(&c, b->series[0].values, s->values, b->rounds))
		return;
	bench_rate_name(name, sizeof(name), s->rate_hz);
	if (!totals(b, s).samples) {
		buf_printf(out,
			"At %s nothing was sampled: no Python was found in it, or it "
			"ended "
			"too soon.\n",
			name);
		return;
	}
	if (!c.told_apart)
		buf_printf(out,
			"At %s no slowdown can be told from noise; one of %.1f %% or "
			"less "
			"would not have shown in %zu rounds.",
			name, fmax(c.high, 0), b->rounds);
	else if (c.slower > 0)
		buf_printf(out, "At %s it is slower by %.1f to %.1f %%.", name, c.low,
			c.high);
	else
		buf_printf(out,
			"At %s it measured faster by %.1f %%: something else changed "
			"with "
			"the rounds. Try more of them, or a quieter machine.",
			name, -c.slower);
	if (cpu_change(b, s, &c))
		buf_printf(out, " CPU time of the command: %+.2f %% [%+.2f, %+.2f]%s.",
			c.slower, c.low, c.high, c.told_apart ? "" : ", noise");
	buf_char(out, '\n');
}

void bench_print_text(const struct bench *b, struct buf *out)
{
	double load[1] = { 0 };
	size_t i;

	buf_printf(out, "%zu rounds in turns", b->rounds);
	if (b->plan.command)
		buf_printf(out, " of %s", b->plan.command[0]);
	else
		buf_printf(
			out, " of %g s of process %d", b->plan.seconds, (int)b->plan.pid);
	buf_printf(out, "; %s\n\n",
		b->plan.pinned ? "the command has all cores but the last"
			       : "not pinned to cores");
	buf_printf(out, "%-10s %12s %9s   %6s    %-16s  %-26s%10s  %10s %8s %6s\n",
		"rate", b->plan.progress ? "work" : "wall time", "spread", "slower",
		"95 % interval", "", "own CPU", "samples", "missed", "lost");
	for (i = 0; i < b->n_series; i++)
		print_series(b, &b->series[i], out);
	buf_char(out, '\n');
	for (i = 1; i < b->n_series; i++)
		print_verdict(b, &b->series[i], out);
	if (getloadavg(load, 1) == 1 &&
		load[0] > 1.5 * (double)sysconf(_SC_NPROCESSORS_ONLN))
		buf_printf(out,
			"Others wanted these cores too (load %.1f): the intervals are "
			"wide "
			"for that reason.\n",
			load[0]);
}

static void json_series(
	const struct bench *b, const struct bench_series *s, struct json *j)
{
	struct totals t = totals(b, s);
	struct bench_change c;
	size_t i;

	json_object(j);
	if (s->rate_hz < 0) {
		json_key(j, "rate_hz");
		json_null(j);
	} else {
		json_kdouble(j, "rate_hz", s->rate_hz);
	}
	json_kdouble(j, "median", bench_median(s->values, b->rounds));
	json_kdouble(j, "spread", bench_spread(s->values, b->rounds));
	json_key(j, "values");
	json_array(j);
	for (i = 0; i < b->rounds; i++)
		json_double(j, s->values[i]);
	json_end(j);
	if (s->rate_hz >= 0) {
		if (bench_change(&c, b->series[0].values, s->values, b->rounds)) {
			json_kdouble(j, "slower_percent", c.slower);
			json_kdouble(j, "low_percent", c.low);
			json_kdouble(j, "high_percent", c.high);
			json_kbool(j, "told_apart", c.told_apart);
		}
		if (cpu_change(b, s, &c)) {
			json_kdouble(j, "cpu_percent", c.slower);
			json_kdouble(j, "cpu_low_percent", c.low);
			json_kdouble(j, "cpu_high_percent", c.high);
		}
		json_kdouble(j, "own_cpu", t.own_cpu);
		json_kint(j, "samples", (int64_t)t.samples);
		json_kint(j, "missed", (int64_t)t.missed);
		json_kint(j, "lost", (int64_t)t.lost);
	}
	json_end(j);
}

void bench_print_json(const struct bench *b, struct buf *out)
{
	double load[1] = { 0 };
	struct json j;
	size_t i;

	json_init(&j, out);
	j.indent = true;
	json_object(&j);
	json_kstr(
		&j, "unit", b->plan.progress ? "seconds a unit of progress" : "seconds");
	json_kint(&j, "rounds", (int64_t)b->rounds);
	json_kbool(&j, "pinned", b->plan.pinned);
	json_kdouble(&j, "load", getloadavg(load, 1) == 1 ? load[0] : NAN);
	json_key(&j, "series");
	json_array(&j);
	for (i = 0; i < b->n_series; i++)
		json_series(b, &b->series[i], &j);
	json_end(&j);
	json_end(&j);
	buf_char(out, '\n');
}
