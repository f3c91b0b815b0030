/*
 * gzip.h - a gzip stream that is appended to a buffer as it grows.
 */
#ifndef FORMAT_GZIP_H
#define FORMAT_GZIP_H

#include "base/buf.h"

#include <stddef.h>
#include <zlib.h>

struct gzip {
	z_stream z;
	struct buf *out; /* borrowed; may be drained between calls */
};

void gzip_init(struct gzip *g, struct buf *out);
void gzip_put(struct gzip *g, const void *data, size_t len);
/* The end of the stream. */
void gzip_finish(struct gzip *g);
/* Frees it, finished or not. */
void gzip_release(struct gzip *g);

#endif
