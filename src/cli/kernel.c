/* kernel.c - see kernel.h */
#include "cli/kernel.h"

#include "base/alloc.h"
#include "base/file.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

static bool read_of(struct buf *b, pid_t pid, pid_t tid, const char *name)
{
	struct err ignored = ERR_INIT;
	char path[64];

	snprintf(path, sizeof(path), "task/%d/%s", (int)tid, name);
	buf_clear(b);
	return file_read_proc(b, pid, path, &ignored) == 0 && b->len;
}

/* "running", or "232 0x4 0x7f.. 0x40 0x2710 0x0 0x8 0x7ffd.. 0x7f..": number, six
 * arguments, stack pointer, instruction pointer; -1 outside a system call. */
static void parse_syscall(struct kernel_thread *t, const char *text)
{
	char *at;
	int i;

	t->syscall = -1;
	if (!strncmp(text, "running", 7)) {
		t->is_running = true;
		return;
	}
	t->syscall = strtol(text, &at, 10);
	for (i = 0; i < 6; i++)
		t->args[i] = strtoull(at, &at, 16);
}

static void add(struct kernel_threads *k, pid_t pid, pid_t tid, struct buf *b)
{
	struct kernel_thread t = { .tid = tid, .inner_tid = tid, .syscall = -1 };
	const char *v;

	if (read_of(b, pid, tid, "syscall"))
		parse_syscall(&t, b->data);
	if (read_of(b, pid, tid, "comm"))
		snprintf(t.name, sizeof(t.name), "%.*s", (int)strcspn(b->data, "\n"),
			b->data);
	if (read_of(b, pid, tid, "status") && (v = strstr(b->data, "\nNSpid:"))) {
		const char *end = strchrnul(v + 1, '\n');

		while (end > v && isdigit((unsigned char)end[-1]))
			end--;
		t.inner_tid = (pid_t)atol(end);
	}
	GROW(k->v, k->cap, k->n + 1);
	k->v[k->n++] = t;
}

void kernel_load(struct kernel_threads *k, pid_t pid)
{
	struct buf b = BUF_INIT;
	struct dirent *e;
	char path[64];
	DIR *dir;

	k->n = 0;
	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	dir = opendir(path);
	while (dir && (e = readdir(dir))) {
		if (isdigit((unsigned char)e->d_name[0]))
			add(k, pid, (pid_t)atol(e->d_name), &b);
	}
	if (dir)
		closedir(dir);
	buf_release(&b);
}

void kernel_release(struct kernel_threads *k)
{
	free(k->v);
	*k = (struct kernel_threads){ 0 };
}

const struct kernel_thread *kernel_find(const struct kernel_threads *k, pid_t inner_tid)
{
	size_t i;

	for (i = 0; i < k->n; i++) {
		if (k->v[i].inner_tid == inner_tid)
			return &k->v[i];
	}
	return NULL;
}

bool kernel_in_futex(const struct kernel_thread *t)
{
	return t->syscall == SYS_futex;
}
