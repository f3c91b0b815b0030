/* json_load.c - see json_load.h */
#include "format/json_load.h"

#include "base/alloc.h"
#include "base/buf.h"

#include <string.h>

enum {
	/* jansson takes up to 16 times the text */
	MAX_JSON = 192 * 1024 * 1024,
	MAX_DEPTH = 2048, /* jansson's own */
};

/* Walks the text in front of `end`. Returns where the last complete member or element
 * ends, and with closers, what closes everything that is open up to `end`. */
static size_t last_complete(const char *s, size_t end, struct buf *closers)
{
	char open[MAX_DEPTH];
	size_t depth = 0, i, cut = 0;
	bool in_string = false;

	for (i = 0; i < end; i++) {
		char c = s[i];

		if (in_string) {
			if (c == '\\')
				i++;
			else if (c == '"')
				in_string = false;
		} else if (c == '"') {
			in_string = true;
		} else if (c == '{' || c == '[') {
			if (depth == MAX_DEPTH)
				break;
			open[depth++] = c == '{' ? '}' : ']';
			cut = i + 1;
		} else if (c == '}' || c == ']') {
			if (!depth)
				break;
			depth--;
			cut = i + 1;
		} else if (c == ',') {
			cut = i;
		}
	}
	while (closers && depth)
		buf_char(closers, open[--depth]);
	return cut;
}

static json_t *load_sound_part(const char *data, size_t end)
{
	struct buf text = BUF_INIT, closers = BUF_INIT;
	size_t cut = last_complete(data, end, NULL);
	json_error_t e;
	json_t *root;

	last_complete(data, cut, &closers);
	buf_add(&text, data, cut);
	buf_add(&text, closers.data ? closers.data : "", closers.len);
	root = json_loadb(text.data, text.len, JSON_ALLOW_NUL, &e);
	buf_release(&text);
	buf_release(&closers);
	return root;
}

json_t *json_import(struct import *im, struct err *err)
{
	json_error_t e;
	json_t *root;

	if (im->len > MAX_JSON) {
		err_set(err, ERR_LIMIT, "%zu bytes of JSON; at most %d are read", im->len,
			MAX_JSON);
		return NULL;
	}
	root = json_loadb(im->data, im->len, JSON_ALLOW_NUL, &e);
	if (root)
		return root;
	if (e.position > 0)
		root = load_sound_part(im->data,
			(size_t)e.position < im->len ? (size_t)e.position : im->len);
	if (!root)
		err_set(err, ERR_CORRUPT, "line %d column %d: %s", e.line, e.column,
			e.text);
	else
		import_warn(im,
			"damaged at line %d column %d (%s): what came before it was kept",
			e.line, e.column, e.text);
	return root;
}

const char *json_text(const json_t *object, const char *key, size_t *len)
{
	const json_t *value = json_object_get(object, key);

	if (len)
		*len = json_is_string(value) ? json_string_length(value) : 0;
	return json_is_string(value) ? json_string_value(value) : "";
}

double json_real_of(const json_t *object, const char *key, double otherwise)
{
	const json_t *value = json_object_get(object, key);

	return json_is_number(value) ? json_number_value(value) : otherwise;
}

int64_t json_number_of(const json_t *object, const char *key, int64_t otherwise)
{
	const json_t *value = json_object_get(object, key);

	if (json_is_integer(value))
		return json_integer_value(value);
	return json_is_real(value) ? json_ns(value, 1) : otherwise;
}

int64_t json_clamp(double ns)
{
	const double far = 2305843009213693952.0; /* 2^61 */

	if (!(ns < far)) /* NaN too */
		return (int64_t)1 << 61;
	return ns <= -far ? -((int64_t)1 << 61) : (int64_t)ns;
}

int64_t json_ns(const json_t *value, double unit_ns)
{
	if (json_is_integer(value) && unit_ns == 1)
		return json_integer_value(value);
	return json_clamp(json_number_value(value) * unit_ns);
}

uint32_t json_line(const json_t *object, const char *key)
{
	int64_t line = json_number_of(object, key, 0);

	return line > 0 && line < UINT32_MAX ? (uint32_t)line : 0;
}
