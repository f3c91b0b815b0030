/*
 * offsets.h - the layouts that a CPython 3.13+ carries in itself (_Py_DebugOffsets,
 * .AsyncioDebug), read from the target and put into its struct abi.
 *
 * They are the target's word: every offset is checked against the size of its structure
 * and the sizes against limits of ours before any is used, and nothing is changed when one
 * is wrong.
 */
#ifndef PYTHON_OFFSETS_H
#define PYTHON_OFFSETS_H

#include "base/err.h"
#include "proc/mem.h"
#include "python/abi.h"

/* The head of _Py_DebugOffsets. */
struct offsets_head {
	uint32_t hexversion; /* PY_VERSION_HEX: 0x030d00f0 */
	bool free_threaded;
};

/* Is there a _Py_DebugOffsets (cookie, plausible version) at addr? */
bool offsets_probe(struct mem *mem, uint64_t addr, struct offsets_head *head);

/* Overrides the members of *abi that the target's table at `addr` names. abi->version and
 * abi->free_threaded say which words there are. */
int offsets_apply(struct abi *abi, struct mem *mem, uint64_t addr, struct err *err);

/* The same for the words of .AsyncioDebug (3.14+), `size` bytes at `addr`. */
int offsets_apply_asyncio(
	struct abi *abi, struct mem *mem, uint64_t addr, uint64_t size, struct err *err);

#endif
