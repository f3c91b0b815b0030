/*
 * source_file.h - the text of a file as the target sees it: through its root directory
 * while it lives, else from the same path here.
 *
 * Reading on behalf of a browser is a privilege to be careful with: only files that
 * samples name are asked for (the caller's part), only text of sane size is returned,
 * links inside a container's root stay inside it, and files of processes of other users
 * are refused unless the person who started the server allowed it.
 */
#ifndef HTTP_SOURCE_FILE_H
#define HTTP_SOURCE_FILE_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <sys/types.h>

enum { SOURCE_FILE_MAX = 4 << 20 };

/* pid 0: no process lives that has it. any_user: also those of others. */
int source_file_read(
	struct buf *text, pid_t pid, const char *path, bool any_user, struct err *err);

#endif
