/*
 * web.h - options of commands that serve the dashboard, and starting it.
 */
#ifndef CLI_WEB_H
#define CLI_WEB_H

#include "base/opt.h"
#include "http/server.h"

struct web_options {
	const char *listen, *token, *cert, *key;
	struct opt_list hosts;
	bool no_source, utc;
};

extern const struct opt web_rows[];

/* control may be NULL (view only). Errors have their cure. */
struct http_server *web_start(const struct web_options *o, struct source *source,
	const struct http_control *control, const char *title, struct err *err);

#endif
