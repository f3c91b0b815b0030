/*
 * inflate.h - gzip and zstd, looked through: profiles come compressed more often than not.
 */
#ifndef FORMAT_INFLATE_H
#define FORMAT_INFLATE_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

/* gzip or zstd by its first bytes? */
bool inflate_needed(const void *data, size_t len);
/* Appends what is inside, at most `limit` bytes of it. True when that was all, to the end
 * of the last member; false when the data is damaged, cut short, or more than the limit
 * (then b->len reached it): what could be had is there. */
bool inflate_all(struct buf *b, const void *data, size_t len, size_t limit);

#endif
