/*
 * api_status.c - what is served, how the server does, and what the page may do; the
 * processes of this host and starting and stopping to record them.
 */
#include "base/clock.h"
#include "format/format.h"
#include "http/params.h"
#include "http/places.h"
#include "http/route.h"
#include "http/server_state.h"
#include "http/wish.h"

static void write_formats(struct json *j)
{
	json_key(j, "formats");
	json_array(j);
	for (const struct format_ops *f = format_list(); f->name; f++) {
		if (!f->write)
			continue;
		json_object(j);
		json_kstr(j, "name", f->name);
		json_kstr(j, "title", f->title);
		json_kstr(j, "endings", f->endings);
		json_end(j);
	}
	json_end(j);
}

static void write_health(struct json *j, struct source *s)
{
	struct source_health h = { 0 };

	if (s->ops->health)
		s->ops->health(s, &h);
	json_key(j, "writing");
	json_object(j);
	json_kbool(j, "failing", h.failing);
	json_kstr(j, "problem", h.problem);
	json_kint(j, "seconds_lost", (int64_t)h.seconds_lost);
	json_kint(j, "samples_lost", (int64_t)h.samples_lost);
	json_end(j);
}

int api_status(struct call *c, struct err *err)
{
	struct http_server *s = c->server;
	struct http_stats stats;
	int64_t from, until;
	struct json j;

	if (s->source->ops->range(s->source, &from, &until, err) < 0)
		return -1;
	http_server_stats(s, &stats);
	call_json(c, &j);
	json_kstr(&j, "version", PYSTROBE_VERSION);
	json_kstr(&j, "title", s->title);
	json_kms(&j, "now_ms", clock_wall_ns());
	json_kms(&j, "from_ms", from);
	json_kms(&j, "until_ms", until);
	json_kbool(&j, "utc", s->utc);
	json_kbool(&j, "can_attach", s->control != NULL);
	json_key(&j, "server");
	json_object(&j);
	json_kint(&j, "requests", (int64_t)stats.n_requests);
	json_kint(&j, "refused", (int64_t)stats.n_refused);
	json_kint(&j, "errors", (int64_t)stats.n_errors);
	json_kint(&j, "queries", (int64_t)stats.n_queries);
	json_kint(&j, "cache_hits", (int64_t)stats.n_cache_hits);
	json_kint(&j, "live", stats.n_live);
	json_end(&j);
	write_health(&j, s->source);
	write_formats(&j);
	call_json_end(c, &j);
	return 0;
}

static int need_control(const struct call *c, struct err *err)
{
	if (c->server->control)
		return 0;
	err_set(err, ERR_PERM, "this server only shows a recording");
	return err_hint(err, "pystrobe serve can attach to processes");
}

static void write_process(void *arg, const struct http_process *p)
{
	struct json *j = arg;

	json_object(j);
	json_kint(j, "pid", p->pid);
	json_kstr(j, "command", p->command ? p->command : "");
	json_kstr(j, "version", p->version ? p->version : "");
	json_kstr(j, "container", p->container ? p->container : "");
	json_kstr(j, "user", p->user ? p->user : "");
	json_kbool(j, "recording", p->recording);
	json_kdouble(j, "rate_hz", p->rate_hz);
	json_kbool(j, "can_attach", p->can_attach);
	json_kstr(j, "refusal", p->refusal ? p->refusal : "");
	json_end(j);
}

int api_processes(struct call *c, struct err *err)
{
	const struct http_control *control = c->server->control;
	struct json j;

	if (need_control(c, err) < 0)
		return -1;
	call_json(c, &j);
	json_key(&j, "processes");
	json_array(&j);
	if (control->processes(control->ctx, write_process, &j, err) < 0)
		return -1;
	json_end(&j);
	call_json_end(c, &j);
	return 0;
}

static void write_done(struct call *c, const struct wish *w)
{
	struct json j;

	call_json(c, &j);
	json_kint(&j, "pid", w->pid);
	json_kbool(&j, "done", true);
	call_json_end(c, &j);
}

int api_attach(struct call *c, struct err *err)
{
	const struct http_control *control = c->server->control;
	struct wish w;

	if (need_control(c, err) < 0 ||
		wish_read(&w, c->body.data, c->body.len, err) < 0 ||
		control->attach(control->ctx, w.pid, w.rate_hz, err) < 0)
		return -1;
	write_done(c, &w);
	return 0;
}

int api_detach(struct call *c, struct err *err)
{
	const struct http_control *control = c->server->control;
	struct wish w;

	if (need_control(c, err) < 0 ||
		wish_read(&w, c->body.data, c->body.len, err) < 0 ||
		control->detach(control->ctx, w.pid, err) < 0)
		return -1;
	write_done(c, &w);
	return 0;
}
