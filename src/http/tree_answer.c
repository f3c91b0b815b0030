/* tree_answer.c - see tree_answer.h */
#include "http/tree_answer.h"

#include "http/params.h"
#include "http/tree_json.h"

#include <string.h>

enum { DEFAULT_NODES = 16000, MAX_NODES = 200000 };

static const char *const groups[] = {
	[TREE_PLAIN] = "none",
	[TREE_BY_PROCESS] = "process",
	[TREE_BY_THREAD] = "thread",
	[TREE_BY_STATE] = "state",
};

int tree_read_options(struct call *c, struct tree_options *o, struct err *err)
{
	const char *group = call_arg(c, "group");
	size_t i;

	*o = (struct tree_options){ .max_nodes = DEFAULT_NODES,
		.order = TREE_BY_NAME,
		.inverted = call_flag(c, "invert") };
	if (group && *group) {
		for (i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
			if (!strcmp(groups[i], group))
				break;
		if (i == sizeof(groups) / sizeof(groups[0]))
			return err_set(err, ERR_USAGE,
				"group=%.40s: give none, process, thread or state",
				group);
		o->group = (enum tree_group)i;
	}
	if (call_number(c, "min_share", 0, 1, &o->min_share, err) < 0)
		return -1;
	return params_size(c, "max_nodes", 1, MAX_NODES, &o->max_nodes, err);
}

void tree_write_head(struct json *j, const struct tree *t, bool inverted)
{
	json_kms(j, "from_ms", t->from_ns);
	json_kms(j, "until_ms", t->until_ns);
	json_kint(j, "trimmed", (int64_t)t->n_trimmed);
	json_kbool(j, "inverted", inverted);
}

void tree_write(struct call *c, const struct tree *t, bool inverted, const char *extra,
	uint64_t extra_value)
{
	struct places places;
	struct json j;

	places_init(&places);
	call_json(c, &j);
	tree_write_head(&j, t, inverted);
	if (extra)
		json_kint(&j, extra, (int64_t)extra_value);
	tree_json_nodes(&j, "nodes", t, &places);
	places_write(&places, &j);
	call_json_end(c, &j);
	places_release(&places);
}
