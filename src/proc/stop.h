/*
 * stop.h - stops one thread for as long as it takes to read it, and lets it run on.
 *
 * PTRACE_SEIZE, PTRACE_INTERRUPT, and PTRACE_DETACH right after the read: between samples
 * nothing is traced, so no signal ever waits for us, and a debugger can attach. When we
 * die in between, by whatever signal, the kernel detaches and the thread runs on. A
 * thread that stands in a job-control stop (SIGSTOP) is still in it afterwards. All calls
 * must come from one thread.
 */
#ifndef PROC_STOP_H
#define PROC_STOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct stop {
	pid_t tid;
	bool seized, stopped;
	int signal; /* that arrived meanwhile: passed on */
};

/* 0, or an errno. EPERM: refused, or a debugger holds it (see stop_tracer). ESRCH: gone.
 * ETIMEDOUT: it sleeps uninterruptibly; keep *s and call stop_end() later until it is
 * done. */
int stop_begin(struct stop *s, pid_t tid, int64_t timeout_ns);
/* Lets it run on; true when nothing is left to do. */
bool stop_end(struct stop *s);

/* Who traces the process, for the refusal's text; 0: nobody. */
pid_t stop_tracer(pid_t pid);

#endif
