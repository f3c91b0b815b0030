/*
 * runtime_check.h - is what lies here really a live interpreter list? Private to
 * python/runtime*.
 */
#ifndef PYTHON_RUNTIME_CHECK_H
#define PYTHON_RUNTIME_CHECK_H

#include "proc/maps.h"
#include "proc/mem.h"
#include "python/abi.h"

#include <stdbool.h>

enum runtime_state {
	RUNTIME_BAD,   /* no interpreter list */
	RUNTIME_EMPTY, /* could be one that has not started or has ended */
	RUNTIME_LIVE,  /* an interpreter with a thread that points back */
};

/* Looks at the pointer to the newest interpreter at interp_head_addr. */
enum runtime_state runtime_check(
	struct mem *mem, const struct abi *abi, uint64_t interp_head_addr);

/*
 * Searches [r.addr, r.addr + r.size) for a pointer that heads an interpreter list. Returns
 * its address or 0. `near` (0 for none): of several take the one closest to it.
 */
uint64_t runtime_scan(struct mem *mem, const struct maps *maps, const struct abi *abi,
	uint64_t addr, uint64_t size, uint64_t near);

/* The first cookie of 3.13+ behind `after` in writable private memory, of files or of none;
 * 0 when there is no further one. */
uint64_t runtime_scan_cookie(
	struct mem *mem, const struct maps *maps, bool of_files, uint64_t after);

#endif
