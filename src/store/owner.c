/*
 * owner.c - who writes a store, and which format it has. The lock goes with the process,
 * however it ends; the text beside it is for the person that is refused.
 */
#include "store/inside.h"

#include "base/alloc.h"
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static void read_owner(int fd, pid_t *pid, char *address, size_t size)
{
	char text[512];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
	const char *at;

	text[n > 0 ? n : 0] = '\0';
	*pid = 0;
	if (size)
		address[0] = '\0';
	if (!strncmp(text, "pid ", 4))
		*pid = (pid_t)strtol(text + 4, NULL, 10);
	at = strstr(text, "\naddress ");
	if (at && size) {
		at += 9;
		snprintf(address, size, "%.*s", (int)strcspn(at, "\n"), at);
	}
}

bool owner_is(const char *dir, pid_t *pid, char *address, size_t size)
{
	char *path = xasprintf("%s/owner", dir);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool taken = false;

	free(path);
	if (fd < 0)
		return false;
	/* A lock can be taken through a descriptor that cannot write. */
	if (flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK) {
		read_owner(fd, pid, address, size);
		taken = true;
	}
	close(fd);
	return taken;
}

static int refuse(const char *dir, int fd, struct err *err)
{
	char address[256];
	pid_t pid;

	read_owner(fd, &pid, address, sizeof(address));
	if (address[0]) {
		err_set(err, ERR_BUSY, "%s is being written by process %d (%s)", dir,
			(int)pid, address);
		err_hint(err, "look at it: open %s, or: pystrobe view %s", address, dir);
	} else {
		err_set(err, ERR_BUSY, "%s is being written by process %d", dir,
			(int)pid);
		err_hint(err, "look at it while it is written: pystrobe view %s", dir);
	}
	return -1;
}

int owner_take(const char *dir, const char *address, struct err *err)
{
	char *path = xasprintf("%s/owner", dir), text[512];
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644), len;

	if (fd < 0) {
		err_sys(err, errno, "cannot write to %s", path);
		goto failed;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno == EWOULDBLOCK)
			refuse(dir, fd, err);
		else
			err_sys(err, errno, "cannot lock %s", path);
		goto failed;
	}
	len = snprintf(text, sizeof(text), "pid %d\naddress %s\n", (int)getpid(),
		address ? address : "");
	/* On a full disk the text is missing, the lock is not. */
	if (ftruncate(fd, 0) < 0 || pwrite(fd, text, (size_t)len, 0) != len)
		errno = 0;
	free(path);
	return fd;
failed:
	if (fd >= 0)
		close(fd);
	free(path);
	return -1;
}

int store_format_read(const char *dir, unsigned *format, struct err *err)
{
	char *path = xasprintf("%s/FORMAT", dir);
	struct buf text = BUF_INIT;
	int ret = -1;

	if (file_read(&text, AT_FDCWD, path, 4096, err) < 0)
		goto out;
	if (sscanf(text.data, "pystrobe-store %u", format) != 1) {
		err_set(err, ERR_CORRUPT, "%s does not name a store's format", path);
		goto out;
	}
	if (*format > STORE_FORMAT) {
		err_set(err, ERR_VERSION,
			"%s has format %u; this pystrobe knows formats up to %d", dir,
			*format, STORE_FORMAT);
		err_hint(err, "it was written by a newer pystrobe: use that one");
		goto out;
	}
	ret = 0;
out:
	buf_release(&text);
	free(path);
	return ret;
}

/* A directory is ours to make a store in when it is empty. */
static int check_empty(const char *dir, struct err *err)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	int ret = 0;

	if (!d)
		return err_sys(err, errno, "cannot list %s", dir);
	while ((e = readdir(d)) && ret == 0) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		err_set(err, ERR_USAGE, "%s is a directory with other files in it", dir);
		ret = err_hint(err, "name a directory that does not exist yet");
	}
	closedir(d);
	return ret;
}

int store_begin(const char *dir, struct err *err)
{
	char *fresh = xasprintf("%s/FORMAT.new", dir);
	int fd = open(fresh, O_WRONLY | O_CLOEXEC), ret = 0;

	if (fd < 0) {
		ret = check_empty(dir, err);
		if (ret == 0)
			fd = open(fresh, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
		if (ret == 0 && fd < 0)
			ret = err_sys(err, errno, "cannot write %s", fresh);
	}
	if (fd >= 0)
		close(fd);
	free(fresh);
	return ret;
}

int store_format_put(const char *dir, struct err *err)
{
	char *path = xasprintf("%s/FORMAT", dir),
	     *fresh = xasprintf("%s/FORMAT.new", dir);
	char text[64];
	int fd = -1, len, ret = -1;

	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0) {
		err_sys(err, errno, "cannot write %s", fresh);
		goto out;
	}
	len = snprintf(text, sizeof(text), "pystrobe-store %d\n", STORE_FORMAT);
	if (file_write_fd(fd, text, (size_t)len, fresh, err) < 0)
		goto out;
	if (fsync(fd) < 0 || rename(fresh, path) < 0) {
		err_sys(err, errno, "cannot write %s", path);
		goto out;
	}
	ret = 0;
out:
	if (fd >= 0)
		close(fd);
	free(path);
	free(fresh);
	return ret;
}
