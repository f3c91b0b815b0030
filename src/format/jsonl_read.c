/*
 * jsonl_read.c - see jsonl.h. A line that is no JSON or of no known type ends nothing: it
 * is skipped, and the first is named.
 */
#include "format/json_load.h"
#include "format/jsonl.h"
#include "format/line.h"

#include <stdlib.h>
#include <string.h>

struct jsonl {
	struct import *im;
	int64_t start_ns;
	bool header;
	struct map series; /* id -> 1 + process */
	struct map funcs;  /* id -> 1 + frame with line 0, whose func is meant */
	struct map stacks; /* id -> 1 + stack */
	struct map waits;  /* hash of a wait's name -> wait */
};

static uint64_t id_of(const json_t *o, const char *key)
{
	return (uint64_t)json_number_of(o, key, 0);
}

static int64_t time_of(const struct jsonl *l, const json_t *value)
{
	int64_t at, ns = json_is_integer(value) ? json_integer_value(value) : 0;

	return __builtin_add_overflow(l->start_ns, ns, &at) ? ns : at;
}

static bool read_header(struct jsonl *l, const json_t *o)
{
	l->header = !strcmp(json_text(o, "format", NULL), "pystrobe-jsonl") &&
		    json_number_of(o, "version", 0) == 1;
	l->start_ns = json_number_of(o, "start_ns", 0);
	l->im->absolute = true;
	return l->header;
}

static uint32_t process_of(struct jsonl *l, const json_t *o)
{
	const uint64_t *slot = map_get(&l->series, id_of(o, "series"));

	return slot ? (uint32_t)*slot - 1 : import_process(l->im, 0);
}

static bool read_series(struct jsonl *l, const json_t *o)
{
	uint64_t id = id_of(o, "series");
	int64_t pid = json_number_of(o, "pid", 0);
	uint32_t process = import_process_key(l->im, id + ((uint64_t)1 << 32),
		pid > 0 && pid <= INT32_MAX ? (pid_t)pid : 0);
	const json_t *value;
	const char *key;

	json_object_foreach(json_object_get(o, "labels"), key, value)
	{
		if (json_is_string(value))
			import_label(l->im, process, key, json_string_value(value));
	}
	*map_put(&l->series, id) = (uint64_t)process + 1;
	return true;
}

static bool read_thread(struct jsonl *l, const json_t *o)
{
	uint32_t process = process_of(l, o);
	uint32_t thread = import_thread(l->im, process, id_of(o, "thread"));
	int64_t tid = json_number_of(o, "tid", 0);
	size_t len;
	const char *name = json_text(o, "name", &len);

	import_thread_name(
		l->im, thread, tid > 0 && tid <= INT32_MAX ? (pid_t)tid : 0, name, len);
	l->im->threads[thread].info.is_main = json_is_true(json_object_get(o, "main"));
	return true;
}

static bool read_func(struct jsonl *l, const json_t *o)
{
	static const struct {
		const char *word;
		uint32_t flag;
	} rows[] = { { "library", FUNC_LIBRARY }, { "native", FUNC_NATIVE },
		{ "mark", FUNC_MARK }, { "task", FUNC_TASK } };
	const json_t *flags = json_object_get(o, "flags");
	struct import_place p = { 0 };
	size_t i, k;

	p.name = json_text(o, "name", &p.name_len);
	p.file = json_text(o, "file", &p.file_len);
	p.module = json_text(o, "module", &p.module_len);
	p.first_line = json_line(o, "first_line");
	for (i = 0; i < json_array_size(flags); i++) {
		const char *word = json_string_value(json_array_get(flags, i));

		for (k = 0; word && k < sizeof(rows) / sizeof(rows[0]); k++)
			p.flags |= !strcmp(word, rows[k].word) ? rows[k].flag : 0;
	}
	*map_put(&l->funcs, id_of(o, "func")) = (uint64_t)import_frame(l->im, &p) + 1;
	return true;
}

static uint32_t read_columns(const json_t *o, uint32_t line)
{
	uint32_t end_line = json_line(o, "end_line");
	const struct columns c = { .column = json_line(o, "column"),
		.end_lines = end_line - line,
		.end_column = json_line(o, "end_column") };

	return end_line < line ? 0 : columns_pack(&c);
}

static bool read_stack(struct jsonl *l, const json_t *o)
{
	const uint64_t *func = map_get(&l->funcs, id_of(o, "func"));
	const uint64_t *parent = map_get(&l->stacks, id_of(o, "parent"));
	const struct symbols *s = l->im->symbols;
	uint32_t line = json_line(o, "line");
	frame_id frame;
	stack_id stack;

	if (!func || (!parent && id_of(o, "parent")))
		return false;
	frame = symbols_frame_part(l->im->symbols,
		symbols_frame_of(s, (frame_id)*func - 1)->func, line,
		read_columns(o, line));
	stack = import_push(l->im, parent ? (stack_id)*parent - 1 : 0, frame);
	*map_put(&l->stacks, id_of(o, "stack")) = (uint64_t)stack + 1;
	return true;
}

static uint16_t state_of(const json_t *words)
{
	unsigned state = 0;
	size_t i;

	for (i = 0; i < json_array_size(words); i++) {
		const char *word = json_string_value(json_array_get(words, i));

		state |= word ? state_of_word(word) : 0;
	}
	return (uint16_t)state;
}

/* Names back to ids, by asking for every name once. */
static wait_id wait_of(struct jsonl *l, const char *name, size_t len)
{
	const uint64_t *known;
	char scratch[32];
	unsigned wait;

	if (!len)
		return WAIT_NONE;
	if (!l->waits.n) {
		for (wait = 0xffff; wait > 0; wait--) {
			const char *text =
				wait_name((wait_id)wait, scratch, sizeof(scratch));

			*map_put(&l->waits, hash_bytes(text, strlen(text))) = wait;
			if (wait == WAIT_FUTEX_GIL)
				wait = 1024;
		}
	}
	known = map_get(&l->waits, hash_bytes(name, len));
	return known ? (wait_id)*known : WAIT_NONE;
}

static bool read_run(struct jsonl *l, const json_t *o)
{
	const json_t *times = json_object_get(o, "time_ns");
	const json_t *weights = json_object_get(o, "weight_ns");
	const uint64_t *stack = map_get(&l->stacks, id_of(o, "stack"));
	uint16_t state = state_of(json_object_get(o, "state"));
	size_t i, len, n = json_array_size(times);
	const char *wait = json_text(o, "wait", &len);
	wait_id waits_in = wait_of(l, wait, len);
	uint32_t thread;

	if ((!stack && id_of(o, "stack")) || json_array_size(weights) != n)
		return false;
	thread = import_thread(l->im, process_of(l, o), id_of(o, "thread"));
	for (i = 0; i < n; i++) {
		int64_t weight = json_integer_value(json_array_get(weights, i));

		import_sample(l->im, thread, time_of(l, json_array_get(times, i)),
			weight > 0 ? (uint64_t)weight : 0,
			stack ? (stack_id)*stack - 1 : 0, state, waits_in);
	}
	return true;
}

static bool read_metric(struct jsonl *l, const json_t *o)
{
	const struct metric m = {
		.time_ns = time_of(l, json_object_get(o, "time_ns")),
		.rss_bytes = id_of(o, "rss_bytes"),
		.cpu_ns = id_of(o, "cpu_ns"),
		.n_threads = (uint32_t)id_of(o, "threads"),
		.n_voluntary = id_of(o, "voluntary"),
		.n_involuntary = id_of(o, "involuntary"),
	};

	import_metric(l->im, process_of(l, o), &m);
	return true;
}

static bool read_event(struct jsonl *l, const json_t *o)
{
	const char *word = json_text(o, "kind", NULL);
	int kind;

	for (kind = EVENT_ATTACH; kind <= EVENT_LOST; kind++) {
		if (!strcmp(event_word((enum event_kind)kind), word)) {
			import_event(l->im, process_of(l, o),
				time_of(l, json_object_get(o, "time_ns")),
				(enum event_kind)kind, json_text(o, "text", NULL));
			return true;
		}
	}
	return false;
}

static bool read_line(struct jsonl *l, const json_t *o)
{
	static const struct {
		const char *type;
		bool (*read)(struct jsonl *l, const json_t *o);
	} rows[] = {
		{ "run", read_run },
		{ "stack", read_stack },
		{ "func", read_func },
		{ "metric", read_metric },
		{ "thread", read_thread },
		{ "series", read_series },
		{ "event", read_event },
		{ "header", read_header },
	};
	const char *type = json_text(o, "type", NULL);
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!strcmp(rows[i].type, type))
			return (l->header || rows[i].read == read_header) &&
			       rows[i].read(l, o);
	}
	return false;
}

int jsonl_read(struct import *im, struct err *err)
{
	struct line line = line_first(im->data, im->len);
	struct jsonl l = { .im = im };
	uint64_t n_bad = 0, first_bad = 0;
	int ret = -1;

	while (line_next(&line)) {
		json_t *o;
		bool good;

		if (!line.len)
			continue;
		o = json_loadb(line.at, line.len, JSON_ALLOW_NUL, NULL);
		good = o && read_line(&l, o);
		json_decref(o);
		if (!good && !l.header) {
			err_set(err, ERR_CORRUPT, "line 1: no header of this version");
			goto out;
		}
		if (!good && !n_bad++)
			first_bad = line.number;
	}
	if (n_bad)
		import_warn(im, "line %llu makes no sense; %llu such lines skipped",
			(unsigned long long)first_bad, (unsigned long long)n_bad);
	ret = 0;
out:
	map_release(&l.series);
	map_release(&l.funcs);
	map_release(&l.stacks);
	map_release(&l.waits);
	return ret;
}

int jsonl_sniff(const char *head, size_t len)
{
	return len > 40 && head[0] == '{' &&
			       memmem(head, len < 200 ? len : 200, "\"pystrobe-jsonl\"",
				       16)
		       ? 100
		       : 0;
}
