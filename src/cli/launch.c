/* launch.c - see launch.h */
#include "cli/launch.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static bool number_in(const char *name, unsigned long *v)
{
	const char *text = getenv(name);
	char *end;

	if (!text || !*text)
		return false;
	*v = strtoul(text, &end, 10);
	return !*end && *v < 0xfffffffful;
}

/* Back to who called sudo: groups first, the user last. */
static int drop_privileges(void)
{
	unsigned long uid, gid;
	struct passwd *pw;

	if (geteuid() != 0 || !number_in("SUDO_UID", &uid) ||
		!number_in("SUDO_GID", &gid) || uid == 0)
		return 0;
	pw = getpwuid((uid_t)uid);
	if ((pw ? initgroups(pw->pw_name, (gid_t)gid) : setgroups(0, NULL)) < 0 ||
		setgid((gid_t)gid) < 0 || setuid((uid_t)uid) < 0)
		return -1;
	if (pw) {
		setenv("HOME", pw->pw_dir, 1);
		setenv("USER", pw->pw_name, 1);
		setenv("LOGNAME", pw->pw_name, 1);
	}
	return 0;
}

/* In the child: waits for the gate, becomes the command. */
__attribute__((noreturn)) static void become(char **argv, int gate, int failure)
{
	sigset_t none;
	char byte;
	int e;

	prctl(PR_SET_PDEATHSIG, SIGKILL); /* until exec: never left hanging at the gate */
	if (drop_privileges() < 0)
		goto fail;
	/* drop_privileges clears it */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (read(gate, &byte, 1) < 0 && errno == EINTR)
		;
	prctl(PR_SET_PDEATHSIG, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	execvp(argv[0], argv);
fail:
	e = errno;
	while (write(failure, &e, sizeof(e)) < 0 && errno == EINTR)
		;
	_exit(127);
}

int launch_prepare(struct launch *l, char **argv, struct err *err)
{
	int gate[2] = { -1, -1 }, failure[2] = { -1, -1 };

	if (pipe2(gate, O_CLOEXEC) < 0 || pipe2(failure, O_CLOEXEC) < 0) {
		err_sys(err, errno, "cannot make a pipe");
		goto fail;
	}
	fflush(NULL);
	l->pid = fork();
	if (l->pid < 0) {
		err_sys(err, errno, "cannot start %s", argv[0]);
		goto fail;
	}
	if (!l->pid) {
		close(gate[1]);
		become(argv, gate[0], failure[1]);
	}
	close(gate[0]);
	close(failure[1]);
	l->gate = gate[1];
	l->failure = failure[0];
	return 0;
fail:
	close_fd(&gate[0]);
	close_fd(&gate[1]);
	close_fd(&failure[0]);
	close_fd(&failure[1]);
	l->pid = 0;
	return -1;
}

int launch_go(struct launch *l, char **argv, struct err *err)
{
	int e = 0;
	ssize_t n;

	close_fd(&l->gate);
	do
		n = read(l->failure, &e, sizeof(e));
	while (n < 0 && errno == EINTR);
	close_fd(&l->failure);
	if (n != sizeof(e))
		return 0;
	waitpid(l->pid, &l->status, 0);
	l->ended = true;
	err_sys(err, e, "cannot run %s", argv[0]);
	return -1;
}

bool launch_poll(struct launch *l)
{
	if (!l->ended && l->pid && waitpid(l->pid, &l->status, WNOHANG) == l->pid)
		l->ended = true;
	return l->ended;
}

void launch_end(struct launch *l)
{
	struct pollfd p = { .fd = -1, .events = POLLIN };
	int signals[] = { SIGTERM, SIGKILL };
	size_t i;

	for (i = 0; i < 2 && !launch_poll(l); i++) {
		/* a descriptor that becomes readable when it has ended */
		p.fd = (int)syscall(SYS_pidfd_open, l->pid, 0);
		kill(l->pid, signals[i]);
		if (p.fd >= 0) {
			int64_t until = clock_mono_ns() + 5 * NS_PER_SEC;

			while (clock_mono_ns() < until && poll(&p, 1, 5000) < 0 &&
				errno == EINTR)
				;
			close(p.fd);
		} else if (i == 1) {
			waitpid(l->pid, &l->status, 0);
			l->ended = true;
		}
	}
}

int launch_exit_status(const struct launch *l)
{
	if (WIFSIGNALED(l->status))
		return 128 + WTERMSIG(l->status);
	return WEXITSTATUS(l->status);
}

void launch_release(struct launch *l)
{
	if (l->pid && !l->ended && l->gate >= 0) {
		kill(l->pid, SIGKILL);
		waitpid(l->pid, &l->status, 0);
	}
	close_fd(&l->gate);
	close_fd(&l->failure);
}
