/*
 * merge.h - one stack out of two: Python frames put in the place of the evaluation loops
 * that ran them.
 *
 * Leaf first, `|` is a boundary where C called into Python (RAW_ENTRY on the frame above):
 *
 *	native: memcpy  EVAL  glue  sorted  EVAL  glue  main
 *	Python:               key |                f  <module> |
 *	merged: memcpy  key         sorted  f  <module>
 */
#ifndef NATIVE_MERGE_H
#define NATIVE_MERGE_H

#include "native/unwind.h"
#include "python/walk.h"

/* One frame of the result: an index into the Python frames (root first, as walked) or
 * into the native steps (leaf first, as unwound). */
struct merged_frame {
	bool is_python;
	uint32_t index;
};

/* Marks as loops the steps that hold the entry shims of the Python frames (3.12+): a loop
 * is known by its own stack even where its symbol was stripped. */
void merge_mark_loops(const struct raw_frame *python, size_t n_python,
	struct native_step *native, size_t n_native);

/* How the Python frames of an evaluation loop are counted. */
enum merge_rule {
	MERGE_ONE_EACH,    /* to 3.10: every Python frame has a loop of its own */
	MERGE_UNTIL_ENTRY, /* 3.11+: calls stay in the loop down to an entry frame */
};

/* Merges into out (room for n_python + n_native), root first; returns how many. *sound is
 * false when the two do not fit together (more loops than Python frames ran in, but for
 * one at the leaf; or fewer, under a complete native stack): then the result is the Python frames alone. */
size_t merge_stacks(const struct raw_frame *python, size_t n_python,
	const struct native_step *native, size_t n_native, bool complete,
	enum merge_rule rule, struct merged_frame *out, bool *sound);

#endif
