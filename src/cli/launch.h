/*
 * launch.h - a command started by pystrobe: held before its first instruction until we
 * are ready, without our privileges, its signals and exit status passed on.
 */
#ifndef CLI_LAUNCH_H
#define CLI_LAUNCH_H

#include "base/err.h"

#include <stdbool.h>
#include <sys/types.h>

struct launch {
	pid_t pid;
	int gate;    /* closing it lets the command run */
	int failure; /* errno of exec arrives here; end of file when exec succeeded */
	bool ended;
	int status; /* of waitpid(2), when ended */
};

#define LAUNCH_INIT                       \
	{                                 \
		.gate = -1, .failure = -1 \
	}

/* Forks. Under sudo the command runs as the user who called it. Signals that we block are
 * unblocked in it. */
int launch_prepare(struct launch *l, char **argv, struct err *err);
/* Lets it run; -1 when the program cannot be executed. */
int launch_go(struct launch *l, char **argv, struct err *err);
/* Has it ended? Never waits. */
bool launch_poll(struct launch *l);
/* SIGTERM, some time to end, then SIGKILL. */
void launch_end(struct launch *l);
/* What a shell would say of how it ended: its status, or 128 + signal. */
int launch_exit_status(const struct launch *l);
/* Ends a command that is still held back. Harmless at any time. */
void launch_release(struct launch *l);

#endif
