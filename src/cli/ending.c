/* ending.c - see ending.h */
#include "cli/ending.h"

#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* Adds signals to those that arrive through the descriptor. */
static int block(struct ending *e, const int *signals, size_t n, struct err *err)
{
	sigset_t set;
	size_t i;
	int fd;

	if (sigprocmask(SIG_SETMASK, NULL, &set) < 0)
		return err_sys(err, errno, "cannot read the signal mask");
	for (i = 0; i < n; i++)
		sigaddset(&set, signals[i]);
	if (sigprocmask(SIG_SETMASK, &set, NULL) < 0)
		return err_sys(err, errno, "cannot block signals");
	fd = signalfd(e->fd, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return err_sys(err, errno, "cannot make a descriptor for signals");
	e->fd = fd;
	return 0;
}

int ending_open(struct ending *e, struct err *err)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGCHLD, SIGWINCH };

	*e = (struct ending)ENDING_INIT;
	return block(e, signals, sizeof(signals) / sizeof(signals[0]), err);
}

int ending_pass_on(struct ending *e, struct err *err)
{
	static const int signals[] = { SIGQUIT, SIGUSR1, SIGUSR2 };

	e->passes = true;
	return block(e, signals, sizeof(signals) / sizeof(signals[0]), err);
}

void ending_close(struct ending *e)
{
	if (e->fd >= 0)
		close(e->fd);
	e->fd = -1;
}

static bool asks_for_the_end(const struct ending *e, int signal, bool from_kernel)
{
	if (signal == SIGHUP)
		return !e->passes || from_kernel;
	return signal == SIGINT || signal == SIGTERM;
}

static void take(struct ending *e)
{
	struct signalfd_siginfo info;

	while (read(e->fd, &info, sizeof(info)) == sizeof(info)) {
		int signal = (int)info.ssi_signo;
		bool from_kernel = info.ssi_code == SI_KERNEL;

		e->child |= signal == SIGCHLD;
		e->resized |= signal == SIGWINCH;
		if (e->passes && !from_kernel && signal != SIGCHLD)
			e->sent |= UINT64_C(1) << signal;
		e->n_asked += asks_for_the_end(e, signal, from_kernel);
	}
}

bool ending_wait(struct ending *e, int64_t until_ns, int extra_fd)
{
	struct pollfd p[2] = { { .fd = e->fd, .events = POLLIN },
		{ .fd = extra_fd, .events = POLLIN } };
	struct timespec ts, *timeout = NULL;

	if (until_ns >= 0) {
		int64_t left = until_ns - clock_mono_ns();

		ts = clock_timespec(left > 0 ? left : 0);
		timeout = &ts;
	}
	e->child = e->resized = false;
	e->sent = 0;
	ppoll(p, 2, timeout, NULL);
	take(e);
	return e->n_asked > 0;
}
