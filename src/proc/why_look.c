/* why_look.c - gathers the facts that why.c judges, from /proc and two system calls */
#include "base/alloc.h"
#include "base/buf.h"
#include "base/file.h"
#include "proc/why.h"

#include <ctype.h>
#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* The value behind "Name:\t" in /proc/PID/status; NULL when there is none. */
static const char *field(const char *status, const char *name)
{
	size_t len = strlen(name);
	const char *at = status;

	while (at && *at) {
		if (!strncmp(at, name, len) && at[len] == ':')
			return at + len + 1 + strspn(at + len + 1, " \t");
		at = strchr(at, '\n');
		at = at ? at + 1 : NULL;
	}
	return NULL;
}

static uint64_t hex_field(const char *status, const char *name)
{
	const char *v = field(status, name);

	return v ? strtoull(v, NULL, 16) : 0;
}

static long number_field(const char *status, const char *name)
{
	const char *v = field(status, name);

	return v ? strtol(v, NULL, 10) : 0;
}

static bool read_status(struct buf *b, pid_t pid)
{
	struct err ignored = ERR_INIT;

	buf_clear(b);
	return file_read_proc(b, pid, "status", &ignored) == 0 && b->len;
}

/* The kernel checks access before it looks at the address: EFAULT is a yes. */
static enum why_answer ask_kernel(pid_t pid)
{
	char byte;
	struct iovec here = { &byte, 1 }, there = { NULL, 1 };

	if (process_vm_readv(pid, &here, 1, &there, 1, 0) >= 0 || errno == EFAULT)
		return WHY_ANSWER_OK;
	if (errno == ESRCH)
		return WHY_ANSWER_GONE;
	return errno == ENOSYS ? WHY_ANSWER_NO_CALL : WHY_ANSWER_REFUSED;
}

/* Where the call does not exist /proc/PID/mem serves: the same check. */
static enum why_answer ask_mem_file(pid_t pid)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		close(fd);
		return WHY_ANSWER_OK;
	}
	return errno == ENOENT ? WHY_ANSWER_GONE : WHY_ANSWER_REFUSED;
}

static bool link_of(pid_t pid, const char *name, char *text, size_t size)
{
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	n = readlink(path, text, size - 1);
	if (n < 0)
		return false;
	text[n] = '\0';
	return true;
}

static void look_at_elf(struct why_facts *f)
{
	unsigned char ident[EI_NIDENT] = { 0 };
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)f->pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (read(fd, ident, sizeof(ident)) == sizeof(ident) &&
		!memcmp(ident, ELFMAG, SELFMAG))
		f->is_32bit = ident[EI_CLASS] == ELFCLASS32;
	close(fd);
}

static void look_at_user(struct why_facts *f, const char *status)
{
	const char *v = field(status, "Uid");
	struct passwd pw, *found = NULL;
	char room[1024];
	char path[64];
	struct stat st;

	if (v) {
		char *end;

		f->uid = (uid_t)strtoul(v, &end, 10);
		f->euid = (uid_t)strtoul(end, &end, 10);
		f->suid = (uid_t)strtoul(end, &end, 10);
	}
	if (getpwuid_r(f->uid, &pw, room, sizeof(room), &found) == 0 && found)
		snprintf(f->user, sizeof(f->user), "%s", found->pw_name);
	else
		snprintf(f->user, sizeof(f->user), "uid %u", (unsigned)f->uid);
	snprintf(path, sizeof(path), "/proc/%d", (int)f->pid);
	f->proc_owner = stat(path, &st) == 0 ? st.st_uid : f->uid;
}

static void look_at_tracer(struct why_facts *f, const char *status)
{
	struct err ignored = ERR_INIT;
	struct buf name = BUF_INIT;

	f->tracer = (pid_t)number_field(status, "TracerPid");
	if (!f->tracer)
		return;
	snprintf(f->tracer_name, sizeof(f->tracer_name), "another process");
	if (file_read_proc(&name, f->tracer, "comm", &ignored) == 0 && name.len) {
		name.data[strcspn(name.data, "\n")] = '\0';
		snprintf(f->tracer_name, sizeof(f->tracer_name), "%.31s", name.data);
	}
	buf_release(&name);
}

static void look_at_lsm(struct why_facts *f)
{
	struct err ignored = ERR_INIT;
	struct buf b = BUF_INIT;

	if (file_read_proc(&b, f->pid, "attr/current", &ignored) == 0 && b.len) {
		b.data[strcspn(b.data, "\n")] = '\0';
		snprintf(f->lsm, sizeof(f->lsm), "%.127s", b.data);
	}
	buf_release(&b);
}

static void look_at_target(struct why_facts *f, const char *status)
{
	const char *v = field(status, "State");

	f->state = v ? *v : 0;
	f->tgid = (pid_t)number_field(status, "Tgid");
	f->kernel_thread = f->state != 'Z' && f->state != 'X' && !field(status, "VmSize");
	f->cap_permitted = hex_field(status, "CapPrm");
	look_at_user(f, status);
	look_at_tracer(f, status);
	look_at_elf(f);
	look_at_lsm(f);
}

static void look_at_us(struct why_facts *f)
{
	char mine[64], theirs[64], ns[64];
	struct err ignored = ERR_INIT;
	struct buf b = BUF_INIT;

	f->my_uid = geteuid();
	if (read_status(&b, getpid())) {
		f->my_cap_effective = hex_field(b.data, "CapEff");
		f->my_cap_permitted = hex_field(b.data, "CapPrm");
		f->my_cap_bounding = hex_field(b.data, "CapBnd");
		f->my_seccomp = (int)number_field(b.data, "Seccomp");
	}
	f->self_refused = ask_kernel(getpid()) != WHY_ANSWER_OK &&
			  ask_mem_file(getpid()) != WHY_ANSWER_OK;
	buf_clear(&b);
	f->yama = -1;
	if (file_read(&b, AT_FDCWD, "/proc/sys/kernel/yama/ptrace_scope", 64, &ignored) ==
		0)
		f->yama = atoi(b.data);
	f->other_user_ns = link_of(getpid(), "ns/user", mine, sizeof(mine)) &&
			   link_of(f->pid, "ns/user", theirs, sizeof(theirs)) &&
			   strcmp(mine, theirs);
	/* the first PID namespace always has this number (PROC_PID_INIT_INO) */
	f->in_pid_ns = link_of(getpid(), "ns/pid", ns, sizeof(ns)) &&
		       strcmp(ns, "pid:[4026531836]");
	buf_release(&b);
}

/* A process whose pid in its own namespace is the one that was asked for. */
static pid_t known_as(pid_t pid)
{
	struct buf b = BUF_INIT;
	struct dirent *e;
	pid_t found = 0;
	DIR *dir = opendir("/proc");

	while (dir && !found && (e = readdir(dir))) {
		const char *v, *end;

		if (!isdigit((unsigned char)e->d_name[0]) ||
			!read_status(&b, (pid_t)atoi(e->d_name)))
			continue;
		/* "NSpid:\t12345\t7": ours first, its own last */
		v = field(b.data, "NSpid");
		end = v ? strchr(v, '\n') : NULL;
		if (!end)
			continue;
		while (end > v && isdigit((unsigned char)end[-1]))
			end--;
		if (end > v && atoi(end) == pid)
			found = (pid_t)atoi(e->d_name);
	}
	if (dir)
		closedir(dir);
	buf_release(&b);
	return found;
}

void why_look(struct why_facts *f, pid_t pid)
{
	struct buf status = BUF_INIT;

	*f = (struct why_facts){ .pid = pid };
	f->listed = pid > 0 && read_status(&status, pid);
	f->exists = f->listed || (pid > 0 && (kill(pid, 0) == 0 || errno == EPERM));
	if (f->listed)
		look_at_target(f, status.data);
	look_at_us(f);
	if (f->listed) {
		f->answer = ask_kernel(pid);
		if (f->answer == WHY_ANSWER_NO_CALL || f->answer == WHY_ANSWER_REFUSED) {
			enum why_answer other = ask_mem_file(pid);

			if (other == WHY_ANSWER_OK || f->answer == WHY_ANSWER_NO_CALL)
				f->answer = other;
		}
	} else if (!f->exists && pid > 0) {
		f->known_as = known_as(pid);
	}
	buf_release(&status);
}
