/*
 * tachyon.c - the binary files of CPython 3.15's profiling.sampling, version 1, read.
 *
 *	 0  u32 magic "TACH" (also tells the byte order)    4  u32 version
 *	 8  u8[4] Python's major minor micro 0             12  u64 start, us
 *	20  u64 interval, us        28  u64 samples        36  u32 threads
 *	40  u64 offset of strings   48  u64 offset of frames
 *	56  u32 compression: 0, 1 zstd (of the samples)    60  u32 mode + 1
 *	64  samples: u64 thread, u32 interpreter, u8 how, then
 *	    0 REPEAT   n, then n times { delta, status }
 *	    1 FULL     delta, status, depth, frames             (leaf first)
 *	    2 SUFFIX   delta, status, shared, n, n frames       (shared: from the root)
 *	    3 POP_PUSH delta, status, pop, n, n frames
 *	strings: { len, bytes }     frames: { file, func, line, dline, col, dcol, u8 opcode }
 *	-32 u32 strings, u32 frames, u64 file size, u8[16] zero
 *
 * Numbers without a width are LEB128; line and what follows it are zigzag. delta is
 * microseconds since the same thread's sample before. A file that was cut off has no
 * tables, so nothing of it has a name: that is an error. Damage in the samples keeps those
 * in front of it. Followed: CPython's InternalDocs/profiling_binary_format.md.
 */
#include "format/tachyon.h"

#include "base/alloc.h"
#include "base/bytes.h"
#include "format/inflate.h"

#include <stdlib.h>
#include <string.h>

enum {
	HEADER = 64,
	FOOTER = 32,
	MAX_SAMPLES_BYTES = 1 << 30,
	REPEAT = 0,
	FULL,
	SUFFIX,
	POP_PUSH,
};

static const char magic[] = "HCAT", magic_swapped[] = "TACH";

struct tachyon_thread {
	uint32_t thread; /* of the import */
	int64_t now_us;
	bool started;
	uint32_t *frames; /* of its last sample, leaf first: indexes of the table */
	size_t n_frames, cap_frames;
	stack_id stack;
};

struct tachyon {
	struct import *im;
	const uint8_t *data;
	size_t len;
	bool swapped;
	uint64_t interval_us, strings_at, frames_at;
	uint32_t compression, n_strings, n_frames;
	struct reader *strings; /* bytes of each */
	frame_id *frames;
	bool *is_gc;
	struct tachyon_thread *threads;
	size_t n_threads, cap_threads;
	struct map thread_of;
	uint32_t *scratch;
	size_t cap_scratch;
};

static uint32_t u32(const struct tachyon *t, const uint8_t *at)
{
	uint32_t v;

	memcpy(&v, at, sizeof(v));
	return t->swapped ? __builtin_bswap32(v) : v;
}

static uint64_t u64(const struct tachyon *t, const uint8_t *at)
{
	uint64_t v;

	memcpy(&v, at, sizeof(v));
	return t->swapped ? __builtin_bswap64(v) : v;
}

static int read_header(struct tachyon *t, struct err *err)
{
	const uint8_t *footer = t->data + t->len - FOOTER;
	char version[24];

	if (t->len < HEADER + FOOTER)
		return err_set(err, ERR_CORRUPT, "the file ends within its header");
	t->swapped = !memcmp(t->data, magic_swapped, 4);
	if (u32(t, t->data + 4) != 1)
		return err_set(err, ERR_CORRUPT, "version %u is not known (1 is)",
			u32(t, t->data + 4));
	snprintf(version, sizeof(version), "%u.%u.%u", t->data[8], t->data[9],
		t->data[10]);
	import_label(t->im, import_process(t->im, 0), "python", version);
	t->interval_us = u64(t, t->data + 20);
	t->strings_at = u64(t, t->data + 40);
	t->frames_at = u64(t, t->data + 48);
	t->compression = u32(t, t->data + 56);
	t->n_strings = u32(t, footer);
	t->n_frames = u32(t, footer + 4);
	if (t->strings_at < HEADER || t->strings_at > t->frames_at ||
		t->frames_at > t->len - FOOTER)
		return err_set(err, ERR_CORRUPT,
			"its tables are not where the header says (%llu, %llu): cut off "
			"while "
			"it was written?",
			(unsigned long long)t->strings_at,
			(unsigned long long)t->frames_at);
	/* a string takes one byte or more, a frame seven */
	if (t->n_strings > t->frames_at - t->strings_at ||
		t->n_frames > (t->len - FOOTER - t->frames_at) / 7)
		return err_set(err, ERR_CORRUPT,
			"byte %zu: more strings or frames than there is room for",
			t->len - FOOTER);
	return 0;
}

static int read_strings(struct tachyon *t, struct err *err)
{
	struct reader r =
		reader_of(t->data + t->strings_at, t->frames_at - t->strings_at);
	uint32_t i;

	t->strings = xcalloc((size_t)t->n_strings + 1, sizeof(*t->strings));
	for (i = 0; i < t->n_strings; i++) {
		size_t len = 0;
		const char *text = get_string(&r, &len);

		if (r.bad)
			return err_set(err, ERR_CORRUPT,
				"string %u of %u runs over the end", i, t->n_strings);
		t->strings[i] = reader_of(text, len);
	}
	return 0;
}

static const char *string(const struct tachyon *t, uint64_t index, size_t *len)
{
	if (index >= t->n_strings) {
		*len = 0;
		return "";
	}
	*len = reader_left(&t->strings[index]);
	return (const char *)t->strings[index].at;
}

static int read_frames(struct tachyon *t, struct err *err)
{
	struct reader r =
		reader_of(t->data + t->frames_at, t->len - FOOTER - t->frames_at);
	uint32_t i;

	t->frames = xcalloc((size_t)t->n_frames + 1, sizeof(*t->frames));
	t->is_gc = xcalloc((size_t)t->n_frames + 1, sizeof(*t->is_gc));
	for (i = 0; i < t->n_frames; i++) {
		struct import_place p = { 0 };
		uint64_t file = get_varint(&r), func = get_varint(&r);
		int64_t line = get_svarint(&r);

		get_svarint(&r);
		get_svarint(&r);
		get_svarint(&r);
		get_u8(&r);
		if (r.bad)
			return err_set(err, ERR_CORRUPT,
				"frame %u of %u runs over the end", i, t->n_frames);
		p.name = string(t, func, &p.name_len);
		p.file = string(t, file, &p.file_len);
		p.line = line > 0 && line < UINT32_MAX ? (uint32_t)line : 0;
		t->is_gc[i] = p.name_len == 4 && !memcmp(p.name, "<GC>", 4);
		if (p.file_len == 1 && p.file[0] == '~')
			p.file_len = 0; /* how it writes "no file" */
		if (!p.file_len && p.name_len && p.name[0] == '<')
			p.flags = FUNC_MARK;
		t->frames[i] = import_frame(t->im, &p);
	}
	return 0;
}

static struct tachyon_thread *thread_of(
	struct tachyon *t, uint64_t tid, uint32_t interpreter)
{
	uint64_t *slot = map_put(&t->thread_of, hash_step(hash_u64(tid), interpreter));
	struct tachyon_thread *th;

	if (!*slot && t->n_threads >= IMPORT_MAX_THREADS)
		return &t->threads[t->n_threads - 1];
	if (!*slot) {
		GROW(t->threads, t->cap_threads, t->n_threads + 1);
		th = &t->threads[t->n_threads++];
		memset(th, 0, sizeof(*th));
		th->thread = import_thread(t->im, import_process(t->im, 0),
			hash_step(hash_u64(tid), interpreter));
		import_thread_name(
			t->im, th->thread, tid <= 4194304 ? (pid_t)tid : 0, "", 0);
		*slot = t->n_threads;
	}
	return &t->threads[*slot - 1];
}

static uint16_t state_of(uint8_t status, bool gc)
{
	uint16_t state = 0;

	if (status & 1)
		state |= STATE_GIL;
	if (status & 2)
		state |= STATE_CPU;
	if (status & 8)
		state |= STATE_GIL_WAIT;
	if (status & 16)
		state |= STATE_EXC;
	if (!(status & (2 | 4)))
		state |= STATE_BLOCKED;
	return gc ? state | STATE_GC : state;
}

static void sample(
	struct tachyon *t, struct tachyon_thread *th, uint64_t delta, uint8_t status)
{
	const uint64_t day_us = 86400000000;
	uint64_t weight_us = delta < day_us ? delta : day_us;
	bool gc = th->n_frames && t->is_gc[th->frames[0]];

	/* the first delta of a thread is since the recording began */
	if (!th->started && t->interval_us < day_us)
		weight_us = t->interval_us;
	th->started = true;
	if (th->now_us < INT64_MAX / 2000)
		th->now_us += (int64_t)(delta < day_us ? delta : day_us);
	import_sample(t->im, th->thread, th->now_us * 1000, weight_us * 1000, th->stack,
		state_of(status, gc), WAIT_NONE);
}

/* n new frames in front of the last `keep` of the thread's stack. */
static void new_stack(struct tachyon *t, struct reader *r, struct tachyon_thread *th,
	uint64_t keep, uint64_t n)
{
	size_t i;

	if (keep > th->n_frames || n > reader_left(r) || keep + n > IMPORT_MAX_DEPTH) {
		r->bad = true;
		return;
	}
	GROW(t->scratch, t->cap_scratch, keep + n);
	for (i = 0; i < n; i++) {
		uint64_t frame = get_varint(r);

		if (frame >= t->n_frames)
			r->bad = true;
		t->scratch[i] = (uint32_t)frame;
	}
	if (r->bad)
		return;
	if (keep)
		memcpy(t->scratch + n, th->frames + th->n_frames - keep,
			keep * sizeof(*t->scratch));
	GROW(th->frames, th->cap_frames, keep + n);
	th->n_frames = keep + n;
	th->stack = 0;
	for (i = th->n_frames; i-- > 0;) {
		th->frames[i] = t->scratch[i];
		th->stack = import_push(t->im, th->stack, t->frames[t->scratch[i]]);
	}
}

static void record(struct tachyon *t, struct reader *r)
{
	const uint8_t *ids = get_bytes(r, 12);
	uint8_t how = get_u8(r), status;
	struct tachyon_thread *th;
	uint64_t delta, a, b;

	if (r->bad)
		return;
	th = thread_of(t, u64(t, ids), u32(t, ids + 8));
	if (how == REPEAT) {
		for (a = get_varint(r); a && !r->bad; a--) {
			delta = get_varint(r);
			status = get_u8(r);
			if (!r->bad)
				sample(t, th, delta, status);
		}
		return;
	}
	delta = get_varint(r);
	status = get_u8(r);
	a = get_varint(r);
	b = how == FULL ? a : get_varint(r);
	if (how == FULL)
		new_stack(t, r, th, 0, b);
	else if (how == SUFFIX)
		new_stack(t, r, th, a, b);
	else if (how == POP_PUSH && a <= th->n_frames)
		new_stack(t, r, th, th->n_frames - a, b);
	else
		r->bad = true;
	if (!r->bad)
		sample(t, th, delta, status);
}

static int read_samples(struct tachyon *t, struct err *err)
{
	const uint8_t *from = t->data + HEADER;
	size_t len = t->strings_at - HEADER;
	struct buf inner = BUF_INIT;
	struct reader r;
	int ret = -1;

	if (t->compression > 1) {
		err_set(err, ERR_CORRUPT, "compression %u is not known", t->compression);
		goto out;
	}
	if (t->compression == 1 && !inflate_all(&inner, from, len, MAX_SAMPLES_BYTES))
		import_warn(t->im, "the compressed samples are damaged after %zu bytes",
			inner.len);
	r = t->compression == 1 ? reader_of(inner.data, inner.len) : reader_of(from, len);
	while (reader_left(&r)) {
		size_t at = (size_t)(r.at - (t->compression == 1 ? (uint8_t *)inner.data
								 : from));

		record(t, &r);
		if (r.bad) {
			err_set(err, ERR_CORRUPT, "byte %zu of the samples: not a record",
				at);
			goto out;
		}
	}
	ret = 0;
out:
	buf_release(&inner);
	return ret;
}

int tachyon_read(struct import *im, struct err *err)
{
	struct tachyon t = {
		.im = im, .data = (const uint8_t *)im->data, .len = im->len
	};
	size_t i;
	int ret = -1;

	if (read_header(&t, err) == 0 && read_strings(&t, err) == 0 &&
		read_frames(&t, err) == 0)
		ret = read_samples(&t, err);
	for (i = 0; i < t.n_threads; i++)
		free(t.threads[i].frames);
	free(t.threads);
	free(t.strings);
	free(t.frames);
	free(t.is_gc);
	free(t.scratch);
	map_release(&t.thread_of);
	return ret;
}

int tachyon_sniff(const char *head, size_t len)
{
	return len >= HEADER && (!memcmp(head, magic, 4) ||
					!memcmp(head, magic_swapped, 4))
		       ? 100
		       : 0;
}
