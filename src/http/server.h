/*
 * server.h - the dashboard's HTTP server: assets of the binary, the API over a source,
 * live updates. The only user of libmicrohttpd.
 *
 * Threads: one that speaks HTTP (epoll), a few workers that run queries, one ticker that
 * wakes live connections when the source has a new second. A client that does not read
 * holds a bounded buffer, never a worker for longer than the query deadline, and never
 * the sampler: the server only reads the source.
 *
 * Safety: a loopback address needs no token unless one is given; any other address
 * always has one (made up when none is given) and http_server_url() carries it. Host and
 * Origin are checked, see guard.h.
 */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct source;      /* prof/source.h */
struct http_server; /* opaque */

/* A Python process of this host, for the page that attaches. Strings are borrowed for
 * the length of the call that hands it over. */
struct http_process {
	pid_t pid;
	const char *command;   /* arguments joined by spaces */
	const char *version;   /* "3.12.4", "" not known */
	const char *container; /* "" none */
	const char *user;
	bool recording;
	double rate_hz; /* when recording */
	bool can_attach;
	const char *refusal; /* why not, and what cures it; "" when it can */
};

typedef void http_process_fn(void *arg, const struct http_process *p);

/* What the owner of the sampler lets the page do. Called from the server's workers, more
 * than one at a time: the owner locks. Each returns 0, or -1 with *err filled in. */
struct http_control {
	void *ctx;
	/* Calls fn for each Python process found now. */
	int (*processes)(void *ctx, http_process_fn *fn, void *arg, struct err *err);
	/* rate_hz: of all processes from now on; 0: as it is. */
	int (*attach)(void *ctx, pid_t pid, double rate_hz, struct err *err);
	int (*detach)(void *ctx, pid_t pid, struct err *err);
};

struct http_options {
	const char *listen; /* "127.0.0.1:16384", "[::1]:0", "0.0.0.0:80", ":0", NULL: the
			     * default; port 0 takes a free one */
	const char *token;  /* NULL: none on loopback, made up elsewhere */
	const char *cert, *key; /* paths of PEM files, both or neither */
	const char *title; /* shown in the page: store path or file name; may be NULL */
	struct source *source;
	const struct http_control *control; /* NULL: view only */
	bool source_files; /* serve lines of source files that the samples name */
	bool utc;          /* times without a zone are UTC, not local */
	/* Hosts besides the bound address and localhost by which the page may be called,
	 * NULL-terminated; NULL: none. For proxies. */
	const char *const *hosts;
};

#define HTTP_DEFAULT_LISTEN "127.0.0.1:16384"

/* Binds, starts the threads. The options' strings are copied; source and control are
 * borrowed until http_server_stop() returns. NULL and *err when it cannot: an address in
 * use is ERR_BUSY. */
struct http_server *http_server_start(const struct http_options *opt, struct err *err);
/* The port it listens on, also when the options said 0. */
uint16_t http_server_port(const struct http_server *s);
/* What a person opens: "http://127.0.0.1:16384/", with the token when there is one. */
const char *http_server_url(const struct http_server *s);
/* Refuses new requests, cancels running queries, closes live connections, waits for all
 * threads. Afterwards nothing of the server touches the source, which may be closed.
 * NULL is fine. */
void http_server_stop(struct http_server *s);

/* Counters for a status line or a test. */
struct http_stats {
	uint64_t n_requests, n_refused, n_errors;
	uint64_t n_queries, n_cache_hits;
	uint32_t n_live; /* open live connections */
};
void http_server_stats(struct http_server *s, struct http_stats *out);

#endif
