/* maps.c - see maps.h; fs/proc/task_mmu.c (show_map_vma) writes what is parsed here */
#include "proc/maps.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/file.h"

#include <inttypes.h>
#include <string.h>

/*
 * 7f1c2e5d1000-7f1c2e5f3000 r-xp 00022000 fe:01 1835045    /usr/lib/libc.so.6 (deleted)
 * start        end          prot offset   dev   inode      path, to the end of the line
 */
static int parse_line(struct mapping *v, const char *line, size_t len)
{
	static const char deleted[] = " (deleted)";
	char perms[5] = "";
	char head[128];
	int path_at = 0;
	size_t used = len < sizeof(head) - 1 ? len : sizeof(head) - 1;
	size_t path_len;

	memcpy(head, line, used);
	head[used] = '\0';
	if (sscanf(head, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %x:%x %" SCNu64 "%n",
		    &v->start, &v->end, perms, &v->offset, &v->dev_major, &v->dev_minor,
		    &v->inode, &path_at) != 7 ||
		v->start >= v->end || strlen(perms) != 4)
		return -1;
	v->prot = (perms[0] == 'r' ? MAP_R : 0) | (perms[1] == 'w' ? MAP_W : 0) |
		  (perms[2] == 'x' ? MAP_X : 0) | (perms[3] == 's' ? MAP_SHARED_FLAG : 0);
	line += path_at;
	len -= (size_t)path_at;
	while (len && *line == ' ') {
		line++;
		len--;
	}
	path_len = len;
	v->deleted = path_len > sizeof(deleted) - 1 &&
		     !memcmp(line + path_len - (sizeof(deleted) - 1), deleted,
			     sizeof(deleted) - 1);
	if (v->deleted)
		path_len -= sizeof(deleted) - 1;
	v->path = xstrndup(line, path_len);
	return 0;
}

void maps_release(struct maps *m)
{
	size_t i;

	for (i = 0; i < m->n; i++)
		free(m->v[i].path);
	free(m->v);
	*m = (struct maps)MAPS_INIT;
}

int maps_parse(struct maps *m, const char *text, size_t len, struct err *err)
{
	struct maps fresh = MAPS_INIT;
	const char *end = text + len;
	int ret = -1;

	while (text < end) {
		const char *eol = memchr(text, '\n', (size_t)(end - text));
		struct mapping v = { 0 };

		if (!eol)
			eol = end;
		if (parse_line(&v, text, (size_t)(eol - text)) < 0 ||
			(fresh.n && fresh.v[fresh.n - 1].end > v.start)) {
			free(v.path);
			err_set(err, ERR_CORRUPT, "cannot parse mapping '%.*s'",
				(int)(eol - text), text);
			goto out;
		}
		GROW(fresh.v, fresh.cap, fresh.n + 1);
		fresh.v[fresh.n++] = v;
		text = eol + 1;
	}
	maps_release(m);
	*m = fresh;
	fresh = (struct maps)MAPS_INIT;
	ret = 0;
out:
	maps_release(&fresh);
	return ret;
}

int maps_load(struct maps *m, pid_t pid, struct err *err)
{
	struct buf text = BUF_INIT;
	int ret = -1;

	if (file_read_proc(&text, pid, "maps", err) < 0)
		goto out;
	if (!text.len) {
		err_set(err, ERR_GONE,
			"process %d has no memory: it has ended or is a "
			"kernel thread",
			(int)pid);
		goto out;
	}
	ret = maps_parse(m, text.data, text.len, err);
out:
	buf_release(&text);
	return ret;
}

/* The first mapping that ends above addr. */
static size_t lower_bound(const struct maps *m, uint64_t addr)
{
	size_t lo = 0, hi = m->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (m->v[mid].end <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

const struct mapping *maps_find(const struct maps *m, uint64_t addr)
{
	size_t i = lower_bound(m, addr);

	return i < m->n && m->v[i].start <= addr ? &m->v[i] : NULL;
}

bool maps_readable(const struct maps *m, uint64_t addr, uint64_t len)
{
	uint64_t end = addr + len;
	size_t i;

	if (end < addr)
		return false;
	for (i = lower_bound(m, addr); addr < end; i++) {
		if (i == m->n || m->v[i].start > addr || !(m->v[i].prot & MAP_R))
			return false;
		addr = m->v[i].end;
	}
	return true;
}
