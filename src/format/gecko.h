/*
 * gecko.h - the Firefox Profiler's processed profile, version 57, written.
 */
#ifndef FORMAT_GECKO_H
#define FORMAT_GECKO_H

#include "base/err.h"

#include <stdint.h>

struct export;

int gecko_write(struct export *ex, struct err *err);
/* gecko_tables.c: one thread's stackTable, frameTable, funcTable... and how its samples
 * name a stack: index[stack id] - 1. */
struct gecko_tables {
	uint32_t *stacks, *frames, *funcs; /* id -> 1 + row; 0: not used */
	uint32_t *stack_ids, *frame_ids, *func_ids;
	uint32_t n_stacks, n_frames, n_funcs;
	uint32_t n_all_stacks, n_all_frames, n_all_funcs;
};
void gecko_tables_init(struct gecko_tables *t, const struct export *ex);
void gecko_tables_release(struct gecko_tables *t);
/* Forgets the thread before. */
void gecko_tables_clear(struct gecko_tables *t);
void gecko_tables_use(struct gecko_tables *t, const struct export *ex, uint32_t stack);
int gecko_tables_write(const struct gecko_tables *t, struct export *ex, struct err *err);

/* gecko_markers.c: the markers of a thread, and what they look like. */
void gecko_marker_schema(struct export *ex);
int gecko_markers_write(struct export *ex, uint32_t thread, struct err *err);

/* Rows of meta.categories. */
enum {
	GECKO_OTHER,
	GECKO_MINE,
	GECKO_LIBRARY,
	GECKO_NATIVE,
	GECKO_GIL,
	GECKO_GC,
	GECKO_IDLE
};

#endif
