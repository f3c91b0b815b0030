/*
 * asyncio.h - the asyncio tasks of a target: where each stands and who waits for whom.
 *
 * Where tasks are found, by version (Modules/_asynciomodule.c, Lib/asyncio/tasks.py):
 *
 *	3.14+        lists of the threads and interpreters (.AsyncioDebug), and the sets of
 *	             asyncio.tasks for eager tasks and other implementations
 *	3.12, 3.13   asyncio.tasks._scheduled_tasks (WeakSet), _eager_tasks (set)
 *	3.7-3.11     asyncio.tasks._all_tasks (WeakSet)
 *	3.6          in a static variable without a name at run time: not supported
 *
 * Who waits: task_awaited_by from 3.14. Before, what a task waits for is followed instead:
 * its future, the children of gather(), and the arguments of wait(), wait_for() and of a
 * TaskGroup's exit; shield() and other ways of callbacks are not seen there.
 *
 * Current lines are those of the suspended coroutines, as cr_frame.f_lineno has them.
 */
#ifndef PYTHON_ASYNCIO_H
#define PYTHON_ASYNCIO_H

#include "base/buf.h"
#include "base/map.h"
#include "python/code.h"
#include "python/object.h"

enum aio_state { AIO_PENDING, AIO_CANCELLED, AIO_FINISHED };

/* One coroutine (generator, async generator) of a task. */
struct aio_frame {
	const struct code *code; /* borrowed from the struct asyncio; name, file */
	uint64_t addr;           /* of the frame: locals */
	int32_t line;            /* 0: not known */
	bool is_running;         /* on a thread's stack now */
};

struct aio_task {
	uint64_t addr;            /* of the Task object */
	uint64_t interp;          /* address of its interpreter */
	uint64_t loop;            /* address of its event loop */
	uint64_t coro, waits_for; /* its coroutine; the future it waits for, or 0 */
	enum aio_state state;
	bool is_current;          /* the loop steps it now */
	char *name;               /* "Task-1"; "" where the version has no names (3.7) */
	struct aio_frame *frames; /* the task's own coroutine first, innermost last */
	size_t n_frames, frames_cap;
	uint32_t *awaited_by; /* indexes of the tasks that wait for it, no duplicates */
	size_t n_awaited_by, awaited_by_cap;
	enum status status; /* not ST_OK: some of it could not be read */
};

struct asyncio {
	struct objects *o; /* borrowed */
	struct aio_task *tasks;
	size_t n, cap;
	struct map index; /* task address -> index + 1 */
	struct map codes; /* code address -> struct code * */
	size_t n_codes;
	enum status status; /* why the lists are not complete, or ST_OK */
};

void asyncio_init(struct asyncio *a, struct objects *o);
void asyncio_release(struct asyncio *a);

/* Reads all tasks of all interpreters; head_addr is where the pointer to the newest
 * interpreter lies. Replaces what was read before. Within the budget of the context; what
 * was found is there whatever the status. ST_UNSUPPORTED: older than 3.7. */
enum status asyncio_load(struct asyncio *a, uint64_t head_addr);

/* The task that the thread steps now, or 0. tstate and interp are addresses. One or two
 * reads from 3.14 on, a dozen before. */
enum status asyncio_current(
	struct asyncio *a, uint64_t interp, uint64_t tstate, uint64_t *task);
/* Appends the name of the task at an address: "Task-1". */
enum status asyncio_name(struct asyncio *a, uint64_t task, struct buf *out);
/* Appends what to call the task where many are counted together: its name, or, where
 * asyncio has numbered it or the version has no names, its coroutine's function. */
enum status asyncio_label(struct asyncio *a, uint64_t task, struct buf *out);
/* The frame of the task's own coroutine; 0: it has none that is Python's. A thread that
 * steps the task has that frame on its stack. */
enum status asyncio_frame(struct asyncio *a, uint64_t task, uint64_t *frame);
/* Is the task at an address the one that asyncio_load last saw there? */
bool asyncio_knows(struct asyncio *a, uint64_t task);
/* The first task that waits for the one at an address; 0 for none. From 3.14 on as it is
 * now; before, as asyncio_load last saw it. */
enum status asyncio_awaiter(struct asyncio *a, uint64_t task, uint64_t *awaiter);

#endif
