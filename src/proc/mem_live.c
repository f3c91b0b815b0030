/* mem_live.c - the memory of a running process, without stopping it; see mem.h */
#include "base/alloc.h"
#include "proc/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

struct mem_live {
	struct mem base;
	pid_t pid;
	int fd; /* /proc/PID/mem once process_vm_readv was refused, else -1 */
};

/* One pread per segment: slower, but works where seccomp forbids the system call. */
static ssize_t read_by_file(struct mem_live *m, const struct mem_segment *seg, size_t n)
{
	size_t total = 0, i;

	for (i = 0; i < n; i++) {
		ssize_t got = pread(m->fd, seg[i].dst, seg[i].len, (off_t)seg[i].addr);

		if (got < 0 && !total) {
			errno = errno == EIO ? EFAULT : errno;
			return -1;
		}
		total += got > 0 ? (size_t)got : 0;
		if (got < 0 || (size_t)got < seg[i].len)
			break;
	}
	if (!total && n && seg[0].len)
		errno = ESRCH; /* end of file: the address space is gone */
	return total || !n || !seg[0].len ? (ssize_t)total : -1;
}

static int fall_back_to_file(struct mem_live *m)
{
	int saved = errno;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/mem", (int)m->pid);
	m->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (m->fd < 0)
		errno = saved;
	return m->fd < 0 ? -1 : 0;
}

/* The segments as the kernel is to read them, in the order given. */
struct vectors {
	struct iovec local[MEM_MAX_SEGMENTS], remote[MEM_MAX_SEGMENTS];
	size_t n_local, n_remote;
};

static void add_local(struct vectors *v, void *dst, size_t len)
{
	v->local[v->n_local++] = (struct iovec){ dst, len };
}

/* Bytes between the end of the stretch at hand and a segment; MEM_NEAR: far apart. */
static size_t gap_before(const struct vectors *v, const struct mem_segment *s)
{
	const struct iovec *last;
	uint64_t end;

	if (!v->n_remote)
		return MEM_NEAR;
	last = &v->remote[v->n_remote - 1];
	end = (uintptr_t)last->iov_base + last->iov_len;
	return s->addr >= end && s->addr - end < MEM_NEAR ? (size_t)(s->addr - end)
							  : MEM_NEAR;
}

static void fill_vectors(
	struct vectors *v, const struct mem_segment *seg, size_t n, uint8_t *unwanted)
{
	size_t i, gap;

	v->n_local = v->n_remote = 0;
	for (i = 0; i < n; i++) {
		gap = gap_before(v, &seg[i]);
		if (gap < MEM_NEAR && v->n_local + n - i < MEM_MAX_SEGMENTS) {
			if (gap)
				add_local(v, unwanted, gap);
			v->remote[v->n_remote - 1].iov_len += gap + seg[i].len;
		} else {
			v->remote[v->n_remote++] = (struct iovec){
				(void *)(uintptr_t)seg[i].addr, seg[i].len // NOLINT
			};
		}
		add_local(v, seg[i].dst, seg[i].len);
	}
}

/* Of so many bytes that were copied, those of the segments. */
static ssize_t wanted(const struct vectors *v, const uint8_t *unwanted, ssize_t copied)
{
	ssize_t sum = 0, len;
	size_t i;

	for (i = 0; i < v->n_local && copied > 0; i++, copied -= len) {
		len = (ssize_t)v->local[i].iov_len;
		if (v->local[i].iov_base != unwanted)
			sum += len < copied ? len : copied;
	}
	return sum;
}

static ssize_t live_readv(struct mem *base, const struct mem_segment *seg, size_t n)
{
	struct mem_live *m = (struct mem_live *)base;
	uint8_t unwanted[MEM_NEAR];
	struct vectors v;
	ssize_t got;

	if (m->fd >= 0)
		return read_by_file(m, seg, n);
	fill_vectors(&v, seg, n, unwanted);
	got = process_vm_readv(m->pid, v.local, v.n_local, v.remote, v.n_remote, 0);
	if (got > 0)
		return wanted(&v, unwanted, got);
	if (got == 0 || (errno != ENOSYS && errno != EPERM))
		return got;
	if (fall_back_to_file(m) < 0)
		return -1;
	return read_by_file(m, seg, n);
}

static void live_free(struct mem *base)
{
	struct mem_live *m = (struct mem_live *)base;

	if (m->fd >= 0)
		close(m->fd);
	free(m);
}

struct mem *mem_live_new(pid_t pid)
{
	static const struct mem_ops ops = { .readv = live_readv, .free = live_free };
	struct mem_live *m = xcalloc(1, sizeof(*m));

	m->base.ops = &ops;
	m->pid = pid;
	m->fd = -1;
	return &m->base;
}
