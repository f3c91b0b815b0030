/* manage.c - see manage.h */
#include "cli/manage.h"

#include "base/alloc.h"
#include "cli/probe.h"
#include "proc/find.h"
#include "proc/why.h"

#include <pthread.h>
#include <pwd.h>
#include <regex.h>

enum { MAX_TARGETS = 4096 };

struct manage {
	bool all, has_match;
	regex_t match;
	struct find *scout_find; /* the scout thread's */
	pthread_mutex_t lock;    /* of what the server's workers share */
	struct find *page_find;
	struct sampler *sampler;
};

struct manage *manage_new(const char *match, bool all, struct err *err)
{
	struct manage *m = xcalloc(1, sizeof(*m));
	char text[160];
	int code;

	m->all = all;
	if (match) {
		code = regcomp(&m->match, match, REG_EXTENDED | REG_NOSUB);
		if (code) {
			regerror(code, &m->match, text, sizeof(text));
			err_set(err, ERR_USAGE, "--match: '%s': %s", match, text);
			free(m);
			return NULL;
		}
		m->has_match = true;
	}
	m->scout_find = find_new();
	m->page_find = find_new();
	pthread_mutex_init(&m->lock, NULL);
	return m;
}

void manage_free(struct manage *m)
{
	if (!m)
		return;
	if (m->has_match)
		regfree(&m->match);
	find_free(m->scout_find);
	find_free(m->page_find);
	pthread_mutex_destroy(&m->lock);
	free(m);
}

size_t manage_match(void *arg, pid_t *pids, size_t max)
{
	struct manage *m = arg;
	size_t i, n, found = 0;
	const struct found *p = find_scan(m->scout_find, &n);

	for (i = 0; i < n && found < max; i++) {
		if (p[i].unsure)
			continue;
		if (m->all || (m->has_match &&
				      regexec(&m->match, p[i].command, 0, NULL, 0) == 0))
			pids[found++] = p[i].pid;
	}
	return found;
}

static void describe(const struct manage *m, const struct found *p,
	const struct sampler_target *targets, size_t n_targets, http_process_fn *fn,
	void *arg)
{
	struct http_process out = { .pid = p->pid,
		.command = p->command,
		.version = "",
		.container = p->container,
		.user = "",
		.refusal = "" };
	struct passwd pw, *found = NULL;
	char room[1024], version[32], refusal[sizeof(struct err)];
	struct err err = ERR_INIT;
	struct probe probe;
	size_t i;

	if (getpwuid_r(p->uid, &pw, room, sizeof(room), &found) == 0 && found)
		out.user = found->pw_name;
	for (i = 0; i < n_targets; i++) {
		if (targets[i].pid != p->pid)
			continue;
		out.recording = true;
		out.rate_hz = sampler_rate(m->sampler);
	}
	out.can_attach = probe_open(&probe, p->pid, true, &err) == 0;
	if (out.can_attach) {
		out.version = probe_version(&probe, version, sizeof(version));
	} else {
		snprintf(refusal, sizeof(refusal), "%s%s%s", err.msg,
			err.hint[0] ? ". " : "", err.hint);
		out.refusal = refusal;
	}
	probe_close(&probe);
	fn(arg, &out);
}

static int processes(void *ctx, http_process_fn *fn, void *arg, struct err *err)
{
	struct manage *m = ctx;
	struct sampler_target *targets = xcalloc(MAX_TARGETS, sizeof(*targets));
	size_t i, n, n_targets = sampler_targets(m->sampler, targets, MAX_TARGETS);
	const struct found *p;

	(void)err;
	if (n_targets > MAX_TARGETS)
		n_targets = MAX_TARGETS;
	pthread_mutex_lock(&m->lock);
	p = find_scan(m->page_find, &n);
	for (i = 0; i < n; i++)
		describe(m, &p[i], targets, n_targets, fn, arg);
	pthread_mutex_unlock(&m->lock);
	free(targets);
	return 0;
}

static int attach(void *ctx, pid_t pid, double rate_hz, struct err *err)
{
	struct manage *m = ctx;

	if (sampler_add(m->sampler, pid, NULL, 0, err) < 0) {
		why_explain(pid, err);
		return -1;
	}
	if (rate_hz > 0)
		sampler_set_rate(m->sampler, rate_hz);
	return 0;
}

static int detach(void *ctx, pid_t pid, struct err *err)
{
	struct manage *m = ctx;

	if (sampler_remove(m->sampler, pid) == 0)
		return 0;
	return err_set(err, ERR_NOT_FOUND, "process %d is not being sampled", (int)pid);
}

void manage_control(
	struct manage *m, struct sampler *sampler, struct http_control *control)
{
	m->sampler = sampler;
	*control = (struct http_control){
		.ctx = m, .processes = processes, .attach = attach, .detach = detach
	};
}
