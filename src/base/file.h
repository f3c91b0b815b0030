/*
 * file.h - whole files in, whole files out, with errors that name the path.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/buf.h"
#include "base/err.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Appends a file's content to *b; more than `limit` bytes is ERR_LIMIT. Works for /proc
 * files, whose size is not known beforehand. dirfd as in openat(2), or AT_FDCWD. */
int file_read(struct buf *b, int dirfd, const char *path, size_t limit, struct err *err);
/* The same for /proc/PID/name; a process that has ended is ERR_GONE. */
int file_read_proc(struct buf *b, pid_t pid, const char *name, struct err *err);
/* Writes all bytes to an open descriptor, through EINTR and short writes. `path` is for
 * the message only. */
int file_write_fd(
	int fd, const void *data, size_t len, const char *path, struct err *err);
/* Creates a directory and its missing parents; an existing one is fine. */
int file_mkdirs(const char *path, struct err *err);
/* Removes a directory and all below it, without following links; missing is fine. */
int file_remove_tree(const char *path, struct err *err);
/* Bytes allocated on disk below a directory (or of a file); 0 when it is not there. */
uint64_t file_disk_usage(const char *path);

#endif
