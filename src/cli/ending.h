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
	int signal;    /* the one that asked for the end; 0 none yet */
	int n_asked;   /* how often */
	bool from_tty; /* typed at the terminal: our children have got it too */
	bool child;    /* SIGCHLD came since the last wait */
	bool resized;  /* SIGWINCH came */
};

#define ENDING_INIT      \
	{                \
		.fd = -1 \
	}

/* Blocks the signals: call it before threads are made. */
int ending_open(struct ending *e, struct err *err);
void ending_close(struct ending *e);
/* Sleeps until a signal or until_ns (CLOCK_MONOTONIC; < 0: no limit) or until extra_fd
 * (-1: none) can be read. True when an end has been asked for. */
bool ending_wait(struct ending *e, int64_t until_ns, int extra_fd);

#endif
