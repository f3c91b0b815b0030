/*
 * kernel.h - what the kernel says of each thread of a process, once: running, or the
 * system call it sleeps in.
 */
#ifndef CLI_KERNEL_H
#define CLI_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct kernel_thread {
	pid_t tid, inner_tid; /* as we see it, as the process sees it */
	char name[20];
	bool is_running;
	long syscall; /* -1: none, or not known */
	uint64_t args[6];
};

struct kernel_threads {
	struct kernel_thread *v;
	size_t n, cap;
};

void kernel_load(struct kernel_threads *k, pid_t pid);
void kernel_release(struct kernel_threads *k);
/* By the id that the process itself knows; NULL when there is none. */
const struct kernel_thread *kernel_find(const struct kernel_threads *k, pid_t inner_tid);
bool kernel_in_futex(const struct kernel_thread *t);

#endif
