/*
 * gzip.h - a buffer as one gzip member.
 */
#ifndef HTTP_GZIP_H
#define HTTP_GZIP_H

#include "base/buf.h"

#include <stddef.h>

enum { GZIP_FAST = 2, GZIP_SMALL = 9 };

/* Appends data, compressed at a level of zlib's, to *out. */
void gzip_pack(struct buf *out, const void *data, size_t len, int level);

#endif
