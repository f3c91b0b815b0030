/*
 * unwind.h - native stacks of one process from shots of its threads, by libdwfl and the
 * call frame information of its objects (.eh_frame is enough: stripped files work).
 *
 * Names and lines come from symbol tables, DWARF and separate debug files (found by
 * build-id), are demangled, and are cached per address until the mappings change.
 */
#ifndef NATIVE_UNWIND_H
#define NATIVE_UNWIND_H

#include "base/err.h"
#include "native/shot.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum native_kind {
	NATIVE_CODE, /* a function that a person wants to see */
	NATIVE_EVAL, /* an evaluation loop: Python frames stand here */
	NATIVE_GLUE, /* the interpreter's way from one Python call to the next, or to main */
};

/* One place in native code. It and its texts are the unwinder's, for one generation. */
struct native_frame {
	uint64_t pc;
	const char *name;   /* demangled; "libfoo.so+0x1234" when there is no symbol */
	const char *object; /* file name of the object, "" for code made at run time */
	const char *file;   /* source file, "" when there is no debug information */
	uint32_t line;      /* 0 not known */
	bool has_symbol;
	enum native_kind kind;
};

struct unwinder;

/* version: ABI_VERSION of the interpreter. Borrows mem, which is read for what the shot does not hold (constant data of objects).
 * Debug files are looked for on this machine and below the process's own root. */
struct unwinder *unwinder_new(
	pid_t pid, struct mem *mem, uint16_t version, struct err *err);
void unwinder_free(struct unwinder *u);
/* One step of a stack: a place, and where its part of the stack begins. */
struct native_step {
	const struct native_frame *frame;
	uint64_t sp;
	enum native_kind kind; /* the frame's, unless the caller knows better */
};

/* The stack of a shot, leaf first, at most max steps. *complete is false when it ends
 * before the thread's first function (no unwind information, or the copy was too short).
 * Frames are borrowed until the next call; the same place is the same frame as long as
 * unwinder_generation() stands. */
enum status unwinder_stack(struct unwinder *u, const struct shot *s,
	struct native_step *steps, size_t max, size_t *n, bool *complete);
/* Changes when the mappings have changed, or too much was known: frames are others then. */
uint32_t unwinder_generation(const struct unwinder *u);

#endif
