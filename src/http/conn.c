/* conn.c - see conn.h */
#include "http/conn.h"

#include "base/alloc.h"
#include "http/route.h"
#include "http/server_state.h"
#include "http/stream.h"

#include <stdio.h>
#include <string.h>

struct conn {
	struct waiter waiter; /* first: the pool hands it back */
	struct http_server *server;
	struct MHD_Connection *mhd;
	char *uri; /* as sent */
	struct call *call;
	struct live_client *live;
	struct buf body;
	bool begun, too_large;
};

enum { READ_BLOCK = 64 << 10 };

void *conn_begin(void *cls, const char *uri, struct MHD_Connection *mhd)
{
	struct conn *k = xcalloc(1, sizeof(*k));

	k->server = cls;
	k->mhd = mhd;
	k->uri = xstrdup(uri);
	return k;
}

void conn_completed(void *cls, struct MHD_Connection *mhd, void **conn,
	enum MHD_RequestTerminationCode why)
{
	struct http_server *s = cls;
	struct conn *k = *conn;

	(void)mhd;
	(void)why;
	if (!k)
		return;
	if (k->call && k->call->stream)
		stream_close(k->call->stream);
	call_unref(&s->pool, k->call);
	if (k->live)
		live_leave(&s->live, k->live);
	buf_release(&k->body);
	free(k->uri);
	free(k);
	*conn = NULL;
}

/* ---- answers ---------------------------------------------------------------------- */

static const struct {
	const char *name, *value;
} safety[] = {
	{ "Content-Security-Policy",
		"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' "
		"data:; connect-src 'self'; manifest-src 'self'; base-uri 'none'; "
		"form-action 'none'; frame-ancestors 'none'" },
	{ "X-Content-Type-Options", "nosniff" },
	{ "Referrer-Policy", "no-referrer" },
	{ "Cross-Origin-Opener-Policy", "same-origin" },
	{ "Cross-Origin-Resource-Policy", "same-origin" },
	{ "Permissions-Policy", "camera=(), geolocation=(), microphone=()" },
};

/* Sends and forgets r. */
static enum MHD_Result send_response(
	struct conn *k, unsigned status, struct MHD_Response *r, const char *type)
{
	enum MHD_Result ret;

	for (size_t i = 0; i < ARRAY_SIZE(safety); i++)
		MHD_add_response_header(r, safety[i].name, safety[i].value);
	if (type)
		MHD_add_response_header(r, "Content-Type", type);
	if (status >= 400)
		atomic_fetch_add(&k->server->n_errors, 1);
	ret = MHD_queue_response(k->mhd, status, r);
	MHD_destroy_response(r);
	return ret;
}

static enum MHD_Result send_error(
	struct conn *k, unsigned status, const char *text, const char *hint)
{
	struct buf b = BUF_INIT;
	struct MHD_Response *r;
	struct json j;

	json_init(&j, &b);
	json_object(&j);
	json_kstr(&j, "error", text);
	if (hint && *hint)
		json_kstr(&j, "hint", hint);
	json_end(&j);
	buf_char(&b, '\n');
	r = MHD_create_response_from_buffer(b.len, b.data, MHD_RESPMEM_MUST_COPY);
	buf_release(&b);
	if (status == 405)
		MHD_add_response_header(r, "Allow", "GET, HEAD, POST");
	if (status == 401)
		MHD_add_response_header(r, "WWW-Authenticate", "Bearer");
	return send_response(k, status, r, "application/json");
}

static const char *header(const struct conn *k, const char *name)
{
	return MHD_lookup_connection_value(k->mhd, MHD_HEADER_KIND, name);
}

static bool takes_gzip(const struct conn *k)
{
	const char *accepted = header(k, "Accept-Encoding");

	return accepted && strstr(accepted, "gzip");
}

static bool has_already(const struct conn *k, const char *etag)
{
	const char *known = header(k, "If-None-Match");

	return known && strstr(known, etag);
}

/* An answer of known length whose bytes outlive the response. */
static enum MHD_Result send_bytes(struct conn *k, unsigned status, const char *type,
	const char *etag, const char *file_name, const void *data, size_t len,
	const void *zipped, size_t zipped_len)
{
	bool zip = zipped_len > 0 && takes_gzip(k);
	struct MHD_Response *r;
	char text[160];

	if (status == 200 && has_already(k, etag)) {
		status = 304;
		len = zipped_len = 0;
		data = zipped = "";
	}
	r = MHD_create_response_from_buffer(zip ? zipped_len : len,
		zip ? (void *)zipped : (void *)data, MHD_RESPMEM_PERSISTENT);
	if (zip && status != 304)
		MHD_add_response_header(r, "Content-Encoding", "gzip");
	if (zipped_len > 0)
		MHD_add_response_header(r, "Vary", "Accept-Encoding");
	MHD_add_response_header(r, "ETag", etag);
	MHD_add_response_header(r, "Cache-Control", "no-cache");
	if (file_name && *file_name) {
		snprintf(text, sizeof(text), "attachment; filename=\"%s\"", file_name);
		MHD_add_response_header(r, "Content-Disposition", text);
	}
	return send_response(k, status, r, status == 304 ? NULL : type);
}

/* ---- streams ---------------------------------------------------------------------- */

static void pause_conn(void *arg)
{
	MHD_suspend_connection(((struct conn *)arg)->mhd);
}

static void resume_conn(void *arg)
{
	MHD_resume_connection(((struct conn *)arg)->mhd);
}

static ssize_t read_stream(void *cls, uint64_t pos, char *to, size_t max)
{
	struct conn *k = cls;
	struct stream *s = k->live ? &k->live->stream : k->call->stream;
	ssize_t n = stream_read(s, to, max, pause_conn, k);

	(void)pos;
	if (n == STREAM_EOF)
		return MHD_CONTENT_READER_END_OF_STREAM;
	return n == STREAM_ERROR ? MHD_CONTENT_READER_END_WITH_ERROR : n;
}

static enum MHD_Result send_stream(
	struct conn *k, const char *type, const char *file_name)
{
	struct MHD_Response *r = MHD_create_response_from_callback(
		MHD_SIZE_UNKNOWN, READ_BLOCK, read_stream, k, NULL);
	char text[160];

	MHD_add_response_header(r, "Cache-Control", "no-cache");
	if (file_name && *file_name) {
		snprintf(text, sizeof(text), "attachment; filename=\"%s\"", file_name);
		MHD_add_response_header(r, "Content-Disposition", text);
	}
	return send_response(k, 200, r, type);
}

static enum MHD_Result begin_live(struct conn *k)
{
	k->live = live_join(&k->server->live, resume_conn, k);
	if (!k->live)
		return send_error(k, 503, "too many live connections",
			"close some tabs of this dashboard");
	return send_stream(k, "text/event-stream", NULL);
}

/* ---- calls ------------------------------------------------------------------------ */

static void call_ready(struct waiter *w)
{
	resume_conn(w);
}

static void stream_will_wake(struct waiter *w)
{
	(void)w;
}

static enum MHD_Result answer(struct conn *k)
{
	struct call *c = k->call;

	if (c->stream && c->stream->started)
		return send_stream(k, c->type, c->file_name);
	return send_bytes(k, (unsigned)c->status, c->type, c->etag, c->file_name,
		c->out.data, c->out.len, c->zipped.data, c->zipped.len);
}

static enum MHD_Result begin_call(
	struct conn *k, const struct route *route, const char *method)
{
	struct err err = ERR_INIT;
	const char *query = strchr(k->uri, '?');
	struct call *c = call_new(k->server, route, xasprintf("%s %s", method, k->uri));

	c->path = strchr(c->key, ' ') + 1;
	if (call_parse_query(c, query ? query + 1 : "", &err) < 0) {
		call_unref(&k->server->pool, c);
		return send_error(k, 400, err.msg, err.hint);
	}
	if (k->body.len > 0)
		buf_add(&c->body, k->body.data, k->body.len);
	MHD_suspend_connection(k->mhd);
	if (c->stream) {
		c->stream->asleep = true;
		c->stream->wake = resume_conn;
		c->stream->wake_arg = k;
	}
	k->waiter.ready = c->stream ? stream_will_wake : call_ready;
	k->call = c;
	k->call = pool_submit(&k->server->pool, c, &k->waiter);
	return MHD_YES;
}

/* ---- the beginning ---------------------------------------------------------------- */

/* The address that was asked for without its token, so that a link keeps its view. */
static void add_location(struct conn *k, struct MHD_Response *r)
{
	const char *query = strchr(k->uri, '?');
	struct buf to = BUF_INIT;
	size_t len;

	buf_add(&to, k->uri, query ? (size_t)(query - k->uri) : strlen(k->uri));
	if (to.len < 1 || to.data[0] != '/' ||
		(to.len > 1 && strchr("/\\", to.data[1]))) {
		buf_clear(&to);
		buf_char(&to, '/');
	}
	for (char join = '?'; query && *query; query += len) {
		query++;
		len = strcspn(query, "&");
		if (!len || !strncmp(query, "token=", 6))
			continue;
		buf_char(&to, join);
		buf_add(&to, query, len);
		join = '&';
	}
	MHD_add_response_header(r, "Location", to.data);
	buf_release(&to);
}

static enum MHD_Result send_cookie(struct conn *k)
{
	const struct guard *g = &k->server->guard;
	struct MHD_Response *r =
		MHD_create_response_from_buffer(0, (void *)"", MHD_RESPMEM_PERSISTENT);
	char text[256];

	snprintf(text, sizeof(text), "%s=%s; Path=/; HttpOnly; SameSite=Lax%s",
		g->cookie_name, g->cookie, k->server->cert ? "; Secure" : "");
	MHD_add_response_header(r, "Set-Cookie", text);
	MHD_add_response_header(r, "Cache-Control", "no-store");
	add_location(k, r);
	return send_response(k, 303, r, NULL);
}

static enum guard_verdict guard_conn(struct conn *k, bool is_post, bool wants_page)
{
	struct guard_headers h = {
		.host = header(k, "Host"),
		.origin = header(k, "Origin"),
		.fetch_site = header(k, "Sec-Fetch-Site"),
		.authorization = header(k, "Authorization"),
		.cookie = header(k, "Cookie"),
		.content_type = header(k, "Content-Type"),
		.token = MHD_lookup_connection_value(
			k->mhd, MHD_GET_ARGUMENT_KIND, "token"),
		.is_post = is_post,
		.wants_page = wants_page,
	};

	return guard_check(&k->server->guard, &h);
}

static enum MHD_Result refuse(struct conn *k, enum guard_verdict v)
{
	static const unsigned status[] = {
		[GUARD_WRONG_HOST] = 421,
		[GUARD_CROSS_SITE] = 403,
		[GUARD_NEEDS_TOKEN] = 401,
		[GUARD_WRONG_TYPE] = 415,
	};

	atomic_fetch_add(&k->server->n_refused, 1);
	return send_error(k, status[v], guard_text(v), guard_cure(v));
}

static enum MHD_Result send_asset(struct conn *k, const struct served_asset *a)
{
	return send_bytes(k, 200, a->type, a->etag, NULL, a->asset->data, a->asset->len,
		a->zipped, a->zipped_len);
}

static enum MHD_Result dispatch(struct conn *k, const char *url, const char *method)
{
	const char *accepts = header(k, "Accept");
	bool is_post = !strcmp(method, "POST");
	bool wants_page = accepts && strstr(accepts, "text/html");
	const struct served_asset *asset;
	const struct route *route;
	enum guard_verdict v;

	if (!is_post && strcmp(method, "GET") && strcmp(method, "HEAD"))
		return send_error(k, 405, "only GET, HEAD and POST are understood", "");
	v = guard_conn(k, is_post, wants_page);
	if (v == GUARD_SET_COOKIE)
		return send_cookie(k);
	if (v != GUARD_OK)
		return refuse(k, v);
	if (k->too_large)
		return send_error(k, 413, "the request's body is too large", "");
	if (!strcmp(url, "/") && !wants_page)
		url = "/folded";
	asset = is_post ? NULL : asset_set_find(&k->server->assets, url);
	if (asset)
		return send_asset(k, asset);
	route = route_find(url, is_post);
	if (!route)
		return send_error(k, 404, "there is nothing at this address",
			"GET /api/v1/ lists what there is");
	if (route->flags & ROUTE_LIVE)
		return begin_live(k);
	return begin_call(k, route, is_post ? "POST" : "GET");
}

enum MHD_Result conn_handle(void *cls, struct MHD_Connection *mhd, const char *url,
	const char *method, const char *version, const char *upload, size_t *upload_len,
	void **conn)
{
	struct http_server *s = cls;
	struct conn *k = *conn;

	(void)mhd;
	(void)version;
	if (!k->begun) { /* headers are here, the body is not */
		k->begun = true;
		atomic_fetch_add(&s->n_requests, 1);
		return MHD_YES;
	}
	if (*upload_len > 0) {
		if (k->body.len + *upload_len > CALL_MAX_BODY)
			k->too_large = true;
		else
			buf_add(&k->body, upload, *upload_len);
		*upload_len = 0;
		return MHD_YES;
	}
	if (k->call)
		return answer(k);
	return dispatch(k, url, method);
}
