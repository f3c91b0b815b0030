/* wish.c - see wish.h */
#include "http/wish.h"

#include <jansson.h>

int wish_read(struct wish *w, const char *text, size_t len, struct err *err)
{
	json_t *body = json_loadb(text ? text : "", len, JSON_REJECT_DUPLICATES, NULL);
	const json_t *pid = json_object_get(body, "pid");
	const json_t *rate = json_object_get(body, "rate_hz");
	int ret = -1;

	*w = (struct wish){ 0 };
	if (!json_is_integer(pid) || json_integer_value(pid) <= 0 ||
		json_integer_value(pid) > 1 << 22) {
		err_set(err, ERR_USAGE, "the body must be JSON with a pid");
		err_hint(err, "{\"pid\": 4242, \"rate_hz\": 100}");
		goto out;
	}
	w->pid = (pid_t)json_integer_value(pid);
	w->rate_hz = json_number_value(rate);
	if (rate && !(w->rate_hz >= 0.1 && w->rate_hz <= 20000)) {
		err_set(err, ERR_USAGE, "rate_hz must be between 0.1 and 20000");
		goto out;
	}
	ret = 0;
out:
	json_decref(body);
	return ret;
}
