/* dump_tasks.c - see dump_tasks.h */
#include "cli/dump_tasks.h"

#include "base/alloc.h"
#include "cli/screen.h"
#include "python/asyncio.h"

#include <string.h>

enum { MAX_INDENT = 40 };

static const char *state_of(const struct aio_task *t)
{
	if (t->state == AIO_CANCELLED)
		return "cancelled";
	if (t->state == AIO_FINISHED)
		return "finished";
	return t->is_current ? "running" : t->waits_for ? "waiting" : "ready";
}

static void copy_task(
	struct dump_task *to, const struct aio_task *from, struct arena *arena)
{
	size_t i;

	to->addr = from->addr;
	to->name = arena_strdup(arena, from->name ? from->name : "");
	to->state = state_of(from);
	to->frames = arena_alloc(arena, (from->n_frames + 1) * sizeof(*to->frames));
	for (i = from->n_frames; i-- > 0;) {
		const struct aio_frame *f = &from->frames[i];

		to->frames[to->n_frames++] = (struct dump_task_frame){
			.name = arena_strdup(arena, f->code ? f->code->name : "?"),
			.file = arena_strdup(arena, f->code ? f->code->file : "?"),
			.line = f->line > 0 ? (uint32_t)f->line : 0,
		};
	}
	to->n_awaited_by = from->n_awaited_by;
	to->awaited_by = arena_dup(
		arena, from->awaited_by, from->n_awaited_by, sizeof(*to->awaited_by));
}

void dump_tasks_take(struct dump_tasks *t, struct objects *o, uint64_t interp_head_addr,
	struct arena *arena)
{
	struct asyncio a;
	size_t i;

	*t = (struct dump_tasks){ 0 };
	asyncio_init(&a, o);
	t->status = asyncio_load(&a, interp_head_addr);
	t->v = arena_alloc(arena, (a.n + 1) * sizeof(*t->v));
	for (i = 0; i < a.n; i++)
		copy_task(&t->v[t->n++], &a.tasks[i], arena);
	asyncio_release(&a);
}

static bool waits_for(const struct dump_tasks *t, size_t waiter, size_t awaited)
{
	const struct dump_task *task = &t->v[awaited];
	size_t i;

	for (i = 0; i < task->n_awaited_by; i++) {
		if (task->awaited_by[i] == waiter)
			return true;
	}
	return false;
}

static void put_task(const struct dump_tasks *t, size_t at, size_t depth, bool *shown,
	bool colour, struct buf *out)
{
	const struct dump_task *task = &t->v[at];
	int indent = (int)(depth * 4 < MAX_INDENT ? depth * 4 : MAX_INDENT);
	size_t i;

	buf_printf(out, "%*s%s", indent, "", ink(colour, INK_BOLD));
	text_safe(out, task->name[0] ? task->name : "Task",
		strlen(task->name[0] ? task->name : "Task"));
	buf_printf(out, "%s  %s%s%s", ink(colour, INK_PLAIN), ink(colour, INK_DIM),
		task->state, ink(colour, INK_PLAIN));
	if (shown[at]) {
		buf_str(out, "  (see above)\n");
		return;
	}
	shown[at] = true;
	buf_char(out, '\n');
	for (i = 0; i < task->n_frames; i++) {
		const struct dump_task_frame *f = &task->frames[i];

		buf_printf(out, "%*s    %s", indent, "", ink(colour, INK_NAME));
		text_safe(out, f->name, strlen(f->name));
		buf_printf(out, "%s (", ink(colour, INK_PLAIN));
		text_safe(out, f->file, strlen(f->file));
		if (f->line)
			buf_printf(out, ":%u", f->line);
		buf_str(out, ")\n");
	}
	for (i = 0; i < t->n; i++) {
		if (waits_for(t, at, i))
			put_task(t, i, depth + 1, shown, colour, out);
	}
}

void dump_tasks_text(const struct dump_tasks *t, bool colour, struct buf *out)
{
	bool *shown = xcalloc(t->n + 1, sizeof(*shown));
	size_t i;

	buf_printf(out, "\nAsyncio: %zu task%s\n", t->n, t->n == 1 ? "" : "s");
	for (i = 0; i < t->n; i++) {
		if (!t->v[i].n_awaited_by)
			put_task(t, i, 0, shown, colour, out);
	}
	for (i = 0; i < t->n; i++) { /* tasks that wait for each other in a circle */
		if (!shown[i])
			put_task(t, i, 0, shown, colour, out);
	}
	if (t->status != ST_OK)
		buf_printf(out, "not all of it: %s\n", status_text(t->status));
	free(shown);
}

void dump_tasks_json(const struct dump_tasks *t, struct json *j)
{
	size_t i, k;

	json_array(j);
	for (i = 0; i < t->n; i++) {
		const struct dump_task *task = &t->v[i];

		json_object(j);
		json_kstr(j, "name", task->name);
		json_kstr(j, "state", task->state);
		json_key(j, "awaited_by");
		json_array(j);
		for (k = 0; k < task->n_awaited_by; k++)
			json_uint(j, task->awaited_by[k]);
		json_end(j);
		json_key(j, "frames");
		json_array(j);
		for (k = 0; k < task->n_frames; k++) {
			json_object(j);
			json_kstr(j, "function", task->frames[k].name);
			json_kstr(j, "file", task->frames[k].file);
			json_kint(j, "line", task->frames[k].line);
			json_end(j);
		}
		json_end(j);
		json_end(j);
	}
	json_end(j);
}
