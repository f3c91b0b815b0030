/*
 * inside.h - files as a process sees them: below its own root, whatever container it is
 * in. Links are resolved inside that root and can not lead out of it.
 */
#ifndef PROC_INSIDE_H
#define PROC_INSIDE_H

#include "base/buf.h"
#include "base/err.h"

#include <stddef.h>
#include <sys/types.h>

/* A regular file opened for reading, never waiting (no FIFOs, no devices). A relative
 * path starts in the working directory of the process. -1 and *err when it cannot. */
int inside_open(pid_t pid, const char *path, struct err *err);
/* Appends line number `line` (from 1) of a file without its end, cut at max bytes. False:
 * there is no such file or line. At most the first 8 MiB are looked at. */
bool inside_line(pid_t pid, const char *path, unsigned line, size_t max, struct buf *out);

#endif
