/*
 * pack.c - a store as one file: ustar (POSIX.1-1988) in zstd, so that `tar --zstd -xf`
 * opens it where there is no pystrobe. FORMAT is the first entry: it says what this is.
 *
 * What is unpacked may come from anywhere: plain names only, regular files only, bounded
 * in number and size, checked by tar's sum and zstd's checksum.
 */
#include "store/admin.h"

#include "base/alloc.h"
#include "base/file.h"
#include "store/inside.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

enum { BLOCK = 512, LEVEL = 9, MAX_FILES = 100 * 1000 };
static const uint64_t max_bytes = 256ull << 30;

/* The fields we use; offsets as in pax(1). */
struct tar_header {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], sum[8], type;
	char link[100], magic[8], rest[BLOCK - 265];
};
_Static_assert(sizeof(struct tar_header) == BLOCK, "a tar header is one block");

static unsigned header_sum(const struct tar_header *h)
{
	struct tar_header copy = *h;
	const unsigned char *p = (const unsigned char *)&copy;
	unsigned sum = 0;
	size_t i;

	memset(copy.sum, ' ', sizeof(copy.sum));
	for (i = 0; i < sizeof(copy); i++)
		sum += p[i];
	return sum;
}

/* --- packing --- */

struct packer {
	int fd;
	const char *path;
	ZSTD_CCtx *zstd;
	char out[128 << 10];
	struct err *err;
};

static int compress(struct packer *p, const void *data, size_t len, ZSTD_EndDirective end)
{
	ZSTD_inBuffer in = { data, len, 0 };
	size_t left;

	do {
		ZSTD_outBuffer out = { p->out, sizeof(p->out), 0 };

		left = ZSTD_compressStream2(p->zstd, &out, &in, end);
		if (ZSTD_isError(left))
			return err_set(p->err, ERR_FAILED, "cannot compress: %s",
				ZSTD_getErrorName(left));
		if (file_write_fd(p->fd, p->out, out.pos, p->path, p->err) < 0)
			return -1;
	} while (in.pos < in.size || (end != ZSTD_e_continue && left));
	return 0;
}

static int pack_file(struct packer *p, const char *dir, const char *name)
{
	static const char zeros[BLOCK];
	char *path = xasprintf("%s/%s", dir, name);
	struct tar_header h = { .type = '0', .magic = "ustar\00000" };
	char data[64 << 10];
	uint64_t left;
	struct stat st;
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC), ret = -1;

	memcpy(h.magic, "ustar\00000", 8);
	if (fd < 0 || fstat(fd, &st) < 0) {
		err_sys(p->err, errno, "cannot read %s", path);
		goto out;
	}
	left = (uint64_t)st.st_size;
	snprintf(h.name, sizeof(h.name), "%s", name);
	snprintf(h.mode, sizeof(h.mode), "%07o", 0644);
	snprintf(h.uid, sizeof(h.uid), "%07o", 0);
	snprintf(h.gid, sizeof(h.gid), "%07o", 0);
	snprintf(h.size, sizeof(h.size), "%011llo", (unsigned long long)left);
	snprintf(h.mtime, sizeof(h.mtime), "%011llo", (unsigned long long)st.st_mtime);
	snprintf(h.sum, sizeof(h.sum), "%06o", header_sum(&h));
	h.sum[7] = ' ';
	if (compress(p, &h, sizeof(h), ZSTD_e_continue) < 0)
		goto out;
	while (left) {
		n = read(fd, data, left < sizeof(data) ? (size_t)left : sizeof(data));
		if (n <= 0) {
			err_sys(p->err, n ? errno : EIO, "cannot read %s", path);
			goto out;
		}
		if (compress(p, data, (size_t)n, ZSTD_e_continue) < 0)
			goto out;
		left -= (uint64_t)n;
	}
	n = st.st_size % BLOCK;
	ret = n ? compress(p, zeros, (size_t)(BLOCK - n), ZSTD_e_continue) : 0;
out:
	if (fd >= 0)
		close(fd);
	free(path);
	return ret;
}

static bool is_wanted(const char *name)
{
	return name[0] != '.' && strcmp(name, "FORMAT") != 0 &&
	       strcmp(name, "LOCK") != 0 && strcmp(name, "owner") != 0 &&
	       strncmp(name, "LOG", 3) != 0 && strlen(name) < 100;
}

static int pack_dir(
	struct packer *p, const char *dir, store_progress_fn *progress, void *arg)
{
	static const char end[2 * BLOCK];
	DIR *d = opendir(dir);
	struct dirent *e;
	uint64_t n = 0;
	int ret = -1;

	if (!d)
		return err_sys(p->err, errno, "cannot list %s", dir);
	/* A block of its own: what this is can be told from the first bytes. */
	if (pack_file(p, dir, "FORMAT") < 0 || compress(p, "", 0, ZSTD_e_flush) < 0)
		goto out;
	while ((e = readdir(d))) {
		if (e->d_type == DT_DIR || !is_wanted(e->d_name))
			continue;
		if (pack_file(p, dir, e->d_name) < 0)
			goto out;
		if (progress && progress(arg, "packing", ++n, 0)) {
			err_set(p->err, ERR_CANCELLED, "given up");
			goto out;
		}
	}
	ret = compress(p, end, sizeof(end), ZSTD_e_end);
out:
	closedir(d);
	return ret;
}

int store_pack(const char *dir, const char *file, store_progress_fn *progress, void *arg,
	struct err *err)
{
	struct packer *p = xcalloc(1, sizeof(*p));
	char *part = xasprintf("%s.part", file);
	int ret = -1;

	p->fd = -1;
	p->path = part;
	p->err = err;
	/* All of it in files, none in the log; ERR_BUSY when it is live. */
	if (store_compact(dir, progress, arg, NULL, NULL, err) < 0)
		goto out;
	p->fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (p->fd < 0) {
		err_sys(err, errno, "cannot write %s", part);
		goto out;
	}
	p->zstd = ZSTD_createCCtx();
	ZSTD_CCtx_setParameter(p->zstd, ZSTD_c_compressionLevel, LEVEL);
	ZSTD_CCtx_setParameter(p->zstd, ZSTD_c_checksumFlag, 1);
	if (pack_dir(p, dir, progress, arg) < 0)
		goto out;
	if (fsync(p->fd) < 0 || rename(part, file) < 0) {
		err_sys(err, errno, "cannot write %s", file);
		goto out;
	}
	ret = 0;
out:
	if (p->fd >= 0)
		close(p->fd);
	if (ret < 0)
		unlink(part);
	ZSTD_freeCCtx(p->zstd);
	free(part);
	free(p);
	return ret;
}

/* --- unpacking --- */

struct unpacker {
	int fd;
	const char *path;
	ZSTD_DCtx *zstd;
	char raw[64 << 10];
	ZSTD_inBuffer in;
	bool at_end;
	struct err *err;
};

static int unpacker_open(struct unpacker *u, const char *path, struct err *err)
{
	u->path = path;
	u->err = err;
	u->in.src = u->raw;
	u->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (u->fd < 0)
		return err_sys(err, errno, "cannot open %s", path);
	u->zstd = ZSTD_createDCtx();
	return 0;
}

static void unpacker_release(struct unpacker *u)
{
	if (u->fd >= 0)
		close(u->fd);
	ZSTD_freeDCtx(u->zstd);
}

/* Exactly len bytes. */
static int take(struct unpacker *u, void *data, size_t len)
{
	ZSTD_outBuffer out = { data, len, 0 };
	size_t left;

	while (out.pos < len) {
		if (u->in.pos == u->in.size && !u->at_end) {
			ssize_t n = read(u->fd, u->raw, sizeof(u->raw));

			if (n < 0)
				return err_sys(u->err, errno, "cannot read %s", u->path);
			u->at_end = n == 0;
			u->in.size = (size_t)n;
			u->in.pos = 0;
		}
		left = out.pos;
		if (ZSTD_isError(ZSTD_decompressStream(u->zstd, &out, &u->in)))
			return err_set(u->err, ERR_CORRUPT, "%s is damaged", u->path);
		if (u->at_end && out.pos == left)
			return err_set(u->err, ERR_CORRUPT, "%s ends too soon", u->path);
	}
	return 0;
}

/* 1: an entry; 0: the end of the archive. */
static int take_header(struct unpacker *u, char *name, uint64_t *size)
{
	struct tar_header h = { 0 };
	char *end;

	if (take(u, &h, sizeof(h)) < 0)
		return -1;
	if (!h.name[0])
		return 0;
	h.size[sizeof(h.size) - 1] = '\0';
	h.sum[6] = '\0';
	*size = strtoull(h.size, &end, 8);
	memcpy(name, h.name, sizeof(h.name));
	name[sizeof(h.name)] = '\0';
	if (*end || strtoul(h.sum, NULL, 8) != header_sum(&h) ||
		(h.type != '0' && h.type != '\0') || name[0] == '.' ||
		strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			     "0123456789-_.") != strlen(name))
		return err_set(
			u->err, ERR_CORRUPT, "%s is not a packed recording", u->path);
	return 1;
}

static int take_file(struct unpacker *u, const char *dir, const char *name, uint64_t size)
{
	char *path = xasprintf("%s/%s", dir, name), data[64 << 10];
	uint64_t left = size;
	int fd, ret = -1;

	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0) {
		err_sys(u->err, errno, "cannot write %s", path);
		goto out;
	}
	while (left) {
		size_t n = left < sizeof(data) ? (size_t)left : sizeof(data);

		if (take(u, data, n) < 0 || file_write_fd(fd, data, n, path, u->err) < 0)
			goto out;
		left -= n;
	}
	ret = size % BLOCK ? take(u, data, BLOCK - size % BLOCK) : 0;
out:
	if (fd >= 0)
		close(fd);
	free(path);
	return ret;
}

int store_unpack(const char *file, char *dir, size_t dir_size, struct err *err)
{
	struct unpacker *u = xcalloc(1, sizeof(*u));
	const char *tmp = getenv("TMPDIR");
	struct err ignored = ERR_INIT;
	uint64_t size, total = 0;
	char name[101] = "";
	int ret = -1, more, n = 0;

	u->fd = -1;
	snprintf(dir, dir_size, "%s/pystrobe-open-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	if (unpacker_open(u, file, err) < 0)
		goto out;
	if (!mkdtemp(dir)) {
		err_sys(err, errno, "cannot make a directory like %s", dir);
		err_hint(err, "set TMPDIR to a directory that can be written to");
		goto out;
	}
	while ((more = take_header(u, name, &size)) > 0) {
		total += size;
		if (++n > MAX_FILES || size > max_bytes || total > max_bytes) {
			err_set(err, ERR_LIMIT, "%s holds too much", file);
			more = -1;
			break;
		}
		if (take_file(u, dir, name, size) < 0) {
			more = -1;
			break;
		}
	}
	ret = more;
	if (ret < 0)
		file_remove_tree(dir, &ignored);
out:
	unpacker_release(u);
	free(u);
	return ret;
}

bool store_is_packed(const char *file)
{
	struct unpacker *u = xcalloc(1, sizeof(*u));
	struct err ignored = ERR_INIT;
	char name[101] = "";
	uint64_t size;
	bool is;

	u->fd = -1;
	is = unpacker_open(u, file, &ignored) == 0 && take_header(u, name, &size) > 0 &&
	     !strcmp(name, "FORMAT");
	unpacker_release(u);
	free(u);
	return is;
}
