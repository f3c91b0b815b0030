/*
 * recorder.h - a memory that notes which pages are read through it, and writes them as a
 * snapshot (src/proc/snap.h).
 */
#ifndef TESTS_LIVE_RECORDER_H
#define TESTS_LIVE_RECORDER_H

#include "base/err.h"
#include "proc/mem.h"

/* Takes `inner`. */
struct mem *recorder_new(struct mem *inner);
/* Writes what was read so far. head: see snap_write. */
int recorder_write(
	struct mem *recorder, const char *path, const char *head, struct err *err);

#endif
