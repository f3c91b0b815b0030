/*
 * api_threads.c - one lane per thread in time order: what ran, what waited and in what.
 */
#include "http/params.h"
#include "http/places.h"
#include "http/route.h"
#include "http/server_state.h"
#include "query/lanes.h"

enum { MAX_BOXES = 200000, MAX_LANES = 2000 };

/* Columns of a lane; times in microseconds after the answer's from_ms. */
static void write_lane(struct call *c, struct json *j, const struct lane *lane,
	int64_t from_ns, struct places *places)
{
	const struct lane_box *b = lane->boxes;
	char scratch[32];

	json_object(j);
	json_kint(j, "series", lane->series);
	json_kint(j, "thread", lane->thread.thread);
	json_kint(j, "tid", lane->thread.tid);
	json_kstr(j, "name", lane->thread.name);
	json_kbool(j, "main", lane->thread.is_main);
	json_key(j, "from_us");
	json_array(j);
	for (size_t i = 0; i < lane->n_boxes; i++)
		json_int(j, (b[i].from_ns - from_ns) / 1000);
	json_end(j);
	json_key(j, "until_us");
	json_array(j);
	for (size_t i = 0; i < lane->n_boxes; i++)
		json_int(j, (b[i].until_ns - from_ns) / 1000);
	json_end(j);
	JSON_COLUMN(j, "stack", lane->n_boxes, b[i].stack);
	JSON_COLUMN(j, "state", lane->n_boxes, b[i].state);
	JSON_COLUMN(j, "wait", lane->n_boxes,
		places_text(places, arena_strdup(&c->arena, wait_name(b[i].wait, scratch,
								    sizeof(scratch)))));
	JSON_COLUMN(j, "n", lane->n_boxes, b[i].n);
	json_end(j);
}

static void write_lanes(struct call *c, struct json *j, const struct lanes *l)
{
	struct places places;

	places_init(&places);
	json_kms(j, "from_ms", l->from_ns);
	json_kms(j, "until_ms", l->until_ns);
	json_kint(j, "merged", (int64_t)l->n_merged);
	json_key(j, "lanes");
	json_array(j);
	for (size_t i = 0; i < l->n_lanes; i++)
		write_lane(c, j, &l->lanes[i], l->from_ns, &places);
	json_end(j);
	json_key(j, "stacks"); /* each: places from root to leaf */
	json_array(j);
	for (size_t i = 0; i < l->n_stacks; i++) {
		json_array(j);
		for (size_t k = 0; k < l->stacks[i].n_places; k++)
			json_uint(j, places_index(&places,
					     &l->places[l->stacks[i].places[k]]));
		json_end(j);
	}
	json_end(j);
	places_write(&places, j);
	places_release(&places);
}

int api_threads(struct call *c, struct err *err)
{
	struct lanes_options o = { 0 };
	struct lanes lanes = { 0 };
	struct filter f;
	struct json j;
	int ret = -1;

	if (params_filter(c, NULL, &f, err) < 0 ||
		params_size(c, "max_boxes", 1, MAX_BOXES, &o.max_boxes, err) < 0 ||
		params_size(c, "max_lanes", 1, MAX_LANES, &o.max_lanes, err) < 0 ||
		lanes_query(&lanes, c->server->source, &f, &o, err) < 0)
		goto out;
	call_json(c, &j);
	write_lanes(c, &j, &lanes);
	call_json_end(c, &j);
	ret = 0;
out:
	lanes_release(&lanes);
	filter_release(&f);
	return ret;
}
