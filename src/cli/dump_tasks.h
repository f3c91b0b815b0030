/*
 * dump_tasks.h - the asyncio tasks of a process as a tree of who awaits whom, for dump.
 */
#ifndef CLI_DUMP_TASKS_H
#define CLI_DUMP_TASKS_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

struct objects;

struct dump_task_frame {
	const char *name, *file;
	uint32_t line;
};

struct dump_task {
	uint64_t addr;
	const char *name;  /* "" where the version has none */
	const char *state; /* "running", "waiting", "ready", "cancelled", "finished" */
	struct dump_task_frame *frames; /* innermost first */
	size_t n_frames;
	uint32_t *awaited_by; /* indexes of the tasks that wait for it */
	size_t n_awaited_by;
};

struct dump_tasks {
	struct dump_task *v;
	size_t n;
	enum status status; /* why it is not all, or ST_OK */
};

/* Reads through o, whose layouts must already know asyncio's (runtime_load_asyncio). All
 * of it lives in the arena. */
void dump_tasks_take(struct dump_tasks *t, struct objects *o, uint64_t interp_head_addr,
	struct arena *arena);
/* Tasks that nobody waits for, below each the tasks that it waits for. */
void dump_tasks_text(const struct dump_tasks *t, bool colour, struct buf *out);
/* An array; who waits as indexes into it. */
void dump_tasks_json(const struct dump_tasks *t, struct json *j);

#endif
