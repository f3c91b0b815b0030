/*
 * mojo.c - Austin's MOJO, versions 1 to 4.
 *
 *	"MOJ" version   then events: one id byte and its fields
 *	 1 METADATA key value         2 STACK pid [interpreter, v3+] tid   (begins a sample)
 *	 3 FRAME key file scope line [line_end column column_end, v2+]     (defines)
 *	 4 FRAME_INVALID  5 FRAME_REF key  6 FRAME_KERNEL text  7 GC  8 IDLE
 *	 9 METRIC_TIME us  10 METRIC_MEMORY bytes  11 STRING key text  12 STRING_REF key
 *	13 STACK_REPEAT: the frames of this thread's sample before
 *	14 TASK_STACK task name-key   15 TASK_WAITER task waiter     (Austin 4.1, asyncio)
 *
 * A TASK_STACK stands between a STACK and that sample's own frames: the FRAME_REFs behind it
 * are a suspended task's, and the METRIC_TIME that ends them is for how long the task hung
 * where it was seen before. That is no thread's time, so tasks are counted and left out.
 *
 * Text ends in NUL. A number's first byte has bit 7 "more", bit 6 sign, six low bits; then
 * seven bits a byte. file and scope of a FRAME are references to strings, 0 and 1 are
 * "" and "<unknown>". Keys are per process. There is no length and no checksum: the first
 * byte that makes no sense ends the reading, with its offset. Facts: peers.md part 3.
 */
#include "format/austin.h"

#include "base/alloc.h"
#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

enum {
	MOJO_METADATA = 1,
	MOJO_STACK,
	MOJO_FRAME,
	MOJO_FRAME_INVALID,
	MOJO_FRAME_REF,
	MOJO_FRAME_KERNEL,
	MOJO_GC,
	MOJO_IDLE,
	MOJO_METRIC_TIME,
	MOJO_METRIC_MEMORY,
	MOJO_STRING,
	MOJO_STRING_REF,
	MOJO_STACK_REPEAT,
	MOJO_TASK_STACK,
	MOJO_TASK_WAITER,
	MOJO_MAX_VERSION = 4,
};

struct mojo {
	struct import *im;
	struct reader r;
	uint64_t version;
	struct austin_clock clock;
	struct austin_meta meta;
	struct map strings; /* pid, key -> str_id of im->symbols, + 1 */
	struct map frames;  /* pid, key -> frame_id + 1 */
	struct map last;    /* thread -> stack of its last sample */
	/* the open sample */
	bool open, timed, idle, full;
	bool in_task; /* what comes is a task's, up to its METRIC_TIME */
	uint32_t pid, thread;
	uint64_t delta_us;
	stack_id stack;
	uint16_t state;
	uint64_t n_tasks;
};

static int64_t get_number(struct reader *r)
{
	uint8_t byte = get_u8(r);
	bool negative = byte & 0x40;
	uint64_t v = byte & 0x3f;
	int shift = 6;

	while (byte & 0x80) {
		byte = get_u8(r);
		if (shift > 55) {
			r->bad = true;
			return 0;
		}
		v |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	}
	return negative ? -(int64_t)v : (int64_t)v;
}

static const char *get_text(struct reader *r, size_t *len)
{
	const uint8_t *nul = memchr(r->at, 0, reader_left(r));
	const char *text = (const char *)r->at;

	*len = 0;
	if (!nul) {
		r->bad = true;
		return "";
	}
	*len = (size_t)(nul - r->at);
	r->at = nul + 1;
	return text;
}

static uint64_t key_of(const struct mojo *m, int64_t key)
{
	return hash_step(hash_u64((uint64_t)key), m->pid);
}

static str_id string_of(struct mojo *m, int64_t key)
{
	const uint64_t *known = map_get(&m->strings, key_of(m, key));

	if (known)
		return (str_id)*known - 1;
	return key == 1 ? symbols_str(m->im->symbols, "<unknown>", 9) : 0;
}

static void end_sample(struct mojo *m)
{
	uint16_t state = m->state;

	if (m->open && m->timed) {
		if (m->full || m->meta.cpu)
			state |= m->idle ? STATE_BLOCKED : STATE_CPU;
		austin_sample(m->im, &m->clock, m->thread, m->delta_us, m->stack, state);
		*map_put(&m->last, m->thread) = m->stack;
	}
	m->open = m->timed = m->idle = m->full = m->in_task = false;
	m->stack = 0;
	m->state = 0;
}

static void begin_sample(struct mojo *m)
{
	uint64_t tid = 0;
	const char *text;
	size_t len;

	end_sample(m);
	m->pid = (uint32_t)get_number(&m->r) & INT32_MAX;
	if (m->version >= 3)
		get_number(&m->r);
	text = get_text(&m->r, &len);
	if (m->r.bad)
		return;
	/* hexadecimal; not a number in a damaged file: then its text tells threads apart */
	tid = strtoull(text, NULL, 16);
	if (!tid)
		tid = hash_bytes(text, len);
	m->thread = import_thread(m->im, import_process(m->im, (pid_t)m->pid), tid + 1);
	import_thread_name(m->im, m->thread, tid <= 4194304 ? (pid_t)tid : 0, "", 0);
	m->open = true;
}

static void define_frame(struct mojo *m)
{
	int64_t key = get_number(&m->r), file = get_number(&m->r),
		scope = get_number(&m->r);
	int64_t line = get_number(&m->r);
	struct import_place p = { 0 };

	if (m->version >= 2) {
		get_number(&m->r);
		get_number(&m->r);
		get_number(&m->r);
	}
	if (m->r.bad)
		return;
	p.name = symbols_text(m->im->symbols, string_of(m, scope), &p.name_len);
	p.file = symbols_text(m->im->symbols, string_of(m, file), &p.file_len);
	p.line = line > 0 && line < UINT32_MAX ? (uint32_t)line : 0;
	*map_put(&m->frames, key_of(m, key)) = (uint64_t)import_frame(m->im, &p) + 1;
}

static void push(struct mojo *m, frame_id frame)
{
	if (m->in_task)
		return;
	m->stack = import_push(m->im, m->stack, frame);
}

static void push_mark(struct mojo *m, const char *name, size_t len, uint32_t flags)
{
	const struct import_place p = { .name = name, .name_len = len, .flags = flags };

	push(m, import_frame(m->im, &p));
}

static void push_ref(struct mojo *m)
{
	const uint64_t *frame = map_get(&m->frames, key_of(m, get_number(&m->r)));

	if (frame)
		push(m, (frame_id)*frame - 1);
	else if (!m->r.bad)
		push_mark(m, "<unknown>", 9, FUNC_MARK);
}

static void metadata(struct mojo *m)
{
	size_t key_len, value_len;
	const char *key = get_text(&m->r, &key_len);
	const char *value = get_text(&m->r, &value_len);

	austin_metadata(m->im, &m->meta, key, key_len, value, value_len);
}

static void define_string(struct mojo *m)
{
	int64_t key = get_number(&m->r);
	size_t len;
	const char *text = get_text(&m->r, &len);

	if (!m->r.bad)
		*map_put(&m->strings, key_of(m, key)) =
			(uint64_t)symbols_str(m->im->symbols, text, len) + 1;
}

static int event(struct mojo *m)
{
	const uint64_t *last;
	const char *text;
	size_t len;
	int64_t number;

	switch (get_u8(&m->r)) {
	case MOJO_METADATA:
		metadata(m);
		break;
	case MOJO_STACK:
		begin_sample(m);
		break;
	case MOJO_FRAME:
		define_frame(m);
		break;
	case MOJO_FRAME_INVALID:
		push_mark(m, ":INVALID:", 9, FUNC_MARK);
		break;
	case MOJO_FRAME_REF:
		push_ref(m);
		break;
	case MOJO_FRAME_KERNEL:
		text = get_text(&m->r, &len);
		push_mark(m, text, len, FUNC_NATIVE);
		break;
	case MOJO_GC:
		m->state |= STATE_GC;
		break;
	case MOJO_IDLE:
		m->idle = true;
		break;
	case MOJO_METRIC_TIME:
		number = get_number(&m->r);
		if (m->in_task) {
			m->in_task = false;
			break;
		}
		m->timed = number >= 0;
		m->delta_us = (uint64_t)(number > 0 ? number : 0);
		break;
	case MOJO_METRIC_MEMORY:
		get_number(&m->r);
		m->full = true;
		break;
	case MOJO_STRING:
		define_string(m);
		break;
	case MOJO_STRING_REF:
		get_number(&m->r);
		break;
	case MOJO_STACK_REPEAT:
		last = map_get(&m->last, m->thread);
		m->stack = last ? (stack_id)*last : 0;
		break;
	case MOJO_TASK_STACK:
		m->in_task = true;
		m->n_tasks++;
		get_number(&m->r);
		get_number(&m->r);
		break;
	case MOJO_TASK_WAITER:
		get_number(&m->r);
		get_number(&m->r);
		break;
	default:
		return -1;
	}
	return m->r.bad ? -1 : 0;
}

static int read_events(struct mojo *m, struct err *err)
{
	while (reader_left(&m->r)) {
		size_t at = m->im->len - reader_left(&m->r);

		if (event(m) < 0) {
			if (!m->r.bad)
				end_sample(m);
			return err_set(err, ERR_CORRUPT, "byte %zu: %s", at,
				m->r.bad ? "the file ends in the middle of an event"
					 : "no such event");
		}
	}
	end_sample(m);
	if (m->meta.memory)
		return err_set(err, ERR_CORRUPT,
			"a memory profile: its values are bytes, not time");
	return 0;
}

int mojo_read(struct import *im, struct err *err)
{
	struct mojo m = { .im = im, .r = reader_of(im->data, im->len) };
	int ret = -1;

	get_bytes(&m.r, 3);
	m.version = (uint64_t)get_number(&m.r);
	if (m.r.bad || m.version < 1 || m.version > MOJO_MAX_VERSION)
		err_set(err, ERR_CORRUPT, "MOJO version %lld is not known (1 to %d are)",
			(long long)m.version, MOJO_MAX_VERSION);
	else
		ret = read_events(&m, err);
	if (m.n_tasks)
		import_warn(im, "%llu stacks of waiting asyncio tasks are left out",
			(unsigned long long)m.n_tasks);
	austin_clock_release(&m.clock);
	map_release(&m.strings);
	map_release(&m.frames);
	map_release(&m.last);
	return ret;
}

int mojo_sniff(const char *head, size_t len)
{
	return len >= 4 && !memcmp(head, "MOJ", 3) && (unsigned char)head[3] < 0x40 ? 100
										    : 0;
}
