/* recorder.c - see recorder.h */
#include "recorder.h"

#include "base/alloc.h"
#include "base/map.h"
#include "proc/snap.h"

#include <stdlib.h>

struct recorder {
	struct mem base;
	struct mem *inner;
	struct map pages; /* address -> blocks of 64 bytes that were read */
};

enum { BLOCK = SNAP_PAGE / 64 };

static ssize_t recorder_readv(struct mem *mem, const struct mem_segment *seg, size_t n)
{
	struct recorder *r = (struct recorder *)mem;
	size_t i;

	for (i = 0; i < n; i++) {
		uint64_t at = seg[i].addr & ~(uint64_t)(BLOCK - 1);

		for (; seg[i].len && at < seg[i].addr + seg[i].len; at += BLOCK)
			*map_put(&r->pages, at & ~(uint64_t)(SNAP_PAGE - 1)) |=
				UINT64_C(1) << (at / BLOCK % 64);
	}
	return r->inner->ops->readv(r->inner, seg, n);
}

static void recorder_free(struct mem *mem)
{
	struct recorder *r = (struct recorder *)mem;

	mem_free(r->inner);
	map_release(&r->pages);
	free(r);
}

struct mem *recorder_new(struct mem *inner)
{
	static const struct mem_ops ops = { .readv = recorder_readv,
		.free = recorder_free };
	struct recorder *r = xcalloc(1, sizeof(*r));

	r->base.ops = &ops;
	r->inner = inner;
	return &r->base;
}

static int ascending(const void *a, const void *b)
{
	const struct snap_want *x = a, *y = b;

	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

int recorder_write(
	struct mem *recorder, const char *path, const char *head, struct err *err)
{
	struct recorder *r = (struct recorder *)recorder;
	struct snap_want *want = xcalloc(r->pages.n + 1, sizeof(*want));
	size_t i, n = 0;
	int ret;

	for (i = 0; r->pages.slots && i <= r->pages.mask; i++)
		if (r->pages.slots[i].used)
			want[n++] = (struct snap_want){ r->pages.slots[i].key,
				r->pages.slots[i].value };
	qsort(want, n, sizeof(*want), ascending);
	ret = snap_write(path, head, r->inner, want, n, err);
	free(want);
	return ret;
}
