/* gzip.c - see gzip.h */
#include "format/gzip.h"

#include "base/err.h"

#include <stdint.h>
#include <string.h>

enum { STEP = 32 * 1024 };

void gzip_init(struct gzip *g, struct buf *out)
{
	memset(g, 0, sizeof(*g));
	g->out = out;
	if (deflateInit2(&g->z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8,
		    Z_DEFAULT_STRATEGY) != Z_OK)
		BUG("deflateInit2");
}

static void run(struct gzip *g, int flush)
{
	size_t made;

	do {
		g->z.next_out = (unsigned char *)buf_reserve(g->out, STEP);
		g->z.avail_out = STEP;
		if (deflate(&g->z, flush) == Z_STREAM_ERROR)
			BUG("deflate");
		made = STEP - g->z.avail_out;
		g->out->len += made;
	} while (made == STEP);
}

void gzip_put(struct gzip *g, const void *data, size_t len)
{
	const unsigned char *at = data;

	while (len) {
		size_t part = len < (1u << 30) ? len : 1u << 30;

		g->z.next_in = (unsigned char *)(uintptr_t)at;
		g->z.avail_in = (unsigned)part;
		run(g, Z_NO_FLUSH);
		at += part;
		len -= part;
	}
}

void gzip_finish(struct gzip *g)
{
	run(g, Z_FINISH);
}

void gzip_release(struct gzip *g)
{
	deflateEnd(&g->z);
}
