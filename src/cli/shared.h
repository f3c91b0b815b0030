/*
 * shared.h - options that several commands have: which processes, how to sample, and
 * which samples to look at. Each is a struct to embed and a group of rows to name.
 */
#ifndef CLI_SHARED_H
#define CLI_SHARED_H

#include "base/opt.h"
#include "prof/sampler.h"

#include <sys/types.h>

/* ---- which processes ---- */

struct pid_options {
	struct opt_list pids; /* -p, the same as positionals */
	bool subprocesses;
};

extern const struct opt shared_pid_rows[];

struct pids {
	pid_t *v;
	size_t n, cap;
	size_t n_given; /* by the person; those below them follow */
	bool follow;    /* with subprocesses */
};

/* The pids of -p and of the positionals, each once, in the order given. With
 * subprocesses the Python processes below them follow. At least one is needed unless
 * `none_is_fine`. */
int pids_of(struct pids *p, const struct pid_options *o, const struct opt_args *args,
	bool none_is_fine, struct err *err);
void pids_release(struct pids *p);
/* "4242 python3 app.py and 2 more"; the caller frees. */
char *pids_title(const struct pids *p);
/* Attaches to all. One that cannot be is an error if it is the only one, else a warning;
 * one that is still starting is waited for in the background, as is, with subprocesses,
 * what a shell above Python processes will start. */
int pids_attach(const struct pids *p, struct sampler *s, struct err *err);

/* ---- how to read and how to sample: the same words wherever we attach ---- */

struct read_options {
	const char *abi; /* word of enum abi_source */
	bool native;
};

extern const struct opt shared_read_rows[];

struct sample_options {
	struct read_options read;
	double rate;          /* hertz; 0: free running */
	const char *blocking; /* word of enum blocking */
	bool asyncio;
	struct opt_list labels; /* "key=value" */
};

extern const struct opt shared_sample_rows[];

/* What the sampler is told of them. The labels are session_open()'s business. */
struct sampler_options sampling_of(const struct sample_options *o, bool subprocesses);

/* ---- which samples ---- */

struct filter_options {
	const char *from, *until, *function, *hide, *root, *timeout;
	struct opt_list states, threads, pids, labels, modules, waits;
	struct opt_list mine_paths, library_paths;
	bool mine, no_native, utc;
};

extern const struct opt shared_filter_rows[];

struct filter;
struct source;
struct timespec_base;
/* Fills in a filter that the caller releases. The source gives "start" and "end" their
 * meaning. */
int filter_from_options(struct filter *f, const struct filter_options *o,
	struct source *source, struct err *err);

#endif
