/*
 * repr.h - short, safe texts for objects of the target, for people reading a dump.
 *
 * Nothing is called in the target, so these are what repr() shows of built-in types, and
 * for everything else the type and its attributes: <app.Job at 0x7f.. id=3, name='x'>.
 * Size, depth and number of items are bounded; what is left out is marked "...". Text is
 * one line of printable UTF-8: control characters are escaped as repr() does.
 */
#ifndef PYTHON_REPR_H
#define PYTHON_REPR_H

#include "base/buf.h"
#include "python/object.h"

struct repr_limits {
	size_t bytes;   /* of one value's text; a little more is possible */
	unsigned depth; /* containers and objects within each other */
	unsigned items; /* of one container, attributes of one object */
};

/* What `dump --locals` uses. */
extern const struct repr_limits repr_limits_default;

/* Appends the text of the object at addr. Never fails: what cannot be read is shown as
 * <unreadable at 0x...>. */
void repr_put(struct objects *o, uint64_t addr, const struct repr_limits *limits,
	struct buf *out);
/* Appends the name of a type as people know it: int, numpy.int64, package.module.Class. */
void repr_put_type(struct objects *o, const struct type *t, struct buf *out);

#endif
