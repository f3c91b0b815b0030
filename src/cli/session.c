/* session.c - see session.h */
#include "cli/session.h"

#include "base/alloc.h"
#include "base/log.h"
#include "cli/probe.h"
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
	struct sampler_options sampling = { .rate_hz = o->sample->rate,
		.blocking = (enum blocking)blocking_of_word(o->sample->blocking),
		.abi = abi_source_of(o->sample->abi),
		.native = o->sample->native,
		.asyncio = o->sample->asyncio,
		.subprocesses = o->subprocesses,
		.match = o->match,
		.match_arg = o->match_arg };

	*s = (struct session){ 0 };
	if (parse_labels(s, &o->sample->labels, err) < 0)
		return -1;
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

int session_add(struct session *s, const pid_t *pids, size_t n, struct err *err)
{
	size_t i, added = 0;

	for (i = 0; i < n; i++) {
		if (sampler_add(s->sampler, pids[i], NULL, 0, err) == 0) {
			added++;
			continue;
		}
		if (err->code == ERR_NOT_READY) {
			sampler_expect(s->sampler, pids[i], 10000000000);
			added++;
			continue;
		}
		probe_explain(pids[i], err);
		if (n > 1)
			log_warn("%s%s%s", err->msg, err->hint[0] ? "; " : "", err->hint);
	}
	if (added)
		return 0;
	return n > 1 ? err_set(err, ERR_FAILED, "none of the processes can be sampled")
		     : -1;
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
