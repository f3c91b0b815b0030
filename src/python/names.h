/*
 * names.h - the names that threading gives its threads.
 *
 * They are in the dict threading._active: identifier (tstate.thread_id) -> Thread object.
 * The dict is found once per interpreter; while `threading` is not imported, a look costs
 * one read until sys.modules has changed. Known threads cost nothing until a refresh.
 */
#ifndef PYTHON_NAMES_H
#define PYTHON_NAMES_H

#include "python/object.h"

#include <sys/types.h>

struct thread_name {
	uint64_t interp, ident; /* tstate.interp, tstate.thread_id */
	uint64_t thread;        /* address of the Thread object */
	uint64_t seen;          /* the look that last found it */
	bool daemon;
	char *name; /* UTF-8 */
};

/* Where an interpreter keeps _active, or what sys.modules was like without it. */
struct names_source {
	uint64_t interp;
	uint64_t active;  /* address of the dict; 0: not found */
	uint64_t modules; /* sys.modules at that failure, and its size */
	uint64_t n_modules;
};

struct names {
	struct thread_name *v;
	size_t n, cap;
	struct map index; /* of interp and ident -> position in v, plus 1 */
	struct names_source *sources;
	size_t n_sources, sources_cap;
	uint64_t looks;
};

#define NAMES_INIT        \
	{                 \
		.v = NULL \
	}

void names_release(struct names *n);
/* After exec or when the interpreter was found anew: addresses mean nothing any more. */
void names_forget(struct names *n);

/*
 * Reads _active of one interpreter. With `renames` the names of known threads are read
 * again too; without, only those of new ones. Threads that are gone are dropped. ST_OK
 * also when the interpreter has no threading. The budget is the context's.
 */
enum status names_update(
	struct names *n, struct objects *o, uint64_t interp, bool renames);
/* The name, or NULL. Borrowed until the next names_update. */
const struct thread_name *names_find(
	const struct names *n, uint64_t interp, uint64_t ident);

#endif
