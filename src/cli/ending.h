/*
 * ending.h - how long-running commands hear that it is time: SIGINT, SIGTERM, SIGHUP and
 * SIGCHLD arrive through a descriptor, so that nothing happens in a signal handler.
 */
#ifndef CLI_ENDING_H
#define CLI_ENDING_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct ending {
	int fd;
	int n_asked;   /* how often an end was asked for */
	bool child;    /* SIGCHLD came since the last wait */
	bool resized;  /* SIGWINCH came */
	bool passes;   /* ending_pass_on */
	uint64_t sent; /* for a command: bit n, signal n, sent by somebody to us */
};

#define ENDING_INIT      \
	{                \
		.fd = -1 \
	}

/* Blocks the signals: call it before threads are made. */
int ending_open(struct ending *e, struct err *err);
/* For who runs a command: what is sent to us is meant for it. Collects in `sent` also
 * SIGHUP, which then asks for no end unless the terminal is gone, SIGQUIT, SIGUSR1,
 * SIGUSR2 and SIGWINCH. Signals typed at the terminal reach the command by themselves. */
int ending_pass_on(struct ending *e, struct err *err);
void ending_close(struct ending *e);
/* Sleeps until a signal or until_ns (CLOCK_MONOTONIC; < 0: no limit) or until extra_fd
 * (-1: none) can be read. True when an end has been asked for. */
bool ending_wait(struct ending *e, int64_t until_ns, int extra_fd);

#endif
