/* params.c - see params.h */
#include "http/params.h"

#include "base/clock.h"
#include "http/route.h"
#include "http/server_state.h"

#include <string.h>

int params_time_base(struct call *c, struct timespec_base *base, struct err *err)
{
	struct source *s = c->server->source;

	*base = (struct timespec_base){ .now_ns = clock_wall_ns(),
		.utc = c->server->utc };
	return s->ops->range(s, &base->start_ns, &base->end_ns, err);
}

bool params_route_knows(const struct call *c, const char *name)
{
	const char *s = c->route->params ? c->route->params : "";
	size_t len = strlen(name);

	for (; *s; s += strcspn(s, "\n"), s += *s == '\n')
		if (!strncmp(s, name, len) && s[len] == ':')
			return true;
	return false;
}

static bool has_prefix(const char *name, const char *prefix)
{
	return prefix && !strncmp(name, prefix, strlen(prefix));
}

/* Does some other argument override this one for the prefixed side? */
static bool overridden(const struct call *c, const char *prefix, const char *name)
{
	for (size_t i = 0; i < c->n_args; i++)
		if (has_prefix(c->args[i].name, prefix) &&
			!strcmp(c->args[i].name + strlen(prefix), name))
			return true;
	return false;
}

static int set_one(struct call *c, const char *prefix, const struct call_arg *arg,
	struct filter *f, const struct timespec_base *base, struct err *err)
{
	const char *name = arg->name;

	if (!strcmp(name, "token") || params_route_knows(c, name))
		return 0;
	if (has_prefix(name, "b.")) {
		if (!prefix) /* the other side's; it will be checked there */
			return params_route_knows(c, "b.*")
				       ? 0
				       : err_set(err, ERR_USAGE,
						 "unknown parameter '%.60s'", name);
		name += strlen(prefix);
	} else if (prefix && overridden(c, prefix, name)) {
		return 0;
	}
	if (!filter_has_key(name)) {
		err_set(err, ERR_USAGE, "unknown parameter '%.60s'", name);
		return err_hint(err, "GET /api/v1/ lists them");
	}
	if (!*arg->value)
		return 0;
	if (filter_set(f, name, arg->value, base, err) < 0)
		return err_wrap(err, "%s", name);
	return 0;
}

int params_filter(struct call *c, const char *prefix, struct filter *f, struct err *err)
{
	struct timespec_base base;

	filter_init(f);
	f->cancel = &c->cancelled;
	if (params_time_base(c, &base, err) < 0)
		return -1;
	for (size_t i = 0; i < c->n_args; i++)
		if (set_one(c, prefix, &c->args[i], f, &base, err) < 0)
			return -1;
	return 0;
}

int params_size(struct call *c, const char *name, size_t min, size_t max, size_t *value,
	struct err *err)
{
	double v = (double)*value;

	if (call_number(c, name, (double)min, (double)max, &v, err) < 0)
		return -1;
	*value = (size_t)v;
	return 0;
}
