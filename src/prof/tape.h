/*
 * tape.h - a recording in memory: a sink to fill it, a source to ask it. For `top`, for
 * profile formats that we read, for tests.
 *
 * A tape with a limit forgets its oldest seconds: `top` keeps the last few minutes.
 */
#ifndef PROF_TAPE_H
#define PROF_TAPE_H

#include "prof/sink.h"
#include "prof/source.h"

struct tape;

/* max_bytes: memory for chunks; 0: no limit. Symbols are not counted in it. */
struct tape *tape_new(size_t max_bytes);
/* All asks must have been released. */
void tape_free(struct tape *t);
/* Chunks are visible as soon as they are given. One table of symbols for ever. */
struct sink *tape_sink(struct tape *t);
/* source_close() on it does nothing. */
struct source *tape_source(struct tape *t);

#endif
