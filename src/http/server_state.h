/*
 * server_state.h - what the parts of the server share; only src/http looks inside.
 */
#ifndef HTTP_SERVER_STATE_H
#define HTTP_SERVER_STATE_H

#include "http/asset.h"
#include "http/guard.h"
#include "http/live.h"
#include "http/pool.h"
#include "http/server.h"

#include <stdatomic.h>

struct MHD_Daemon;

struct http_server {
	struct MHD_Daemon *daemon;
	struct guard guard;
	struct asset_set assets;
	struct pool pool;
	struct live live;
	struct source *source;              /* borrowed */
	const struct http_control *control; /* borrowed; NULL: view only */
	char *title;
	char *cert, *key; /* PEM texts; NULL: plain HTTP */
	char *url;
	int fd; /* listening; -1 once the daemon has it */
	uint16_t port;
	bool source_files, utc;
	bool pool_started;
	atomic_bool closing;
	atomic_uint_fast64_t n_requests, n_refused, n_errors;
};

#endif
