/* gzip.c - see gzip.h */
#include "http/gzip.h"

#include "base/err.h"

#include <limits.h>
#include <zlib.h>

void gzip_pack(struct buf *out, const void *data, size_t len, int level)
{
	enum { GZIP_WRAPPER = 16 };
	z_stream z = { 0 };
	size_t bound;
	int end;

	if (len > UINT_MAX / 2)
		return; /* sent as it is */
	if (deflateInit2(&z, level, Z_DEFLATED, MAX_WBITS + GZIP_WRAPPER, 8,
		    Z_DEFAULT_STRATEGY) != Z_OK)
		BUG("zlib does not start");
	bound = deflateBound(&z, (uLong)len);
	z.next_out = (Bytef *)buf_reserve(out, bound);
	z.avail_out = (uInt)bound;
	z.next_in = (Bytef *)data;
	z.avail_in = (uInt)len;
	end = deflate(&z, Z_FINISH);
	if (end != Z_STREAM_END)
		BUG("zlib's bound was too small: %d", end);
	out->len += z.total_out;
	deflateEnd(&z);
}
