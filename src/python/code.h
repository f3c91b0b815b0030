/*
 * code.h - a code object of the target: what it is called, where it is, its lines.
 *
 * Loading takes a handful of reads; the caller keeps the result by address and checks
 * with code_is_same, from the bytes that arrive with a sample, that the address has not
 * been reused (Include/cpython/code.h).
 */
#ifndef PYTHON_CODE_H
#define PYTHON_CODE_H

#include "base/status.h"
#include "proc/mem.h"
#include "python/abi.h"
#include "python/lines.h"

enum code_flags {
	CODE_VARARGS = 0x4,
	CODE_VARKEYWORDS = 0x8,
	CODE_GENERATOR = 0x20,
	CODE_COROUTINE = 0x80,
	CODE_ITERABLE_COROUTINE = 0x100,
	CODE_ASYNC_GENERATOR = 0x200,
};

/* What tells one code object from another at the same address. */
struct code_identity {
	uint64_t name, file, table; /* addresses of co_name, co_filename, line table */
	int32_t first_line;
};

struct code {
	uint64_t addr;
	struct code_identity identity;
	char *name; /* qualified where the version has it (3.11+) */
	char *file; /* as the target names it */
	size_t name_len, file_len;
	uint32_t flags;          /* enum code_flags */
	struct lines lines;      /* lines.table is owned here */
	uint64_t bytecode;       /* 3.11+: address of the first instruction */
	int32_t first_traceable; /* 3.11+: instructions before it are the function's entry */
	uint64_t tlbc;           /* free-threaded 3.14+: address of the copies, else 0 */
	uint64_t *copies;        /* where they start, by index; 0: not yet known */
	size_t n_copies, copies_cap;
};

#define CODE_INIT         \
	{                 \
		.addr = 0 \
	}

/* Reads the code object at addr. ST_TORN: there is no code object (any more). Name and
 * file that cannot be read are "?"; a table that cannot be read gives the first line
 * only. On failure *c is empty. */
enum status code_load(
	struct mem *mem, const struct abi *abi, uint64_t addr, struct code *c);
void code_release(struct code *c);

/* The identity in the first len bytes of a code object. False: they do not reach it. */
bool code_identity_of(
	const struct abi *abi, const void *bytes, size_t len, struct code_identity *id);
bool code_is_same(const struct code_identity *a, const struct code_identity *b);
/* Bytes from the start of a code object that hold its identity. */
size_t code_identity_size(const struct abi *abi);

/*
 * The byte offset of a frame's instruction. instr is what the frame holds: f_lasti up to
 * 3.10, the address of the instruction from 3.11; tlbc_index is the frame's (0 where the
 * version has none). ST_BAD: it points outside the code object. Reads memory only for a
 * copy of the bytecode that was not seen before.
 */
enum status code_offset(struct code *c, struct mem *mem, const struct abi *abi,
	uint64_t instr, int32_t tlbc_index, int32_t *offset);
/* lines_at for the code object; see there. */
int32_t code_line(const struct code *c, int32_t offset);
/* Likewise lines_place. */
struct place code_place(const struct code *c, int32_t offset);

#endif
