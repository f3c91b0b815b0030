/* inflate.c - see inflate.h */
#include "format/inflate.h"

#include <stdint.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

enum { STEP = 256 * 1024 };

static bool is_gzip(const unsigned char *p, size_t len)
{
	return len >= 3 && p[0] == 0x1f && p[1] == 0x8b && p[2] == 8;
}

static bool is_zstd(const unsigned char *p, size_t len)
{
	return len >= 4 && !memcmp(p, "\x28\xb5\x2f\xfd", 4);
}

bool inflate_needed(const void *data, size_t len)
{
	return is_gzip(data, len) || is_zstd(data, len);
}

static size_t room(const struct buf *b, size_t limit)
{
	size_t left = limit > b->len ? limit - b->len : 0;

	return left < STEP ? left : STEP;
}

/* Members one after the other, as gzip allows. */
static bool from_gzip(struct buf *b, const void *data, size_t len, size_t limit)
{
	z_stream z = { 0 };
	int ret = Z_OK;

	if (inflateInit2(&z, 15 + 16) != Z_OK)
		return false;
	z.next_in = (unsigned char *)(uintptr_t)data;
	for (;;) {
		size_t step = room(b, limit);
		size_t left = len - (size_t)(z.next_in - (const unsigned char *)data);

		if (ret == Z_STREAM_END) {
			if (!is_gzip(z.next_in, left))
				break;
			inflateReset(&z);
		}
		if (!step)
			break;
		z.avail_in = left < (1u << 30) ? (unsigned)left : 1u << 30;
		z.next_out = (unsigned char *)buf_reserve(b, step);
		z.avail_out = (unsigned)step;
		ret = inflate(&z, Z_NO_FLUSH);
		b->len += step - z.avail_out;
		if ((ret != Z_OK && ret != Z_STREAM_END) ||
			(!z.avail_in && z.avail_out == step))
			break;
	}
	inflateEnd(&z);
	return ret == Z_STREAM_END;
}

static bool from_zstd(struct buf *b, const void *data, size_t len, size_t limit)
{
	ZSTD_DCtx *z = ZSTD_createDCtx();
	ZSTD_inBuffer in = { data, len, 0 };
	size_t ret = 1;

	if (!z)
		return false;
	ZSTD_DCtx_setParameter(z, ZSTD_d_windowLogMax, 27);
	for (;;) {
		size_t step = room(b, limit), before = in.pos;
		ZSTD_outBuffer out = { NULL, step, 0 };

		if (!step)
			break;
		out.dst = buf_reserve(b, step);
		ret = ZSTD_decompressStream(z, &out, &in);
		b->len += out.pos;
		if (ZSTD_isError(ret) || (in.pos == before && !out.pos))
			break;
		if (ret == 0 && in.pos == in.size)
			break;
	}
	ZSTD_freeDCtx(z);
	return ret == 0;
}

bool inflate_all(struct buf *b, const void *data, size_t len, size_t limit)
{
	bool whole = is_gzip(data, len) ? from_gzip(b, data, len, limit)
					: from_zstd(b, data, len, limit);

	buf_add(b, "", 0); /* there is a NUL even behind nothing */
	return whole;
}
