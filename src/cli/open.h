/*
 * open.h - anything that holds samples, opened for asking: a store directory (live or
 * not), a packed store, or a profile in any format that we read.
 */
#ifndef CLI_OPEN_H
#define CLI_OPEN_H

#include "base/err.h"
#include "prof/source.h"

struct store;
struct tape;

struct opened {
	struct source *source;
	struct store *store; /* one of the two */
	struct tape *tape;
};

/* What damaged or unusual files leave to say is said on stderr. */
int open_path(struct opened *o, const char *path, struct err *err);
void open_release(struct opened *o);

#endif
