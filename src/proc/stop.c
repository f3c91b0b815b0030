/* stop.c - see stop.h; man 2 ptrace, PTRACE_SEIZE and "Detaching of the tracee" */
#include "proc/stop.h"

#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>

enum { SPIN_NS = 30000, NAP_NS = 10000 };

/* One report of the thread, if there is one: true when it stopped or is gone. */
static bool take_report(struct stop *s)
{
	int status = 0;
	pid_t got = waitpid(s->tid, &status, __WALL | WNOHANG);

	if (got == 0 || (got < 0 && errno == EINTR))
		return false;
	if (got < 0 || !WIFSTOPPED(status)) {
		s->seized = s->stopped = false;
		return true;
	}
	/* Our interrupt and job control come as events; the rest are signals that must
	 * reach the target. Either way it stands still now. */
	if (status >> 16 == 0)
		s->signal = WSTOPSIG(status);
	s->stopped = true;
	return true;
}

int stop_begin(struct stop *s, pid_t tid, int64_t timeout_ns)
{
	int64_t begin = clock_mono_ns(), waited = 0;

	*s = (struct stop){ .tid = tid };
	if (ptrace(PTRACE_SEIZE, tid, NULL, NULL) < 0)
		return errno;
	s->seized = true;
	if (ptrace(PTRACE_INTERRUPT, tid, NULL, NULL) < 0)
		return errno;
	/* A thread that runs elsewhere stops within microseconds, and a sleep would take
	 * longer; one that waits for this CPU stops when it gets it. */
	while (!take_report(s)) {
		if (waited >= timeout_ns)
			return ETIMEDOUT;
		if (waited >= SPIN_NS)
			nanosleep(&(struct timespec){ .tv_nsec = NAP_NS }, NULL);
		waited = clock_mono_ns() - begin;
	}
	return s->stopped ? 0 : ESRCH;
}

bool stop_end(struct stop *s)
{
	if (s->seized && !s->stopped)
		take_report(s);
	if (s->stopped) {
		ptrace(PTRACE_DETACH, s->tid, NULL,
			(void *)(intptr_t)s->signal); // NOLINT
		s->seized = s->stopped = false;
	}
	return !s->seized;
}

pid_t stop_tracer(pid_t pid)
{
	char path[64], line[256];
	pid_t tracer = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		if (!strncmp(line, "TracerPid:", 10))
			tracer = (pid_t)atoi(line + 10);
	}
	if (f)
		fclose(f);
	return tracer;
}
