/*
 * procstat.h - figures of a whole process: memory, processor time, threads, switches; and
 * the marks that tell one process, and one program in it, from the next.
 */
#ifndef PROC_PROCSTAT_H
#define PROC_PROCSTAT_H

#include "base/status.h"

#include <stdint.h>
#include <sys/types.h>
#include <time.h>

struct procstat {
	pid_t pid;
	int fd; /* /proc/PID/stat, kept open: it never speaks of a later process */
	clockid_t cpu_clock;
	uint64_t start_ticks; /* since boot: with pid, which process this is */
};

struct procstat_now {
	char state; /* 'R', 'S', 'T', 't', 'Z'... */
	pid_t ppid;
	uint64_t rss_bytes;
	uint64_t cpu_ns;
	uint32_t n_threads;
	uint64_t start_ticks;
	uint64_t
		program; /* start of its stack: another one after every exec; 0 unknown */
};

/* ST_OK, ST_GONE, ST_PERM. */
enum status procstat_open(struct procstat *p, pid_t pid);
void procstat_close(struct procstat *p);
/* ST_GONE also for a zombie. */
enum status procstat_now(const struct procstat *p, struct procstat_now *now);
/* Wall clock of a start time, from the boot time of the host. */
int64_t procstat_wall_ns(uint64_t start_ticks);
/* For tests: parses the text of a stat file. */
enum status procstat_parse(const char *text, struct procstat_now *now);

#endif
