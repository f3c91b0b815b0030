/*
 * number.h - Python numbers: ints of any size, floats, complex, numpy scalars.
 *
 * Ints are digits of 30 bits with sign and count in one word: ob_size up to 3.11, lv_tag
 * from 3.12 (Include/cpython/longintrepr.h); 2.7 has a C long too.
 */
#ifndef PYTHON_NUMBER_H
#define PYTHON_NUMBER_H

#include "base/buf.h"
#include "python/object.h"

/* An int that fits: ST_LIMIT when it does not, ST_BAD when it is no int. bool too. */
enum status int_read(struct objects *o, uint64_t addr, int64_t *v);
/* The same for values up to 2^64 - 1 (thread identifiers). */
enum status int_read_u64(struct objects *o, uint64_t addr, uint64_t *v);
/* Appends the number as Python writes it. Of ints with more than 7680 bits only the size
 * is told, and ST_LIMIT. */
enum status number_put(
	struct objects *o, uint64_t addr, const struct type *t, struct buf *out);
/* Shortest text that reads back as the same double: 0.1, 1e+22, nan, -inf, 3.0. */
void double_put(struct buf *out, double v);

#endif
