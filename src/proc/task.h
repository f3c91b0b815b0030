/*
 * task.h - what the kernel says about one thread right now, through kept descriptors.
 *
 * /proc/PID/task/TID/syscall (fs/proc/base.c proc_pid_syscall):
 *
 *	running
 *	202 0x7f3c2a0b4c50 0x189 0x0 0x0 0x0 0xffffffff 0x7ffd5c0d1e60 0x7f3c29e8e117
 *	-1 0x7ffd5c0d1e60 0x7f3c29e8e117
 *
 * "running" is also said of a thread that is runnable and waits for a processor. -1:
 * blocked outside of a system call (a page fault), or stopped.
 */
#ifndef PROC_TASK_H
#define PROC_TASK_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct task {
	pid_t pid, tid; /* as seen from here */
	int syscall_fd; /* -1: could not be opened */
};

struct task_state {
	bool running;
	long syscall; /* -1: none */
	uint64_t arg[3];
};

/* ST_OK, ST_GONE, ST_PERM. */
enum status task_open(struct task *t, pid_t pid, pid_t tid);
void task_close(struct task *t);
enum status task_now(const struct task *t, struct task_state *now);
/* For tests: parses one line of the file. False: it makes no sense. */
bool task_parse(const char *text, struct task_state *now);

/* The kernel's name of a thread; "" when it cannot be read. */
void task_name(pid_t pid, pid_t tid, char *name, size_t size);
/* Context switches of a thread since it began, from its status file. */
bool task_switches(pid_t pid, pid_t tid, uint64_t *voluntary, uint64_t *involuntary);
/* The processor that a thread runs on, or ran on last; -1: not known. *fd: -1 at first, then its
 * stat file, kept open. */
int task_processor(pid_t pid, pid_t tid, int *fd);
/* Does the process live in another PID namespace than we do? */
bool task_other_namespace(pid_t pid);
/* The thread of pid whose id in its own namespace is `inner`; 0 when there is none. */
pid_t task_find_inner(pid_t pid, pid_t inner);
/* The only thread of a process, 0 when it has several. */
pid_t task_only(pid_t pid);

#endif
