/*
 * filter.h - which samples, and how much may be spent on finding them: the same for the
 * command line, the dashboard's API and exports.
 *
 * Both set it by words (filter_set), so that --thread X and ?thread=X cannot differ:
 *
 *	from, until     see timespec.h                         (once)
 *	label           key=value  key!=value  key=~regex  key!~regex   (all must hold)
 *	pid             a process id                           (any of several)
 *	series          a series id                            (any of several)
 *	state           all cpu idle gil gil-wait gc exc native (any of several; "cpu,gil")
 *	wait            epoll_wait, futex (GIL), ...           (any of several)
 *	thread          a name, a glob (worker-*) or a kernel thread id (any of several)
 *	function        regex: stacks that have such a function anywhere
 *	module          glob on the module: stacks that have it anywhere
 *	hide            regex: such frames are left out, their time goes to the caller
 *	root            regex: stacks begin at the first such function, others are dropped
 *	mine            1: library frames are folded into the caller that is yours
 *	mine-path       glob on files that are yours whatever they look like
 *	library-path    glob on files that are not
 *	native          0: native frames are folded into their Python caller
 *	lines           1: frames of one function are told apart by line
 *	timeout         a duration; default 30 s
 *
 * Regexes are POSIX extended, at most FILTER_MAX_REGEX bytes, matched against the function's
 * name, and against "file:name" when they contain a '/' or "\.py". A leading "(?i)" ignores case.
 */
#ifndef QUERY_FILTER_H
#define QUERY_FILTER_H

#include "base/err.h"
#include "prof/source.h"
#include "query/timespec.h"

#include <regex.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FILTER_MAX_REGEX = 1024, FILTER_MAX_WORDS = 64 };

/* A list of words as given. */
struct words {
	char *word[FILTER_MAX_WORDS];
	size_t n;
};

struct pattern {
	bool set;
	bool on_path; /* matched against "file:name" */
	regex_t re;
	char *text;
};

struct filter {
	int64_t from_ns, until_ns; /* 0, 0: all there is; see filter_range */
	struct words labels, threads, modules, mine_paths, library_paths;
	series_id series[FILTER_MAX_WORDS];
	size_t n_series;
	pid_t pids[FILTER_MAX_WORDS];
	size_t n_pids;
	unsigned states; /* any of these flags; 0: all samples */
	wait_id waits[FILTER_MAX_WORDS];
	size_t n_waits;
	struct pattern function, hide, root;
	bool mine, no_native, lines;
	int64_t timeout_ns;
	bool once; /* nobody will ask for the same again: see struct ask */
	const atomic_bool *cancel; /* borrowed; may be NULL */
};

void filter_init(struct filter *f);
void filter_release(struct filter *f);
/* One word of the list above. ERR_USAGE: no such key, or a value that cannot be. */
int filter_set(struct filter *f, const char *key, const char *value,
	const struct timespec_base *base, struct err *err);
/* Is this one of the keys? For option tables and URL parsing. */
bool filter_has_key(const char *key);

/* --- for the queries --- */

/* Starts an ask: the range (all there is when unset), the series that labels, pids and
 * ids choose, the deadline. A filter that chooses no series is not an error: n_series 0
 * with series not NULL. The list of series is freed by filter_done. */
int filter_ask(const struct filter *f, struct source *s, struct ask *a, struct err *err);
void filter_done(struct ask *a);
/* Does nothing but time and series narrow it down? Then points answer timelines. */
bool filter_is_plain(const struct filter *f);

#endif
