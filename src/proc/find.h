/*
 * find.h - the Python processes of this host, found by what their files contain.
 *
 * A process is Python when a file it has mapped for execution carries the interpreter: an
 * ELF section .PyRuntime, or a definition of Py_Main among its dynamic symbols. Names do
 * not matter: embedders and renamed binaries are found, a shell script called python3 is
 * not. Each file is looked into once (by device, inode, size and mtime), so that a scan
 * of a busy host costs little more than reading its /proc/PID/maps.
 *
 * A process whose files may not be seen (another user's) is reported as `unsure` when its
 * command looks like Python; nothing else is known about it.
 */
#ifndef PROC_FIND_H
#define PROC_FIND_H

#include "base/buf.h"

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct found {
	pid_t pid, ppid;
	uid_t uid;
	char state;           /* 'R', 'S', 'Z'... */
	uint64_t start_ticks; /* since boot, in clock ticks: with pid, who it is */
	int64_t start_ns;     /* wall clock */
	uint64_t rss_bytes;
	uint32_t n_threads;
	bool unsure;
	char *command;      /* arguments joined by spaces; the name in brackets if none */
	char *interpreter;  /* path of the file with the interpreter; "" when unsure */
	char container[16]; /* short id from the cgroup; "" none, or the one we are in */
};

struct find;

struct find *find_new(void);
void find_free(struct find *f);
/* All Python processes but ourselves, by pid. Borrowed until the next scan. */
const struct found *find_scan(struct find *f, size_t *n);
/* One process; NULL when it is not Python (or gone). Borrowed until the next call. */
const struct found *find_one(struct find *f, pid_t pid);
/* Those below `root` in the tree of processes, at any depth, root not included: fills at
 * most max pids and returns how many there are. */
size_t find_children(struct find *f, pid_t root, pid_t *pids, size_t max);

/* "/usr/bin/python3 app.py" of a process: arguments joined by spaces. */
void find_command(pid_t pid, struct buf *out);
/* 12 characters of a container's id from the text of /proc/PID/cgroup; "" when none. */
void find_container(const char *cgroup, char *id, size_t size);

#endif
