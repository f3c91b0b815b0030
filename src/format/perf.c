/*
 * perf.c - `perf script` output: a head line, frames leaf first, an empty line.
 *
 *	python3 4242/4243 [001] 1234.567890:   10101010 cpu-clock:u:
 *		    7f3a10 _PyEval_EvalFrameDefault+0x1a (/usr/bin/python3.12)
 *		    7f3b22 py::work:/srv/app.py (/tmp/perf-4242.map)
 *
 * The command may hold blanks; pid, processor and period may be missing. py::func:file is
 * how CPython's trampolines name Python functions. A period of an event that counts a
 * clock is nanoseconds; any other sample is taken for the nominal time.
 */
#include "format/perf.h"
#include "format/line.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

struct head {
	const char *command;
	size_t command_len;
	uint64_t pid, tid, time_ns, period;
	bool has_pid, is_clock;
};

struct perf {
	struct import *im;
	struct head head;
	bool open;
	frame_id *frames; /* leaf first */
	size_t n_frames, cap_frames;
	uint64_t n_nominal;
	int64_t first_ns;
	bool any;
};

static size_t blanks(const char *s, size_t len)
{
	size_t n = 0;

	while (n < len && (s[n] == ' ' || s[n] == '\t'))
		n++;
	return n;
}

/* "1234.567890:" -> ns; 0 when it is not that. */
static size_t seconds(const char *s, size_t len, uint64_t *ns)
{
	uint64_t whole, part;
	size_t a = line_number(s, len, &whole), b, i;

	if (!a || a >= len || s[a] != '.')
		return 0;
	b = line_number(s + a + 1, len - a - 1, &part);
	if (!b || b > 9 || a + 1 + b >= len || s[a + 1 + b] != ':')
		return 0;
	for (i = b; i < 9; i++)
		part *= 10;
	if (whole > INT64_MAX / 2000000000)
		return 0;
	*ns = whole * 1000000000 + part;
	return a + b + 2;
}

/* From the right: [cpu], then pid/tid or tid, then the command. */
static bool who(struct head *h, const char *s, size_t len)
{
	size_t at;
	uint64_t number;

	while (len && s[len - 1] == ' ')
		len--;
	if (len && s[len - 1] == ']') {
		while (len && s[len - 1] != '[')
			len--;
		len -= len ? 1 : 0;
		while (len && s[len - 1] == ' ')
			len--;
	}
	for (at = len; at && s[at - 1] != ' '; at--)
		;
	if (!at || at == len)
		return false;
	number = 0;
	h->command = s;
	h->command_len = at;
	while (h->command_len && s[h->command_len - 1] == ' ')
		h->command_len--;
	s += at;
	len -= at;
	at = line_number(s, len, &number);
	if (!at)
		return false;
	h->tid = number;
	h->has_pid = at < len && s[at] == '/';
	if (!h->has_pid)
		return at == len;
	h->pid = number;
	return line_number(s + at + 1, len - at - 1, &h->tid) == len - at - 1 &&
	       len > at + 1;
}

static bool parse_head(struct head *h, const char *s, size_t len)
{
	size_t at, used = 0;

	memset(h, 0, sizeof(*h));
	if (!len || s[0] == ' ' || s[0] == '\t' || s[0] == '#')
		return false;
	for (at = 1; at + 4 < len && !used; at++) {
		if (s[at - 1] == ' ' && s[at] >= '0' && s[at] <= '9')
			used = seconds(s + at, len - at, &h->time_ns);
		if (used)
			break;
	}
	if (!used || !who(h, s, at))
		return false;
	s += at + used;
	len -= at + used;
	at = blanks(s, len);
	used = line_number(s + at, len - at, &h->period);
	if (used && at + used < len && s[at + used] == ' ')
		at += used;
	else
		h->period = 0;
	at += blanks(s + at, len - at);
	h->is_clock = memmem(s + at, len - at, "cpu-clock", 9) ||
		      memmem(s + at, len - at, "task-clock", 10);
	return true;
}

static void python_frame(const char *s, size_t len, struct import_place *p)
{
	const char *colon = memrchr(s, ':', len);

	p->name = s;
	p->name_len = colon ? (size_t)(colon - s) : len;
	if (colon) {
		p->file = colon + 1;
		p->file_len = (size_t)(s + len - p->file);
	}
}

/* "    7f3a10 name+0x1a (/usr/bin/python3.12)" */
static bool parse_frame(const char *s, size_t len, struct import_place *p)
{
	size_t at = blanks(s, len), used, open;
	uint64_t address;

	memset(p, 0, sizeof(*p));
	used = line_hex(s + at, len - at, &address);
	if (!at || !used || at + used >= len || s[at + used] != ' ')
		return false;
	s += at + used + 1;
	len -= at + used + 1;
	for (open = len; open > 1 && !(s[open - 1] == '(' && s[open - 2] == ' '); open--)
		;
	if (open > 1 && s[len - 1] == ')') {
		p->module = s + open;
		p->module_len = len - open - 1;
		len = open - 2;
	}
	if (len > 4 && !memcmp(s, "py::", 4)) {
		p->module_len = 0;
		python_frame(s + 4, len - 4, p);
		return true;
	}
	for (at = len; at && s[at - 1] != '+'; at--)
		;
	p->name = s;
	p->name_len = at > 1 ? at - 1 : len;
	p->file = p->module;
	p->file_len = p->module_len;
	p->flags = FUNC_NATIVE;
	return true;
}

static void end_sample(struct perf *f)
{
	const struct head *h = &f->head;
	uint32_t process, thread;
	uint64_t weight = IMPORT_NOMINAL_NS;
	stack_id stack = 0;
	char *command;

	if (!f->open)
		return;
	f->open = false;
	process = import_process(f->im, (pid_t)((h->has_pid ? h->pid : 0) & INT32_MAX));
	thread = import_thread(f->im, process, h->tid + 1);
	if (!f->im->threads[thread].info.tid) {
		command = strndup(h->command, h->command_len);
		import_thread_name(f->im, thread, (pid_t)(h->tid & INT32_MAX), command,
			strlen(command));
		if (!series_get(&f->im->processes[process].series, "command"))
			import_label(f->im, process, "command", command);
		free(command);
	}
	if (h->is_clock && h->period)
		weight = h->period;
	else
		f->n_nominal++;
	while (f->n_frames)
		stack = import_push(f->im, stack, f->frames[--f->n_frames]);
	if (!f->any)
		f->first_ns = (int64_t)h->time_ns;
	f->any = true;
	import_sample(f->im, thread, (int64_t)h->time_ns - f->first_ns, weight, stack,
		STATE_CPU, WAIT_NONE);
}

int perf_read(struct import *im, struct err *err)
{
	struct line l = line_first(im->data, im->len);
	struct perf f = { .im = im };
	uint64_t n_bad = 0, first_bad = 0;
	struct import_place place;
	struct head head;

	while (line_next(&l)) {
		if (!l.len) {
			end_sample(&f);
			f.n_frames = 0;
		} else if (l.at[0] == '#') {
			continue;
		} else if (f.open && parse_frame(l.at, l.len, &place)) {
			if (f.n_frames < IMPORT_MAX_DEPTH) {
				GROW(f.frames, f.cap_frames, f.n_frames + 1);
				f.frames[f.n_frames++] = import_frame(im, &place);
			}
		} else if (parse_head(&head, l.at, l.len)) {
			end_sample(&f);
			f.head = head;
			f.open = true;
			f.n_frames = 0;
		} else if (!n_bad++) {
			first_bad = l.number;
		}
	}
	end_sample(&f);
	free(f.frames);
	if (n_bad && !f.any)
		return err_set(err, ERR_CORRUPT, "line %llu: not what perf script prints",
			(unsigned long long)first_bad);
	if (n_bad)
		import_warn(im,
			"line %llu: not what perf script prints; %llu such lines skipped",
			(unsigned long long)first_bad, (unsigned long long)n_bad);
	if (f.n_nominal)
		import_warn(im,
			"%llu samples of events that are no clock: each is taken for %d "
			"ms",
			(unsigned long long)f.n_nominal, IMPORT_NOMINAL_NS / 1000000);
	return 0;
}

int perf_sniff(const char *head, size_t len)
{
	struct line l = line_first(head, len);
	struct import_place place;
	struct head h;
	int i;

	for (i = 0; i < 200 && line_next(&l); i++) {
		if (!l.len || l.at[0] == '#')
			continue;
		if (!parse_head(&h, l.at, l.len))
			return 0;
		return line_next(&l) && parse_frame(l.at, l.len, &place) ? 90 : 35;
	}
	return 0;
}
