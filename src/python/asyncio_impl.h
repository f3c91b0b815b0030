/*
 * asyncio_impl.h - shared by the files asyncio*.c and by nothing else.
 */
#ifndef PYTHON_ASYNCIO_IMPL_H
#define PYTHON_ASYNCIO_IMPL_H

#include "python/asyncio.h"

enum {
	TASKS_MAX = 100000,
	TASK_FRAMES_MAX = 2000,
	AWAITERS_MAX = 10000,
	NESTED_MAX = 8, /* futures that wait for futures */
};

/* Fills in a task from its object: name, state, coroutine. */
void task_read(struct asyncio *a, struct aio_task *t);
/* An attribute of a task that is not of _asyncio's type. */
uint64_t task_attribute(struct asyncio *a, uint64_t task, const char *name);
/* The chain of coroutines from t->coro inwards, and the future at its end. */
void task_read_chain(struct asyncio *a, struct aio_task *t);
/* The coroutine of the task at an address, or 0. */
uint64_t task_coroutine(struct asyncio *a, uint64_t task);
/* Fills in awaited_by of all tasks. */
void tasks_link(struct asyncio *a);

/* The task's place, or UINT32_MAX. */
uint32_t task_index(const struct asyncio *a, uint64_t addr);

#endif
