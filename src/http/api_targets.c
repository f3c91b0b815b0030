/*
 * api_targets.c - who is there: processes with labels, threads, a sparkline and the last
 * figures; and what happened to them.
 */
#include "http/params.h"
#include "http/places.h"
#include "http/route.h"
#include "http/server_state.h"
#include "http/timeline_cells.h"

#include <math.h>

enum { SPARK_BUCKETS = 60 };

static void write_labels(struct json *j, const struct series *s)
{
	json_key(j, "labels");
	json_object(j);
	for (size_t i = 0; i < s->n_labels; i++)
		json_kstr(j, s->labels[i].key, s->labels[i].value);
	json_end(j);
}

static void write_threads(struct json *j, const struct target *t)
{
	json_key(j, "threads");
	json_array(j);
	for (size_t i = 0; i < t->n_threads; i++) {
		json_object(j);
		json_kint(j, "thread", t->threads[i].thread);
		json_kint(j, "tid", t->threads[i].tid);
		json_kstr(j, "name", t->threads[i].name);
		json_kbool(j, "main", t->threads[i].is_main);
		json_end(j);
	}
	json_end(j);
}

static double mean(const double *v, size_t n)
{
	double sum = 0;
	size_t there = 0;

	for (size_t i = 0; i < n; i++)
		if (!isnan(v[i])) {
			sum += v[i];
			there++;
		}
	return there ? sum / (double)there : NAN;
}

static double newest(const double *v, size_t n)
{
	while (n > 0 && isnan(v[n - 1]))
		n--;
	return n ? v[n - 1] : NAN;
}

static double sum(const double *v, size_t n)
{
	double total = 0;

	for (size_t i = 0; i < n; i++)
		total += isnan(v[i]) ? 0 : v[i];
	return total;
}

static double per(double a, double b)
{
	return b > 0 ? a / b : NAN;
}

/* Figures over the range that was asked for; rss is the newest. */
static void write_figures(struct json *j, const struct cells *c)
{
	size_t n = c->n_buckets;
	double watched = sum(cells_column(c, "watched_ns"), n);
	double lost = sum(cells_column(c, "lost"), n);
	double samples = sum(cells_column(c, "samples"), n);

	json_kdouble(j, "cpu_cores", mean(cells_column(c, "cpu_cores"), n));
	json_kdouble(j, "gil_share", per(sum(cells_column(c, "gil_ns"), n), watched));
	json_kdouble(j, "gil_wait", per(sum(cells_column(c, "gil_wait_ns"), n), watched));
	json_kdouble(j, "rss", newest(cells_column(c, "rss_mean"), n));
	json_kdouble(j, "rss_max", newest(cells_column(c, "rss_max"), n));
	json_kdouble(j, "n_threads", newest(cells_column(c, "threads"), n));
	json_kdouble(j, "rate_hz", per(sum(cells_column(c, "ticks"), n), watched / 1e9));
	json_kdouble(j, "missed",
		per(sum(cells_column(c, "missed"), n),
			sum(cells_column(c, "wanted"), n)));
	json_kdouble(j, "lost", per(lost, lost + samples));
	json_kdouble(j, "samples", samples);
	json_key(j, "spark");
	json_array(j);
	for (size_t i = 0; i < n; i++)
		json_double(j, cells_column(c, "cpu_cores")[i]);
	json_end(j);
}

static const struct timeline_row *row_of(const struct timeline *t, series_id id)
{
	for (size_t i = 0; i < t->n_rows; i++)
		if (t->rows[i].series == id)
			return &t->rows[i];
	return NULL;
}

static void write_target(struct call *c, struct json *j, const struct target *t,
	const struct timeline *line)
{
	const struct timeline_row *row = row_of(line, t->series.id);
	struct cells cells;

	json_object(j);
	json_kint(j, "series", t->series.id);
	json_kint(j, "pid", t->series.pid);
	json_kms(j, "start_ms", t->series.start_ns);
	json_kms(j, "first_ms", t->first_ns);
	json_kms(j, "last_ms", t->last_ns);
	json_kbool(j, "ended", t->has_ended);
	write_labels(j, &t->series);
	write_threads(j, t);
	if (row) {
		cells_init(&cells, line->n_buckets, &c->arena);
		cells_add(&cells, line, row, &c->arena);
		write_figures(j, &cells);
	}
	json_end(j);
}

static void write_events(struct json *j, const struct targets *t)
{
	json_key(j, "events");
	json_array(j);
	for (size_t i = 0; i < t->n_events; i++) {
		json_object(j);
		json_kint(j, "series", t->events[i].series);
		json_kms(j, "time_ms", t->events[i].time_ns);
		json_kstr(j, "kind", event_word(t->events[i].kind));
		json_kstr(j, "text", t->events[i].text);
		json_end(j);
	}
	json_end(j);
}

int api_targets(struct call *c, struct err *err)
{
	struct timeline_options o = { .max_buckets = SPARK_BUCKETS, .by_series = true };
	struct targets targets = { 0 };
	struct timeline line = { 0 };
	struct filter f;
	struct json j;
	int ret = -1;

	if (params_filter(c, NULL, &f, err) < 0 ||
		targets_query(&targets, c->server->source, &f, err) < 0 ||
		timeline_query(&line, c->server->source, &f, &o, err) < 0)
		goto out;
	call_json(c, &j);
	json_kms(&j, "from_ms", line.from_ns);
	json_kdouble(&j, "bucket_ms", (double)line.bucket_ns / 1e6);
	json_key(&j, "targets");
	json_array(&j);
	for (size_t i = 0; i < targets.n_targets; i++)
		write_target(c, &j, &targets.targets[i], &line);
	json_end(&j);
	write_events(&j, &targets);
	call_json_end(c, &j);
	ret = 0;
out:
	targets_release(&targets);
	timeline_release(&line);
	filter_release(&f);
	return ret;
}

int api_events(struct call *c, struct err *err)
{
	struct targets targets = { 0 };
	struct filter f;
	struct json j;
	int ret = -1;

	if (params_filter(c, NULL, &f, err) < 0 ||
		targets_query(&targets, c->server->source, &f, err) < 0)
		goto out;
	call_json(c, &j);
	write_events(&j, &targets);
	call_json_end(c, &j);
	ret = 0;
out:
	targets_release(&targets);
	filter_release(&f);
	return ret;
}
