/*
 * gecko_write.c - the Firefox Profiler's processed profile.
 *
 * Version 57: every newer profiler upgrades it, and CPython's own sampler writes the same.
 * Tables are columns of equal length. Each tick is a sample with its own time, weight and
 * CPU time; thread states are markers; resident memory is a counter of differences.
 *
 *	{"meta":{...}, "libs":[], "threads":[{"name","pid","tid","samples":{"stack","time",
 *	  "weight","weightType","threadCPUDelta","length"},"markers","stackTable",...}],
 *	 "counters":[...], "shared":{"stringArray":[...]}}
 *
 * Times are milliseconds from meta.startTime (Unix ms).
 */
#include "format/export.h"
#include "format/gecko.h"

#include "base/alloc.h"

#include <stdio.h>

static double ms(int64_t ns)
{
	return (double)ns / 1e6;
}

static void put_categories(struct json *j)
{
	static const struct {
		const char *name, *color;
	} rows[] = {
		[GECKO_OTHER] = { "Other", "grey" },
		[GECKO_MINE] = { "Python", "yellow" },
		[GECKO_LIBRARY] = { "Python library", "green" },
		[GECKO_NATIVE] = { "C code", "blue" },
		[GECKO_GIL] = { "GIL", "orange" },
		[GECKO_GC] = { "GC", "purple" },
		[GECKO_IDLE] = { "Blocked", "lightblue" },
	};
	size_t i;

	json_key(j, "categories");
	json_array(j);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		json_object(j);
		json_kstr(j, "name", rows[i].name);
		json_kstr(j, "color", rows[i].color);
		json_key(j, "subcategories");
		json_array(j);
		json_str(j, "Other");
		json_end(j);
		json_end(j);
	}
	json_end(j);
}

static void put_meta(struct export *ex)
{
	struct json *j = &ex->j;
	uint64_t n = 0, ns = 0;
	size_t i;

	for (i = 0; i < ex->n_threads; i++) {
		n += ex->threads[i].n;
		ns += ex->threads[i].ns;
	}
	json_key(j, "meta");
	json_object(j);
	json_kdouble(j, "interval", n && ns ? ms((int64_t)(ns / n)) : 10);
	json_kdouble(j, "startTime", ms(ex->from_ns));
	json_kint(j, "processType", 0);
	json_kstr(j, "product", ex->title);
	json_kint(j, "stackwalk", 0);
	json_kint(j, "version", 32);
	json_kint(j, "preprocessedProfileVersion", 57);
	json_kbool(j, "symbolicated", true);
	json_kstr(j, "importedFrom", "pystrobe");
	json_key(j, "sampleUnits");
	json_object(j);
	json_kstr(j, "time", "ms");
	json_kstr(j, "eventDelay", "ms");
	json_kstr(j, "threadCPUDelta", "ns");
	json_end(j);
	gecko_marker_schema(ex);
	put_categories(j);
	json_end(j);
}

static void pid_text(const struct export_thread *t, char *text, size_t size)
{
	snprintf(text, size, "%d",
		t->target && t->target->series.pid ? (int)t->target->series.pid
						   : (int)t->info.series);
}

enum column { COL_STACK, COL_TIME, COL_WEIGHT, COL_CPU };

static int put_column(struct export *ex, const struct export_thread *t,
	const struct gecko_tables *tables, const char *key, enum column what,
	struct err *err)
{
	struct json *j = &ex->j;
	size_t i;

	json_key(j, key);
	json_array(j);
	for (i = t->first_span; i < t->first_span + t->n_spans; i++) {
		const struct span *s = &ex->spans[i];

		if (what == COL_STACK && s->stack)
			json_uint(j, tables->stacks[s->stack] - 1);
		else if (what == COL_STACK)
			json_null(j);
		else if (what == COL_TIME)
			json_double(j, ms(s->from_ns - ex->from_ns));
		else if (what == COL_WEIGHT)
			json_double(j, ms((int64_t)s->ns));
		else
			json_uint(j, s->state & STATE_CPU ? s->ns : 0);
		if (export_drain(ex, err) < 0)
			return -1;
	}
	json_end(j);
	return 0;
}

static int put_samples(struct export *ex, const struct export_thread *t,
	const struct gecko_tables *tables, struct err *err)
{
	struct json *j = &ex->j;

	json_key(j, "samples");
	json_object(j);
	if (put_column(ex, t, tables, "stack", COL_STACK, err) < 0 ||
		put_column(ex, t, tables, "time", COL_TIME, err) < 0 ||
		put_column(ex, t, tables, "threadCPUDelta", COL_CPU, err) < 0)
		return -1;
	if (ex->opt.weight == WEIGHT_TIME) {
		if (put_column(ex, t, tables, "weight", COL_WEIGHT, err) < 0)
			return -1;
	} else {
		json_key(j, "weight");
		json_null(j);
	}
	json_kstr(j, "weightType",
		ex->opt.weight == WEIGHT_TIME ? "tracing-ms" : "samples");
	json_kint(j, "length", (int64_t)t->n_spans);
	json_end(j);
	return 0;
}

static int put_thread(
	struct export *ex, uint32_t index, struct gecko_tables *tables, struct err *err)
{
	const struct export_thread *t = &ex->threads[index];
	const char *command =
		t->target ? series_get(&t->target->series, "command") : NULL;
	struct json *j = &ex->j;
	char text[24];
	size_t i;

	gecko_tables_clear(tables);
	for (i = t->first_span; i < t->first_span + t->n_spans; i++)
		gecko_tables_use(tables, ex, ex->spans[i].stack);
	json_object(j);
	json_kstr(j, "name", t->label);
	json_kbool(j, "isMainThread", t->info.is_main);
	json_kstr(j, "processName", command ? command : "Python");
	json_kstr(j, "processType", "default");
	json_kint(j, "processStartupTime", 0);
	json_key(j, "processShutdownTime");
	json_null(j);
	json_kdouble(
		j, "registerTime", ms(ex->spans[t->first_span].from_ns - ex->from_ns));
	json_key(j, "unregisterTime");
	json_null(j);
	json_key(j, "pausedRanges");
	json_array(j);
	json_end(j);
	pid_text(t, text, sizeof(text));
	json_kstr(j, "pid", text);
	json_kint(j, "tid", t->info.tid ? t->info.tid : (int)t->info.thread + 1);
	if (put_samples(ex, t, tables, err) < 0 ||
		gecko_markers_write(ex, index, err) < 0 ||
		gecko_tables_write(tables, ex, err) < 0)
		return -1;
	json_end(j);
	return 0;
}

static int put_threads(struct export *ex, struct err *err)
{
	struct gecko_tables tables;
	uint32_t i;
	int ret = -1;

	gecko_tables_init(&tables, ex);
	json_key(&ex->j, "threads");
	json_array(&ex->j);
	for (i = 0; i < ex->n_threads; i++) {
		if (put_thread(ex, i, &tables, err) < 0)
			goto out;
	}
	json_end(&ex->j);
	ret = 0;
out:
	gecko_tables_release(&tables);
	return ret;
}

static bool has_memory(const struct timeline *t, const struct timeline_row *row)
{
	size_t k;

	for (k = 0; k < t->n_buckets; k++) {
		if (row->points[k].n_metrics)
			return true;
	}
	return false;
}

static int thread_of_series(const struct export *ex, series_id series)
{
	size_t i;

	for (i = 0; i < ex->n_threads; i++) {
		if (ex->threads[i].info.series == series)
			return (int)i;
	}
	return -1;
}

static void put_memory(struct export *ex, const struct timeline *t,
	const struct timeline_row *row, int thread)
{
	struct json *j = &ex->j;
	int64_t before = 0;
	char text[24];
	size_t k, n = 0;

	pid_text(&ex->threads[thread], text, sizeof(text));
	json_object(j);
	json_kstr(j, "name", "RSS");
	json_kstr(j, "category", "Memory");
	json_kstr(j, "description", "resident memory of the process");
	json_kstr(j, "pid", text);
	json_kint(j, "mainThreadIndex", thread);
	json_key(j, "samples");
	json_object(j);
	json_key(j, "time");
	json_array(j);
	for (k = 0; k < t->n_buckets; k++) {
		const struct point *p = &row->points[k];

		if (p->n_metrics) {
			json_double(j, ms(p->metric_first_ns - ex->from_ns));
			n++;
		}
	}
	json_end(j);
	json_key(j, "count");
	json_array(j);
	for (k = 0; k < t->n_buckets; k++) {
		const struct point *p = &row->points[k];

		if (p->n_metrics) {
			int64_t now = (int64_t)(p->rss_sum / p->n_metrics);

			json_int(j, now - before);
			before = now;
		}
	}
	json_end(j);
	json_kint(j, "length", (int64_t)n);
	json_end(j);
	json_end(j);
}

static int put_counters(struct export *ex, struct err *err)
{
	const struct timeline_options o = { .max_buckets = 2000, .by_series = true };
	struct timeline t = { 0 };
	int ret = timeline_query(&t, ex->source, ex->filter, &o, err);
	size_t i;

	if (ret == 0) {
		json_key(&ex->j, "counters");
		json_array(&ex->j);
		for (i = 0; i < t.n_rows; i++) {
			int thread = thread_of_series(ex, t.rows[i].series);

			if (thread >= 0 && has_memory(&t, &t.rows[i]))
				put_memory(ex, &t, &t.rows[i], thread);
		}
		json_end(&ex->j);
	}
	timeline_release(&t);
	return ret;
}

static int put_strings(struct export *ex, struct err *err)
{
	uint32_t i, n = symbols_count(ex->symbols, SYM_STR);

	json_key(&ex->j, "shared");
	json_object(&ex->j);
	json_key(&ex->j, "stringArray");
	json_array(&ex->j);
	for (i = 0; i < n; i++) {
		size_t len;
		const char *text = symbols_text(ex->symbols, i, &len);

		json_strn(&ex->j, text, len);
		if (export_drain(ex, err) < 0)
			return -1;
	}
	json_end(&ex->j);
	json_end(&ex->j);
	return 0;
}

int gecko_write(struct export *ex, struct err *err)
{
	if (export_gather(ex, GATHER_STATES | GATHER_EACH_TICK, err) < 0)
		return -1;
	json_object(&ex->j);
	put_meta(ex);
	json_key(&ex->j, "libs");
	json_array(&ex->j);
	json_end(&ex->j);
	if (put_threads(ex, err) < 0 || put_counters(ex, err) < 0 ||
		put_strings(ex, err) < 0)
		return -1;
	json_end(&ex->j);
	buf_char(&ex->b, '\n');
	return 0;
}
