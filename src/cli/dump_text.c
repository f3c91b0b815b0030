/* dump_text.c - a dump for people, and for programs; see dump.h */
#include "base/alloc.h"
#include "base/json.h"
#include "cli/dump.h"
#include "cli/screen.h"
#include "prof/symbols.h"

#include <string.h>

/* "on CPU, holds the GIL", "blocked in epoll_wait" */
static void state_words(
	const struct dump *d, const struct dump_thread *t, char *text, size_t size)
{
	char scratch[32], wait[64];
	struct buf b = BUF_INIT;

	if (t->state & STATE_GIL_WAIT)
		buf_str(&b, "waiting for the GIL");
	else if (t->wait == WAIT_FUTEX_LOCK)
		buf_str(&b, "waiting for a lock");
	else if (t->wait == WAIT_FUTEX_COND)
		buf_str(&b, "waiting for a condition");
	else if (t->wait == WAIT_FUTEX_WORLD)
		buf_str(&b, "stopped by stop-the-world");
	else if (t->wait != WAIT_NONE)
		buf_printf(&b, "blocked in %s",
			wait_name(t->wait, scratch, sizeof(scratch)));
	else if (t->state & STATE_BLOCKED)
		buf_str(&b, "blocked");
	else if (t->state & STATE_CPU)
		buf_str(&b, "on CPU");
	/* stack and kernel are read one after the other: the later word counts */
	if ((t->state & STATE_GIL) && !(t->state & STATE_GIL_WAIT))
		buf_printf(&b, "%s%s", b.len ? ", " : "",
			d->has_gil ? "holds the GIL" : "attached");
	if (t->state & STATE_GC)
		buf_printf(&b, "%scollecting garbage", b.len ? ", " : "");
	if (t->state & STATE_EXC)
		buf_printf(&b, "%shandling an exception", b.len ? ", " : "");
	snprintf(wait, sizeof(wait), "%s", b.len ? b.data : "");
	if (!wait[0])
		snprintf(wait, sizeof(wait), "%s",
			t->has_ended ? "has ended meanwhile" : "state not known");
	snprintf(text, size, "%s", wait);
	buf_release(&b);
}

static enum ink ink_of_state(const struct dump_thread *t)
{
	if (t->state & STATE_GIL_WAIT)
		return INK_WARN;
	if (t->state & (STATE_CPU | STATE_GIL))
		return INK_GOOD;
	return INK_DIM;
}

/* Library paths from the package on, others whole: json/decoder.py, /srv/app/app.py */
static const char *short_path(const char *file, unsigned flags)
{
	static const char *const packages[] = { "/site-packages/", "/dist-packages/" };
	const char *at;
	size_t i;

	if (!(flags & FUNC_LIBRARY))
		return file;
	for (i = 0; i < 2; i++) {
		at = strstr(file, packages[i]);
		if (at)
			return at + strlen(packages[i]);
	}
	/* ".../lib/python3.12/json/decoder.py" */
	at = strstr(file, "/lib/python");
	at = at ? strchr(at + 5, '/') : NULL;
	return at ? at + 1 : file;
}

static void put_frame(
	const struct dump_frame *f, const struct dump_style *s, struct buf *out)
{
	bool library = f->flags & FUNC_LIBRARY, mark = f->flags & FUNC_MARK;
	const char *off = ink(s->colour, INK_PLAIN);

	buf_printf(out, "    %s",
		ink(s->colour, mark      ? INK_DIM
			       : library ? INK_PLAIN
					 : INK_NAME));
	text_safe(out, f->name, strlen(f->name));
	buf_str(out, off);
	if (mark) {
		buf_char(out, '\n');
		return;
	}
	buf_printf(out, " %s(", ink(s->colour, INK_DIM));
	text_safe(out, s->full_paths ? f->file : short_path(f->file, f->flags),
		strlen(s->full_paths ? f->file : short_path(f->file, f->flags)));
	if (f->line)
		buf_printf(out, "%s:%s%u%s", off, ink(s->colour, INK_LINE), f->line,
			s->colour ? "\033[0;2m" : "");
	buf_printf(out, ")%s\n", off);
}

/* What a module imports and defines says nothing about what it does. */
static bool is_definition(const struct local *l)
{
	static const char *const types[] = { "module", "function", "type",
		"builtin_function_or_method" };
	size_t i;

	for (i = 0; l->kind == LOCAL_NAME && i < ARRAY_SIZE(types); i++) {
		if (!strcmp(l->type, types[i]))
			return true;
	}
	return false;
}

static void put_locals(
	const struct dump_frame *f, const struct dump_style *s, struct buf *out)
{
	static const char *const words[] = {
		[LOCAL_CELL] = " (shared)", [LOCAL_FREE] = " (of the outer function)"
	};
	size_t i;

	for (i = 0; i < f->locals.n; i++) {
		const struct local *l = &f->locals.v[i];
		size_t room = s->columns > 40 ? s->columns - 10 : 30;
		size_t used = strlen(l->name) + 3;

		if (is_definition(l))
			continue;
		buf_printf(out, "        %s", ink(s->colour, INK_DIM));
		text_safe(out, l->name, strlen(l->name));
		buf_printf(out, " = %s", ink(s->colour, INK_PLAIN));
		text_fit(out, l->text ? l->text : "?", room > used ? room - used : 20);
		if (l->kind < ARRAY_SIZE(words) && words[l->kind])
			buf_str(out, words[l->kind]);
		buf_char(out, '\n');
	}
	if (f->locals.cut)
		buf_str(out, "        ...\n");
}

static void put_thread(const struct dump *d, const struct dump_thread *t,
	const struct dump_style *s, struct buf *out)
{
	const char *off = ink(s->colour, INK_PLAIN);
	char words[128];
	size_t i;

	state_words(d, t, words, sizeof(words));
	buf_printf(out, "\n%sThread ", ink(s->colour, INK_BOLD));
	if (t->tid)
		buf_printf(out, "%d", (int)t->tid);
	else
		buf_printf(out, "0x%llx", (unsigned long long)t->ident);
	if (t->name[0]) {
		buf_str(out, " \"");
		text_safe(out, t->name, strlen(t->name));
		buf_char(out, '"');
	}
	buf_str(out, off);
	if (t->is_daemon)
		buf_str(out, " daemon");
	if (d->n_interps > 1)
		buf_printf(out, " interpreter %lld", (long long)t->interp);
	buf_printf(out, "  %s%s%s\n", ink(s->colour, ink_of_state(t)), words, off);
	if (t->status != ST_OK)
		buf_printf(out, "    %s(%s)%s\n", ink(s->colour, INK_BAD),
			status_text(t->status), off);
	else if (!t->n_frames)
		buf_printf(
			out, "    %s(no Python frame)%s\n", ink(s->colour, INK_DIM), off);
	for (i = 0; i < t->n_frames; i++) {
		const struct dump_frame *f = &t->frames[i];

		put_frame(f, s, out);
		if (f->source) {
			buf_str(out, "        ");
			text_fit(out, f->source, s->columns > 20 ? s->columns - 8 : 20);
			buf_char(out, '\n');
		}
		put_locals(f, s, out);
	}
}

void dump_text(const struct dump *d, const struct dump_style *s, struct buf *out)
{
	char up[32], rss[32], head[64];
	size_t i;

	snprintf(head, sizeof(head), "Process %d: ", (int)d->pid);
	buf_printf(
		out, "%s%s%s", ink(s->colour, INK_BOLD), head, ink(s->colour, INK_PLAIN));
	text_fit(out, d->command,
		s->columns > strlen(head) + 20 ? s->columns - strlen(head) : 20);
	buf_printf(out, "\nPython %s%s%s, %zu thread%s", d->python,
		d->build[0] ? " " : "", d->build, d->n_threads,
		d->n_threads == 1 ? "" : "s");
	if (!d->is_core)
		buf_printf(out, ", up %s, %s", text_span(up, sizeof(up), d->up_s),
			text_bytes(rss, sizeof(rss), (double)d->rss_bytes));
	if (d->container[0])
		buf_printf(out, ", container %s", d->container);
	if (d->n_interps > 1)
		buf_printf(out, ", %zu interpreters", d->n_interps);
	buf_char(out, '\n');
	if (d->held[0])
		buf_printf(out, "%s%s%s\n", ink(s->colour, INK_WARN), d->held,
			ink(s->colour, INK_PLAIN));
	for (i = 0; i < d->n_threads; i++)
		put_thread(d, &d->threads[i], s, out);
	if (d->has_tasks)
		dump_tasks_text(&d->tasks, s->colour, out);
}

static void json_frame(const struct dump_frame *f, struct json *j)
{
	size_t i;

	json_object(j);
	json_kstr(j, "function", f->name);
	json_kstr(j, "file", f->file);
	json_kint(j, "line", f->line);
	json_kstr(j, "module", f->module);
	json_kbool(j, "library", f->flags & FUNC_LIBRARY);
	json_kbool(j, "native", f->flags & FUNC_NATIVE);
	json_kbool(j, "generator", f->is_generator);
	json_key(j, "source");
	f->source ? json_str(j, f->source) : json_null(j);
	if (f->locals.n) {
		json_key(j, "locals");
		json_array(j);
		for (i = 0; i < f->locals.n; i++) {
			const struct local *l = &f->locals.v[i];

			json_object(j);
			json_kstr(j, "name", l->name);
			json_kstr(j, "kind", local_kind_word(l->kind));
			json_kstr(j, "type", l->type ? l->type : "");
			json_kstr(j, "value", l->text ? l->text : "");
			json_end(j);
		}
		json_end(j);
	}
	json_end(j);
}

static void json_thread(const struct dump *d, const struct dump_thread *t, struct json *j)
{
	char words[128], scratch[32];
	unsigned bit;
	size_t i;

	state_words(d, t, words, sizeof(words));
	json_object(j);
	json_kint(j, "tid", t->tid);
	json_key(j, "ident");
	json_uint(j, t->ident);
	json_kstr(j, "name", t->name);
	json_kint(j, "interpreter", t->interp);
	json_kbool(j, "main", t->is_main);
	json_kbool(j, "daemon", t->is_daemon);
	json_kstr(j, "state", words);
	json_key(j, "states");
	json_array(j);
	for (bit = 1; bit < STATE_ALL; bit <<= 1) {
		if (t->state & bit)
			json_str(j, state_word(bit));
	}
	json_end(j);
	json_kstr(j, "wait", wait_name(t->wait, scratch, sizeof(scratch)));
	json_kstr(j, "status", status_word(t->status));
	json_key(j, "frames");
	json_array(j);
	for (i = 0; i < t->n_frames; i++)
		json_frame(&t->frames[i], j);
	json_end(j);
	json_end(j);
}

void dump_json(const struct dump *d, struct json *j)
{
	size_t i;

	json_object(j);
	json_kint(j, "pid", d->pid);
	json_kstr(j, "command", d->command);
	json_kstr(j, "python", d->python);
	json_kstr(j, "build", d->build);
	json_kstr(j, "container", d->container);
	json_kint(j, "rss_bytes", (int64_t)d->rss_bytes);
	json_kdouble(j, "up_seconds", d->up_s);
	json_kstr(j, "held", d->held);
	json_key(j, "threads");
	json_array(j);
	for (i = 0; i < d->n_threads; i++)
		json_thread(d, &d->threads[i], j);
	json_end(j);
	if (d->has_tasks) {
		json_key(j, "tasks");
		dump_tasks_json(&d->tasks, j);
	}
	json_end(j);
}
