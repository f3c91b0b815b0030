/* runtime_check.c - see runtime_check.h */
#include "python/runtime_check.h"

#include "base/alloc.h"

#include <string.h>

enum {
	TRIES = 5, /* a thread state may be freed between two reads */
	MAX_INTERPS = 256,
	CHUNK = 256 << 10,
	/* Limits of the search for a cookie: reading memory that was never touched gives the
	 * target page tables for it, and allocators reserve a GiB at a time. */
	MAX_COOKIE_BYTES = 256 << 20,
	MAX_MAPPING = 16 << 20,
};

static bool pointer_is_plausible(uint64_t ptr)
{
	return ptr >= 4096 && ptr % 8 == 0 && ptr < 1ull << 47;
}

static enum runtime_state check_once(
	struct mem *mem, const struct abi *abi, uint64_t interp_head_addr)
{
	uint64_t interp, tstate, back, at = interp_head_addr;

	/* a sub-interpreter may have no thread: the next one has */
	for (int i = 0; i < MAX_INTERPS; i++) {
		if (mem_read_u64(mem, at, &interp) != ST_OK)
			return RUNTIME_BAD;
		if (!interp)
			return RUNTIME_EMPTY;
		at = interp + abi->interp.next;
		if (!pointer_is_plausible(interp) ||
			mem_read_u64(mem, interp + abi->interp.tstate_head, &tstate) !=
				ST_OK)
			return RUNTIME_BAD;
		if (!tstate)
			continue;
		if (!pointer_is_plausible(tstate) ||
			mem_read_u64(mem, tstate + abi->tstate.interp, &back) != ST_OK)
			return RUNTIME_BAD;
		return back == interp ? RUNTIME_LIVE : RUNTIME_BAD;
	}
	return RUNTIME_BAD;
}

enum runtime_state runtime_check(
	struct mem *mem, const struct abi *abi, uint64_t interp_head_addr)
{
	enum runtime_state state = RUNTIME_BAD;

	for (int i = 0; i < TRIES && state != RUNTIME_LIVE; i++)
		state = check_once(mem, abi, interp_head_addr);
	return state;
}

/* Cheap tests first: most words of a data segment are no pointers to writable memory. */
static bool word_heads_list(struct mem *mem, const struct maps *maps,
	const struct abi *abi, uint64_t addr, uint64_t word, uint64_t from,
	uint64_t until)
{
	const struct mapping *m;
	uint64_t tstate;

	if (!pointer_is_plausible(word) || !(m = maps_find(maps, word)) ||
		!(m->prot & MAP_W) || check_once(mem, abi, addr) != RUNTIME_LIVE)
		return false;
	/* Up to 3.6 thread states come from the heap. PyType_Type, which is its own type,
	 * and the collector's list of a single object look the same, but lie here. */
	if (!abi_has(abi->runtime.interp_main))
		return mem_read_u64(mem, word + abi->interp.tstate_head, &tstate) ==
			       ST_OK &&
		       !(tstate >= from && tstate < until);
	/* 3.7+: the main interpreter's pointer beside it leads to an interpreter too */
	return check_once(mem, abi,
		       addr + abi->runtime.interp_main - abi->runtime.interp_head) ==
	       RUNTIME_LIVE;
}

uint64_t runtime_scan(struct mem *mem, const struct maps *maps, const struct abi *abi,
	uint64_t addr, uint64_t size, uint64_t near)
{
	uint64_t *chunk = xmalloc(CHUNK);
	uint64_t best = 0, best_distance = UINT64_MAX;

	for (uint64_t at = addr; at < addr + size; at += CHUNK) {
		uint64_t left = addr + size - at;
		size_t len = left < CHUNK ? (size_t)left : CHUNK;

		if (mem_read(mem, at, chunk, len) != ST_OK)
			continue;
		for (size_t i = 0; i < len / 8; i++) {
			uint64_t here = at + 8 * i;
			uint64_t distance = here > near ? here - near : near - here;

			/* the current thread state of 2.7, if it is the newest one, is
			 * an interpreter as good as any: links there and back at 8 */
			if (here == near || !word_heads_list(mem, maps, abi, here,
						    chunk[i], addr, addr + size))
				continue;
			if (!near) {
				best = here;
				goto out;
			}
			if (distance < best_distance) {
				best_distance = distance;
				best = here;
			}
		}
	}
out:
	free(chunk);
	return best;
}

/* Data and .bss of a file, or anonymous memory on its own? */
static bool mapping_is_of_file(const struct maps *maps, size_t i)
{
	return maps->v[i].path[0] == '/' ||
	       (i > 0 && !maps->v[i].path[0] && maps->v[i - 1].path[0] == '/' &&
		       maps->v[i - 1].end == maps->v[i].start);
}

/* Mappings and chunks are aligned and so is the cookie: it never straddles a border. */
static uint64_t cookie_in(struct mem *mem, const struct mapping *m, uint64_t after,
	uint64_t *left, char *chunk)
{
	uint64_t from = m->start > after ? m->start : (after + 8) & ~4095ull;
	uint64_t most = m->end - from < MAX_MAPPING ? m->end - from : MAX_MAPPING;

	for (uint64_t at = from; at < from + most && *left; at += CHUNK) {
		size_t len = m->end - at < CHUNK ? (size_t)(m->end - at) : CHUNK;
		const char *p = chunk;

		*left -= len < *left ? len : *left;
		if (mem_read(mem, at, chunk, len) != ST_OK)
			continue;
		while ((p = memmem(p, len - (size_t)(p - chunk), "xdebugpy", 8))) {
			uint64_t addr = at + (uint64_t)(p - chunk);

			if (addr % 8 == 0 && addr > after)
				return addr;
			p++;
		}
	}
	return 0;
}

uint64_t runtime_scan_cookie(
	struct mem *mem, const struct maps *maps, bool of_files, uint64_t after)
{
	char *chunk = xmalloc(CHUNK);
	uint64_t left = MAX_COOKIE_BYTES, found = 0;

	for (size_t i = 0; i < maps->n && !found; i++) {
		const struct mapping *m = &maps->v[i];

		if ((m->prot & (MAP_R | MAP_W | MAP_SHARED_FLAG)) != (MAP_R | MAP_W) ||
			m->end <= after + 8 || mapping_is_of_file(maps, i) != of_files)
			continue;
		found = cookie_in(mem, m, after, &left, chunk);
	}
	free(chunk);
	return found;
}
