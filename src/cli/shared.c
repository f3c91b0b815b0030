/* shared.c - see shared.h */
#include "cli/shared.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "cli/probe.h"
#include "proc/find.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

const struct opt shared_pid_rows[] = {
	OPT("pid", 'p', list, pid_options, pids, "PID",
		"a process; the same as naming it without -p, and may be given again",
		.offer = OFFER_PIDS),
	OPT("subprocesses", 's', flag, pid_options, subprocesses, NULL,
		"the Python processes below it too, also those that start later"),
	OPT_END,
};

const struct opt shared_read_rows[] = {
	OPT("native", 'n', flag, read_options, native, NULL,
		"C, C++ and Rust frames too; each running thread is stopped for a "
		"moment"),
	OPT("abi", 0, choice, read_options, abi, "WHERE",
		"where structure layouts come from: the target's own table (3.13 and "
		"later), ours, its debug information",
		.initial = "auto", .choices = "auto|table|dwarf|offsets",
		.offer = OFFER_CHOICES),
	OPT_END,
};

const struct opt shared_sample_rows[] = {
	OPT("rate", 'r', rate, sample_options, rate, "HZ",
		"samples a second; max takes as many as it can", .initial = "100"),
	OPT("blocking", 0, choice, sample_options, blocking, "WHEN",
		"stop threads while they are read; auto: only those whose samples "
		"fail",
		.initial = "never", .choices = "never|auto|always",
		.offer = OFFER_CHOICES),
	OPT("asyncio", 0, flag, sample_options, asyncio, NULL,
		"under the frames of each step the asyncio task that is stepped, and who "
		"awaits it"),
	OPT_END,
};

const struct opt shared_filter_rows[] = {
	OPT("from", 0, string, filter_options, from, "TIME",
		"only from then on: -15minutes, '2 hours ago', 'yesterday 14:00', "
		"start+30s, "
		"RFC 3339, Unix seconds"),
	OPT("until", 0, string, filter_options, until, "TIME", "only until then"),
	OPT("utc", 0, flag, filter_options, utc, NULL,
		"times without an offset are UTC, and shown so"),
	OPT("state", 0, list, filter_options, states, "STATE",
		"only threads that are: all cpu gil gil-wait idle gc exc native"),
	OPT("wait", 0, list, filter_options, waits, "CALL",
		"only threads blocked in this: epoll_wait, 'futex (GIL)'..."),
	OPT("thread", 0, list, filter_options, threads, "NAME",
		"only this thread: a name, a pattern (worker-*) or a thread id"),
	OPT("only-pid", 0, list, filter_options, pids, "PID",
		"only this process of the recording"),
	OPT("with-label", 0, list, filter_options, labels, "KEY=VALUE",
		"only processes with this label; also != =~ !~"),
	OPT("function", 0, string, filter_options, function, "REGEX",
		"only stacks with such a function in them"),
	OPT("module", 0, list, filter_options, modules, "PATTERN",
		"only stacks with such a module in them"),
	OPT("root", 0, string, filter_options, root, "REGEX",
		"stacks begin at the first such function"),
	OPT("hide", 0, string, filter_options, hide, "REGEX",
		"leave such functions out; their time goes to the caller"),
	OPT("mine", 0, flag, filter_options, mine, NULL,
		"fold library frames into the code of yours that called them"),
	OPT("mine-path", 0, list, filter_options, mine_paths, "GLOB",
		"files that are yours, wherever they are"),
	OPT("library-path", 0, list, filter_options, library_paths, "GLOB",
		"files that are not yours"),
	OPT("no-native", 0, flag, filter_options, no_native, NULL,
		"fold C frames into the Python that called them"),
	OPT("timeout", 0, string, filter_options, timeout, "SPAN",
		"give up after that long"),
	OPT_END,
};

static int add_pid(struct pids *p, const char *text, struct err *err)
{
	char *end;
	long v;
	size_t i;

	errno = 0;
	v = strtol(text, &end, 10);
	if (errno || end == text || *end || v <= 0 || v > 0x7fffffff ||
		!isdigit((unsigned char)*text))
		return err_set(err, ERR_USAGE,
			"'%s' is not a process id; pystrobe ps lists them", text);
	for (i = 0; i < p->n; i++) {
		if (p->v[i] == (pid_t)v)
			return 0;
	}
	GROW(p->v, p->cap, p->n + 1);
	p->v[p->n++] = (pid_t)v;
	return 0;
}

static void add_below(struct pids *p)
{
	struct find *f = find_new();
	size_t i, j, n = p->n;
	pid_t below[4096];

	for (i = 0; i < n; i++) {
		size_t found = find_children(f, p->v[i], below, ARRAY_SIZE(below));

		for (j = 0; j < found && j < ARRAY_SIZE(below); j++) {
			char text[16];
			struct err ignored = ERR_INIT;

			snprintf(text, sizeof(text), "%d", (int)below[j]);
			add_pid(p, text, &ignored);
		}
	}
	find_free(f);
}

int pids_of(struct pids *p, const struct pid_options *o, const struct opt_args *args,
	bool none_is_fine, struct err *err)
{
	size_t i;

	for (i = 0; i < o->pids.n; i++) {
		if (add_pid(p, o->pids.v[i], err) < 0)
			return -1;
	}
	for (i = 0; i < args->n; i++) {
		if (add_pid(p, args->v[i], err) < 0)
			return -1;
	}
	if (!p->n && !none_is_fine)
		return err_set(err, ERR_USAGE,
			"which process? Give its pid; pystrobe ps lists them");
	p->n_given = p->n;
	p->follow = o->subprocesses;
	if (p->follow)
		add_below(p);
	return 0;
}

void pids_release(struct pids *p)
{
	free(p->v);
	*p = (struct pids){ 0 };
}

char *pids_title(const struct pids *p)
{
	struct buf b = BUF_INIT, title = BUF_INIT;
	const char *slash;

	find_command(p->v[0], &b);
	slash = b.data ? memrchr(b.data, '/', strcspn(b.data, " ")) : NULL;
	buf_printf(&title, "%d %s", (int)p->v[0], slash ? slash + 1 : b.data);
	buf_release(&b);
	if (p->n_given > 1)
		buf_printf(&title, " and %zu more", p->n_given - 1);
	return buf_detach(&title, NULL);
}

int pids_attach(const struct pids *p, struct sampler *s, struct err *err)
{
	size_t i, added = 0;

	for (i = 0; i < p->n; i++) {
		if (sampler_add(s, p->v[i], NULL, 0, err) == 0) {
			added++;
			continue;
		}
		if (err->code == ERR_NOT_READY) {
			sampler_expect(s, p->v[i], 10 * NS_PER_SEC);
			added++;
			continue;
		}
		if (p->follow && err->code == ERR_BUSY) { /* the sampler was faster */
			added++;
			continue;
		}
		if (p->n > p->n_given && err->code == ERR_NOT_PYTHON) {
			sampler_expect(s, p->v[i], 365 * 86400 * NS_PER_SEC);
			continue;
		}
		if (i >= p->n_given && err->code == ERR_GONE)
			continue; /* a child that ended meanwhile */
		probe_explain(p->v[i], err);
		if (p->n > 1)
			log_warn("%s%s%s", err->msg, err->hint[0] ? "; " : "", err->hint);
	}
	if (added)
		return 0;
	return p->n > 1 ? err_set(err, ERR_FAILED, "none of the processes can be sampled")
			: -1;
}

struct sampler_options sampling_of(const struct sample_options *o, bool subprocesses)
{
	return (struct sampler_options){ .rate_hz = o->rate,
		.blocking = (enum blocking)blocking_of_word(o->blocking),
		.abi = abi_source_of(o->read.abi),
		.native = o->read.native,
		.asyncio = o->asyncio,
		.subprocesses = subprocesses };
}
