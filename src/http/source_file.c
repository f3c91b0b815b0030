/* source_file.c - see source_file.h */
#include "http/source_file.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int open_in_root(int root, const char *path)
{
	struct open_how how = { .flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };

	return (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
}

/* The root directory that the path means something in. */
static int open_root(pid_t pid, bool any_user, struct err *err)
{
	struct stat st;
	char path[64];
	int fd;

	if (pid == 0)
		return open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/%d", pid);
	if (stat(path, &st) == 0 && st.st_uid != geteuid() && !any_user) {
		err_set(err, ERR_PERM,
			"process %d belongs to another user: its files are not shown",
			pid);
		err_hint(err, "start with --source-files to allow it");
		return -1;
	}
	snprintf(path, sizeof(path), "/proc/%d/root", pid);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd >= 0 ? fd : open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static int check_file(int fd, const char *path, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(err, errno, "cannot read %s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_NOT_FOUND, "%s is not a file", path);
	if (st.st_size > SOURCE_FILE_MAX)
		return err_set(err, ERR_LIMIT, "%s is too large to show", path);
	return 0;
}

int source_file_read(
	struct buf *text, pid_t pid, const char *path, bool any_user, struct err *err)
{
	int root = -1, fd = -1, ret = -1;
	char self[40];

	if (path[0] != '/') {
		err_set(err, ERR_NOT_FOUND, "%s is not an absolute path", path);
		goto out;
	}
	root = open_root(pid, any_user, err);
	if (root < 0)
		goto out;
	fd = open_in_root(root, path);
	if (fd < 0) {
		err_sys(err, errno, "cannot read %s", path);
		goto out;
	}
	if (check_file(fd, path, err) < 0)
		goto out;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	if (file_read(text, AT_FDCWD, self, SOURCE_FILE_MAX, err) < 0)
		goto out;
	if (text->len > 0 && memchr(text->data, '\0', text->len)) {
		err_set(err, ERR_FAILED, "%s is not text", path);
		goto out;
	}
	ret = 0;
out:
	if (fd >= 0)
		close(fd);
	if (root >= 0)
		close(root);
	return ret;
}
