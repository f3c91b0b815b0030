/*
 * import.c - see import.h
 */
#include "format/import.h"

#include "base/alloc.h"
#include "prof/sink.h"

#include <stdio.h>
#include <string.h>

enum { MAX_WARNINGS = 20 };

void import_init(struct import *im)
{
	memset(im, 0, sizeof(*im));
	im->symbols = symbols_new();
}

void import_release(struct import *im)
{
	size_t i;

	for (i = 0; i < im->n_processes; i++) {
		series_release(&im->processes[i].series);
		chunk_release(&im->processes[i].open);
		free(im->processes[i].in_tick);
		free(im->processes[i].last_run);
	}
	free(im->processes);
	free(im->threads);
	free(im->samples);
	free(im->metrics);
	free(im->events);
	map_release(&im->process_of);
	map_release(&im->thread_of);
	symbols_free(im->symbols);
	memset(im, 0, sizeof(*im));
}

void import_warn(struct import *im, const char *fmt, ...)
{
	va_list ap;

	if (!im->warnings || im->n_warnings >= MAX_WARNINGS)
		return;
	im->n_warnings++;
	buf_printf(im->warnings, "%s: ", im->name);
	va_start(ap, fmt);
	buf_vprintf(im->warnings, fmt, ap);
	va_end(ap);
	buf_char(im->warnings, '\n');
}

uint32_t import_process(struct import *im, pid_t pid)
{
	return import_process_key(im, (uint64_t)(uint32_t)pid, pid);
}

uint32_t import_process_key(struct import *im, uint64_t key, pid_t pid)
{
	uint64_t *slot = map_put(&im->process_of, key);

	if (!*slot && im->n_processes == IMPORT_MAX_THREADS)
		return (uint32_t)(im->n_processes - 1);
	if (!*slot) {
		struct import_process *p;

		GROW(im->processes, im->cap_processes, im->n_processes + 1);
		p = &im->processes[im->n_processes++];
		memset(p, 0, sizeof(*p));
		p->series.pid = pid;
		if (pid) {
			char text[24];

			snprintf(text, sizeof(text), "%d", (int)pid);
			series_label(&p->series, "pid", text);
		}
		*slot = im->n_processes;
	}
	return (uint32_t)(*slot - 1);
}

void import_label(struct import *im, uint32_t process, const char *key, const char *value)
{
	if (value && *value)
		series_label(&im->processes[process].series, key, value);
}

uint32_t import_thread(struct import *im, uint32_t process, uint64_t key)
{
	uint64_t *slot = map_put(&im->thread_of, hash_step(hash_u64(key), process));
	struct import_process *p = &im->processes[process];

	if (!*slot && im->n_threads == IMPORT_MAX_THREADS)
		return (uint32_t)(im->n_threads - 1);
	if (!*slot) {
		struct import_thread *t;

		GROW(im->threads, im->cap_threads, im->n_threads + 1);
		t = &im->threads[im->n_threads++];
		memset(t, 0, sizeof(*t));
		t->process = process;
		t->info.thread = p->n_threads++;
		*slot = im->n_threads;
	}
	return (uint32_t)(*slot - 1);
}

void import_thread_name(
	struct import *im, uint32_t thread, pid_t tid, const char *name, size_t len)
{
	struct thread_info *t = &im->threads[thread].info;

	if (len >= sizeof(t->name))
		len = sizeof(t->name) - 1;
	if (len) {
		memcpy(t->name, name, len);
		t->name[len] = '\0';
	}
	if (tid)
		t->tid = tid;
	t->is_main =
		!strcmp(t->name, "MainThread") ||
		(tid && tid == im->processes[im->threads[thread].process].series.pid);
}

/* The parts of a path that only the interpreter's own and installed code have. */
static bool is_library(const char *file, size_t len)
{
	static const char *const parts[] = { "/site-packages/", "/dist-packages/",
		"/lib/python2.", "/lib/python3.", "/lib/python3/", "<frozen ",
		"/lib64/python3." };
	size_t i;

	for (i = 0; len && i < ARRAY_SIZE(parts); i++) {
		if (memmem(file, len, parts[i], strlen(parts[i])))
			return true;
	}
	return false;
}

frame_id import_frame(struct import *im, const struct import_place *p)
{
	struct func f = {
		.name = symbols_str(im->symbols, p->name, p->name_len),
		.file = symbols_str(im->symbols, p->file, p->file_len),
		.module = symbols_str(im->symbols, p->module, p->module_len),
		.first_line = p->first_line,
		.flags = p->flags,
	};

	if (is_library(p->file, p->file_len))
		f.flags |= FUNC_LIBRARY;
	return symbols_frame(im->symbols, symbols_func(im->symbols, &f), p->line);
}

stack_id import_push(struct import *im, stack_id parent, frame_id frame)
{
	if (symbols_stack_of(im->symbols, parent)->depth >= IMPORT_MAX_DEPTH)
		return parent;
	return symbols_stack(im->symbols, parent, frame);
}

static void add_sample(struct import *im, const struct import_sample *s)
{
	if (im->n_samples == IMPORT_MAX_SAMPLES) {
		im->n_dropped++;
		return;
	}
	GROW(im->samples, im->cap_samples, im->n_samples + 1);
	im->samples[im->n_samples++] = *s;
}

/* Times of a hostile file: within 2^61 ns (73 years) of its own zero, on a clock that may
 * itself be as far from 1970. */
static int64_t sane_time(int64_t ns)
{
	const int64_t far = (int64_t)1 << 61;

	return ns < -far ? -far : ns > far ? far : ns;
}

static uint64_t sane_weight(uint64_t ns)
{
	const uint64_t far = (uint64_t)1 << 60;

	return ns > far ? far : ns;
}

void import_sample(struct import *im, uint32_t thread, int64_t time_ns,
	uint64_t weight_ns, stack_id stack, uint16_t state, wait_id wait)
{
	const struct import_sample s = {
		.time_ns = sane_time(time_ns),
		.weight_ns = sane_weight(weight_ns),
		.count = 1,
		.thread = thread,
		.stack = stack,
		.state = state,
		.wait = wait,
	};

	add_sample(im, &s);
}

void import_count(struct import *im, uint32_t thread, stack_id stack, uint64_t count,
	uint64_t total_ns, uint16_t state)
{
	struct import_thread *t = &im->threads[thread];
	struct import_sample s = {
		.count = sane_weight(count),
		.thread = thread,
		.stack = stack,
		.state = state,
	};

	if (!count)
		return;
	if (total_ns)
		s.weight_ns = sane_weight(total_ns);
	else if (__builtin_mul_overflow(
			 s.count, (uint64_t)IMPORT_NOMINAL_NS, &s.weight_ns))
		s.weight_ns = sane_weight(UINT64_MAX);
	t->cursor_ns = sane_time(t->cursor_ns + (int64_t)sane_weight(s.weight_ns));
	s.time_ns = t->cursor_ns;
	s.weight_ns = sane_weight(s.weight_ns);
	add_sample(im, &s);
}

void import_metric(struct import *im, uint32_t process, const struct metric *m)
{
	if (im->n_metrics == IMPORT_MAX_SAMPLES)
		return;
	GROW(im->metrics, im->cap_metrics, im->n_metrics + 1);
	im->metrics[im->n_metrics] = (struct import_metric){ process, *m };
	im->metrics[im->n_metrics++].metric.time_ns = sane_time(m->time_ns);
}

void import_event(struct import *im, uint32_t process, int64_t time_ns,
	enum event_kind kind, const char *text)
{
	struct import_event *e;

	if (im->n_events == IMPORT_MAX_SAMPLES)
		return;
	GROW(im->events, im->cap_events, im->n_events + 1);
	e = &im->events[im->n_events++];
	memset(e, 0, sizeof(*e));
	e->process = process;
	e->event.time_ns = sane_time(time_ns);
	e->event.kind = kind;
	snprintf(e->event.text, sizeof(e->event.text), "%s", text);
}
