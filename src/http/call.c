/* call.c - see call.h */
#include "http/call.h"

#include "base/clock.h"
#include "http/gzip.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum { WORTH_ZIPPING = 900 };

static const struct {
	enum err_code code;
	int status;
} statuses[] = {
	{ ERR_USAGE, 400 },
	{ ERR_NOT_FOUND, 404 },
	{ ERR_PERM, 403 },
	{ ERR_LIMIT, 503 },
	{ ERR_BUSY, 409 },
	{ ERR_GONE, 410 },
	{ ERR_CANCELLED, 503 },
	{ ERR_NOT_PYTHON, 409 },
	{ ERR_VERSION, 409 },
	{ ERR_NOT_READY, 503 },
	{ ERR_NO_SPACE, 507 },
};

static int status_of(enum err_code code)
{
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (statuses[i].code == code)
			return statuses[i].status;
	return 500;
}

const char *call_arg(const struct call *c, const char *name)
{
	for (size_t i = 0; i < c->n_args; i++)
		if (!strcmp(c->args[i].name, name))
			return c->args[i].value;
	return NULL;
}

int call_number(const struct call *c, const char *name, double min, double max,
	double *value, struct err *err)
{
	const char *text = call_arg(c, name);
	char *end;
	double v;

	if (!text || !*text)
		return 0;
	v = strtod(text, &end);
	if (*end || !isfinite(v)) {
		err_set(err, ERR_USAGE, "%s=%.40s is not a number", name, text);
		return -1;
	}
	if (v < min || v > max) {
		err_set(err, ERR_USAGE, "%s=%.40s is not between %.16g and %.16g", name,
			text, min, max);
		return -1;
	}
	*value = v;
	return 0;
}

bool call_flag(const struct call *c, const char *name)
{
	const char *text = call_arg(c, name);

	return text && strcmp(text, "0") && strcmp(text, "false") && strcmp(text, "no");
}

void call_json(struct call *c, struct json *j)
{
	c->type = "application/json";
	json_init(j, &c->out);
	json_object(j);
}

void call_json_end(struct call *c, struct json *j)
{
	json_end(j);
	buf_char(&c->out, '\n');
}

void call_fail(struct call *c, const struct err *err)
{
	struct json j;

	buf_clear(&c->out);
	c->status = status_of(err->code);
	c->file_name[0] = '\0';
	call_json(c, &j);
	json_kstr(&j, "error", err->msg);
	if (err->hint[0])
		json_kstr(&j, "hint", err->hint);
	call_json_end(c, &j);
}

int call_check(const struct call *c, struct err *err)
{
	if (atomic_load_explicit(&c->cancelled, memory_order_relaxed))
		return err_set(err, ERR_CANCELLED, "the server is closing");
	if (clock_mono_ns() > c->deadline_ns) {
		err_set(err, ERR_LIMIT, "the query takes longer than it may");
		return err_hint(err, "ask for a shorter range or fewer processes");
	}
	return 0;
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes [s, end) in place of a fresh copy. %00 ends the text, as it would anyway. */
static char *decoded(struct arena *a, const char *s, const char *end)
{
	char *text = arena_alloc(a, (size_t)(end - s) + 1), *to = text;

	for (; s < end; s++) {
		if (*s == '+') {
			*to++ = ' ';
		} else if (*s == '%' && end - s > 2 && hex(s[1]) >= 0 && hex(s[2]) >= 0) {
			*to++ = (char)((unsigned)hex(s[1]) << 4 | (unsigned)hex(s[2]));
			s += 2;
		} else {
			*to++ = *s;
		}
	}
	*to = '\0';
	return text;
}

int call_parse_query(struct call *c, const char *query, struct err *err)
{
	const char *s, *end, *equals;

	for (s = query; *s; s = *end ? end + 1 : end) {
		end = s + strcspn(s, "&");
		if (end == s)
			continue;
		if (c->n_args == CALL_MAX_ARGS)
			return err_set(
				err, ERR_USAGE, "more than %d parameters", CALL_MAX_ARGS);
		equals = memchr(s, '=', (size_t)(end - s));
		c->args[c->n_args++] = (struct call_arg){
			.name = decoded(&c->arena, s, equals ? equals : end),
			.value = decoded(&c->arena, equals ? equals + 1 : end, end),
		};
	}
	return 0;
}

void call_seal(struct call *c)
{
	uint64_t h = XXH3_64bits(c->out.data ? c->out.data : "", c->out.len);

	snprintf(c->etag, sizeof(c->etag), "\"%016llx\"", (unsigned long long)h);
	if (c->out.len > WORTH_ZIPPING)
		gzip_pack(&c->zipped, c->out.data, c->out.len, GZIP_FAST);
	if (c->zipped.len > c->out.len - c->out.len / 8)
		buf_clear(&c->zipped);
}
