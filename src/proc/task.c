/* task.c - see task.h */
#include "proc/task.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int open_of(pid_t pid, pid_t tid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/%s", (int)pid, (int)tid, name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static enum status status_of(int errnum)
{
	switch (errnum) {
	case ENOENT:
	case ESRCH:
		return ST_GONE;
	case EPERM:
	case EACCES:
		return ST_PERM;
	default:
		return ST_LIMIT; /* EMFILE and the like */
	}
}

enum status task_open(struct task *t, pid_t pid, pid_t tid)
{
	*t = (struct task){ .pid = pid, .tid = tid };
	t->syscall_fd = open_of(pid, tid, "syscall");
	return t->syscall_fd < 0 ? status_of(errno) : ST_OK;
}

void task_close(struct task *t)
{
	if (t->syscall_fd >= 0)
		close(t->syscall_fd);
	t->syscall_fd = -1;
}

bool task_parse(const char *text, struct task_state *now)
{
	char *end;
	int i;

	*now = (struct task_state){ .syscall = -1 };
	if (*text == 'r') {
		now->running = true;
		return true;
	}
	now->syscall = strtol(text, &end, 10);
	if (end == text)
		return false;
	for (i = 0; i < 3 && now->syscall >= 0; i++) {
		now->arg[i] = strtoull(end, &end, 16);
	}
	return true;
}

enum status task_now(const struct task *t, struct task_state *now)
{
	char text[256];
	ssize_t n;

	if (t->syscall_fd < 0)
		return ST_GONE;
	n = pread(t->syscall_fd, text, sizeof(text) - 1, 0);
	if (n <= 0)
		return n ? status_of(errno) : ST_GONE;
	text[n] = '\0';
	return task_parse(text, now) ? ST_OK : ST_BAD;
}

/* Reads a small file of /proc whole; the length, or -1. */
static ssize_t slurp(pid_t pid, pid_t tid, const char *name, char *text, size_t size)
{
	int fd = open_of(pid, tid, name);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = read(fd, text, size - 1);
	text[n > 0 ? n : 0] = '\0';
	close(fd);
	return n;
}

void task_name(pid_t pid, pid_t tid, char *name, size_t size)
{
	char *eol;

	name[0] = '\0';
	if (slurp(pid, tid, "comm", name, size) <= 0)
		name[0] = '\0';
	eol = strchr(name, '\n');
	if (eol)
		*eol = '\0';
}

bool task_switches(pid_t pid, pid_t tid, uint64_t *voluntary, uint64_t *involuntary)
{
	char text[4096];
	const char *at;

	if (slurp(pid, tid, "status", text, sizeof(text)) <= 0)
		return false;
	at = strstr(text, "\nvoluntary_ctxt_switches:");
	if (!at)
		return false;
	*voluntary = strtoull(strchr(at, ':') + 1, NULL, 10);
	at = strstr(text, "\nnonvoluntary_ctxt_switches:");
	*involuntary = at ? strtoull(strchr(at, ':') + 1, NULL, 10) : 0;
	return true;
}

/* The 39th member of /proc/PID/task/TID/stat; the second may hold anything but ends with a ')'. */
int task_processor(pid_t pid, pid_t tid, int *fd)
{
	enum { PROCESSOR = 39 };
	char path[64], text[1024];
	const char *at;
	ssize_t n;
	int i;

	if (*fd < 0) {
		snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", (int)pid, (int)tid);
		*fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	n = *fd < 0 ? -1 : pread(*fd, text, sizeof(text) - 1, 0);
	if (n <= 0)
		return -1;
	text[n] = '\0';
	at = strrchr(text, ')');
	for (i = 2; at && i < PROCESSOR; i++)
		at = strchr(at + 1, ' ');
	return at ? atoi(at) : -1;
}

/* "NSpid:	4242	17": the ids from our namespace inwards; the last is its own. */
static pid_t innermost(const char *status, bool *several)
{
	const char *at = strstr(status, "\nNSpid:");
	long id = 0;
	int n = 0;

	*several = false;
	if (!at)
		return 0;
	at += strlen("\nNSpid:");
	while (*at == '\t' || *at == ' ') {
		char *end;

		id = strtol(at, &end, 10);
		if (end == at)
			break;
		at = end;
		n++;
	}
	*several = n > 1;
	return (pid_t)id;
}

bool task_other_namespace(pid_t pid)
{
	char text[4096];
	bool several;

	if (slurp(pid, pid, "status", text, sizeof(text)) <= 0)
		return false;
	innermost(text, &several);
	return several;
}

/* Calls visit for each thread until it returns true. */
static pid_t each_task(pid_t pid, bool (*visit)(pid_t, pid_t, void *), void *arg)
{
	char path[64];
	struct dirent *e;
	pid_t found = 0;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	d = opendir(path);
	while (d && !found && (e = readdir(d))) {
		pid_t tid = (pid_t)atoi(e->d_name);

		if (tid > 0 && visit(pid, tid, arg))
			found = tid;
	}
	if (d)
		closedir(d);
	return found;
}

static bool has_inner(pid_t pid, pid_t tid, void *arg)
{
	char text[4096];
	bool several;

	return slurp(pid, tid, "status", text, sizeof(text)) > 0 &&
	       innermost(text, &several) == *(pid_t *)arg;
}

pid_t task_find_inner(pid_t pid, pid_t inner)
{
	return each_task(pid, has_inner, &inner);
}

static bool count_two(pid_t pid, pid_t tid, void *arg)
{
	(void)pid;
	(void)tid;
	return ++*(int *)arg == 2;
}

pid_t task_only(pid_t pid)
{
	int n = 0;

	return each_task(pid, count_two, &n) || n != 1 ? 0 : pid;
}
