/*
 * folded_read.c - folded text of any of the three styles, of py-spy's raw output and of
 * Tachyon's --collapsed:
 *
 *	main (app.py:10);work (app.py:20) 120
 *	main(__main__);work(app.views) 120
 *	app.py:main:10;app.py:work:20 120
 *	process 7:"python app.py";thread (0x7f): MainThread;main (app.py:10) 3     py-spy
 *	tid:12;app.py:main:10 3                                                    Tachyon
 *
 * A root frame that names a process or thread becomes one. Counts are samples; the format
 * has no times. Lines without a count are skipped and the first is named.
 */
#include "format/folded.h"
#include "format/line.h"

#include <stdlib.h>
#include <string.h>

struct folded {
	struct import *im;
	uint32_t process, thread;
};

static bool starts(const char *s, size_t len, const char *with)
{
	return len >= strlen(with) && !memcmp(s, with, strlen(with));
}

/* process 7:"python app.py" */
static bool process_root(struct folded *f, const char *s, size_t len)
{
	const size_t skip = strlen("process ");
	uint64_t pid;
	size_t used;
	char *command;

	if (!starts(s, len, "process "))
		return false;
	used = line_number(s + skip, len - skip, &pid);
	if (!used || pid > INT32_MAX)
		return false;
	f->process = import_process(f->im, (pid_t)pid);
	f->thread = import_thread(f->im, f->process, 0);
	s += skip + used;
	len -= skip + used;
	if (len > 3 && s[0] == ':' && s[1] == '"' && s[len - 1] == '"') {
		command = strndup(s + 2, len - 3);
		import_label(f->im, f->process, "command", command);
		free(command);
	}
	return true;
}

/* thread (0x7f): name   thread (12)   tid:12 */
static bool thread_root(struct folded *f, const char *s, size_t len)
{
	uint64_t id;
	size_t used, skip;
	bool tachyon = starts(s, len, "tid:");

	if (!tachyon && !starts(s, len, "thread ("))
		return false;
	skip = tachyon ? 4 : 8;
	s += skip;
	len -= skip;
	if (starts(s, len, "0x") || starts(s, len, "0X"))
		used = line_hex(s, len, &id);
	else
		used = line_number(s, len, &id);
	if (!used || (tachyon ? used != len : used == len || s[used] != ')'))
		return false;
	f->thread = import_thread(f->im, f->process, id + 1);
	s += used;
	len -= used;
	skip = starts(s, len, "): ") ? 3 : len;
	import_thread_name(
		f->im, f->thread, id <= 4194304 ? (pid_t)id : 0, s + skip, len - skip);
	return true;
}

static stack_id read_stack(struct folded *f, const char *s, size_t len)
{
	stack_id stack = 0;
	bool root = true;

	while (len) {
		const char *semicolon = memchr(s, ';', len);
		size_t part = semicolon ? (size_t)(semicolon - s) : len;
		struct import_place place;

		/* a root frame is one only while nothing else came */
		if (part && !(root && (process_root(f, s, part) ||
					      thread_root(f, s, part)))) {
			root = false;
			line_frame(s, part, &place);
			stack = import_push(f->im, stack, import_frame(f->im, &place));
		}
		part += semicolon ? 1 : 0;
		s += part;
		len -= part;
	}
	return stack;
}

int folded_read(struct import *im, struct err *err)
{
	struct line l = line_first(im->data, im->len);
	uint64_t n_bad = 0, first_bad = 0, n_good = 0, value;
	struct folded f = { .im = im };

	while (line_next(&l)) {
		size_t len = l.len;
		stack_id stack;

		if (!len || l.at[0] == '#')
			continue;
		if (!line_cut_value(l.at, &len, &value)) {
			if (!n_bad++)
				first_bad = l.number;
			continue;
		}
		f.process = import_process(im, 0);
		f.thread = import_thread(im, f.process, 0);
		stack = read_stack(&f, l.at, len);
		import_count(im, f.thread, stack, value, 0, 0);
		n_good++;
	}
	if (!n_good)
		return err_set(err, ERR_CORRUPT, "line %llu: no count at its end",
			(unsigned long long)first_bad);
	if (n_bad)
		import_warn(im, "line %llu: no count at its end; %llu such lines skipped",
			(unsigned long long)first_bad, (unsigned long long)n_bad);
	return 0;
}

int folded_sniff(const char *head, size_t len)
{
	struct line l = line_first(head, len);
	const size_t long_line = 32 * 1024; /* longer than these is cut off by the head */
	int good = 0, bad = 0, semicolons = 0;

	if (memchr(head, '\0', len) || !len || head[0] == '{' || head[0] == '[')
		return 0;
	while (good + bad < 8 && line_next(&l)) {
		size_t n = l.len;
		uint64_t value;

		if (!n || l.at[0] == '#')
			continue;
		if (l.next == l.end && l.at + l.len == l.end && good)
			break; /* the head may end inside it */
		if (l.at + l.len == head + len && n > long_line && memchr(l.at, ';', n))
			return 25;
		if (!line_cut_value(l.at, &n, &value)) {
			bad++;
			continue;
		}
		good++;
		semicolons += memchr(l.at, ';', n) != NULL;
	}
	return good && good >= bad ? 30 + (semicolons ? 10 : 0) : 0;
}
