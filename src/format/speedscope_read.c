/*
 * speedscope_read.c - speedscope's JSON: sampled and evented profiles, one thread each.
 *
 * Unit "none" counts samples; a unit of time gives each sample its place on the clock that
 * all profiles share. A profile of bytes is left out with a warning. py-spy's profile names
 * tell process and thread:
 *
 *	Process 4242 Thread 4243 "MainThread"
 */
#include "format/json_load.h"
#include "format/line.h"
#include "format/speedscope.h"

#include "base/alloc.h"

#include <math.h>
#include <string.h>

struct speedscope {
	struct import *im;
	frame_id *frames;
	size_t n_frames;
	double unit_ns; /* 0: counts */
	uint32_t thread;
};

static void read_frames(struct speedscope *s, const json_t *list)
{
	size_t i;

	s->n_frames = json_array_size(list);
	s->frames = xcalloc(s->n_frames + 1, sizeof(*s->frames));
	for (i = 0; i < s->n_frames; i++) {
		const json_t *frame = json_array_get(list, i);
		struct import_place p = { 0 };

		p.name = json_text(frame, "name", &p.name_len);
		p.file = json_text(frame, "file", &p.file_len);
		p.line = json_line(frame, "line");
		s->frames[i] = import_frame(s->im, &p);
	}
}

static bool unit_of(const char *unit, double *ns)
{
	static const struct {
		const char *name;
		double ns;
	} rows[] = {
		{ "none", 0 },
		{ "nanoseconds", 1 },
		{ "microseconds", 1e3 },
		{ "milliseconds", 1e6 },
		{ "seconds", 1e9 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!strcmp(rows[i].name, unit)) {
			*ns = rows[i].ns;
			return true;
		}
	}
	return false;
}

/* The number behind a word of the profile's name: "Thread 4243", "Thread 0x7f". */
static bool number_after(const char *name, const char *word, uint64_t *value)
{
	const char *at = strstr(name, word);

	if (!at)
		return false;
	at += strlen(word);
	if (at[0] == '0' && at[1] == 'x')
		return line_hex(at, strlen(at), value) > 0;
	return line_number(at, strlen(at), value) > 0;
}

static void set_thread(struct speedscope *s, const char *name, size_t index)
{
	const char *quote = strchr(name, '"'), *end = strrchr(name, '"');
	uint64_t pid = 0, tid = 0;
	uint32_t process;

	if (!number_after(name, "Process ", &pid) && !number_after(name, "pid ", &pid))
		pid = 0;
	if (!number_after(name, "Thread ", &tid))
		tid = 0;
	process = import_process(s->im, pid <= INT32_MAX ? (pid_t)pid : 0);
	s->thread = import_thread(s->im, process, index);
	if (quote && end > quote + 1)
		import_thread_name(s->im, s->thread, tid <= 4194304 ? (pid_t)tid : 0,
			quote + 1, (size_t)(end - quote) - 1);
	else
		import_thread_name(s->im, s->thread, tid <= 4194304 ? (pid_t)tid : 0,
			name, strlen(name));
}

static void give(struct speedscope *s, stack_id stack, double at, double weight)
{
	if (!stack || !(weight > 0) || !isfinite(weight) || !isfinite(at))
		return;
	if (s->unit_ns == 0)
		import_count(s->im, s->thread, stack,
			weight < 1 ? 1 : (uint64_t)json_clamp(weight), 0, 0);
	else
		import_sample(s->im, s->thread, json_clamp((at + weight) * s->unit_ns),
			(uint64_t)json_clamp(weight * s->unit_ns), stack, 0, WAIT_NONE);
}

static int read_sampled(struct speedscope *s, const json_t *profile, struct err *err)
{
	const json_t *samples = json_object_get(profile, "samples");
	const json_t *weights = json_object_get(profile, "weights");
	double at = json_real_of(profile, "startValue", 0);
	size_t i, k;

	for (i = 0; i < json_array_size(samples); i++) {
		const json_t *frames = json_array_get(samples, i);
		const json_t *weight = json_array_get(weights, i);
		double value = json_is_number(weight) ? json_number_value(weight)
			       : s->unit_ns > 0       ? 0
						      : 1;
		stack_id stack = 0;

		for (k = 0; k < json_array_size(frames); k++) {
			const json_t *index = json_array_get(frames, k);

			if (!json_is_integer(index) || json_integer_value(index) < 0 ||
				(size_t)json_integer_value(index) >= s->n_frames)
				return err_set(err, ERR_CORRUPT,
					"sample %zu: frame %zu is not in the table of "
					"%zu",
					i, k, s->n_frames);
			stack = import_push(
				s->im, stack, s->frames[json_integer_value(index)]);
		}
		give(s, stack, at, value);
		at += value;
	}
	return 0;
}

static int read_evented(struct speedscope *s, const json_t *profile, struct err *err)
{
	const json_t *events = json_object_get(profile, "events");
	double at = json_real_of(profile, "startValue", 0);
	stack_id stack = 0;
	size_t i;

	for (i = 0; i < json_array_size(events); i++) {
		const json_t *e = json_array_get(events, i);
		const char *type = json_text(e, "type", NULL);
		double now = json_real_of(e, "at", at);
		int64_t frame = json_number_of(e, "frame", -1);

		if (frame < 0 || (size_t)frame >= s->n_frames)
			return err_set(err, ERR_CORRUPT,
				"event %zu: its frame is not in the table", i);
		give(s, stack, at, now - at);
		at = now > at ? now : at;
		if (*type == 'O')
			stack = import_push(s->im, stack, s->frames[frame]);
		else
			stack = symbols_stack_of(s->im->symbols, stack)->parent;
	}
	return 0;
}

static int read_profile(
	struct speedscope *s, const json_t *profile, size_t index, struct err *err)
{
	const char *name = json_text(profile, "name", NULL);
	const char *unit = json_text(profile, "unit", NULL);
	const char *type = json_text(profile, "type", NULL);
	int ret;

	if (!unit_of(*unit ? unit : "none", &s->unit_ns)) {
		import_warn(s->im, "profile \"%.80s\" counts %.40s, not time: left out",
			name, unit);
		return 0;
	}
	set_thread(s, name, index);
	ret = !strcmp(type, "evented") ? read_evented(s, profile, err)
				       : read_sampled(s, profile, err);
	return ret < 0 ? err_wrap(err, "profile %zu", index) : 0;
}

int speedscope_read(struct import *im, struct err *err)
{
	struct speedscope s = { .im = im };
	json_t *root = json_import(im, err);
	const json_t *list;
	size_t i;
	int ret = -1;

	if (!root)
		return -1;
	list = json_object_get(json_object_get(root, "shared"), "frames");
	if (!json_is_array(list)) {
		err_set(err, ERR_CORRUPT, "no table of frames (shared.frames)");
		goto out;
	}
	read_frames(&s, list);
	list = json_object_get(root, "profiles");
	for (i = 0, ret = 0; ret == 0 && i < json_array_size(list); i++)
		ret = read_profile(&s, json_array_get(list, i), i, err);
out:
	free(s.frames);
	json_decref(root);
	return ret;
}
