/*
 * api_memory.c - resident memory over time with the stack that ran at each reading; and
 * the sub-second heat map, which is the other picture made of raw readings.
 */
#include "http/params.h"
#include "http/places.h"
#include "http/route.h"
#include "http/server_state.h"
#include "query/heat.h"
#include "query/memory.h"

enum { DEFAULT_POINTS = 4000, MAX_POINTS = 100000, MAX_ROWS = 100, MAX_COLUMNS = 4000 };

static void write_memory(struct json *j, const struct memory *m)
{
	const struct memory_point *p = m->points;

	json_key(j, "points");
	json_object(j);
	JSON_COLUMN(j, "series", m->n_points, p[i].series);
	json_key(j, "time_ms");
	json_array(j);
	for (size_t i = 0; i < m->n_points; i++) {
		int64_t us = p[i].time_ns / 1000;

		json_double(j, (double)us / 1e3);
	}
	json_end(j);
	JSON_COLUMN(j, "rss", m->n_points, p[i].rss_bytes);
	JSON_COLUMN(j, "cpu_ns", m->n_points, p[i].cpu_ns);
	JSON_COLUMN(j, "threads", m->n_points, p[i].n_threads);
	json_key(j, "stack"); /* -1: none was seen */
	json_array(j);
	for (size_t i = 0; i < m->n_points; i++)
		json_int(j, p[i].stack == UINT32_MAX ? -1 : (int64_t)p[i].stack);
	json_end(j);
	json_end(j);
	json_key(j, "stacks");
	json_array(j);
	for (size_t i = 0; i < m->n_stacks; i++)
		json_str(j, m->stacks[i]);
	json_end(j);
}

int api_memory(struct call *c, struct err *err)
{
	size_t max_points = DEFAULT_POINTS;
	struct memory memory = { 0 };
	struct filter f;
	struct json j;
	int ret = -1;

	if (params_filter(c, NULL, &f, err) < 0 ||
		params_size(c, "max_points", 1, MAX_POINTS, &max_points, err) < 0 ||
		memory_query(&memory, c->server->source, &f, max_points, err) < 0)
		goto out;
	call_json(c, &j);
	write_memory(&j, &memory);
	call_json_end(c, &j);
	ret = 0;
out:
	memory_release(&memory);
	filter_release(&f);
	return ret;
}

int api_heat(struct call *c, struct err *err)
{
	struct heat_options o = { 0 };
	struct heat heat = { 0 };
	struct filter f;
	struct json j;
	int ret = -1;

	if (params_filter(c, NULL, &f, err) < 0 ||
		params_size(c, "rows", 1, MAX_ROWS, &o.n_rows, err) < 0 ||
		params_size(c, "max_columns", 1, MAX_COLUMNS, &o.max_columns, err) < 0 ||
		heat_query(&heat, c->server->source, &f, &o, err) < 0)
		goto out;
	call_json(c, &j);
	json_kms(&j, "from_ms", heat.from_ns);
	json_kdouble(&j, "column_ms", (double)heat.column_ns / 1e6);
	json_kint(&j, "n_columns", (int64_t)heat.n_columns);
	json_kint(&j, "n_rows", (int64_t)heat.n_rows);
	json_kint(&j, "max_ns", (int64_t)heat.max_ns);
	JSON_COLUMN(&j, "ns", heat.n_columns * heat.n_rows, heat.ns[i]);
	call_json_end(c, &j);
	ret = 0;
out:
	heat_release(&heat);
	filter_release(&f);
	return ret;
}
