/*
 * look.h - everything that is read of a recorded target, as text: for the snapshot tests
 * and the fuzzer.
 */
#ifndef TESTS_UNIT_LOOK_H
#define TESTS_UNIT_LOOK_H

#include "base/buf.h"
#include "proc/mem.h"
#include "python/abi.h"

/* The layouts that a snapshot's head asks for. NULL: there are none. */
const struct abi *look_abi(const struct mem *snap);
/*
 * Threads with names and frames, tasks with awaiters and frames, as blocks of lines,
 * sorted:
 *	thread 140625084172096 MainThread
 *	  function|file|line             leaf first
 *	task name<-awaiter,awaiter
 *	  function|file|line             the task's own coroutine first
 * `snap` gives the head; memory is read through `mem`. counts[] is increased at the
 * status of every reader.
 */
void look_all(const struct mem *snap, struct mem *mem, const struct abi *abi,
	struct buf *out, uint64_t counts[STATUS_COUNT]);
/* Texts of the variables of all frames; appended, unsorted. */
void look_locals(const struct mem *snap, struct mem *mem, const struct abi *abi,
	struct buf *out, uint64_t counts[STATUS_COUNT]);
/* The stacks of a target that runs meanwhile: so many ticks, torn stacks read again, calls
 * judged, frames resolved, some threads parked and looked at, as the sampler does. */
void look_ticks(const struct mem *snap, struct mem *mem, const struct abi *abi,
	unsigned ticks, uint64_t counts[STATUS_COUNT]);

#endif
