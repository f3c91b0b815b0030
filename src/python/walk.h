/*
 * walk.h - the Python stacks of a process: every interpreter, every thread, one vectored
 * read per tick.
 *
 * A walker remembers where everything was: interpreter fields, thread states, the used
 * part of each thread's data stack (3.11+) or its chain of frame objects (2.7 to 3.10),
 * generators. walker_tick() reads at once what may have changed, decides from the copy
 * itself where each stack ends, and chases only what was not predicted. While the GIL has
 * not changed hands, only its holder can have run: the others are not read again. The first tick predicts
 * nothing: a cold walk (`dump`) is a walker that ticks once.
 *
 * No allocation, no text and no system call but the reads in the warm path. The target's
 * memory is hostile: every link is bounded, every list is cycle-checked, and one bad
 * thread never costs the others (struct walk_thread has a status of its own).
 *
 * CPython: Include/cpython/pystate.h, Include/internal/pycore_frame.h,
 * pycore_interpframe_structs.h (3.14), Include/frameobject.h (up to 3.10).
 */
#ifndef PYTHON_WALK_H
#define PYTHON_WALK_H

#include "base/status.h"
#include "proc/mem.h"
#include "python/abi.h"
#include "python/runtime.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	WALK_MAX_INTERPS = 256,
	WALK_MAX_THREADS = 4096,
	WALK_ROOT_FRAMES = 512,  /* of a deeper stack: so many next to the root... */
	WALK_LEAF_FRAMES = 1536, /* ...and so many next to the leaf are kept */
	WALK_MAX_FRAMES = WALK_ROOT_FRAMES + WALK_LEAF_FRAMES,
};

/* Where a walk starts. Addresses are 0 when the version has none or it is not known. */
struct walk_root {
	uint64_t runtime_addr;        /* _PyRuntime (3.7+) */
	uint64_t interp_head_addr;    /* of the pointer to the newest interpreter */
	uint64_t tstate_current_addr; /* of the pointer to the GIL's holder (to 3.11) */
	uint64_t gil_addr, gil_len;   /* 2.7, 3.6: statics of the GIL, for futexes */
	uint64_t gc_addr;             /* 2.7, 3.6: int `collecting` */
	bool musl;                    /* struct pthread is musl's */
};

/* From what runtime_find() said; reads a word where the version needs it. */
void walk_root_from(struct walk_root *root, const struct runtime *rt, struct mem *mem,
	const struct maps *maps);

enum raw_flags {
	RAW_ENTRY = 1 << 0,     /* called from C: a native frame lies below it */
	RAW_GENERATOR = 1 << 1, /* generator, coroutine or async generator */
	RAW_SAVED = 1 << 2,     /* its stack pointer is saved: it has called on */
	RAW_GUESSED = 1 << 3,   /* it ran, but nothing says any more who called it */
};

/* One frame as read; prof/resolve.h makes names of it. */
struct raw_frame {
	uint64_t addr;      /* of the frame: locals */
	uint64_t code_addr; /* of its code object */
	uint64_t instr;     /* 3.11+: address of the instruction; to 3.10: f_lasti */
	int32_t tlbc;       /* free-threaded 3.14+: which copy of the bytecode */
	uint32_t code;  /* walker's number of this code object: a new object at a recycled
			  address has another one. 0: could not be read */
	uint32_t flags; /* enum raw_flags */
	int32_t used;   /* 3.11+: words of locals and stack when saved; -1: it runs */
	uint64_t entry_addr; /* 3.12+, RAW_ENTRY: the shim below it, on the stack of the
				evaluation loop that runs it; else 0 */
};

enum walk_flags {
	WALK_MAIN = 1 << 0,       /* the main thread of its interpreter */
	WALK_GIL = 1 << 1,        /* holds the GIL of its interpreter; free-threaded: is
				     attached, as many may be at once */
	WALK_GIL_WANTED = 1 << 2, /* asks for it (3.15 says so itself) */
	WALK_GC = 1 << 3,         /* it runs a garbage collection */
	WALK_EXC = 1 << 4,        /* an exception is raised or handled */
	WALK_SUSPENDED = 1 << 5,  /* 3.13+: stopped by stop-the-world */
	WALK_CHANGED = 1 << 6,    /* the stack is not as when the caller last took it */
	WALK_TORN = 1 << 7,       /* it moved while it was copied: judge the edges */
	WALK_REPAIRED = 1 << 8,   /* pointer and copy disagreed; the copy decided */
	WALK_PARKED = 1 << 9,     /* set by the caller: not read, as in the last tick */
	WALK_NEW = 1 << 10,       /* first tick of this thread */
	WALK_IN_C = 1 << 11,      /* the leaf stands at a call: C runs it */
	WALK_DOUBTED = 1 << 12, /* to 3.10: it moved, and CPython counts another depth */
};

/* One Python thread as of the last tick. Borrowed until the next. */
struct walk_thread {
	uint64_t tstate_addr;
	uint64_t serial;  /* tstate.id; with the address: which thread this is */
	uint64_t pthread; /* pthread_self(): threading's ident */
	pid_t tid;        /* kernel thread id in the target's pid namespace; 0 unknown */
	int64_t interp;   /* id of its interpreter */
	uint64_t interp_addr;
	uint32_t flags;     /* enum walk_flags */
	uint32_t number;    /* stays the same for the life of the thread; from 1 */
	enum status status; /* not ST_OK: frames are those below the trouble, if any */
	struct raw_frame *frames; /* root first */
	uint32_t n_frames;
	uint32_t
		n_same; /* so many, from the root, are as when the caller last took them */
	uint32_t skip_at, n_skipped; /* so many are left out before frames[skip_at] */
	void *user;                  /* the caller's; NULL at first */
};

/* The caller has done with the frames as they are: n_same and WALK_CHANGED count from
 * here on, however often the thread is read before the next time. */
static inline void walk_taken(struct walk_thread *t)
{
	t->n_same = t->n_frames;
	t->flags &= ~(uint32_t)WALK_CHANGED;
}

struct walk_stats {
	uint64_t n_ticks, n_calls; /* ticks, and reads for them */
	uint64_t n_chased;         /* frames that were not predicted */
	uint64_t n_repaired, n_torn;
	uint64_t n_code_changes;       /* code objects replaced at their address */
	uint64_t n_lost[STATUS_COUNT]; /* threads without a sample, by reason */
};

struct walker;

/* Borrows mem and abi for its life. gone: called before a thread's entry is dropped, so
 * that the caller releases `user`; may be NULL. */
struct walker *walker_new(struct mem *mem, const struct abi *abi,
	const struct walk_root *root, void (*gone)(void *arg, struct walk_thread *t),
	void *arg);
void walker_free(struct walker *w);

/* Brings all threads up to date but the parked. Not ST_OK: nothing could be read, threads are as
 * before. */
enum status walker_tick(struct walker *w);
/* Reads one thread again: because its sample was torn, or, with `still`, because it was
 * stopped, and what its pointer says is true. */
enum status walker_again(struct walker *w, struct walk_thread *t, bool still);
/* Of a thread that could not be read: how many of its frames, from the root, the newest copy
 * still shows where they were and at the same instructions. Those may be reported, as cut
 * above; 0 where nothing is known: from 3.11 on, where the copies themselves have been
 * searched, and of a stack whose middle is left out. */
uint32_t walker_sound(struct walker *w, struct walk_thread *t);
/* A number that changes whenever a thread takes the GIL from another or begins to wait
 * for it: while it stands, a thread that was blocked has not run Python. False: the
 * version or build has no such thing. As of the last tick. */
bool walker_gil_mark(const struct walker *w, uint64_t *mark);
/* Looks at the parked threads, all in one read: thread state and place in the leaf. Those
 * that have moved are no longer WALK_PARKED; read them again. */
void walker_look(struct walker *w);
/* The threads, in no particular order; *n is their number. Borrowed until the next tick. */
struct walk_thread **walker_threads(struct walker *w, size_t *n);
/* Is the frame's code object still the one that got its number? Reads it anew. */
bool walker_code_alive(struct walker *w, const struct raw_frame *f);
/* The number of the code object that was last seen at an address; 0: none. */
uint32_t walker_code_at(struct walker *w, uint64_t code_addr);
/* Bumped when the numbers of code objects start anew (too many were seen). */
uint32_t walker_epoch(const struct walker *w);
/* Address of the main interpreter; 0 before the first tick. */
uint64_t walker_main_interp(const struct walker *w);
/* Is addr inside a GIL of the process? Its waiters sleep on futexes in there. */
bool walker_in_gil(const struct walker *w, uint64_t addr);
const struct walk_stats *walker_stats(const struct walker *w);

#endif
