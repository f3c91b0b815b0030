/*
 * snap.h - recorded memory of a target: the format, and what its head says. The memory
 * itself is mem_snap_new() of mem.h. For tests: readers run without an interpreter.
 *
 *	pystrobe-snapshot 1\n
 *	key value\n ...                  what the recorder knew: version, addresses
 *	pages 123\n
 *	zlib stream: 123 times (address of the page, little-endian u64; its 4096 bytes)
 */
#ifndef PROC_SNAP_H
#define PROC_SNAP_H

#include "base/err.h"
#include "proc/mem.h"

enum { SNAP_PAGE = 4096, SNAP_PAGES_MAX = 65536 };

/* A value of the head, NULL when it has no such key. Borrowed until mem_free. */
const char *snap_value(const struct mem *snap, const char *key);
/* The same as a number (0x... or decimal), 0 when it is not there. */
uint64_t snap_number(const struct mem *snap, const char *key);
/* Page i, which a test may write to: its bytes and address. NULL past the last. */
uint8_t *snap_page(const struct mem *snap, size_t i, uint64_t *addr);

/* A page to be written, and which of its 64 blocks of 64 bytes matter (bit 0: the first);
 * the others become zeros. */
struct snap_want {
	uint64_t addr, blocks;
};

/* Writes a snapshot of these pages as read from mem; unreadable ones are left out. head:
 * lines "key value\n". */
int snap_write(const char *path, const char *head, struct mem *mem,
	const struct snap_want *want, size_t n, struct err *err);

#endif
