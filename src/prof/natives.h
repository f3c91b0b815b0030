/*
 * natives.h - native frames of one followed process, for --native: what is taken while a
 * thread stands still, and the stack that comes of it afterwards.
 */
#ifndef PROF_NATIVES_H
#define PROF_NATIVES_H

#include "prof/resolve.h"
#include "prof/symbols.h"
#include "python/runtime.h"

#include <sys/types.h>

struct natives;

/* Borrows mem. NULL and *err when the process's objects cannot be read. */
struct natives *natives_new(
	pid_t pid, struct mem *mem, const struct runtime *runtime, struct err *err);
void natives_free(struct natives *n);

/* Registers and the top of the stack of a thread that the caller has stopped. */
enum status natives_take(struct natives *n, pid_t tid);
/*
 * The stack of what was taken last: the first n_frames Python frames of t, which was read
 * in the same stop, merged with the native ones; t NULL: a thread without Python. When
 * the two do not fit together *merged is false and the stack is the Python one alone.
 * `base`: what it stands on, or 0.
 */
stack_id natives_stack(struct natives *n, struct resolver *r, struct symbols *symbols,
	const struct walk_thread *t, uint32_t n_frames, stack_id base, bool *merged);

#endif
