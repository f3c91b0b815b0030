/* mem_snap.c - recorded memory; see snap.h and mem.h */
#include "base/alloc.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/map.h"
#include "proc/snap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

enum { RECORD = 8 + SNAP_PAGE, FILE_MAX = 256 << 20 };
static const char magic[] = "pystrobe-snapshot 1\n";

struct mem_snap {
	struct mem base;
	struct buf head;
	uint8_t *records; /* n_pages times address and bytes */
	size_t n_pages;
	struct map index; /* address of a page -> number + 1 */
	char *value;      /* the last that snap_value gave */
};

static struct mem_snap *of_mem(const struct mem *mem)
{
	return (struct mem_snap *)(uintptr_t)mem;
}

static size_t snap_read(struct mem *mem, uint64_t addr, void *dst, size_t len)
{
	const struct mem_snap *m = of_mem(mem);
	uint64_t in_page = addr & (SNAP_PAGE - 1);
	const uint64_t *at = map_get(&m->index, addr - in_page);
	size_t n = SNAP_PAGE - (size_t)in_page;

	if (!at)
		return 0;
	n = n < len ? n : len;
	memcpy(dst, m->records + (*at - 1) * RECORD + 8 + in_page, n);
	return n;
}

static void snap_free(struct mem *mem)
{
	struct mem_snap *m = of_mem(mem);

	buf_release(&m->head);
	map_release(&m->index);
	free(m->records);
	free(m->value);
	free(m);
}

static int inflate_pages(struct mem_snap *m, const char *data, size_t len,
	const char *path, struct err *err)
{
	uLongf want = (uLongf)(m->n_pages * RECORD), got = want;
	size_t i;

	m->records = xmalloc(want + 1);
	if (uncompress(m->records, &got, (const Bytef *)data, len) != Z_OK || got != want)
		return err_set(err, ERR_CORRUPT, "%s: its pages are damaged", path);
	for (i = 0; i < m->n_pages; i++) {
		uint64_t addr;

		memcpy(&addr, m->records + i * RECORD, sizeof(addr));
		*map_put(&m->index, addr) = i + 1;
	}
	return 0;
}

static int parse(
	struct mem_snap *m, const struct buf *file, const char *path, struct err *err)
{
	const char *pages = file->data ? strstr(file->data, "\npages ") : NULL, *end;
	unsigned long n;
	char *after;

	if (!pages || strncmp(file->data, magic, sizeof(magic) - 1) != 0)
		return err_set(err, ERR_CORRUPT, "%s is not a snapshot", path);
	n = strtoul(pages + 7, &after, 10);
	end = file->data + file->len;
	if (n > SNAP_PAGES_MAX || *after != '\n')
		return err_set(err, ERR_CORRUPT, "%s has %lu pages", path, n);
	buf_add(&m->head, file->data, (size_t)(pages + 1 - file->data));
	m->n_pages = n;
	return inflate_pages(m, after + 1, (size_t)(end - after - 1), path, err);
}

struct mem *mem_snap_new(const char *path, struct err *err)
{
	static const struct mem_ops ops = { .read_some = snap_read, .free = snap_free };
	struct mem_snap *m = xcalloc(1, sizeof(*m));
	struct buf file = BUF_INIT;

	m->base.ops = &ops;
	if (file_read(&file, AT_FDCWD, path, FILE_MAX, err) < 0 ||
		parse(m, &file, path, err) < 0) {
		snap_free(&m->base);
		m = NULL;
	}
	buf_release(&file);
	return m ? &m->base : NULL;
}

const char *snap_value(const struct mem *snap, const char *key)
{
	struct mem_snap *m = of_mem(snap);
	char *line = xasprintf("\n%s ", key);
	const char *at = strstr(m->head.data, line);

	if (at) {
		at += strlen(line);
		free(m->value);
		m->value = xstrndup(at, strcspn(at, "\n"));
	}
	free(line);
	return at ? m->value : NULL;
}

uint64_t snap_number(const struct mem *snap, const char *key)
{
	const char *value = snap_value(snap, key);

	return value ? strtoull(value, NULL, 0) : 0;
}

uint8_t *snap_page(const struct mem *snap, size_t i, uint64_t *addr)
{
	struct mem_snap *m = of_mem(snap);

	if (i >= m->n_pages)
		return NULL;
	memcpy(addr, m->records + i * RECORD, sizeof(*addr));
	return m->records + i * RECORD + 8;
}

static void keep_blocks(uint8_t *page, uint64_t blocks)
{
	size_t i;

	for (i = 0; i < 64; i++)
		if (!(blocks >> i & 1))
			memset(page + i * (SNAP_PAGE / 64), 0, SNAP_PAGE / 64);
}

int snap_write(const char *path, const char *head, struct mem *mem,
	const struct snap_want *want, size_t n, struct err *err)
{
	struct buf raw = BUF_INIT, out = BUF_INIT;
	size_t i, kept = 0;
	uLongf packed;
	int fd, ret = -1;

	for (i = 0; i < n && kept < SNAP_PAGES_MAX; i++) {
		uint8_t record[RECORD];

		memcpy(record, &want[i].addr, 8);
		if (mem_read(mem, want[i].addr, record + 8, SNAP_PAGE) != ST_OK)
			continue;
		keep_blocks(record + 8, want[i].blocks);
		buf_add(&raw, record, sizeof(record));
		kept++;
	}
	buf_printf(&out, "%s%spages %zu\n", magic, head, kept);
	packed = compressBound(raw.len);
	buf_reserve(&out, packed);
	if (compress2((Bytef *)out.data + out.len, &packed, (const Bytef *)raw.data,
		    raw.len, 9) != Z_OK)
		BUG("cannot compress %zu bytes", raw.len);
	out.len += packed;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0) {
		err_sys(err, errno, "cannot create %s", path);
		goto out;
	}
	ret = file_write_fd(fd, out.data, out.len, path, err);
	close(fd);
out:
	buf_release(&raw);
	buf_release(&out);
	return ret;
}
