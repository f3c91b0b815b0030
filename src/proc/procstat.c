/* procstat.c - see procstat.h; fields as in proc(5), /proc/pid/stat */
#include "proc/procstat.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	F_PPID = 4,
	F_UTIME = 14,
	F_STIME = 15,
	F_THREADS = 20,
	F_START = 22,
	F_RSS = 24,
	F_STACK = 28,
	F_LAST = 28
};

/* 4242 (a) name) S 1 4242 ... : the name may hold anything, also ")". */
enum status procstat_parse(const char *text, struct procstat_now *now)
{
	const char *at = strrchr(text, ')');
	uint64_t field[F_LAST + 1] = { 0 };
	int i;

	*now = (struct procstat_now){ 0 };
	if (!at || at[1] != ' ' || !at[2])
		return ST_BAD;
	now->state = at[2];
	at += 3;
	for (i = F_PPID; i <= F_LAST; i++) {
		char *end;

		field[i] = strtoull(at, &end, 10);
		if (end == at)
			return ST_BAD;
		at = end;
	}
	now->ppid = (pid_t)field[F_PPID];
	now->n_threads = (uint32_t)field[F_THREADS];
	now->start_ticks = field[F_START];
	now->rss_bytes = field[F_RSS] * (uint64_t)sysconf(_SC_PAGESIZE);
	now->program = field[F_STACK];
	now->cpu_ns = (field[F_UTIME] + field[F_STIME]) *
		      (uint64_t)(NS_PER_SEC / sysconf(_SC_CLK_TCK));
	return now->state == 'Z' || now->state == 'X' ? ST_GONE : ST_OK;
}

enum status procstat_open(struct procstat *p, pid_t pid)
{
	struct procstat_now now;
	char path[64];
	enum status st;

	*p = (struct procstat){ .pid = pid, .fd = -1 };
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	p->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (p->fd < 0)
		return errno == EACCES || errno == EPERM ? ST_PERM : ST_GONE;
	if (clock_getcpuclockid(pid, &p->cpu_clock) != 0)
		p->cpu_clock = CLOCK_REALTIME; /* not one: field 14 and 15 will do */
	st = procstat_now(p, &now);
	p->start_ticks = now.start_ticks;
	if (st != ST_OK)
		procstat_close(p);
	return st;
}

void procstat_close(struct procstat *p)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
}

enum status procstat_now(const struct procstat *p, struct procstat_now *now)
{
	char text[1024];
	struct timespec cpu;
	enum status st;
	ssize_t n;

	*now = (struct procstat_now){ 0 };
	n = p->fd < 0 ? -1 : pread(p->fd, text, sizeof(text) - 1, 0);
	if (n <= 0)
		return ST_GONE;
	text[n] = '\0';
	st = procstat_parse(text, now);
	if (p->cpu_clock != CLOCK_REALTIME && !clock_gettime(p->cpu_clock, &cpu))
		now->cpu_ns = (uint64_t)cpu.tv_sec * NS_PER_SEC + (uint64_t)cpu.tv_nsec;
	return st;
}

int64_t procstat_wall_ns(uint64_t start_ticks)
{
	int64_t boot = clock_wall_ns() - clock_ns(CLOCK_BOOTTIME);
	int64_t tick = NS_PER_SEC / sysconf(_SC_CLK_TCK);

	return boot + (int64_t)start_ticks * tick;
}
