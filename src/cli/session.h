/*
 * session.h - a store being filled: the store and the sampler that fills it.
 * What record and serve have in common.
 */
#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include "base/err.h"
#include "cli/shared.h"
#include "prof/sampler.h"

#include <stdbool.h>

struct store;

struct session_options {
	const struct sample_options *sample;
	bool subprocesses;
	int64_t retain_ns;  /* of the store; 0 for ever */
	uint64_t max_bytes; /* of the store; 0 no limit */
	size_t (*match)(void *arg, pid_t *pids, size_t max); /* see sampler.h */
	void *match_arg;
};

struct session {
	struct store *store;
	struct sampler *sampler;
	struct label *labels; /* texts are the command line's */
	bool said_problem;
};

/* Opens or makes the store, starts the sampler. *s is good for session_close() even when
 * this fails. */
int session_open(struct session *s, const char *dir, const struct session_options *o,
	struct err *err);
/* Stops sampling, writes what is queued, closes. -1: the last seconds are lost. */
int session_close(struct session *s, struct err *err);
/* Says once on stderr when the store cannot write, and once when it can again. */
void session_report_problems(struct session *s);

#endif
