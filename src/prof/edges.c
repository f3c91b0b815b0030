/* edges.c - see edges.h */
#include "prof/edges.h"

#include "base/alloc.h"
#include "base/map.h"

#include <string.h>

enum {
	SITES = 4096, /* a power of two */
	PROBE = 4,
	CALLEES = 8,
	SHARE = 10, /* a callee with one in so many calls of its site is known */
};

struct site {
	uint64_t key; /* code number and instruction of the caller */
	uint32_t seen;
	int n;
	struct {
		uint32_t code, seen;
		bool trusted;
	} callee[CALLEES];
};

struct edges {
	struct site site[SITES];
	uint32_t epoch, hand;
};

struct edges *edges_new(void)
{
	return xcalloc(1, sizeof(struct edges));
}

void edges_free(struct edges *e)
{
	free(e);
}

static uint64_t key_of(const struct raw_frame *caller)
{
	uint64_t key = hash_step(caller->instr, caller->code);

	return key ? key : 1;
}

static struct site *site_of(struct edges *e, const struct raw_frame *caller)
{
	uint64_t key = key_of(caller);
	struct site *s = NULL;
	uint32_t i;

	for (i = 0; i < PROBE; i++) {
		s = &e->site[(key + i) & (SITES - 1)];
		if (s->key == key)
			return s;
		if (!s->key)
			break;
	}
	if (i == PROBE) /* full here: one of them makes room */
		s = &e->site[(key + e->hand++ % PROBE) & (SITES - 1)];
	*s = (struct site){ .key = key };
	return s;
}

/* The callee's entry at the site, made when there is none. -1: only trusted ones there,
 * so the site may call anything. */
static int entry_of(struct site *s, uint32_t code)
{
	int i, least = -1;

	for (i = 0; i < s->n; i++) {
		if (s->callee[i].code == code)
			return i;
		if (!s->callee[i].trusted &&
			(least < 0 || s->callee[i].seen < s->callee[least].seen))
			least = i;
	}
	if (s->n < CALLEES)
		least = s->n++;
	if (least >= 0) {
		s->callee[least].code = code;
		s->callee[least].seen = 0;
		s->callee[least].trusted = false;
	}
	return least;
}

static bool is_usual(const struct site *s, int i)
{
	return s->callee[i].trusted || s->callee[i].seen * SHARE >= s->seen;
}

/* Counts one call; is the callee known at this site? */
static bool count(
	struct edges *e, const struct raw_frame *caller, uint32_t code, bool sound)
{
	struct site *s = site_of(e, caller);
	int i = entry_of(s, code);

	if (i < 0)
		return true;
	s->seen++;
	s->callee[i].seen++;
	s->callee[i].trusted |= sound;
	if (s->seen >= 1u << 20) { /* so that a program that changes is learnt anew */
		s->seen /= 2;
		for (int k = 0; k < s->n; k++)
			s->callee[k].seen /= 2;
	}
	return is_usual(s, i);
}

/* The same without counting: a guess is no evidence. */
static bool is_known(struct edges *e, const struct raw_frame *caller, uint32_t code)
{
	const struct site *s = site_of(e, caller);
	int i;

	for (i = 0; i < s->n; i++) {
		if (s->callee[i].code == code)
			return is_usual(s, i);
	}
	return false;
}

static void check_epoch(struct edges *e, uint32_t epoch)
{
	if (e->epoch == epoch)
		return;
	memset(e->site, 0, sizeof(e->site));
	e->epoch = epoch;
}

uint32_t edges_judge(struct edges *e, const struct walk_thread *t, uint32_t epoch)
{
	uint32_t i = t->n_same ? t->n_same : 1, sound = t->n_frames;

	check_epoch(e, epoch);
	for (; i < t->n_frames; i++) {
		const struct raw_frame *caller = &t->frames[i - 1], *f = &t->frames[i];

		if (t->n_skipped && i == t->skip_at)
			continue;
		if ((f->flags & (RAW_ENTRY | RAW_GUESSED)) == RAW_ENTRY) {
			count(e, caller, f->code, false); /* C may call anything */
			continue;
		}
		if (!(f->flags & RAW_GUESSED ? is_known(e, caller, f->code)
					     : count(e, caller, f->code, false)) &&
			sound == t->n_frames)
			sound = i;
	}
	return sound;
}

void edges_trust_one(struct edges *e, const struct raw_frame *caller, uint32_t code)
{
	count(e, caller, code, true);
}

void edges_trust(struct edges *e, const struct walk_thread *t, uint32_t epoch)
{
	uint32_t i;

	check_epoch(e, epoch);
	for (i = 1; i < t->n_frames; i++) {
		if ((t->n_skipped && i == t->skip_at) || (t->frames[i].flags & RAW_ENTRY))
			continue;
		count(e, &t->frames[i - 1], t->frames[i].code, true);
	}
}
