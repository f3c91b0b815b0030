/* mem.c - what all kinds of memory share; see mem.h */
#include "proc/mem.h"

#include <errno.h>
#include <string.h>

static enum status status_of_errno(int errnum)
{
	switch (errnum) {
	case ESRCH:
		return ST_GONE;
	case EPERM:
	case EACCES:
		return ST_PERM;
	default:
		return ST_FAULT;
	}
}

static size_t segments_complete(const struct mem_segment *seg, size_t n, size_t got)
{
	size_t i;

	for (i = 0; i < n && seg[i].len <= got; i++)
		got -= seg[i].len;
	return i;
}

static ssize_t readv_by_pieces(struct mem *mem, const struct mem_segment *seg, size_t n)
{
	size_t total = 0, i;

	for (i = 0; i < n; i++) {
		size_t done = 0, got = 1;

		while (done < seg[i].len && got) {
			got = mem->ops->read_some(mem, seg[i].addr + done,
				(char *)seg[i].dst + done, seg[i].len - done);
			done += got;
		}
		total += done;
		if (done < seg[i].len)
			break;
	}
	if (!total && n && seg[0].len) {
		errno = EFAULT;
		return -1;
	}
	return (ssize_t)total;
}

enum status mem_readv(
	struct mem *mem, const struct mem_segment *seg, size_t n, size_t *n_done)
{
	size_t done = 0;
	enum status st = ST_OK;

	while (done < n) {
		size_t batch = n - done < MEM_MAX_SEGMENTS ? n - done : MEM_MAX_SEGMENTS;
		ssize_t got = (mem->ops->readv ? mem->ops->readv : readv_by_pieces)(
			mem, seg + done, batch);
		size_t complete;

		mem->n_calls++;
		mem->n_segments += batch;
		if (got < 0) {
			st = status_of_errno(errno);
			break;
		}
		mem->n_bytes += (size_t)got;
		complete = segments_complete(seg + done, batch, (size_t)got);
		done += complete;
		if (complete < batch) {
			st = ST_FAULT;
			break;
		}
	}
	if (n_done)
		*n_done = done;
	return st;
}

enum status mem_read(struct mem *mem, uint64_t addr, void *dst, size_t len)
{
	struct mem_segment seg = { .addr = addr, .dst = dst, .len = len };

	return mem_readv(mem, &seg, 1, NULL);
}

enum status mem_read_u64(struct mem *mem, uint64_t addr, uint64_t *v)
{
	return mem_read(mem, addr, v, sizeof(*v));
}

enum status mem_read_u32(struct mem *mem, uint64_t addr, uint32_t *v)
{
	return mem_read(mem, addr, v, sizeof(*v));
}

/* Stays inside 4 KiB pages, so that a string at the end of a mapping is read whole. */
enum status mem_read_cstr(struct mem *mem, uint64_t addr, char *dst, size_t size)
{
	size_t used = 0;

	while (used + 1 < size) {
		size_t room = 4096 - (size_t)((addr + used) & 4095);
		size_t want = size - 1 - used < room ? size - 1 - used : room;
		enum status st = mem_read(mem, addr + used, dst + used, want);

		if (st != ST_OK)
			return st;
		if (memchr(dst + used, '\0', want))
			return ST_OK;
		used += want;
	}
	dst[used] = '\0';
	return ST_LIMIT;
}

void mem_free(struct mem *mem)
{
	if (mem)
		mem->ops->free(mem);
}
