/*
 * find_torn.c - runtime_find() over the memory of a live process, through a lens that lies:
 * some reads fail, some come short, some have bytes or whole words changed.
 *
 *   build/find-torn PID ROUNDS [FIRST_SEED]
 *
 * Each round is one search with its own seed, and repeatable as long as the process sleeps.
 * Every search must end within MAX_READS reads; the outcomes are counted and printed.
 */
#include "base/err.h"
#include "proc/maps.h"
#include "python/runtime.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_READS = 2 << 20 };

struct lens {
	struct mem mem;
	struct mem *real;
	uint64_t seed;
	unsigned rate; /* of 65536 reads, so many lie */
};

static uint32_t next_random(struct lens *l)
{
	l->seed = l->seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(l->seed >> 33);
}

/* One lie: flipped bits, a word from elsewhere, all ones, or a length that cannot be. */
static void bend(struct lens *l, uint8_t *data, size_t len)
{
	static const uint64_t words[] = { 0, 1, UINT64_MAX, 1ull << 47, 0x7fffffff,
		0xffffffff, 0x8000000000000000u, 0x1000 };
	size_t n = 1 + next_random(l) % 4;

	for (size_t i = 0; i < n && len; i++) {
		size_t at = next_random(l) % len;
		uint64_t word = words[next_random(l) % 8];

		if (next_random(l) % 2)
			data[at] ^= (uint8_t)(1u << next_random(l) % 8);
		else
			memcpy(data + at, &word, len - at < 8 ? len - at : 8);
	}
}

static ssize_t lens_readv(struct mem *mem, const struct mem_segment *seg, size_t n)
{
	struct lens *l = (struct lens *)mem;
	ssize_t got;

	if (l->mem.n_calls > MAX_READS) {
		fprintf(stderr, "more than %d reads\n", MAX_READS);
		abort();
	}
	got = l->real->ops->readv(l->real, seg, n);
	if (got <= 0 || next_random(l) % 65536 >= l->rate)
		return got;
	if (next_random(l) % 8 == 0) {
		errno = EFAULT;
		return -1;
	}
	for (size_t i = 0, left = (size_t)got; i < n && left; i++) {
		size_t some = seg[i].len < left ? seg[i].len : left;

		bend(l, seg[i].dst, some);
		left -= some;
	}
	return next_random(l) % 8 ? got : (ssize_t)(next_random(l) % (uint32_t)(got + 1));
}

int main(int argc, char **argv)
{
	static const struct mem_ops ops = { .readv = lens_readv };
	static const unsigned rates[] = { 65536, 16384, 2048, 256 };
	unsigned outcome[ERR_CANCELLED + 1] = { 0 };
	struct maps maps = MAPS_INIT;
	struct err err = ERR_INIT;
	uint64_t rounds, first, most = 0;
	struct mem *real;
	pid_t pid;

	if (argc < 3)
		return 2;
	pid = atoi(argv[1]);
	rounds = strtoull(argv[2], NULL, 10);
	first = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;
	real = mem_live_new(pid);
	if (maps_load(&maps, pid, &err) < 0) {
		err_print(&err, stderr);
		mem_free(real);
		return 1;
	}
	for (uint64_t i = 0; i < rounds; i++) {
		struct lens lens = { .mem = { .ops = &ops },
			.real = real,
			.seed = first + i,
			.rate = rates[i % 4] };
		/* without the pid no file is opened, so that memory is all there is */
		struct runtime_query q = { .pid = i % 3 ? 0 : pid,
			.mem = &lens.mem,
			.maps = &maps,
			.no_scan = i % 16 != 0 };
		struct err why = ERR_INIT;
		struct runtime rt;

		if (runtime_find(&q, &rt, &why) == 0) {
			why.code = ERR_NONE;
			runtime_load_asyncio(&q, &rt);
		}
		outcome[why.code]++;
		most = lens.mem.n_calls > most ? lens.mem.n_calls : most;
	}
	printf("%" PRIu64 " searches: %u found, %u not ready, %u other version, %u none, "
	       "%u other; at most %" PRIu64 " reads\n",
		rounds, outcome[ERR_NONE], outcome[ERR_NOT_READY], outcome[ERR_VERSION],
		outcome[ERR_NOT_PYTHON],
		(unsigned)rounds - outcome[ERR_NONE] - outcome[ERR_NOT_READY] -
			outcome[ERR_VERSION] - outcome[ERR_NOT_PYTHON],
		most);
	maps_release(&maps);
	mem_free(real);
	return 0;
}
