/*
 * diff_live.h - processes as the sides of a difference: both are sampled at the same time,
 * for as long, into memory.
 */
#ifndef CLI_DIFF_LIVE_H
#define CLI_DIFF_LIVE_H

#include "cli/shared.h"

struct tape;

struct live_options {
	struct sample_options sample;
	double duration;
	bool subprocesses;
	bool quiet; /* no progress line */
};

struct live {
	struct pids pids; /* the process, and with subprocesses those below it */
	struct tape *tape;
	struct sampler *sampler;
	char *title; /* "4242 python3 app.py" */
};

/* Digits, and no file of that name. */
bool live_is_pid(const char *word);
/* Attaches to the processes that are among the two words and samples them until the
 * duration is over, somebody asks for the end, or all are gone, with a line of progress on
 * a terminal. A word that is no pid is left out: its v[] has no tape. -1 also when a process
 * gave no sample. v[] is good for live_release() either way. */
int live_sample(struct live v[2], const char *const words[2],
	const struct live_options *o, struct err *err);
void live_release(struct live *l);

#endif
