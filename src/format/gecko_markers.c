/*
 * gecko_markers.c - thread states as interval markers: "holds the GIL" from here to there.
 *
 * A marker spans consecutive samples with the flag; one of "blocked" ends where the thread
 * waits in something else. Marker names and words are strings of ex->symbols, so that they
 * land in the shared string table.
 */
#include "format/export.h"
#include "format/gecko.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

enum { PHASE_INTERVAL = 1, GAP_NS = 1000000 };

static const struct {
	const char *name;
	unsigned flag;
	int category;
} rows[] = {
	{ "GIL held", STATE_GIL, GECKO_GIL },
	{ "waiting for the GIL", STATE_GIL_WAIT, GECKO_GIL },
	{ "on CPU", STATE_CPU, GECKO_MINE },
	{ "blocked", STATE_BLOCKED, GECKO_IDLE },
	{ "garbage collection", STATE_GC, GECKO_GC },
	{ "exception", STATE_EXC, GECKO_OTHER },
};

struct marker {
	int64_t from_ns, until_ns;
	uint32_t row;
	wait_id wait;
};

struct markers {
	struct marker *at;
	size_t n, cap;
};

void gecko_marker_schema(struct export *ex)
{
	static const char *const display[] = { "marker-chart", "marker-table",
		"timeline-overview" };
	struct json *j = &ex->j;
	size_t i;

	json_key(j, "markerSchema");
	json_array(j);
	json_object(j);
	json_kstr(j, "name", "State");
	json_kstr(j, "tooltipLabel", "{marker.name}");
	json_kstr(j, "tableLabel", "{marker.data.wait}");
	json_kstr(j, "chartLabel", "{marker.data.wait}");
	json_key(j, "display");
	json_array(j);
	for (i = 0; i < ARRAY_SIZE(display); i++)
		json_str(j, display[i]);
	json_end(j);
	json_key(j, "fields");
	json_array(j);
	json_object(j);
	json_kstr(j, "key", "wait");
	json_kstr(j, "label", "waits in");
	json_kstr(j, "format", "string");
	json_end(j);
	json_end(j);
	json_end(j);
	json_end(j);
}

static void collect(
	struct markers *m, const struct export *ex, const struct export_thread *t)
{
	size_t open[ARRAY_SIZE(rows)] = { 0 }; /* 1 + index of the one that may go on */
	size_t i, k;

	for (i = t->first_span; i < t->first_span + t->n_spans; i++) {
		const struct span *s = &ex->spans[i];

		for (k = 0; k < ARRAY_SIZE(rows); k++) {
			struct marker *last = open[k] ? &m->at[open[k] - 1] : NULL;

			if (!(s->state & rows[k].flag)) {
				open[k] = 0;
				continue;
			}
			if (last && last->wait == s->wait &&
				s->from_ns - last->until_ns <= GAP_NS) {
				last->until_ns = s->until_ns;
				continue;
			}
			GROW(m->at, m->cap, m->n + 1);
			m->at[m->n++] = (struct marker){ s->from_ns, s->until_ns,
				(uint32_t)k, s->wait };
			open[k] = m->n;
		}
	}
}

static void put_times(struct export *ex, const struct markers *m, bool end)
{
	size_t i;

	json_key(&ex->j, end ? "endTime" : "startTime");
	json_array(&ex->j);
	for (i = 0; i < m->n; i++)
		json_double(
			&ex->j, (double)((end ? m->at[i].until_ns : m->at[i].from_ns) -
					 ex->from_ns) /
					1e6);
	json_end(&ex->j);
}

static int put_data(struct export *ex, const struct markers *m, struct err *err)
{
	char scratch[32];
	size_t i;

	json_key(&ex->j, "data");
	json_array(&ex->j);
	for (i = 0; i < m->n; i++) {
		json_object(&ex->j);
		json_kstr(&ex->j, "type", "State");
		json_kstr(&ex->j, "wait",
			wait_name(m->at[i].wait, scratch, sizeof(scratch)));
		json_end(&ex->j);
		if (export_drain(ex, err) < 0)
			return -1;
	}
	json_end(&ex->j);
	return 0;
}

int gecko_markers_write(struct export *ex, uint32_t thread, struct err *err)
{
	struct markers m = { 0 };
	struct json *j = &ex->j;
	size_t i;
	int ret = -1;

	collect(&m, ex, &ex->threads[thread]);
	json_key(j, "markers");
	json_object(j);
	if (put_data(ex, &m, err) < 0)
		goto out;
	json_key(j, "name");
	json_array(j);
	for (i = 0; i < m.n; i++) {
		const char *name = rows[m.at[i].row].name;

		json_uint(j, symbols_str(ex->symbols, name, strlen(name)));
	}
	json_end(j);
	put_times(ex, &m, false);
	put_times(ex, &m, true);
	json_key(j, "phase");
	json_array(j);
	for (i = 0; i < m.n; i++)
		json_int(j, PHASE_INTERVAL);
	json_end(j);
	json_key(j, "category");
	json_array(j);
	for (i = 0; i < m.n; i++)
		json_int(j, rows[m.at[i].row].category);
	json_end(j);
	json_kint(j, "length", (int64_t)m.n);
	json_end(j);
	ret = 0;
out:
	free(m.at);
	return ret;
}
