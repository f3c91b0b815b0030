/*
 * jsonl_write.c - see jsonl.h. Nothing is held but what has been defined already.
 */
#include "format/export.h"
#include "format/jsonl.h"

#include "query/lanes.h"

struct lines {
	struct export *ex;
	int64_t start_ns;
	struct map funcs, stacks; /* defined */
	const struct symbols *symbols;
	struct err *err;
};

static void begin(struct export *ex, const char *type)
{
	json_object(&ex->j);
	json_kstr(&ex->j, "type", type);
}

static void end(struct export *ex)
{
	json_end(&ex->j);
	buf_char(&ex->b, '\n');
	json_init(&ex->j, &ex->b);
}

static void put_func(struct lines *l, func_id id)
{
	const struct func *f = symbols_func_of(l->symbols, id);
	struct export *ex = l->ex;

	begin(ex, "func");
	json_kint(&ex->j, "func", id);
	json_kstr(&ex->j, "name", symbols_text(l->symbols, f->name, NULL));
	json_kstr(&ex->j, "file", symbols_text(l->symbols, f->file, NULL));
	if (f->module)
		json_kstr(&ex->j, "module", symbols_text(l->symbols, f->module, NULL));
	if (f->first_line)
		json_kint(&ex->j, "first_line", f->first_line);
	if (f->flags) {
		json_key(&ex->j, "flags");
		json_array(&ex->j);
		if (f->flags & FUNC_LIBRARY)
			json_str(&ex->j, "library");
		if (f->flags & FUNC_NATIVE)
			json_str(&ex->j, "native");
		if (f->flags & FUNC_MARK)
			json_str(&ex->j, "mark");
		if (f->flags & FUNC_TASK)
			json_str(&ex->j, "task");
		json_end(&ex->j);
	}
	end(ex);
}

static void put_columns(struct json *j, const struct frame *f)
{
	struct columns c = columns_unpack(f->columns);

	json_kint(j, "column", c.column);
	json_kint(j, "end_line", f->line + c.end_lines);
	json_kint(j, "end_column", c.end_column);
}

/* Defines a stack and all below it that are not defined yet, roots first. */
static void define_stack(struct lines *l, stack_id id)
{
	stack_id path[256];
	struct export *ex = l->ex;

	while (id && !map_get(&l->stacks, id)) {
		size_t n = 0, k;
		stack_id at;

		/* the last 256 of a deep stack; then once more from the leaf */
		for (at = id; at && !map_get(&l->stacks, at);
			at = symbols_stack_of(l->symbols, at)->parent)
			path[n++ % 256] = at;
		for (k = 0; n && k < 256; k++) {
			stack_id s = path[--n % 256];
			const struct stack *st = symbols_stack_of(l->symbols, s);
			const struct frame *fr = symbols_frame_of(l->symbols, st->frame);

			if (!map_get(&l->funcs, fr->func)) {
				put_func(l, fr->func);
				*map_put(&l->funcs, fr->func) = 1;
			}
			begin(ex, "stack");
			json_kint(&ex->j, "stack", s);
			json_kint(&ex->j, "parent", st->parent);
			json_kint(&ex->j, "func", fr->func);
			if (fr->line)
				json_kint(&ex->j, "line", fr->line);
			if (fr->columns)
				put_columns(&ex->j, fr);
			end(ex);
			*map_put(&l->stacks, s) = 1;
		}
	}
}

static int put_run(void *arg, const struct symbols *symbols, const struct lane_run *run)
{
	struct lines *l = arg;
	struct json *j = &l->ex->j;
	char scratch[32];
	size_t i;

	if (symbols != l->symbols) {
		map_clear(&l->funcs);
		map_clear(&l->stacks);
		l->symbols = symbols;
	}
	define_stack(l, run->stack);
	begin(l->ex, "run");
	json_kint(j, "series", run->series);
	json_kint(j, "thread", run->thread);
	json_kint(j, "stack", run->stack);
	json_key(j, "state");
	export_json_state(j, run->state);
	if (run->wait)
		json_kstr(j, "wait", wait_name(run->wait, scratch, sizeof(scratch)));
	json_key(j, "time_ns");
	json_array(j);
	for (i = 0; i < run->n_ticks; i++)
		json_int(j, run->time_ns[i] - l->start_ns);
	json_end(j);
	json_key(j, "weight_ns");
	json_array(j);
	for (i = 0; i < run->n_ticks; i++)
		json_uint(j, run->weight_ns[i]);
	json_end(j);
	end(l->ex);
	return export_drain(l->ex, l->err);
}

static void put_series(struct lines *l, const struct target *t)
{
	struct export *ex = l->ex;
	size_t i;

	begin(ex, "series");
	json_kint(&ex->j, "series", t->series.id);
	json_kint(&ex->j, "pid", t->series.pid);
	json_kint(&ex->j, "time_ns", t->series.start_ns - l->start_ns);
	json_key(&ex->j, "labels");
	json_object(&ex->j);
	for (i = 0; i < t->series.n_labels; i++)
		json_kstr(&ex->j, t->series.labels[i].key, t->series.labels[i].value);
	json_end(&ex->j);
	end(ex);
	for (i = 0; i < t->n_threads; i++) {
		begin(ex, "thread");
		json_kint(&ex->j, "series", t->series.id);
		json_kint(&ex->j, "thread", t->threads[i].thread);
		json_kint(&ex->j, "tid", t->threads[i].tid);
		json_kbool(&ex->j, "main", t->threads[i].is_main);
		json_kstr(&ex->j, "name", t->threads[i].name);
		end(ex);
	}
}

static int put_metrics(void *arg, const struct chunk *c)
{
	struct lines *l = arg;
	struct json *j = &l->ex->j;
	size_t i;

	for (i = 0; i < c->n_metrics; i++) {
		const struct metric *m = &c->metrics[i];

		begin(l->ex, "metric");
		json_kint(j, "series", c->series);
		json_kint(j, "time_ns", m->time_ns - l->start_ns);
		json_kint(j, "rss_bytes", (int64_t)m->rss_bytes);
		json_kint(j, "cpu_ns", (int64_t)m->cpu_ns);
		json_kint(j, "threads", m->n_threads);
		json_kint(j, "voluntary", (int64_t)m->n_voluntary);
		json_kint(j, "involuntary", (int64_t)m->n_involuntary);
		end(l->ex);
	}
	return export_drain(l->ex, l->err);
}

static void put_events(struct lines *l)
{
	struct json *j = &l->ex->j;
	size_t i;

	for (i = 0; i < l->ex->targets.n_events; i++) {
		const struct event *e = &l->ex->targets.events[i];

		begin(l->ex, "event");
		json_kint(j, "series", e->series);
		json_kint(j, "time_ns", e->time_ns - l->start_ns);
		json_kstr(j, "kind", event_word(e->kind));
		json_kstr(j, "text", e->text);
		end(l->ex);
	}
}

int jsonl_write(struct export *ex, struct err *err)
{
	struct lines l = { .ex = ex, .err = err };
	struct ask ask = { 0 };
	size_t i;
	int ret = -1;

	if (filter_ask(ex->filter, ex->source, &ask, err) < 0)
		goto out;
	l.start_ns = ask.from_ns;
	begin(ex, "header");
	json_kstr(&ex->j, "format", "pystrobe-jsonl");
	json_kint(&ex->j, "version", 1);
	json_kint(&ex->j, "start_ns", l.start_ns);
	end(ex);
	for (i = 0; i < ex->targets.n_targets; i++)
		put_series(&l, &ex->targets.targets[i]);
	if (lanes_scan(ex->source, ex->filter, put_run, &l, err) ||
		ex->source->ops->chunks(ex->source, &ask, put_metrics, &l, err))
		goto out;
	put_events(&l);
	ret = 0;
out:
	ask_release(&ask);
	filter_done(&ask);
	map_release(&l.funcs);
	map_release(&l.stacks);
	return ret;
}
