/*
 * repr_impl.h - what the files of repr.h share: the text of one value, and how far it has come.
 *
 * repr.c tells the kinds apart; repr_text.c has str and bytes, repr_items.c what holds other
 * objects, repr_named.c what is shown by its name or its attributes. They call each other: a
 * list of objects of lists.
 */
#ifndef PYTHON_REPR_IMPL_H
#define PYTHON_REPR_IMPL_H

#include "python/repr.h"

enum { REPR_DEPTH_MAX = 16 };

struct writer {
	struct objects *o;
	struct buf *out;
	size_t start, bytes; /* of this value's text, and how many are allowed */
	unsigned depth, max_depth, max_items;
	uint64_t open[REPR_DEPTH_MAX]; /* containers that we are inside of */
};

/* Each appends one object to w->out and never fails. */
void put_any(struct writer *w, uint64_t addr);
void put_str(struct writer *w, uint64_t addr);
void put_bytes(struct writer *w, uint64_t addr, bool is_array);
void put_tuple(struct writer *w, uint64_t addr);
void put_list(struct writer *w, uint64_t addr);
void put_dict(struct writer *w, uint64_t addr);
void put_set(struct writer *w, uint64_t addr, bool is_frozen);
void put_named(struct writer *w, uint64_t addr, const struct type *t);
void put_unreadable(struct writer *w, uint64_t addr);

/* Enters a container: false, and "..." is written, when it holds itself or is too deep. */
bool enter(struct writer *w, uint64_t addr, const char *open, const char *close);
void leave(struct writer *w);
/* Before item i of n: ", ", or "..." and false when enough has been shown. */
bool next_item(struct writer *w, size_t i);

#endif
