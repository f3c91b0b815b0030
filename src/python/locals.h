/*
 * locals.h - the variables of one frame of the target: arguments, locals, cells and free
 * variables, and the names of class bodies and modules.
 *
 * Follows frame.f_localsplus with co_varnames, co_cellvars, co_freevars up to 3.10, and
 * the interpreter frame's localsplus with co_localsplusnames and kinds from 3.11
 * (Include/internal/pycore_frame.h, pycore_code.h: CO_FAST_*).
 */
#ifndef PYTHON_LOCALS_H
#define PYTHON_LOCALS_H

#include "base/buf.h"
#include "python/object.h"
#include "python/repr.h"

enum local_kind {
	LOCAL_ARGUMENT,
	LOCAL_PLAIN,
	LOCAL_CELL, /* its value is shared with inner functions */
	LOCAL_FREE, /* it belongs to an outer function */
	LOCAL_NAME, /* of a class body or module */
};

struct local {
	enum local_kind kind;
	char *name, *type, *text; /* type and text of the value */
	uint64_t value;           /* address of the object */
};

struct locals {
	struct local *v; /* in the order of the code object: arguments first */
	size_t n, cap;
	bool cut; /* there are more than are shown */
};

#define LOCALS_INIT       \
	{                 \
		.v = NULL \
	}

/* "argument", "local", "cell", "free", "name" */
const char *local_kind_word(enum local_kind kind);

/*
 * Reads the variables of the frame at frame_addr (raw_frame.addr). Unset ones are left
 * out, and so are the dunder names of modules. What was read is there also when the status
 * is not ST_OK. The frame may run: values are as of now, each for itself.
 */
enum status locals_read(struct objects *o, uint64_t frame_addr,
	const struct repr_limits *limits, struct locals *out);
/* One variable by name: the address of its object, 0 when it is unset or unknown. */
enum status locals_find(
	struct objects *o, uint64_t frame_addr, const char *name, uint64_t *value);
void locals_release(struct locals *l);

#endif
