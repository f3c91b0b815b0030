/* find.c - see find.h */
#include "proc/find.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/map.h"
#include "proc/find_elf.h"
#include "proc/maps.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct find {
	struct map files; /* hash of (device, inode, size, mtime) -> 1 no, 2 yes */
	struct found *v;
	size_t n, cap;
	struct maps maps;
	struct buf text;
	int64_t boot_ns; /* wall clock */
	long ticks_per_s;
};

struct find *find_new(void)
{
	struct find *f = xcalloc(1, sizeof(*f));

	f->ticks_per_s = sysconf(_SC_CLK_TCK);
	return f;
}

static void forget(struct find *f)
{
	size_t i;

	for (i = 0; i < f->n; i++) {
		free(f->v[i].command);
		free(f->v[i].interpreter);
	}
	f->n = 0;
}

void find_free(struct find *f)
{
	if (!f)
		return;
	forget(f);
	free(f->v);
	map_release(&f->files);
	maps_release(&f->maps);
	buf_release(&f->text);
	free(f);
}

/* Ids are hexadecimal, at least 32 long: docker-<id>.scope, /docker/<id>,
 * cri-containerd-<id>.scope, /kubepods/.../<id>, libpod-<id>.scope, lxc by name. */
void find_container(const char *cgroup, char *id, size_t size)
{
	const char *at = cgroup;
	const char *lxc;

	id[0] = '\0';
	while (*at) {
		size_t len = strspn(at, "0123456789abcdef");

		if (len >= 32 && (at == cgroup || !isalnum((unsigned char)at[-1]))) {
			snprintf(id, size, "%.12s", at);
			return;
		}
		at += len ? len : 1;
	}
	lxc = strstr(cgroup, "/lxc/");
	if (!lxc)
		lxc = strstr(cgroup, "/lxc.payload.");
	if (lxc) {
		lxc += lxc[4] == '/' ? 5 : 13;
		snprintf(id, size, "%.*s", (int)strcspn(lxc, "/\n"), lxc);
	}
}

void find_command(pid_t pid, struct buf *out)
{
	struct err ignored = ERR_INIT;
	size_t start = out->len;
	size_t i;

	if (file_read_proc(out, pid, "cmdline", &ignored) == 0 && out->len > start) {
		while (out->len > start && !out->data[out->len - 1])
			out->len--;
		for (i = start; i < out->len; i++) {
			if (!out->data[i])
				out->data[i] = ' ';
		}
		out->data[out->len] = '\0';
		return;
	}
	out->len = start;
	buf_char(out, '[');
	if (file_read_proc(out, pid, "comm", &ignored) == 0 && out->len > start + 1 &&
		out->data[out->len - 1] == '\n')
		out->len--;
	buf_char(out, ']');
}

static bool file_is_python(struct find *f, int fd)
{
	uint64_t key[5];
	struct stat st;
	uint64_t *known;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return false;
	key[0] = st.st_dev;
	key[1] = st.st_ino;
	key[2] = (uint64_t)st.st_size;
	key[3] = (uint64_t)st.st_mtim.tv_sec;
	key[4] = (uint64_t)st.st_mtim.tv_nsec;
	known = map_put(&f->files, hash_bytes(key, sizeof(key)));
	if (!*known)
		*known = find_elf_is_python(fd) ? 2 : 1;
	return *known == 2;
}

static bool path_is_python(struct find *f, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	bool yes;

	if (fd < 0)
		return false;
	yes = file_is_python(f, fd);
	close(fd);
	return yes;
}

/* The interpreter's file as the process names it; NULL when it has none. *seen: we were
 * allowed to look. The kernel's links work for deleted files and in other namespaces. */
static char *interpreter_of(struct find *f, pid_t pid, bool *seen)
{
	struct err ignored = ERR_INIT;
	char path[64], target[4096];
	ssize_t len;
	size_t i;

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	len = readlink(path, target, sizeof(target) - 1);
	*seen = len > 0;
	if (len <= 0)
		return NULL;
	target[len] = '\0';
	if (path_is_python(f, path))
		return xstrdup(target);
	if (maps_load(&f->maps, pid, &ignored) < 0) {
		*seen = false;
		return NULL;
	}
	for (i = 0; i < f->maps.n; i++) {
		const struct mapping *m = &f->maps.v[i];
		char *inside;
		bool yes;

		if (!(m->prot & MAP_X) || m->path[0] != '/')
			continue;
		if (m->deleted)
			inside = xasprintf("/proc/%d/map_files/%llx-%llx", (int)pid,
				(unsigned long long)m->start, (unsigned long long)m->end);
		else
			inside = xasprintf("/proc/%d/root%s", (int)pid, m->path);
		yes = path_is_python(f, inside);
		free(inside);
		if (yes)
			return xstrdup(m->path);
	}
	return NULL;
}

/* "python3.11 app.py", "/opt/x/bin/python -m http.server" */
static bool looks_like_python(const char *command)
{
	size_t len = strcspn(command, " ");
	const char *base = command;
	size_t i;

	for (i = 0; i < len; i++) {
		if (command[i] == '/')
			base = command + i + 1;
	}
	return !strncmp(base, "python", 6) || !strncmp(base, "[python", 7);
}

static const char *nth_word(const char *at, int n)
{
	while (n-- && at) {
		at = strchr(at, ' ');
		at = at ? at + 1 : NULL;
	}
	return at;
}

/*
 * /proc/PID/stat: "4242 (name with ) in it) S 1 4242 ..."; after the name:
 * 0 state, 1 ppid, 17 num_threads, 19 starttime, 21 rss in pages (man 5 proc).
 */
static bool read_stat(struct find *f, struct found *p)
{
	struct err ignored = ERR_INIT;
	const char *at, *v;

	buf_clear(&f->text);
	if (file_read_proc(&f->text, p->pid, "stat", &ignored) < 0 || !f->text.len)
		return false;
	at = strrchr(f->text.data, ')');
	if (!at || at[1] != ' ')
		return false;
	at += 2;
	p->state = *at;
	p->ppid = (v = nth_word(at, 1)) ? (pid_t)atol(v) : 0;
	p->n_threads = (v = nth_word(at, 17)) ? (uint32_t)strtoul(v, NULL, 10) : 0;
	p->start_ticks = (v = nth_word(at, 19)) ? strtoull(v, NULL, 10) : 0;
	p->rss_bytes = (v = nth_word(at, 21))
			       ? strtoull(v, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE)
			       : 0;
	p->start_ns = f->boot_ns +
		      (int64_t)(p->start_ticks * (uint64_t)(NS_PER_SEC / f->ticks_per_s));
	return true;
}

/* Into id: the container of a process, unless it is the one we are in ourselves. */
static void look_at_container(struct find *f, pid_t pid, char *id, size_t size)
{
	struct err ignored = ERR_INIT;
	char path[64], mine[64], theirs[64], my_id[16] = "";
	ssize_t a, b;

	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", (int)pid);
	a = readlink("/proc/self/ns/mnt", mine, sizeof(mine));
	b = readlink(path, theirs, sizeof(theirs));
	if (a > 0 && a == b && !memcmp(mine, theirs, (size_t)a))
		return;
	buf_clear(&f->text);
	if (file_read_proc(&f->text, getpid(), "cgroup", &ignored) == 0 && f->text.len)
		find_container(f->text.data, my_id, sizeof(my_id));
	buf_clear(&f->text);
	if (file_read_proc(&f->text, pid, "cgroup", &ignored) == 0 && f->text.len)
		find_container(f->text.data, id, size);
	if (!strcmp(id, my_id))
		id[0] = '\0';
}

/* Adds pid to f->v when it is Python. */
static const struct found *look_at(struct find *f, pid_t pid)
{
	struct found p = { .pid = pid };
	struct buf command = BUF_INIT;
	char path[64];
	struct stat st;
	bool seen;

	f->boot_ns = clock_wall_ns() - clock_ns(CLOCK_BOOTTIME);
	p.interpreter = interpreter_of(f, pid, &seen);
	if (!p.interpreter && seen)
		return NULL;
	find_command(pid, &command);
	p.unsure = !p.interpreter;
	if ((p.unsure && !looks_like_python(command.data)) || !read_stat(f, &p) ||
		p.state == 'Z') {
		free(p.interpreter);
		buf_release(&command);
		return NULL;
	}
	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	p.uid = stat(path, &st) == 0 ? st.st_uid : 0;
	p.command = buf_detach(&command, NULL);
	if (!p.interpreter)
		p.interpreter = xstrdup("");
	look_at_container(f, pid, p.container, sizeof(p.container));
	GROW(f->v, f->cap, f->n + 1);
	f->v[f->n++] = p;
	return &f->v[f->n - 1];
}

static int by_pid(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

const struct found *find_scan(struct find *f, size_t *n)
{
	struct dirent *e;
	DIR *dir;

	forget(f);
	dir = opendir("/proc");
	while (dir && (e = readdir(dir))) {
		pid_t pid = (pid_t)atol(e->d_name);

		if (isdigit((unsigned char)e->d_name[0]) && pid != getpid())
			look_at(f, pid);
	}
	if (dir)
		closedir(dir);
	qsort(f->v, f->n, sizeof(*f->v), by_pid);
	*n = f->n;
	return f->v;
}

const struct found *find_one(struct find *f, pid_t pid)
{
	forget(f);
	return look_at(f, pid);
}

struct pair {
	pid_t pid, ppid;
	bool below;
};

static int pair_by_pid(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

/* Every process and its parent, by pid. */
static struct pair *list_parents(struct find *f, size_t *n)
{
	struct pair *v = NULL;
	size_t cap = 0;
	struct dirent *e;
	DIR *dir = opendir("/proc");

	*n = 0;
	while (dir && (e = readdir(dir))) {
		struct found p = { .pid = (pid_t)atol(e->d_name) };

		if (!isdigit((unsigned char)e->d_name[0]) || !read_stat(f, &p))
			continue;
		GROW(v, cap, *n + 1);
		v[(*n)++] = (struct pair){ p.pid, p.ppid, false };
	}
	if (dir)
		closedir(dir);
	if (*n)
		qsort(v, *n, sizeof(*v), pair_by_pid);
	return v;
}

size_t find_children(struct find *f, pid_t root, pid_t *pids, size_t max)
{
	size_t n, i, found = 0;
	struct pair *v = list_parents(f, &n);
	bool more = true;

	while (more) {
		more = false;
		for (i = 0; i < n; i++) {
			struct pair key = { .pid = v[i].ppid };
			const struct pair *parent;

			if (v[i].below)
				continue;
			parent = bsearch(&key, v, n, sizeof(*v), pair_by_pid);
			if (v[i].ppid == root || (parent && parent->below))
				more = v[i].below = true;
		}
	}
	for (i = 0; i < n; i++) {
		if (!v[i].below || !find_one(f, v[i].pid))
			continue;
		if (found < max)
			pids[found] = v[i].pid;
		found++;
	}
	free(v);
	return found;
}
