/*
 * mem.h - the memory of a target: a live process, an ELF core or a recorded snapshot.
 *
 * Everything that interprets a target reads through here, so that tests need neither
 * privileges nor an interpreter. Reads never block the target and never write to it.
 */
#ifndef PROC_MEM_H
#define PROC_MEM_H

#include "base/err.h"
#include "base/status.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The kernel takes this many segments in one call (UIO_MAXIOV). */
enum { MEM_MAX_SEGMENTS = 1024 };
/* A segment that begins less than this behind the end of the one before is copied together
 * with it, for each stretch costs the kernel as much as so many bytes. Less than a page:
 * no page is touched that nobody asked for. */
enum { MEM_NEAR = 2048 };

/* One stretch of the target and where its copy goes. */
struct mem_segment {
	uint64_t addr;
	void *dst;
	size_t len;
};

struct mem;

struct mem_ops {
	/* Copies segments in order; returns the bytes copied before the first that could
	 * not be read, or -1 with errno when nothing could. A segment may be cut short. */
	ssize_t (*readv)(struct mem *mem, const struct mem_segment *seg, size_t n);
	/* Instead of readv: bytes from addr on that lie together, at most len; 0: none. */
	size_t (*read_some)(struct mem *mem, uint64_t addr, void *dst, size_t len);
	void (*free)(struct mem *mem);
};

struct mem {
	const struct mem_ops *ops;
	uint64_t n_calls, n_segments, n_bytes; /* what it cost, for the bench and stats */
};

/* Reads len bytes: ST_OK, ST_GONE, ST_PERM or ST_FAULT (also when cut short). */
enum status mem_read(struct mem *mem, uint64_t addr, void *dst, size_t len);
/* Reads all segments in as few calls as the kernel's limit allows. *n_done, when not
 * NULL, is the number of segments that are complete; ST_OK only if all are. */
enum status mem_readv(
	struct mem *mem, const struct mem_segment *seg, size_t n, size_t *n_done);
/* A NUL-terminated string of at most size - 1 bytes; ST_LIMIT when it is longer. */
enum status mem_read_cstr(struct mem *mem, uint64_t addr, char *dst, size_t size);
/* Convenience for one pointer-sized or 32-bit value. */
enum status mem_read_u64(struct mem *mem, uint64_t addr, uint64_t *v);
enum status mem_read_u32(struct mem *mem, uint64_t addr, uint32_t *v);
void mem_free(struct mem *mem);

/* A live process: process_vm_readv, and /proc/PID/mem where the kernel has no such call
 * or refuses it (ENOSYS, EPERM). Needs ptrace access to the process. */
struct mem *mem_live_new(pid_t pid);
/* An ELF core file; unmodified file-backed pages come from the mapped files. */
struct mem *mem_core_new(const char *core_path, struct err *err);
/* A recorded snapshot: the file format is described in mem_snap.c. */
struct mem *mem_snap_new(const char *path, struct err *err);

#endif
