/*
 * trace_write.c - Chrome trace events: every call as a slice of its thread, with counters.
 *
 *	{"traceEvents":[
 *	  {"ph":"M","name":"thread_name","pid":1,"tid":1,"args":{"name":"MainThread"}},
 *	  {"ph":"B","name":"work","pid":1,"tid":1,"ts":us,"args":{"file","line"}}, ... "E",
 *	  {"ph":"C","name":"RSS (MiB)","pid":1,"ts":us,"args":{"RSS":12.5}}]}
 *
 * A slice lasts as long as consecutive samples have the frame at the same depth under the
 * same callers: that is what sampling can tell. Begin and end are events of their own (no
 * "X"), so that callers come before callees that begin at the same instant. Times are
 * microseconds from the recording's begin.
 */
#include "format/export.h"
#include "format/trace.h"

#include "base/alloc.h"

#include <stdlib.h>

enum { GAP_NS = 1000000 };

/* Open slices of the thread being written, root first. */
struct open {
	stack_id *stack;
	uint32_t depth;
	size_t cap_stack;
};

static void put_us(struct json *j, const char *key, int64_t ns)
{
	json_kdouble(j, key, (double)ns / 1000.0);
}

static int pid_of(const struct export_thread *t)
{
	return t->target && t->target->series.pid ? (int)t->target->series.pid
						  : (int)t->info.series;
}

static int tid_of(const struct export_thread *t)
{
	return t->info.tid ? (int)t->info.tid : (int)t->info.thread + 1;
}

/* ph B opens the slice of a stack's leaf frame, E closes it. */
static void put_edge(struct export *ex, const struct export_thread *t, const char *ph,
	stack_id id, int64_t at_ns)
{
	const struct frame *fr =
		symbols_frame_of(ex->symbols, symbols_stack_of(ex->symbols, id)->frame);
	const struct func *f = symbols_func_of(ex->symbols, fr->func);
	struct json *j = &ex->j;

	json_object(j);
	json_kstr(j, "ph", ph);
	json_kstr(j, "cat", f->flags & FUNC_NATIVE ? "native" : "python");
	json_kstr(j, "name", export_name(ex->symbols, f));
	json_kint(j, "pid", pid_of(t));
	json_kint(j, "tid", tid_of(t));
	put_us(j, "ts", at_ns - ex->from_ns);
	if (*ph == 'B') {
		json_key(j, "args");
		json_object(j);
		if (f->file)
			json_kstr(j, "file", symbols_text(ex->symbols, f->file, NULL));
		if (fr->line || f->first_line)
			json_kint(j, "line", fr->line ? fr->line : f->first_line);
		json_end(j);
	}
	json_end(j);
}

static void close_to(struct export *ex, const struct export_thread *t, struct open *o,
	uint32_t depth, int64_t at_ns)
{
	while (o->depth > depth) {
		o->depth--;
		put_edge(ex, t, "E", o->stack[o->depth], at_ns);
	}
}

static void open_stack(struct export *ex, const struct export_thread *t, struct open *o,
	stack_id id, int64_t at_ns)
{
	uint32_t depth = symbols_stack_of(ex->symbols, id)->depth, common, i;
	stack_id at = id;

	GROW(o->stack, o->cap_stack, (size_t)depth + o->depth + 1);
	/* Stacks are a tree: equal ids at one depth mean equal callers. */
	for (i = depth, common = 0; i > 0; i--) {
		if (i <= o->depth && o->stack[i - 1] == at) {
			common = i;
			break;
		}
		at = symbols_stack_of(ex->symbols, at)->parent;
	}
	close_to(ex, t, o, common, at_ns);
	for (i = depth, at = id; i > common; i--) {
		o->stack[i - 1] = at;
		at = symbols_stack_of(ex->symbols, at)->parent;
	}
	for (; common < depth; common++)
		put_edge(ex, t, "B", o->stack[common], at_ns);
	o->depth = depth;
}

static void put_name(
	struct export *ex, const char *what, int pid, int tid, const char *name)
{
	struct json *j = &ex->j;

	json_object(j);
	json_kstr(j, "ph", "M");
	json_kstr(j, "name", what);
	json_kint(j, "pid", pid);
	json_kint(j, "tid", tid);
	json_key(j, "args");
	json_object(j);
	json_kstr(j, "name", name);
	json_end(j);
	json_end(j);
}

static int put_thread(struct export *ex, const struct export_thread *t, struct err *err)
{
	struct open o = { 0 };
	size_t i, end = t->first_span + t->n_spans;
	int ret = -1;

	put_name(ex, "thread_name", pid_of(t), tid_of(t), t->label);
	for (i = t->first_span; i < end; i++) {
		const struct span *s = &ex->spans[i];

		open_stack(ex, t, &o, s->stack, s->from_ns);
		if (i + 1 == end || s[1].from_ns - s->until_ns > GAP_NS)
			close_to(ex, t, &o, 0, s->until_ns);
		if (export_drain(ex, err) < 0)
			goto out;
	}
	ret = 0;
out:
	free(o.stack);
	return ret;
}

static void put_counter(struct export *ex, int pid, const char *name, int64_t at_ns,
	const char *key, double value)
{
	struct json *j = &ex->j;

	json_object(j);
	json_kstr(j, "ph", "C");
	json_kstr(j, "name", name);
	json_kint(j, "pid", pid);
	json_kint(j, "tid", pid);
	put_us(j, "ts", at_ns > ex->from_ns ? at_ns - ex->from_ns : 0);
	json_key(j, "args");
	json_object(j);
	json_kdouble(j, key, value);
	json_end(j);
	json_end(j);
}

/* Percent of the watched time; more than 100 for CPU of several threads. */
static double share(const struct point *p, unsigned flag)
{
	unsigned bit = (unsigned)__builtin_ctz(flag);

	return p->ticks_ns ? 100.0 * (double)p->state_ns[bit] / (double)p->ticks_ns : 0;
}

static int put_counters(struct export *ex, struct err *err)
{
	const struct timeline_options o = { .max_buckets = 2000, .by_series = true };
	struct timeline t = { 0 };
	size_t i, k;
	int ret = -1;

	if (timeline_query(&t, ex->source, ex->filter, &o, err) < 0)
		goto out;
	for (i = 0; i < t.n_rows; i++) {
		int pid = (int)t.rows[i].series;

		for (k = 0; k < ex->targets.n_targets; k++) {
			const struct series *s = &ex->targets.targets[k].series;

			if (s->id == t.rows[i].series && s->pid)
				pid = (int)s->pid;
		}
		for (k = 0; k < t.n_buckets; k++) {
			const struct point *p = &t.rows[i].points[k];
			int64_t at = t.from_ns + (int64_t)k * t.bucket_ns;

			if (p->n_metrics)
				put_counter(ex, pid, "RSS (MiB)", at, "RSS",
					(double)p->rss_sum / (double)p->n_metrics /
						1048576);
			if (p->ticks_ns) {
				put_counter(ex, pid, "GIL held (%)", at, "held",
					share(p, STATE_GIL));
				put_counter(ex, pid, "waiting for the GIL (%)", at,
					"waiting", share(p, STATE_GIL_WAIT));
				put_counter(ex, pid, "on CPU (%)", at, "CPU",
					share(p, STATE_CPU));
			}
			if (export_drain(ex, err) < 0)
				goto out;
		}
	}
	ret = 0;
out:
	timeline_release(&t);
	return ret;
}

int trace_write(struct export *ex, struct err *err)
{
	size_t i;

	if (export_gather(ex, ex->filter->lines ? 0 : GATHER_BY_FUNC, err) < 0)
		return -1;
	if (ex->opt.weight == WEIGHT_SAMPLES)
		export_warn(
			ex, "trace has a clock: its slices are in time, not in samples");
	json_object(&ex->j);
	json_kstr(&ex->j, "displayTimeUnit", "ms");
	json_key(&ex->j, "traceEvents");
	json_array(&ex->j);
	for (i = 0; i < ex->targets.n_targets; i++) {
		const struct series *s = &ex->targets.targets[i].series;
		const char *command = series_get(s, "command");
		int pid = s->pid ? (int)s->pid : (int)s->id;

		put_name(ex, "process_name", pid, pid, command ? command : "Python");
	}
	for (i = 0; i < ex->n_threads; i++) {
		if (put_thread(ex, &ex->threads[i], err) < 0)
			return -1;
	}
	if (put_counters(ex, err) < 0)
		return -1;
	json_end(&ex->j);
	json_end(&ex->j);
	buf_char(&ex->b, '\n');
	return 0;
}
