/* session.c - see session.h */
#include "cli/session.h"

#include "base/alloc.h"
#include "base/log.h"
#include "store/store.h"

#include <string.h>

static int parse_labels(struct session *s, const struct opt_list *list, struct err *err)
{
	size_t i;

	s->labels = xcalloc(list->n + 1, sizeof(*s->labels));
	for (i = 0; i < list->n; i++) {
		const char *eq = strchr(list->v[i], '=');

		if (!eq || eq == list->v[i])
			return err_set(err, ERR_USAGE, "--label: '%s' is not KEY=VALUE",
				list->v[i]);
		s->labels[i].key = xstrndup(list->v[i], (size_t)(eq - list->v[i]));
		s->labels[i].value = xstrdup(eq + 1);
	}
	return 0;
}

int session_open(struct session *s, const char *dir, const struct session_options *o,
	struct err *err)
{
	struct store_options so = {
		.mode = STORE_WRITE, .retain_ns = o->retain_ns, .max_bytes = o->max_bytes
	};
	struct sampler_options sampling = sampling_of(o->sample, o->subprocesses);

	*s = (struct session){ 0 };
	if (parse_labels(s, &o->sample->labels, err) < 0)
		return -1;
	sampling.match = o->match;
	sampling.match_arg = o->match_arg;
	sampling.labels = s->labels;
	sampling.n_labels = o->sample->labels.n;
	s->store = store_open(dir, &so, err);
	if (!s->store)
		return -1;
	s->sampler = sampler_new(store_sink(s->store), &sampling);
	return sampler_start(s->sampler, err);
}

int session_close(struct session *s, struct err *err)
{
	struct label *l;
	int ret = 0;

	sampler_free(s->sampler);
	if (s->store)
		ret = store_close(s->store, err);
	for (l = s->labels; l && l->key; l++) {
		free(l->key);
		free(l->value);
	}
	free(s->labels);
	*s = (struct session){ 0 };
	return ret;
}

void session_report_problems(struct session *s)
{
	struct store_stats st;

	store_stats(s->store, &st);
	if (st.failing && !s->said_problem)
		log_warn("cannot write: %s; sampling goes on", st.problem);
	if (!st.failing && s->said_problem)
		log_warn("writing again");
	s->said_problem = st.failing;
}
