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

static ssize_t live_readv(struct mem *base, const struct mem_segment *seg, size_t n)
{
	struct mem_live *m = (struct mem_live *)base;
	struct iovec local[MEM_MAX_SEGMENTS], remote[MEM_MAX_SEGMENTS];
	ssize_t got;
	size_t i;

	if (m->fd >= 0)
		return read_by_file(m, seg, n);
	for (i = 0; i < n; i++) {
		local[i] = (struct iovec){ seg[i].dst, seg[i].len };
		remote[i] = (struct iovec){ (void *)(uintptr_t)seg[i].addr,
			seg[i].len }; // NOLINT
	}
	got = process_vm_readv(m->pid, local, n, remote, n, 0);
	if (got >= 0 || (errno != ENOSYS && errno != EPERM))
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
