/*
 * abi_dwarf.h - layouts from debug information: for --abi dwarf, for versions without a
 * table, and for making tables (python-abi/extract.c).
 */
#ifndef PYTHON_ABI_DWARF_H
#define PYTHON_ABI_DWARF_H

#include "base/buf.h"
#include "base/err.h"
#include "python/abi.h"

/*
 * Fills the offsets of *abi (its version and flavour are set, see abi_blank) from the DWARF
 * of the files, in order: the interpreter or its debug file, perhaps _asyncio's.
 * What fields.def promises and the files lack is appended to *missing, a line each, and
 * stays as it was: not an error, for a module of its own may have it. A value that
 * contradicts values.def is. Returns the number of members found, or -1.
 */
int abi_from_dwarf(
	struct abi *abi, const int *fd, size_t n, struct buf *missing, struct err *err);

#endif
