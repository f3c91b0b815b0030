/*
 * lines.h - from an instruction to the line that traceback prints for it.
 *
 * Pure functions of the code object's line table. Four encodings (abi->value.line_kind):
 *
 *	0  2.7        co_lnotab     (address delta, line delta), both unsigned
 *	1  3.6-3.9    co_lnotab     (address delta, signed line delta)
 *	2  3.10       co_linetable  (length of range, signed line delta), -128: no line
 *	3  3.11-      co_linetable  1cccclll entries with columns (Objects/locations.md)
 *
 * The answer is that of PyCode_Addr2Line (Objects/codeobject.c) for the frame's last
 * instruction: for a call over several lines, the line on which traceback points too.
 * Tables are hostile input: every step advances, none reads beyond the table.
 */
#ifndef PYTHON_LINES_H
#define PYTHON_LINES_H

#include <stddef.h>
#include <stdint.h>

struct lines {
	int kind; /* abi->value.line_kind */
	int32_t first_line;
	const uint8_t *table; /* borrowed */
	size_t len;
};

/* Where an instruction is in the source. line 0: it has none; the others -1: not known.
 * Columns count bytes of UTF-8 from 0. */
struct place {
	int32_t line, end_line, column, end_column;
};

/* Largest table that is decoded; longer ones give the first line. */
#define LINES_MAX (4u << 20)

/* The line of the instruction at a byte offset into the bytecode; -1 is "not started" and
 * gives the first line. 0: the instruction has no line (traceback prints None). */
int32_t lines_at(const struct lines *t, int32_t offset);
/* The same with end line and columns where the version has them. */
struct place lines_place(const struct lines *t, int32_t offset);

#endif
