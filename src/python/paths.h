/*
 * paths.h - where a target's modules come from, as the target itself sees it: which files
 * are library and which are its own, and what a file's module is called.
 *
 * Library is what lies in the interpreter's own prefix (PREFIX/lib/pythonX.Y and its like),
 * in a site-packages or dist-packages that is on sys.path, in a zip on sys.path other
 * than the program itself, and what is frozen. Everything else is the person's own code.
 */
#ifndef PYTHON_PATHS_H
#define PYTHON_PATHS_H

#include "python/object.h"

#include <stdbool.h>
#include <stddef.h>

enum { PATHS_MAX = 256, PATHS_MAX_CHARS = 4096 };

struct paths {
	char *entry[PATHS_MAX]; /* sys.path, without trailing slashes; "" is left out */
	size_t n_entries;
	char *prefix[4]; /* sys.prefix, base_prefix, exec_prefix, base_exec_prefix */
	size_t n_prefixes;
	char *stdlib; /* sys._stdlib_dir (3.11+), or NULL */
};

#define PATHS_INIT             \
	{                      \
		.n_entries = 0 \
	}

void paths_release(struct paths *p);
/* Reads sys of one interpreter. What cannot be read is left out; not ST_OK when there is
 * no sys.path at all (the interpreter is starting up), *p is as before then. */
enum status paths_load(struct paths *p, struct objects *o, uint64_t interp);
/* file: as in co_filename, len bytes. */
bool paths_is_library(const struct paths *p, const char *file, size_t len);
/* "json.decoder" for a file below an entry of sys.path, "importlib._bootstrap" for a
 * frozen one; false when the file is below none. dst is NUL-terminated. */
bool paths_module(
	const struct paths *p, const char *file, size_t len, char *dst, size_t size);

#endif
