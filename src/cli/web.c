/* web.c - see web.h */
#include "cli/web.h"

#include "base/alloc.h"

const struct opt web_rows[] = {
	OPT("listen", 0, string, web_options, listen, "ADDR:PORT",
		"where the dashboard answers; port 0 takes a free one",
		.initial = HTTP_DEFAULT_LISTEN),
	OPT("token", 0, string, web_options, token, "TEXT",
		"ask for this token; other addresses than loopback always have one"),
	OPT("cert", 0, string, web_options, cert, "FILE",
		"serve HTTPS with this certificate (PEM)", .offer = OFFER_FILES),
	OPT("key", 0, string, web_options, key, "FILE", "and this key (PEM)",
		.offer = OFFER_FILES),
	OPT("host", 0, list, web_options, hosts, "NAME",
		"another name by which the dashboard may be called, behind a proxy"),
	OPT("no-source", 0, flag, web_options, no_source, NULL,
		"do not show lines of source files"),
	OPT("utc", 0, flag, web_options, utc, NULL, "times are UTC"),
	OPT_END,
};

struct http_server *web_start(const struct web_options *o, struct source *source,
	const struct http_control *control, const char *title, struct err *err)
{
	struct http_options ho = { .listen = o->listen,
		.token = o->token,
		.cert = o->cert,
		.key = o->key,
		.title = title,
		.source = source,
		.control = control,
		.source_files = !o->no_source,
		.utc = o->utc };
	const char **hosts = xcalloc(o->hosts.n + 1, sizeof(*hosts));
	struct http_server *s;
	size_t i;

	for (i = 0; i < o->hosts.n; i++)
		hosts[i] = o->hosts.v[i];
	ho.hosts = hosts;
	s = http_server_start(&ho, err);
	if (!s && err->code == ERR_BUSY && !err->hint[0])
		err_hint(err, "another port: --listen 127.0.0.1:0");
	free(hosts);
	return s;
}
