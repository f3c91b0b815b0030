/* inside.c - see inside.h */
#include "proc/inside.h"

#include "base/alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MAX_FILE = 8 * 1024 * 1024 };

/* The path from the root of the process; the caller frees. */
static char *absolute(pid_t pid, const char *path)
{
	char link[64], cwd[4096];
	ssize_t n;

	if (path[0] == '/')
		return xstrdup(path);
	snprintf(link, sizeof(link), "/proc/%d/cwd", (int)pid);
	n = readlink(link, cwd, sizeof(cwd) - 1);
	if (n < 0)
		n = 0;
	cwd[n] = '\0';
	return xasprintf("%s/%s", cwd, path);
}

int inside_open(pid_t pid, const char *path, struct err *err)
{
	struct open_how how = { .flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };
	char *full = absolute(pid, path);
	int root = -1, fd = -1;
	char link[64];
	struct stat st;

	snprintf(link, sizeof(link), "/proc/%d/root", (int)pid);
	root = open(link, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0) {
		err_sys(err, errno, "cannot open %s", link);
		goto out;
	}
	fd = (int)syscall(SYS_openat2, root, full, &how, sizeof(how));
	if (fd < 0) {
		err_sys(err, errno, "cannot open %s of process %d", full, (int)pid);
		goto out;
	}
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		err_set(err, ERR_FAILED, "%s of process %d is not a file", full,
			(int)pid);
		close(fd);
		fd = -1;
	}
out:
	if (root >= 0)
		close(root);
	free(full);
	return fd;
}

bool inside_line(pid_t pid, const char *path, unsigned line, size_t max, struct buf *out)
{
	struct err ignored = ERR_INIT;
	int fd = inside_open(pid, path, &ignored);
	unsigned at = 1;
	size_t seen = 0, kept = 0;
	char part[16384];
	bool done = false;
	ssize_t n = 0;

	if (fd < 0)
		return false;
	while (!done && seen < MAX_FILE && (n = read(fd, part, sizeof(part))) > 0) {
		char *p = part, *end = part + n;

		seen += (size_t)n;
		while (p < end && at <= line) {
			char *nl = memchr(p, '\n', (size_t)(end - p));
			size_t len = (size_t)((nl ? nl : end) - p);

			if (at == line && kept < max) {
				size_t take = len < max - kept ? len : max - kept;

				buf_add(out, p, take);
				kept += take;
			}
			at += nl != NULL;
			p = nl ? nl + 1 : end;
		}
		done = at > line;
	}
	close(fd);
	if (out->len && out->data[out->len - 1] == '\r')
		out->data[--out->len] = '\0';
	return kept > 0;
}
