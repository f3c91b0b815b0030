/* diff_live.c - see diff_live.h */
#include "cli/diff_live.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "cli/ending.h"
#include "cli/screen.h"
#include "prof/tape.h"

#include <string.h>
#include <unistd.h>

bool live_is_pid(const char *word)
{
	return *word && !word[strspn(word, "0123456789")] && access(word, F_OK) < 0;
}

static int start(
	struct live *l, const char *pid, const struct live_options *o, struct err *err)
{
	const struct pid_options below = { .subprocesses = o->subprocesses };
	const struct opt_args one = { .v = &pid, .n = 1 };
	struct sampler_options so = sampling_of(&o->sample, o->subprocesses);

	if (pids_of(&l->pids, &below, &one, false, err) < 0)
		return -1;
	l->title = pids_title(&l->pids);
	l->tape = tape_new(0);
	l->sampler = sampler_new(tape_sink(l->tape), &so);
	if (sampler_start(l->sampler, err) < 0)
		return -1;
	return pids_attach(&l->pids, l->sampler, err);
}

void live_release(struct live *l)
{
	sampler_free(l->sampler);
	tape_free(l->tape);
	pids_release(&l->pids);
	free(l->title);
	*l = (struct live){ 0 };
}

static void draw(const struct live v[2], const struct live_options *o, int64_t began_ns)
{
	struct buf line = BUF_INIT, cut = BUF_INIT;
	char text[32];
	int i;

	text_span(text, sizeof(text), (double)(clock_mono_ns() - began_ns) / 1e9);
	buf_printf(&line, "%s of %g s", text, o->duration);
	for (i = 0; i < 2; i++) {
		struct sampler_stats st;

		if (!v[i].sampler)
			continue;
		sampler_stats(v[i].sampler, &st);
		buf_printf(&line, "   %s: %s samples", i ? "B" : "A",
			text_number(text, sizeof(text), st.samples));
	}
	text_fit(&cut, line.data, screen_columns(stderr) - 1);
	fprintf(stderr, "\r\033[K%s", cut.data ? cut.data : "");
	fflush(stderr);
	buf_release(&line);
	buf_release(&cut);
}

static bool is_idle(const struct live *l)
{
	return !l->sampler || sampler_wait_idle(l->sampler, 0);
}

static void watch(struct live v[2], const struct live_options *o, struct ending *ending)
{
	bool shows = !o->quiet && isatty(STDERR_FILENO);
	int64_t began_ns = clock_mono_ns();
	int64_t end_ns = began_ns + (int64_t)(o->duration * 1e9);

	while (clock_mono_ns() < end_ns && !(is_idle(&v[0]) && is_idle(&v[1]))) {
		int64_t next = clock_mono_ns() + NS_PER_SEC / 4;

		if (shows)
			draw(v, o, began_ns);
		if (ending_wait(ending, next < end_ns ? next : end_ns, -1))
			break;
	}
	if (shows)
		fputs("\r\033[K", stderr);
}

static int stop(struct live *l, struct err *err)
{
	struct sampler_stats st;

	sampler_stop(l->sampler);
	sampler_stats(l->sampler, &st);
	if (st.samples)
		return 0;
	return err_set(err, ERR_FAILED, "no sample was taken of process %s", l->title);
}

int live_sample(struct live v[2], const char *const words[2],
	const struct live_options *o, struct err *err)
{
	struct ending ending;
	int ret = -1, i;

	if (ending_open(&ending, err) < 0)
		return -1;
	for (i = 0; i < 2; i++) {
		if (live_is_pid(words[i]) && start(&v[i], words[i], o, err) < 0)
			goto out;
	}
	watch(v, o, &ending);
	for (i = 0; i < 2; i++) {
		if (v[i].sampler && stop(&v[i], err) < 0)
			goto out;
	}
	ret = 0;
out:
	ending_close(&ending);
	return ret;
}
