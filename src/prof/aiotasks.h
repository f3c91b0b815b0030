/*
 * aiotasks.h - which asyncio task a thread steps, and who awaits it: for --asyncio.
 *
 * The answer is a stack of marks (FUNC_TASK), the outermost awaiter first, on which the
 * thread's frames are put. It is given only where the task's own frame is on the thread's
 * stack: the task was read a moment later, and may be another one.
 */
#ifndef PROF_AIOTASKS_H
#define PROF_AIOTASKS_H

#include "prof/symbols.h"
#include "python/object.h"
#include "python/walk.h"

struct aiotasks;

/* Borrows the objects; head_addr is where the pointer to the newest interpreter lies. */
struct aiotasks *aiotasks_new(struct objects *o, uint64_t head_addr);
void aiotasks_free(struct aiotasks *t);

/* The marks of the thread, or 0, the empty stack. A dozen reads and more; before 3.14 now
 * and then all tasks are read, for who awaits whom: at most a fiftieth of the time. */
stack_id aiotasks_stack(
	struct aiotasks *t, struct symbols *symbols, const struct walk_thread *w);

#endif
