/*
 * maps.h - the mappings of a process, from /proc/PID/maps.
 */
#ifndef PROC_MAPS_H
#define PROC_MAPS_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum map_prot {
	MAP_R = 1 << 0,
	MAP_W = 1 << 1,
	MAP_X = 1 << 2,
	MAP_SHARED_FLAG = 1 << 3
};

struct mapping {
	uint64_t start, end; /* half open */
	uint64_t offset;     /* in the file */
	uint64_t inode;
	uint32_t dev_major, dev_minor;
	enum map_prot prot;
	bool deleted; /* the path ended in " (deleted)", which is cut off */
	char *path;   /* as the kernel shows it; "" for anonymous memory */
};

struct maps {
	struct mapping *v; /* ascending by start */
	size_t n, cap;
};

#define MAPS_INIT          \
	{                  \
		NULL, 0, 0 \
	}

/* Replaces the content of *m with the process's mappings now. */
int maps_load(struct maps *m, pid_t pid, struct err *err);
/* The same from text; for tests, cores and snapshots. Lines that do not parse are
 * ERR_CORRUPT. */
int maps_parse(struct maps *m, const char *text, size_t len, struct err *err);
void maps_release(struct maps *m);
/* The mapping that holds addr, or NULL. Borrowed until the next load. */
const struct mapping *maps_find(const struct maps *m, uint64_t addr);
/* Is [addr, addr + len) inside one readable mapping, or several without a gap? */
bool maps_readable(const struct maps *m, uint64_t addr, uint64_t len);

#endif
