/* ending.c - see ending.h */
#include "cli/ending.h"

#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

int ending_open(struct ending *e, struct err *err)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGCHLD, SIGWINCH };
	sigset_t set;
	size_t i;

	*e = (struct ending)ENDING_INIT;
	sigemptyset(&set);
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaddset(&set, signals[i]);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return err_sys(err, errno, "cannot block signals");
	e->fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (e->fd < 0)
		return err_sys(err, errno, "cannot make a descriptor for signals");
	return 0;
}

void ending_close(struct ending *e)
{
	if (e->fd >= 0)
		close(e->fd);
	e->fd = -1;
}

static void take(struct ending *e)
{
	struct signalfd_siginfo info;

	while (read(e->fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGCHLD) {
			e->child = true;
		} else if (info.ssi_signo == SIGWINCH) {
			e->resized = true;
		} else {
			e->signal = (int)info.ssi_signo;
			e->from_tty = info.ssi_code == SI_KERNEL;
			e->n_asked++;
		}
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
	ppoll(p, 2, timeout, NULL);
	take(e);
	return e->n_asked > 0;
}
