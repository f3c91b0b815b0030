/*
 * austin.c - Austin 3's text, one thread of one round a line:
 *
 *	# austin: 3.7.0
 *	# mode: wall
 *	P42;T0:4242;/srv/app.py:main:10;/srv/app.py:work:20 1000
 *	P42;T0:4242;/srv/app.py:main:10 1000,1,-4096            (mode full: us,idle,bytes)
 *
 * The metric is microseconds. Facts: peers.md part 3.
 */
#include "format/austin.h"
#include "format/line.h"

#include <stdlib.h>
#include <string.h>

void austin_clock_release(struct austin_clock *c)
{
	map_release(&c->seen);
}

void austin_sample(struct import *im, struct austin_clock *c, uint32_t thread,
	uint64_t delta_us, stack_id stack, uint16_t state)
{
	const uint64_t day_us = 86400000000;
	uint64_t *seen = map_put(&c->seen, thread);

	if (delta_us > day_us)
		delta_us = day_us;
	if (!c->round || *seen == c->round || delta_us != c->delta_us) {
		c->round++;
		c->delta_us = delta_us;
		if (c->now_us < INT64_MAX / 2000)
			c->now_us += (int64_t)delta_us;
	}
	*seen = c->round;
	import_sample(
		im, thread, c->now_us * 1000, delta_us * 1000, stack, state, WAIT_NONE);
}

void austin_metadata(struct import *im, struct austin_meta *meta, const char *key,
	size_t key_len, const char *value, size_t value_len)
{
	char *text = strndup(value, value_len < 256 ? value_len : 256);

	if (key_len == 4 && !memcmp(key, "mode", 4)) {
		meta->memory = !strcmp(text, "memory");
		meta->cpu = !strcmp(text, "cpu");
	} else if (key_len == 6 && !memcmp(key, "python", 6)) {
		import_label(im, import_process(im, 0), "python", text);
	}
	free(text);
}

/* The metric at the end: "1000" or "1000,1,-4096". Cuts it off. */
static bool cut_metric(const char *s, size_t *len, uint64_t *us, bool *full, bool *idle)
{
	size_t at = *len, used, n;
	const char *m;

	while (at && s[at - 1] != ' ')
		at--;
	if (!at)
		return false;
	m = s + at;
	n = *len - at;
	used = line_number(m, n, us);
	*full = *idle = false;
	if (!used || (used < n && m[used] != ','))
		return false;
	if (used < n) {
		*full = true;
		*idle = used + 1 < n && m[used + 1] == '1';
	}
	*len = at - 1;
	return true;
}

/* P42;T0:4242 or P42;T4242: what stands in front of the frames. Returns its length. */
static size_t who(struct import *im, const char *s, size_t len, uint32_t *thread)
{
	uint64_t pid, id = 0, tid;
	size_t at = 1, used;

	if (len < 4 || s[0] != 'P')
		return 0;
	used = line_number(s + at, len - at, &pid);
	at += used;
	if (!used || pid > INT32_MAX || len - at < 3 || s[at] != ';' || s[at + 1] != 'T')
		return 0;
	at += 2;
	used = line_number(s + at, len - at, &id);
	if (used && at + used < len && s[at + used] == ':')
		at += used + 1;
	used = len - at > 2 && s[at + 1] == 'x' ? line_hex(s + at, len - at, &tid)
						: line_number(s + at, len - at, &tid);
	if (!used)
		return 0;
	at += used;
	if (at < len && s[at] != ';')
		return 0;
	*thread = import_thread(im, import_process(im, (pid_t)pid), tid + 1);
	import_thread_name(im, *thread, tid <= 4194304 ? (pid_t)tid : 0, "", 0);
	return at;
}

static stack_id frames(struct import *im, const char *s, size_t len, uint16_t *state)
{
	stack_id stack = 0;

	while (len) {
		const char *semicolon = memchr(s, ';', len);
		size_t part = semicolon ? (size_t)(semicolon - s) : len;
		struct import_place p;

		if (part == 4 && !memcmp(s, ":GC:", 4)) {
			*state |= STATE_GC;
		} else if (part) {
			line_frame(s, part, &p);
			if (part == 9 && !memcmp(s, ":INVALID:", 9))
				p.flags |= FUNC_MARK;
			stack = import_push(im, stack, import_frame(im, &p));
		}
		part += semicolon ? 1 : 0;
		s += part;
		len -= part;
	}
	return stack;
}

static void metadata_line(
	struct import *im, struct austin_meta *meta, const char *s, size_t len)
{
	const char *colon = memchr(s, ':', len);

	if (!colon || len < 3)
		return;
	austin_metadata(im, meta, s + 2, (size_t)(colon - s) - 2, colon + 2,
		colon + 2 < s + len ? (size_t)(s + len - colon) - 2 : 0);
}

int austin_read(struct import *im, struct err *err)
{
	struct line l = line_first(im->data, im->len);
	struct austin_clock clock = { 0 };
	struct austin_meta meta = { 0 };
	uint64_t n_bad = 0, first_bad = 0, us;
	int ret = -1;

	while (line_next(&l)) {
		size_t len = l.len, at;
		uint16_t state = 0;
		uint32_t thread;
		bool full, idle;

		if (len > 2 && l.at[0] == '#')
			metadata_line(im, &meta, l.at, len);
		if (!len || l.at[0] == '#')
			continue;
		if (meta.memory) {
			err_set(err, ERR_CORRUPT,
				"a memory profile: its values are bytes, not time");
			goto out;
		}
		if (!cut_metric(l.at, &len, &us, &full, &idle) ||
			!(at = who(im, l.at, len, &thread))) {
			if (!n_bad++)
				first_bad = l.number;
			continue;
		}
		if (full || meta.cpu)
			state = idle ? STATE_BLOCKED : STATE_CPU;
		austin_sample(im, &clock, thread, us,
			frames(im, l.at + at, len - at, &state), state);
	}
	if (n_bad)
		import_warn(im,
			"line %llu: not a sample of Austin; %llu such lines skipped",
			(unsigned long long)first_bad, (unsigned long long)n_bad);
	ret = 0;
out:
	austin_clock_release(&clock);
	return ret;
}

int austin_sniff(const char *head, size_t len)
{
	struct line l = line_first(head, len);
	int i;

	for (i = 0; i < 40 && line_next(&l); i++) {
		uint64_t pid;
		size_t used;

		if (l.len > 9 && !memcmp(l.at, "# austin:", 9))
			return 95;
		if (!l.len || l.at[0] == '#')
			continue;
		if (l.at[0] != 'P')
			return 0;
		used = line_number(l.at + 1, l.len - 1, &pid);
		return used && l.len > used + 3 && !memcmp(l.at + 1 + used, ";T", 2) ? 90
										     : 0;
	}
	return 0;
}
