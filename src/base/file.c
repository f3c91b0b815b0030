/* file.c - see file.h */
#include "base/file.h"

#include "base/alloc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int file_read(struct buf *b, int dirfd, const char *path, size_t limit, struct err *err)
{
	size_t start = b->len;
	int ret = -1;
	int fd;

	fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, errno, "cannot open %s", path);
	for (;;) {
		char *dst = buf_reserve(b, 16 * 1024);
		ssize_t n = read(fd, dst, 16 * 1024);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			err_sys(err, errno, "cannot read %s", path);
			goto out;
		}
		if (n == 0)
			break;
		b->len += (size_t)n;
		if (b->len - start > limit) {
			err_set(err, ERR_LIMIT, "%s is larger than %zu bytes", path,
				limit);
			goto out;
		}
	}
	ret = 0;
out:
	if (b->data)
		b->data[b->len] = '\0';
	close(fd);
	return ret;
}

int file_read_proc(struct buf *b, pid_t pid, const char *name, struct err *err)
{
	char path[128];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	if (file_read(b, AT_FDCWD, path, 64 * 1024 * 1024, err) == 0)
		return 0;
	if (err->code == ERR_NOT_FOUND || err->code == ERR_GONE)
		err->code = ERR_GONE;
	return -1;
}

int file_write_fd(int fd, const void *data, size_t len, const char *path, struct err *err)
{
	const char *at = data;

	while (len) {
		ssize_t n = write(fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, errno, "cannot write %s", path);
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

int file_mkdirs(const char *path, struct err *err)
{
	char *copy = xstrdup(path);
	int ret = -1;
	char *p;

	for (p = copy + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(copy, 0777) < 0 && errno != EEXIST) {
			err_sys(err, errno, "cannot create %s", copy);
			goto out;
		}
		*p = '/';
	}
	if (mkdir(copy, 0777) < 0 && errno != EEXIST) {
		err_sys(err, errno, "cannot create %s", copy);
		goto out;
	}
	ret = 0;
out:
	free(copy);
	return ret;
}

static int remove_below(int dirfd, const char *name, const char *shown, struct err *err)
{
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct dirent *e;
	int ret = 0;
	DIR *dir;

	if (fd < 0)
		return errno == ENOENT ? 0 : err_sys(err, errno, "cannot open %s", shown);
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return err_sys(err, errno, "cannot list %s", shown);
	}
	while (ret == 0 && (e = readdir(dir))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		if (unlinkat(fd, e->d_name, 0) == 0 || errno == ENOENT)
			continue;
		if (errno != EISDIR && errno != EPERM)
			ret = err_sys(
				err, errno, "cannot remove %s/%s", shown, e->d_name);
		else
			ret = remove_below(fd, e->d_name, e->d_name, err);
	}
	closedir(dir);
	if (ret == 0 && unlinkat(dirfd, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		ret = err_sys(err, errno, "cannot remove %s", shown);
	return ret;
}

int file_remove_tree(const char *path, struct err *err)
{
	return remove_below(AT_FDCWD, path, path, err);
}

static uint64_t usage_at(int dirfd, const char *name)
{
	struct stat st;
	struct dirent *e;
	uint64_t sum;
	DIR *dir;
	int fd;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	sum = (uint64_t)st.st_blocks * 512;
	if (!S_ISDIR(st.st_mode))
		return sum;
	fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		if (fd >= 0)
			close(fd);
		return sum;
	}
	while ((e = readdir(dir))) {
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
			sum += usage_at(fd, e->d_name);
	}
	closedir(dir);
	return sum;
}

uint64_t file_disk_usage(const char *path)
{
	return usage_at(AT_FDCWD, path);
}
