/*
 * walk_impl.h - what the files of the walker share; nobody else includes it.
 *
 *	walk.c         the object, the tick
 *	walk_plan.c    segments: planned, read, each marked good or bad
 *	walk_lists.c   the lists of interpreters and threads
 *	walk_code.c    code objects: numbers, and proof that a number still holds
 *	walk_iframe.c  3.11+: interpreter frames on data stacks, in generators, on C stacks;
 *	               with walk_copies.c, walk_verdict.c, walk_run.c, see walk_iframe.h
 *	walk_frame.c   up to 3.10: chains of frame objects
 *	walk_depth.c   up to 3.10: a chain against the depth that CPython counts
 *	walk_site.c    the instruction at which a frame stands
 *	walk_emit.c    a decoded chain becomes the frames the caller sees
 *	gil.c          holder of the GIL, garbage collection, exceptions, life-cycle
 */
#ifndef PYTHON_WALK_IMPL_H
#define PYTHON_WALK_IMPL_H

#include "base/map.h"
#include "python/walk.h"

enum {
	TS_MAX = 512,       /* bytes of a thread state that are read */
	CHAIN_MAX = 262144, /* frames followed at most */
	LOOSE_MAX = 4096,   /* generators and shims of one thread */
	LOOSE_BEFORE = 16,  /* bytes before a frame: the generator's own state */
	LOOSE_LEN = 112,
	CHUNK_MAX_BYTES = 1 << 20, /* of one data-stack chunk that are read */
	PROOFS_MAX = 96,   /* planned with one tick; further ones take a read more */
	CODES_MAX = 16384, /* known at a time */
	EXC_LEN = 32,
	N_EXCESS = 4,       /* that are told apart, of a thread */
	RUN_PERIOD_MAX = 4, /* functions that call each other in a recursion */
};

/* A set of members of one structure, read in as few stretches as sensible. */
struct fieldset {
	struct {
		uint64_t off;
		uint32_t width, pos; /* pos: in the copy */
	} f[16];
	struct {
		uint64_t off;
		uint32_t len, pos;
	} stretch[16];
	unsigned n, n_stretches;
	uint32_t total;
};

/* Adds a member and returns its index; -1 when the version has no such member. */
int fieldset_add(struct fieldset *s, uint32_t off, uint32_t width);
int fieldset_add_far(struct fieldset *s, uint64_t off, uint32_t width);
void fieldset_seal(struct fieldset *s);
/* The member's value; 0 when index is -1. */
uint64_t fieldset_get(const struct fieldset *s, const void *copy, int index);

struct wcode {
	uint64_t addr;
	uint64_t identity; /* hash of what tells it from others */
	uint32_t number;   /* as the caller sees it */
	uint32_t bytes;    /* of an interpreter frame of it */
	uint64_t first;    /* first traceable instruction: address, from 3.11 */
	uint64_t end;      /* behind the last instruction: address, from 3.11 */
	int32_t locals;    /* words of locals in it: an empty stack begins there */
	uint64_t name_addr;
	uint64_t bytecode;  /* to 3.10: the bytes object of its instructions */
	int64_t checked_ns; /* when the identity was last seen */
	uint64_t
		generation; /* its interpreter's code_generation then, if that vouches for it */
	int64_t owner; /* its interpreter's id */
};

struct codes {
	struct wcode *v; /* index 0 is not used */
	uint32_t n;
	size_t cap;
	uint32_t next_number, epoch;
	struct map by_addr; /* -> index */
	uint32_t head_len;  /* bytes of a code object that are read */
	uint64_t type;      /* address of PyCode_Type once known */
};

/* What proves a code object: its head, and where no version counter is, its name. */
struct code_proof {
	uint8_t head[256];
	uint8_t name[64];
	bool head_ok, name_ok;
};

/* A proof that is read together with the frames. */
struct planned_proof {
	uint32_t index;
	uint64_t interp; /* address */
	struct code_proof proof;
};

struct chunk_copy {
	uint64_t addr, bytes; /* of the chunk, bytes 0: not known */
	uint32_t high;        /* so much was used lately */
	uint32_t n_frames;    /* of the chain, when last walked; 0: not known */
	uint64_t below;       /* previous link of its first frame then */
	uint32_t len[2], cap;
	uint8_t *buf[2];
	bool ok;
};

/* A frame that is not on a data stack. */
struct loose {
	uint64_t addr;
	uint64_t used_tick;
	uint64_t below;     /* what it was linked to when it last was */
	uint32_t from_leaf; /* its place in the last chain that had it */
	bool ok, fresh;
	uint8_t bytes[2][LOOSE_LEN];
};

/* A frame object (up to 3.10). */
struct slot {
	uint64_t addr, back, code;
	int32_t lasti;
	bool executing, generator;
	bool live;    /* an object, and not one that was freed */
	bool guessed; /* `back` is remembered */
	bool ok;      /* its copy was read */
};

/* To 3.10: so many calls more than frames did CPython count, in n reads of late. */
struct excess {
	int32_t calls;
	uint32_t n;
};

/* A frame object that was on the stack lately, and may be again: read along. */
struct aside {
	struct slot was; /* as it was when it was last on the stack */
	uint64_t used_tick;
	bool ok;
	uint8_t bytes[TS_MAX];
};

struct gathered {
	struct mem_segment seg;
	bool *ok;
	uint32_t begin; /* by address, the first of those it lies together with */
};

struct wthread {
	struct walk_thread pub;
	size_t cap_frames;
	uint64_t next, prev;          /* links of the list, as last read */
	const struct winterp *interp; /* NULL only until it was met in its list */
	uint8_t side;                 /* which copy is the newest */
	bool ts_ok, top_ok, after_ok, exc_ok, linked;
	bool planned;        /* in this tick */
	bool first;          /* no copies yet */
	bool first_done;     /* the caller has seen it once */
	bool still;          /* it is stopped while it is read: nothing to repair */
	uint64_t still_tick; /* when it last was */
	uint8_t again;       /* how often it was read again within the tick */
	bool moved;          /* to 3.10: the chain is not the one predicted */
	bool quiet;   /* not read in this tick: it cannot have run, see gil_turn() */
	bool settled; /* read while the turn was settled_turn */
	uint64_t settled_turn;
	uint64_t tick; /* ticks in which it was read */
	uint8_t ts[2][TS_MAX];
	uint64_t top[2], top_after; /* the leaf by pointer, before and after the copy */
	uint64_t cframe_addr;
	uint64_t exc_addr;
	uint8_t exc[EXC_LEN];
	uint64_t peek; /* the leaf's instruction, looked at while parked */
	bool peek_ok;
	int64_t proved_ns; /* when all codes of the stack were last proved */
	uint32_t changed;  /* the first frame, from the root, that changed last time */
	/* 3.11+ */
	struct chunk_copy *chunks; /* oldest first */
	uint32_t n_chunks;
	size_t cap_chunks;
	struct chunk_copy spare; /* the chunk that was last left; addr 0: none */
	uint64_t spare_tick;
	uint32_t run_trust; /* see walk_run.c */
	uint64_t c_stack;   /* 3.12+: the shim below the first frame */
	bool left_chunk;    /* the stack has left it since the pointer was read */
	bool met_loose;     /* one that was not predicted: read last of all */
	struct loose *loose;
	uint32_t n_loose;
	size_t cap_loose;
	/* up to 3.10 */
	struct slot *slots; /* root first */
	uint32_t n_slots, n_slots_read;
	size_t cap_slots;
	uint8_t *slot_bytes[2];
	struct aside *aside;
	uint32_t n_aside;
	uint32_t near_aside;            /* where the next to leave is looked for first */
	struct excess excess[N_EXCESS]; /* the first is the one that is believed */
	uint32_t n_vouched;             /* slots that were in a chain with that */
	uint32_t n_calm;                /* reads in a row in which nothing moved... */
	uint32_t calm_depth;            /* ...CPython's count in the last of them */
	uint64_t calm_top;              /* and its pointer to the leaf */
	size_t cap_aside;
	size_t cap_slot_bytes;
};

struct winterp {
	uint64_t addr;
	int64_t id;
	uint64_t gil_addr;
	/* Deaths, or births, of code objects; and a hash of that and id: while it stands no code
	 * object is another. See walk_code.c. */
	uint64_t code_count, code_generation;
	uint64_t head, main, listed_head;
	uint64_t gil_holder;
	bool gc, ok, linked, gil_ok;
	uint8_t copy[4096];
	uint8_t gil_copy[128];
};

struct walk_era {
	/* The pointer to the leaf, where it is not in the thread state; may be NULL. */
	void (*plan_pointer)(struct walker *w, struct wthread *t);
	void (*plan)(struct walker *w, struct wthread *t);
	/* From the copies to w->chain; the thread's status says how it went. */
	enum status (*decode)(struct walker *w, struct wthread *t);
	/* The first frame, counted from the root, whose bytes changed since the last
	 * tick; UINT32_MAX: none did. */
	uint32_t (*first_changed)(const struct walker *w, const struct wthread *t);
	/* See walker_sound; may be NULL. */
	uint32_t (*sound)(struct walker *w, const struct wthread *t);
	void (*release)(struct wthread *t);
};

extern const struct walk_era walk_era_iframe, walk_era_frame;

struct walker {
	struct mem *mem;
	const struct abi *abi;
	struct walk_root root;
	const struct walk_era *era;
	void (*gone)(void *arg, struct walk_thread *t);
	void *arg;

	struct fieldset rootset, interpset;
	uint64_t root_base;
	int r_head, r_current, r_gc;
	int r_mark[4], i_mark[4]; /* what moves when a thread takes or awaits the GIL */
	int i_next, i_id, i_head, i_main, i_gil_locked, i_gil_holder, i_gc, i_generation;
	uint8_t root_copy[8192];
	bool root_ok;
	uint32_t ts_len;

	struct winterp *interps[WALK_MAX_INTERPS];
	uint32_t n_interps;
	struct wthread **threads;
	struct walk_thread **visible;
	size_t n_threads, cap_threads, cap_visible;
	struct map by_tstate; /* -> index + 1; rebuilt when the list changes */
	uint32_t next_number;
	uint64_t tick;
	int64_t now_ns;
	int64_t listed_ns, root_ns;
	bool relist;
	uint64_t none_addr, not_none_addr;

	struct mem_segment *seg;
	bool **seg_ok;
	size_t n_seg, cap_seg, cap_seg_ok;
	struct gathered *gathered; /* of plan_gather: by place in the plan, by address */
	uint64_t *gather_keys;     /* scratch, also of walk_frame.c */
	size_t cap_gathered, cap_gather_keys;

	struct raw_frame *chain; /* leaf first */
	uint32_t n_chain;
	size_t cap_chain;
	bool chain_patched;                    /* a link of it is remembered, not read */
	uint32_t chain_skip_at, chain_skipped; /* so many are missing before this one */

	struct map sites;      /* instruction and code -> enum site */
	const uint64_t *calls; /* abi_calls() */
	struct codes codes;
	struct planned_proof *proofs;
	uint32_t n_proofs;
	uint64_t turn;        /* of the GIL, as of the last tick */
	uint64_t turn_holder; /* thread state that has or had it last */
	bool turn_known, turn_moved;
	struct slot *slots; /* to 3.10: the chain of this tick, leaf first */
	uint32_t n_slots;
	size_t cap_slots;
	struct chunk_copy *fresh; /* chunks met for the first time in a tick */
	size_t cap_fresh;
	struct walk_stats stats;
};

static inline uint64_t ld64(const void *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint32_t ld32(const void *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* Member of a thread state in its newest copy; 0 when there is none. */
static inline uint64_t ts_u64(
	const struct walker *w, const struct wthread *t, uint32_t off)
{
	uint64_t v;

	abi_get_u64(t->ts[t->side], w->ts_len, off, &v);
	return v;
}

static inline uint32_t ts_u32(
	const struct walker *w, const struct wthread *t, uint32_t off)
{
	uint32_t v;

	abi_get_u32(t->ts[t->side], w->ts_len, off, &v);
	return v;
}

/* Plans one stretch; *ok is set to whether it was read. */
void plan_add(struct walker *w, uint64_t addr, void *dst, size_t len, bool *ok);
/* What was planned from the segment `from` on is put in such an order that neighbours in
 * memory follow one another: they are read as one. The first planned stays first. */
void plan_gather(struct walker *w, size_t from);
/* Ascending; takes no memory, and what is nearly in order costs little. */
void sort_keys(uint64_t *v, size_t n);
/* Reads what was planned and empties the plan. Unreadable stretches do not spoil others. */
enum status plan_read(struct walker *w);
/* One read now, outside of the plan. */
bool chase(struct walker *w, uint64_t addr, void *dst, size_t len);

void chain_clear(struct walker *w);
struct raw_frame *chain_push(struct walker *w);

/* Up to 3.10. The frame goes to the end of w->chain. */
void push_slot(struct walker *w, const struct slot *s);
/* May the links be of many moments? moved: the pointer is not what it was before. */
bool depth_is_doubted(const struct wthread *t, bool moved);
/* How many frames less than the count says the chain in w->slots has; a call is counted a
 * moment before it is linked, so that one is none. */
int32_t depth_missing(const struct walker *w, const struct wthread *t);
/* Learns from w->slots, if nothing moved, what the count has beyond the frames; until it is
 * known that is taken for 0. */
void depth_learn(const struct walker *w, struct wthread *t, bool moved);
/* Of functions that call themselves or each other (to 4 of them): w->chain becomes the n_root
 * frames of the prediction that stood and what is in w->slots next to the leaf, with as many
 * frames between them as the count says; w->slots the same without those, to be read next
 * time. False: it is not such a recursion, or the count is not understood; nothing is changed. */
bool depth_bridge(struct walker *w, struct wthread *t, uint32_t n_root);

void codes_init(struct walker *w);
/* Forgets all when there are too many: between ticks only. True: it did. */
bool codes_trim(struct walker *w);
void codes_release(struct codes *c);
/* The entry of a code object that was seen before, or NULL. */
struct wcode *codes_find(struct walker *w, uint64_t addr);
/* The entry; reads the head when it is new. NULL: there is no code object. */
struct wcode *codes_get(struct walker *w, const struct wthread *t, uint64_t addr);
/* The entry, proved now if it is not: of the object that lives there. NULL: there is none. */
struct wcode *codes_living(struct walker *w, const struct wthread *t, uint64_t addr);
/* Plans proofs of the codes that the thread's frames from an index on had in the last tick. */
void codes_plan(struct walker *w, const struct wthread *t, uint32_t from);
void codes_judge_planned(struct walker *w);
/* Proves the codes of the first n of w->chain that are not proved; renumbers the replaced. */
void codes_prove(struct walker *w, const struct wthread *t, uint32_t n);

/* However alike two ticks look, code objects are proved anew after this time: a program
 * could have replaced one and left no other trace on its stack. */
#define STALE_NS 10000000

/* What is known of the instruction at which a frame stands. */
enum site { SITE_SEEN = 1, SITE_RETURN = 2, SITE_CALL = 4 };

/* enum site of a frame whose code object has the number `code`; read once, then remembered:
 * an instruction that is specialised later stays one of its kind. 0: unreadable. */
uint32_t site_of(struct walker *w, const struct raw_frame *f, uint32_t code);
/* Sets WALK_IN_C from the leaf, once its code object is proved. */
void site_flags(struct walker *w, struct walk_thread *p);

/* w->chain becomes t->pub.frames. */
void emit_chain(struct walker *w, struct wthread *t);

/* Plans the members of one structure at `base`; *ok: all of them were read. */
void plan_fields(
	struct walker *w, const struct fieldset *s, uint64_t base, void *copy, bool *ok);
void plan_interp(struct walker *w, struct winterp *in);
/* The one that is known at an address, or NULL. */
struct winterp *interp_at(const struct walker *w, uint64_t addr);
/* Follows the list; interpreters that are no longer in it go, with their threads. */
enum status lists_update_interps(struct walker *w);
/* Has anything about the lists of threads changed since they were last followed? */
bool lists_moved(struct walker *w);
/* Reads every thread state anew, parked or quiet, and follows the lists. */
void lists_follow(struct walker *w);
void thread_free(struct walker *w, struct wthread *t);

void gil_want_mark(struct walker *w);
void gil_update(struct walker *w);
void gil_thread_flags(struct walker *w, struct wthread *t);
/* Notes whose turn it is with the GIL, as the fields just read say; w->turn_moved: another
 * thread has had it since the last tick. While it has not, only the holder can have run
 * Python: the stacks of all others are as they were when they were last read. */
void gil_turn(struct walker *w);
/* The kernel's id of a thread, from its thread state or its struct pthread. */
pid_t thread_tid(struct walker *w, const struct wthread *t);

#endif
