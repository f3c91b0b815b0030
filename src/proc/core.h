/*
 * core.h - what an ELF core file says besides memory: the process, its threads, its
 * mappings. The memory itself is mem_core_new() of mem.h.
 *
 * A core that the kernel wrote leaves out unmodified pages of mapped files (core(5),
 * coredump_filter); they are read from those files, if the first page, which is in the
 * core, agrees. --exe FILE stands in for the main program's file.
 */
#ifndef PROC_CORE_H
#define PROC_CORE_H

#include "base/err.h"
#include "proc/maps.h"
#include "proc/mem.h"

struct core_thread {
	pid_t tid;
	uint64_t fs_base; /* of struct pthread: pthread_self() */
};

struct core_info {
	pid_t pid;
	int signal;                  /* that ended the process; 0 when none did */
	char name[17], args[81];     /* command, and its arguments, cut by the kernel */
	struct core_thread *threads; /* the one that died first */
	size_t n_threads;
};

/* Of a memory made by mem_core_new. Borrowed until mem_free. */
const struct core_info *core_info(const struct mem *core);
/* The mappings as the core knows them: those of files with path and offset. */
int core_maps(const struct mem *core, struct maps *m, struct err *err);
/* Reads the main program's missing pages, and its symbols, from this file. */
int core_set_exe(struct mem *core, const char *path, struct err *err);

#endif
