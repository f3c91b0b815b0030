/*
 * str.h - Python strings out of a target's memory, as UTF-8.
 *
 * Follows Include/cpython/unicodeobject.h (PEP 393: 1, 2 or 4 bytes per character, data
 * behind the struct or elsewhere) and, for 2.7, stringobject.h and unicodeobject.h.
 *
 * What UTF-8 cannot hold - lone surrogates, as in file names that the target could not
 * decode - is written as \udc80, the way traceback writes it. Bytes of 2.7 strings that
 * are not UTF-8 become \xNN. Text may hold NUL and newline: use the buffer's length.
 */
#ifndef PYTHON_STR_H
#define PYTHON_STR_H

#include "base/buf.h"
#include "base/status.h"
#include "proc/mem.h"
#include "python/abi.h"

/* Longest text anybody asks for: names are cut here, an "..." marks the place. */
enum { STR_MAX = 32768 };

/*
 * Appends the string at addr to out, at most max_chars characters of it. ST_LIMIT: it is
 * longer, the first max_chars are there. ST_BAD or ST_FAULT: nothing was appended. In 2.7
 * both str and unicode are read. One memory read for up to about 200 bytes, else two.
 */
enum status str_read(struct mem *mem, const struct abi *abi, uint64_t addr,
	size_t max_chars, struct buf *out);
/* The same into an array of `size` bytes, NUL-terminated, whole characters only; *len (may
 * be NULL) is without the NUL. ST_LIMIT: cut. */
enum status str_read_into(struct mem *mem, const struct abi *abi, uint64_t addr,
	char *dst, size_t size, size_t *len);
/* Number of characters of the str at addr. */
enum status str_length(
	struct mem *mem, const struct abi *abi, uint64_t addr, uint64_t *length);
/*
 * The raw content of a bytes object (2.7: str): line tables and the like. The bytes are
 * appended; ST_LIMIT and nothing appended when there are more than `max`.
 */
enum status bytes_read(struct mem *mem, const struct abi *abi, uint64_t addr, size_t max,
	struct buf *out);
/* Appends bytes as text: well-formed UTF-8 as it is, the rest as \xNN. */
void str_put_bytes(struct buf *out, const char *s, size_t len);

#endif
