/* test_mem.c - reading a live process: what is copied together, and where it stops */
#include "test.h"

#include "base/alloc.h"
#include "proc/mem.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PAGE = 4096, PAGES = 8, HOLE = 5 };

static uint8_t *area(void)
{
	uint8_t *at = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t i;

	CHECK(at != MAP_FAILED);
	for (i = 0; i < PAGES * PAGE; i++)
		at[i] = (uint8_t)(i * 7 + i / PAGE);
	CHECK_INT(munmap(at + HOLE * PAGE, PAGE), 0);
	return at;
}

static void area_free(uint8_t *at)
{
	munmap(at, HOLE * PAGE);
	munmap(at + (HOLE + 1) * PAGE, (PAGES - HOLE - 1) * PAGE);
}

TEST(each_segment_has_its_own_bytes_however_close_they_lie)
{
	static const struct {
		size_t at, len;
	} tc[] = {
		{ 0, 64 },          /* first of a stretch */
		{ 64, 8 },          /* next to it */
		{ 100, 400 },       /* a gap of 28 */
		{ 2000, 16 },       /* 1500 */
		{ 2015, 64 },       /* overlaps */
		{ 2015, 8 },        /* the same again, shorter */
		{ 2079, 3000 },     /* over a page's end */
		{ 300, 10 },        /* back */
		{ 3 * PAGE, 100 },  /* far */
		{ 4 * PAGE - 1, 1 } /* more than half a page */
	};
	struct mem_segment seg[ARRAY_SIZE(tc)];
	uint8_t *at = area(), copy[ARRAY_SIZE(tc)][3000] = { { 0 } };
	struct mem *mem = mem_live_new(getpid());
	size_t i, done;

	for (i = 0; i < ARRAY_SIZE(tc); i++)
		seg[i] = (struct mem_segment){ (uintptr_t)at + tc[i].at, copy[i],
			tc[i].len };
	CHECK_INT(mem_readv(mem, seg, ARRAY_SIZE(tc), &done), ST_OK);
	CHECK_INT(done, ARRAY_SIZE(tc));
	CHECK_INT(mem->n_calls, 1);
	for (i = 0; i < ARRAY_SIZE(tc); i++) {
		CHECK_MEM(copy[i], at + tc[i].at, tc[i].len);
		if (tc[i].len < sizeof(copy[i]))
			CHECK_INT(copy[i][tc[i].len], 0);
	}
	mem_free(mem);
	area_free(at);
}

TEST(what_lies_before_a_hole_is_read_also_when_it_is_copied_together)
{
	uint8_t *at = area(), copy[4][64];
	const size_t end = HOLE * PAGE;
	const struct mem_segment seg[] = {
		{ (uintptr_t)at + end - 1000, copy[0], 64 },
		{ (uintptr_t)at + end - 500, copy[1], 64 },
		{ (uintptr_t)at + end - 32, copy[2], 64 }, /* half of it */
		{ (uintptr_t)at + end + PAGE, copy[3], 64 },
	};
	struct mem *mem = mem_live_new(getpid());
	size_t done;

	CHECK_INT(mem_readv(mem, seg, 4, &done), ST_FAULT);
	CHECK_INT(done, 2);
	CHECK_MEM(copy[0], at + end - 1000, 64);
	CHECK_MEM(copy[1], at + end - 500, 64);
	CHECK_INT(mem_readv(mem, seg + 3, 1, &done), ST_OK);
	CHECK_MEM(copy[3], at + end + PAGE, 64);
	mem_free(mem);
	area_free(at);
}

TEST(as_many_segments_as_the_kernel_takes_are_read_with_gaps_between)
{
	enum { N = 3 * MEM_MAX_SEGMENTS };
	uint8_t *at = area(), *copy = xcalloc(N, 2);
	struct mem_segment *seg = xcalloc(N, sizeof(*seg));
	struct mem *mem = mem_live_new(getpid());
	size_t i, done;

	for (i = 0; i < N; i++)
		seg[i] = (struct mem_segment){ (uintptr_t)at + 5 * i, copy + 2 * i, 2 };
	CHECK_INT(mem_readv(mem, seg, N, &done), ST_OK);
	CHECK_INT(done, N);
	CHECK_INT(mem->n_calls, 3);
	for (i = 0; i < N; i++)
		CHECK_MEM(copy + 2 * i, at + 5 * i, 2);
	mem_free(mem);
	free(seg);
	free(copy);
	area_free(at);
}
