/*
 * manage.h - which processes serve follows: the rule of --match and --all, and what the
 * dashboard's page of processes may do.
 */
#ifndef CLI_MANAGE_H
#define CLI_MANAGE_H

#include "base/err.h"
#include "http/server.h"
#include "prof/sampler.h"

#include <stdbool.h>

struct manage;

/* match: regex on commands, or NULL. NULL with an error when it is none. */
struct manage *manage_new(const char *match, bool all, struct err *err);
void manage_free(struct manage *m);
/* For sampler_options.match; arg is the struct manage. */
size_t manage_match(void *arg, pid_t *pids, size_t max);
/* What the server lets the page do, on this sampler. */
void manage_control(
	struct manage *m, struct sampler *sampler, struct http_control *control);

#endif
