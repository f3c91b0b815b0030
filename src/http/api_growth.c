/*
 * api_growth.c - the call tree of memory growth.
 */
#include "http/params.h"
#include "http/route.h"
#include "http/server_state.h"
#include "http/tree_answer.h"
#include "query/memory.h"

int api_growth(struct call *c, struct err *err)
{
	struct tree tree = { 0 };
	struct tree_options o;
	struct filter f;
	uint64_t shrunk = 0;
	int ret = -1;

	if (params_filter(c, NULL, &f, err) < 0 || tree_read_options(c, &o, err) < 0 ||
		memory_growth_query(&tree, c->server->source, &f, &o, &shrunk, err) < 0)
		goto out;
	tree_write(c, &tree, o.inverted, "shrunk_bytes", shrunk);
	ret = 0;
out:
	tree_release(&tree);
	filter_release(&f);
	return ret;
}
