/*
 * speedscope_write.c - speedscope's own JSON: one sampled profile per thread, all on one
 * clock that starts with the recording.
 *
 *	{"$schema":..., "shared":{"frames":[{"name","file","line"}]},
 *	 "profiles":[{"type":"sampled","name","unit":"nanoseconds","startValue","endValue",
 *	              "samples":[[frame, ...root first]],"weights":[...]}]}
 *
 * Weights are the samples' real time. Where a thread was not seen, an empty stack fills
 * the gap, so that threads stay aligned. Followed: speedscope's file-format-spec.ts.
 */
#include "format/export.h"
#include "format/speedscope.h"

#include "base/alloc.h"

#include <stdlib.h>

/* Shorter holes are jitter between a tick and the weight of the next. */
enum { GAP_NS = 1000000 };

static void put_frames(struct export *ex)
{
	uint32_t i, n = symbols_count(ex->symbols, SYM_FRAME);

	json_key(&ex->j, "shared");
	json_object(&ex->j);
	json_key(&ex->j, "frames");
	json_array(&ex->j);
	for (i = 1; i < n; i++) {
		const struct frame *fr = symbols_frame_of(ex->symbols, i);
		const struct func *f = symbols_func_of(ex->symbols, fr->func);
		uint32_t line = fr->line ? fr->line : f->first_line;

		json_object(&ex->j);
		json_kstr(&ex->j, "name", export_name(ex->symbols, f));
		if (f->file)
			json_kstr(
				&ex->j, "file", symbols_text(ex->symbols, f->file, NULL));
		if (line)
			json_kint(&ex->j, "line", line);
		json_end(&ex->j);
	}
	json_end(&ex->j);
	json_end(&ex->j);
}

static void put_stack(struct export *ex, stack_id id, frame_id **scratch, size_t *cap)
{
	uint32_t depth = symbols_stack_of(ex->symbols, id)->depth, at = depth;

	GROW(*scratch, *cap, depth);
	while (at) {
		const struct stack *st = symbols_stack_of(ex->symbols, id);

		(*scratch)[--at] = st->frame;
		id = st->parent;
	}
	json_array(&ex->j);
	for (at = 0; at < depth; at++)
		json_uint(&ex->j, (*scratch)[at] - 1);
	json_end(&ex->j);
}

/* Calls what for each value of a thread: its spans and the gaps between them. In samples
 * mode there is no clock and so no gap. */
static bool is_gap(
	const struct export *ex, const struct span *before, const struct span *s)
{
	return ex->opt.weight == WEIGHT_TIME && s->from_ns - before->until_ns > GAP_NS;
}

static int put_samples(struct export *ex, const struct export_thread *t, struct err *err)
{
	frame_id *scratch = NULL;
	size_t cap = 0, i;
	int ret = -1;

	json_key(&ex->j, "samples");
	json_array(&ex->j);
	for (i = t->first_span; i < t->first_span + t->n_spans; i++) {
		if (i > t->first_span && is_gap(ex, &ex->spans[i - 1], &ex->spans[i]))
			put_stack(ex, 0, &scratch, &cap);
		put_stack(ex, ex->spans[i].stack, &scratch, &cap);
		if (export_drain(ex, err) < 0)
			goto out;
	}
	json_end(&ex->j);
	ret = 0;
out:
	free(scratch);
	return ret;
}

static int put_weights(
	struct export *ex, const struct export_thread *t, uint64_t *sum, struct err *err)
{
	size_t i;

	*sum = 0;
	json_key(&ex->j, "weights");
	json_array(&ex->j);
	for (i = t->first_span; i < t->first_span + t->n_spans; i++) {
		const struct span *s = &ex->spans[i];
		uint64_t value = export_value(ex, s->n, s->ns);

		if (i > t->first_span && is_gap(ex, s - 1, s)) {
			uint64_t gap = (uint64_t)(s->from_ns - s[-1].until_ns);

			json_uint(&ex->j, gap);
			*sum += gap;
		}
		json_uint(&ex->j, value);
		*sum += value;
		if (export_drain(ex, err) < 0)
			return -1;
	}
	json_end(&ex->j);
	return 0;
}

static int put_thread(struct export *ex, const struct export_thread *t, struct err *err)
{
	int64_t start = ex->opt.weight == WEIGHT_TIME
				? ex->spans[t->first_span].from_ns - ex->from_ns
				: 0;
	uint64_t sum;

	json_object(&ex->j);
	json_kstr(&ex->j, "type", "sampled");
	json_kstr(&ex->j, "name", t->label);
	json_kstr(&ex->j, "unit", ex->opt.weight == WEIGHT_TIME ? "nanoseconds" : "none");
	json_kint(&ex->j, "startValue", start);
	if (put_samples(ex, t, err) < 0 || put_weights(ex, t, &sum, err) < 0)
		return -1;
	json_kint(&ex->j, "endValue", start + (int64_t)sum);
	json_end(&ex->j);
	return 0;
}

int speedscope_write(struct export *ex, struct err *err)
{
	size_t i, heaviest = 0, at = 0;

	if (export_gather(ex, ex->filter->lines ? 0 : GATHER_BY_FUNC, err) < 0)
		return -1;
	json_object(&ex->j);
	json_kstr(
		&ex->j, "$schema", "https://www.speedscope.app/file-format-schema.json");
	json_kstr(&ex->j, "name", ex->title);
	json_kstr(&ex->j, "exporter", "pystrobe " PYSTROBE_VERSION);
	for (i = 0; i < ex->n_threads; i++) {
		if (ex->threads[i].info.is_main)
			heaviest = at;
		at++;
	}
	json_kint(&ex->j, "activeProfileIndex", (int64_t)heaviest);
	put_frames(ex);
	json_key(&ex->j, "profiles");
	json_array(&ex->j);
	for (i = 0; i < ex->n_threads; i++) {
		if (put_thread(ex, &ex->threads[i], err) < 0)
			return -1;
	}
	json_end(&ex->j);
	json_end(&ex->j);
	buf_char(&ex->b, '\n');
	return 0;
}
