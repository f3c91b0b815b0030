/*
 * probe.h - a first look at one process: may we, is it Python, which one.
 */
#ifndef CLI_PROBE_H
#define CLI_PROBE_H

#include "base/err.h"
#include "proc/maps.h"
#include "proc/mem.h"
#include "python/runtime.h"

#include <stdbool.h>
#include <sys/types.h>

/* A process opened for reading. */
struct probe {
	pid_t pid;
	struct mem *mem;
	struct maps maps;
	struct runtime rt;
};

/* Opens memory and maps and finds the interpreter. A failure is explained (proc/why.h).
 * quick leaves out the search of all memory: for asking many processes. *p is valid for
 * probe_close() either way. */
int probe_open(struct probe *p, pid_t pid, bool quick, struct err *err);
void probe_close(struct probe *p);
/* "3.12.1" */
const char *probe_version(const struct probe *p, char *text, size_t size);
/* "free-threaded", "debug", "" */
const char *probe_build(const struct python_version *v);
/* Why an attempt on a process failed, in the words of proc/why.h; for one that is not
 * Python: what it is, and which of its children are. */
void probe_explain(pid_t pid, struct err *err);

#endif
