/*
 * pprof_write.c - a pprof profile: two values a sample (count and nanoseconds), leaf first,
 * labels for thread and state, ids from 1 to n in order (some readers insist).
 *
 * A serialized Profile followed by another one is their sum: so the samples are packed and
 * compressed a batch at a time, and the tables after them.
 */
#include "format/gzip.h"
#include "format/merge.h"
#include "format/pprof.h"

#include "base/alloc.h"
#include "profile.pb-c.h"

#include <stdlib.h>
#include <string.h>

typedef Perftools__Profiles__Profile Profile;
typedef Perftools__Profiles__Sample Sample;
typedef Perftools__Profiles__Label Label;
typedef Perftools__Profiles__Location Location;
typedef Perftools__Profiles__Line Line;
typedef Perftools__Profiles__Function Function;
typedef Perftools__Profiles__ValueType ValueType;

enum { BATCH = 512, MAX_LABELS = 5 };

struct writer {
	struct export *ex;
	struct gzip gzip;
	uint8_t *packed;
	size_t cap_packed;
};

static int put(struct writer *w, const Profile *p, struct err *err)
{
	size_t size = perftools__profiles__profile__get_packed_size(p);

	GROW(w->packed, w->cap_packed, size);
	perftools__profiles__profile__pack(p, w->packed);
	gzip_put(&w->gzip, w->packed, size);
	return export_drain(w->ex, err);
}

/* Every text of the profile is in ex->symbols: its id is the index in string_table. */
static int64_t text(struct writer *w, const char *s)
{
	return symbols_str(w->ex->symbols, s, strlen(s));
}

/* --- samples --- */

/* Storage for one sample of a batch. */
struct sample_box {
	Sample sample;
	int64_t values[2];
	Label labels[MAX_LABELS];
	Label *label_list[MAX_LABELS];
	uint64_t *locations;
	size_t cap_locations;
};

static Label *add_label(struct sample_box *b, int64_t key)
{
	Label *l = &b->labels[b->sample.n_label];

	perftools__profiles__label__init(l);
	l->key = key;
	b->label_list[b->sample.n_label++] = l;
	return l;
}

static void state_text(unsigned state, struct buf *out)
{
	unsigned bit;

	buf_clear(out);
	for (bit = 0; bit < STATE_BITS; bit++) {
		const char *word = state & (1u << bit) ? state_word(1u << bit) : NULL;

		if (word)
			buf_printf(out, "%s%s", out->len ? "," : "", word);
	}
}

static void fill_labels(struct writer *w, struct sample_box *b, const struct merged *m)
{
	const struct export_thread *t = &w->ex->threads[m->thread];
	struct buf state = BUF_INIT;
	char scratch[32];

	b->sample.n_label = 0;
	b->sample.label = b->label_list;
	add_label(b, text(w, "thread"))->str = text(w, t->label);
	if (t->info.tid)
		add_label(b, text(w, "thread_id"))->num = t->info.tid;
	if (t->target && t->target->series.pid)
		add_label(b, text(w, "pid"))->num = t->target->series.pid;
	state_text(m->state, &state);
	if (state.len)
		add_label(b, text(w, "state"))->str = text(w, state.data);
	if (m->wait)
		add_label(b, text(w, "wait"))->str =
			text(w, wait_name(m->wait, scratch, sizeof(scratch)));
	buf_release(&state);
}

static void fill_sample(struct writer *w, struct sample_box *b, const struct merged *m)
{
	const struct symbols *symbols = w->ex->symbols;
	size_t n = symbols_stack_of(symbols, m->stack)->depth, i = 0;
	stack_id at;

	perftools__profiles__sample__init(&b->sample);
	GROW(b->locations, b->cap_locations, n);
	for (at = m->stack; at; at = symbols_stack_of(symbols, at)->parent)
		b->locations[i++] = symbols_stack_of(symbols, at)->frame;
	b->sample.n_location_id = n;
	b->sample.location_id = b->locations;
	b->values[0] = (int64_t)m->n;
	b->values[1] = (int64_t)m->ns;
	b->sample.n_value = 2;
	b->sample.value = b->values;
	fill_labels(w, b, m);
}

static int put_samples(struct writer *w, const struct merge *m, struct err *err)
{
	struct sample_box *boxes = xcalloc(BATCH, sizeof(*boxes));
	Sample *list[BATCH];
	size_t i = 0, n;
	int ret = -1;

	while (i < m->n) {
		Profile p = PERFTOOLS__PROFILES__PROFILE__INIT;

		for (n = 0; n < BATCH && i < m->n; n++, i++) {
			fill_sample(w, &boxes[n], &m->at[i]);
			list[n] = &boxes[n].sample;
		}
		p.n_sample = n;
		p.sample = list;
		if (put(w, &p, err) < 0)
			goto out;
	}
	ret = 0;
out:
	for (i = 0; i < BATCH; i++)
		free(boxes[i].locations);
	free(boxes);
	return ret;
}

/* --- tables --- */

static int put_functions(struct writer *w, struct err *err)
{
	const struct symbols *symbols = w->ex->symbols;
	uint32_t id, n = symbols_count(symbols, SYM_FUNC);

	for (id = 1; id < n; id++) {
		const struct func *f = symbols_func_of(symbols, id);
		Function fn = PERFTOOLS__PROFILES__FUNCTION__INIT, *list[1] = { &fn };
		Profile p = PERFTOOLS__PROFILES__PROFILE__INIT;

		fn.id = id;
		fn.name = f->name ? f->name : text(w, "(unknown)");
		/* system_name stays empty: where it equals name, pprof takes the name for
		 * a mangled C++ one and makes "<unknown>" of "<module>" */
		fn.filename = f->file;
		fn.start_line = f->first_line;
		p.n_function = 1;
		p.function = list;
		if (put(w, &p, err) < 0)
			return -1;
	}
	return 0;
}

static int put_locations(struct writer *w, struct err *err)
{
	const struct symbols *symbols = w->ex->symbols;
	uint32_t id, n = symbols_count(symbols, SYM_FRAME);

	for (id = 1; id < n; id++) {
		const struct frame *f = symbols_frame_of(symbols, id);
		Line line = PERFTOOLS__PROFILES__LINE__INIT, *lines[1] = { &line };
		Location loc = PERFTOOLS__PROFILES__LOCATION__INIT, *list[1] = { &loc };
		Profile p = PERFTOOLS__PROFILES__PROFILE__INIT;

		loc.id = id;
		line.function_id = f->func;
		line.line = f->line;
		loc.n_line = 1;
		loc.line = lines;
		p.n_location = 1;
		p.location = list;
		if (put(w, &p, err) < 0)
			return -1;
	}
	return 0;
}

static int put_strings(struct writer *w, struct err *err)
{
	uint32_t id, n = symbols_count(w->ex->symbols, SYM_STR);
	struct buf clean = BUF_INIT;
	int ret = -1;

	for (id = 0; id < n; id++) {
		ProtobufCBinaryData text_of;
		Profile p = PERFTOOLS__PROFILES__PROFILE__INIT;
		size_t len;
		const char *s = symbols_text(w->ex->symbols, id, &len);

		buf_clear(&clean);
		export_clean_utf8(&clean, s, len);
		text_of.data = (uint8_t *)clean.data;
		text_of.len = clean.len;
		p.n_string_table = 1;
		p.string_table = &text_of;
		if (put(w, &p, err) < 0)
			goto out;
	}
	ret = 0;
out:
	buf_release(&clean);
	return ret;
}

static void fill_type(struct writer *w, ValueType *t, const char *type, const char *unit)
{
	perftools__profiles__value_type__init(t);
	t->type = text(w, type);
	t->unit = text(w, unit);
}

static int put_head(struct writer *w, const struct merge *m, struct err *err)
{
	const char *clock = w->ex->filter->states == STATE_CPU ? "cpu" : "wall";
	ValueType samples, time, *types[2] = { &samples, &time };
	Profile p = PERFTOOLS__PROFILES__PROFILE__INIT;
	uint64_t n = 0, ns = 0;
	int64_t comment = text(w, w->ex->title);
	size_t i;

	for (i = 0; i < m->n; i++) {
		n += m->at[i].n;
		ns += m->at[i].ns;
	}
	fill_type(w, &samples, "samples", "count");
	fill_type(w, &time, clock, "nanoseconds");
	p.n_sample_type = 2;
	p.sample_type = types;
	p.period_type = &time;
	p.period = n && ns >= n ? (int64_t)(ns / n) : 1;
	p.time_nanos = m->from_ns;
	p.duration_nanos = m->until_ns - m->from_ns;
	p.default_sample_type =
		w->ex->opt.weight == WEIGHT_TIME ? text(w, clock) : text(w, "samples");
	p.n_comment = 1;
	p.comment = &comment;
	return put(w, &p, err);
}

int pprof_write(struct export *ex, struct err *err)
{
	struct writer w = { .ex = ex };
	struct merge m = { 0 };
	int ret = -1;

	gzip_init(&w.gzip, &ex->b);
	if (merge_scan(&m, ex, false, false, err) < 0 || put_head(&w, &m, err) < 0 ||
		put_samples(&w, &m, err) < 0 || put_locations(&w, err) < 0 ||
		put_functions(&w, err) < 0 || put_strings(&w, err) < 0)
		goto out;
	gzip_finish(&w.gzip);
	ret = 0;
out:
	gzip_release(&w.gzip);
	merge_release(&m);
	free(w.packed);
	return ret;
}
