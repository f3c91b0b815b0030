/*
 * pprof_read.c - a pprof profile: its samples by thread label, with counts and time.
 *
 * Of the sample types the one that counts (unit "count") gives the number of samples, the
 * one in a unit of time their weight; a profile with neither (bytes) is refused. Ids may
 * be any numbers here. A damaged file is read up to its last whole field.
 */
#include "format/pprof.h"

#include "base/alloc.h"
#include "base/bytes.h"
#include "format/import.h"
#include "profile.pb-c.h"

#include <stdlib.h>
#include <string.h>

typedef Perftools__Profiles__Profile Profile;
typedef Perftools__Profiles__Sample Sample;
typedef Perftools__Profiles__Location Location;
typedef Perftools__Profiles__Function Function;

enum { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5, MAX_PPROF = 256 << 20 };

struct pprof {
	struct import *im;
	const Profile *p;
	struct map functions, locations; /* id -> 1 + index */
	int count_at, time_at;           /* index of value, -1 none */
	uint64_t unit_ns;
	str_id *text; /* of each string, interned when first asked for, + 1 */
};

/* One field at the reader; false when it is not whole. */
static bool skip_field(struct reader *r, uint64_t *number, unsigned *wire)
{
	uint64_t tag = get_varint(r);

	*number = tag >> 3;
	*wire = tag & 7;
	if (*wire == WIRE_VARINT)
		get_varint(r);
	else if (*wire == WIRE_64)
		get_bytes(r, 8);
	else if (*wire == WIRE_32)
		get_bytes(r, 4);
	else if (*wire == WIRE_BYTES)
		get_bytes(r, get_varint(r));
	else
		r->bad = true;
	return !r->bad && *number;
}

/* How much of the file is whole fields. */
static size_t sound_part(const char *data, size_t len)
{
	struct reader r = reader_of(data, len);
	uint64_t number;
	size_t good = 0;
	unsigned wire;

	while (reader_left(&r) && skip_field(&r, &number, &wire))
		good = len - reader_left(&r);
	return good;
}

int pprof_sniff(const char *head, size_t len)
{
	struct reader r = reader_of(head, len);
	uint64_t number;
	unsigned wire;
	int known = 0;

	while (known < 4 && reader_left(&r) && skip_field(&r, &number, &wire)) {
		bool bytes = number <= 8 || number == 11 || number == 13;

		if (number > 15 ||
			(wire != (bytes ? WIRE_BYTES : WIRE_VARINT) && number != 13))
			return 0;
		known++;
	}
	return known >= 2 ? 70 : 0;
}

static const char *text_of(const struct pprof *p, int64_t index, size_t *len)
{
	*len = 0;
	if (index < 0 || (uint64_t)index >= p->p->n_string_table)
		return "";
	*len = p->p->string_table[index].len;
	return *len ? (const char *)p->p->string_table[index].data : "";
}

static bool is_text(const struct pprof *p, int64_t index, const char *word)
{
	size_t len;
	const char *text = text_of(p, index, &len);

	return len == strlen(word) && !memcmp(text, word, len);
}

static int choose_values(struct pprof *p, struct err *err)
{
	static const struct {
		const char *unit;
		uint64_t ns;
	} rows[] = { { "nanoseconds", 1 }, { "ns", 1 }, { "microseconds", 1000 },
		{ "us", 1000 }, { "milliseconds", 1000000 }, { "ms", 1000000 },
		{ "seconds", 1000000000 }, { "s", 1000000000 } };
	size_t i, k, len;
	const char *name;

	p->count_at = p->time_at = -1;
	for (i = 0; i < p->p->n_sample_type; i++) {
		int64_t unit = p->p->sample_type[i]->unit;

		if (p->count_at < 0 && is_text(p, unit, "count"))
			p->count_at = (int)i;
		for (k = 0; k < ARRAY_SIZE(rows); k++) {
			if (is_text(p, unit, rows[k].unit)) {
				p->time_at = (int)i;
				p->unit_ns = rows[k].ns;
			}
		}
	}
	if (p->count_at >= 0 || p->time_at >= 0)
		return 0;
	name = p->p->n_sample_type ? text_of(p, p->p->sample_type[0]->unit, &len) : "";
	if (!p->p->n_sample_type)
		len = 0;
	return err_set(err, ERR_CORRUPT,
		"it counts neither samples nor time (its unit is \"%.*s\")",
		(int)(len < 40 ? len : 40), name);
}

static stack_id push_location(struct pprof *p, stack_id stack, uint64_t id)
{
	const uint64_t *slot = map_get(&p->locations, id);
	const Location *loc = slot ? p->p->location[*slot - 1] : NULL;
	struct import_place place = { 0 };
	size_t i;

	for (i = loc ? loc->n_line : 0; i-- > 0;) {
		const uint64_t *fn_slot =
			map_get(&p->functions, loc->line[i]->function_id);
		const Function *fn = fn_slot ? p->p->function[*fn_slot - 1] : NULL;
		int64_t line = loc->line[i]->line, first = fn ? fn->start_line : 0;

		memset(&place, 0, sizeof(place));
		place.name = text_of(p, fn ? fn->name : -1, &place.name_len);
		place.file = text_of(p, fn ? fn->filename : -1, &place.file_len);
		place.line = line > 0 && line < UINT32_MAX ? (uint32_t)line : 0;
		place.first_line = first > 0 && first < UINT32_MAX ? (uint32_t)first : 0;
		stack = import_push(p->im, stack, import_frame(p->im, &place));
	}
	if (!loc || !loc->n_line) {
		char name[32];

		snprintf(name, sizeof(name), "0x%llx",
			(unsigned long long)(loc ? loc->address : id));
		place.name = name;
		place.name_len = strlen(name);
		place.flags = FUNC_NATIVE;
		stack = import_push(p->im, stack, import_frame(p->im, &place));
	}
	return stack;
}

/* "cpu,gil" */
static uint16_t state_of(const char *text, size_t len)
{
	unsigned state = 0;

	while (len) {
		const char *comma = memchr(text, ',', len);
		size_t part = comma ? (size_t)(comma - text) : len;
		char word[16] = "";

		if (part < sizeof(word)) {
			memcpy(word, text, part);
			state |= state_of_word(word);
		}
		part += comma ? 1 : 0;
		text += part;
		len -= part;
	}
	return (uint16_t)state;
}

struct who {
	const char *name;
	size_t name_len;
	uint64_t tid, pid;
	uint16_t state;
};

static void read_labels(const struct pprof *p, const Sample *s, struct who *w)
{
	static const char *const names[] = { "thread", "thread_name", "thread name" };
	static const char *const tids[] = { "thread_id", "thread id", "tid" };
	size_t i, k, len;

	memset(w, 0, sizeof(*w));
	w->name = "";
	for (i = 0; i < s->n_label; i++) {
		const Perftools__Profiles__Label *l = s->label[i];
		const char *text = text_of(p, l->str, &len);

		for (k = 0; k < ARRAY_SIZE(names); k++) {
			if (l->str && is_text(p, l->key, names[k])) {
				w->name = text;
				w->name_len = len;
			}
		}
		for (k = 0; k < ARRAY_SIZE(tids); k++) {
			if (!l->str && is_text(p, l->key, tids[k]))
				w->tid = (uint64_t)l->num & INT32_MAX;
		}
		if (!l->str && is_text(p, l->key, "pid"))
			w->pid = (uint64_t)l->num & INT32_MAX;
		if (l->str && is_text(p, l->key, "state"))
			w->state = state_of(text, len);
	}
}

static void read_sample(struct pprof *p, const Sample *s)
{
	int64_t count = 1, time = 0;
	uint64_t ns = 0;
	struct who who;
	uint32_t thread;
	stack_id stack = 0;
	size_t i;

	if (p->count_at >= 0 && (size_t)p->count_at < s->n_value)
		count = s->value[p->count_at];
	if (p->time_at >= 0 && (size_t)p->time_at < s->n_value)
		time = s->value[p->time_at];
	if (count < 0 || time < 0 ||
		__builtin_mul_overflow((uint64_t)time, p->unit_ns, &ns))
		return;
	if (p->count_at < 0 && p->p->period > 0)
		count = time / p->p->period > 0 ? time / p->p->period : time > 0;
	if (p->count_at >= 0 && p->time_at < 0 && p->p->period > 0 && p->p->period_type &&
		is_text(p, p->p->period_type->unit, "nanoseconds") &&
		__builtin_mul_overflow((uint64_t)count, (uint64_t)p->p->period, &ns))
		ns = 0;
	read_labels(p, s, &who);
	thread = import_thread(p->im, import_process(p->im, (pid_t)who.pid),
		hash_step(hash_bytes(who.name, who.name_len), who.tid));
	import_thread_name(p->im, thread, (pid_t)who.tid, who.name, who.name_len);
	for (i = s->n_location_id; i-- > 0;)
		stack = push_location(p, stack, s->location_id[i]);
	import_count(p->im, thread, stack, (uint64_t)count, ns, who.state);
}

static int read_profile(struct pprof *p, struct err *err)
{
	size_t i;

	for (i = 0; i < p->p->n_function; i++)
		*map_put(&p->functions, p->p->function[i]->id) = i + 1;
	for (i = 0; i < p->p->n_location; i++)
		*map_put(&p->locations, p->p->location[i]->id) = i + 1;
	if (choose_values(p, err) < 0)
		return -1;
	for (i = 0; i < p->p->n_sample; i++)
		read_sample(p, p->p->sample[i]);
	if (p->p->time_nanos > 0 && p->p->time_nanos < INT64_MAX / 2 &&
		p->im->start_ns < 0)
		p->im->start_ns = p->p->time_nanos;
	return 0;
}

int pprof_read(struct import *im, struct err *err)
{
	size_t sound = sound_part(im->data, im->len);
	struct pprof p = { .im = im };
	Profile *profile;
	int ret;

	if (im->len > MAX_PPROF)
		return err_set(err, ERR_LIMIT, "%zu bytes; at most %d are read", im->len,
			(int)MAX_PPROF);
	profile = perftools__profiles__profile__unpack(
		NULL, sound, (const uint8_t *)im->data);
	if (!profile)
		return err_set(err, ERR_CORRUPT,
			"not a profile: a field within the first %zu "
			"bytes breaks the rules",
			sound);
	if (sound < im->len)
		import_warn(im,
			"byte %zu: not a whole field; what came before it was kept",
			sound);
	p.p = profile;
	ret = read_profile(&p, err);
	map_release(&p.functions);
	map_release(&p.locations);
	perftools__profiles__profile__free_unpacked(profile, NULL);
	return ret;
}
