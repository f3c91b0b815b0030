/*
 * state.h - what a thread was doing at the instant of a sample. All flags are recorded at
 * once, so that wall, on-CPU and GIL are choices made when looking. Without a GIL (a
 * free-threaded build) STATE_GIL is a thread that is attached, as many may be at once.
 *
 * STATE_NATIVE: C code has it. Either its innermost frame stands at a call, and no Python
 * frame is above, with the GIL (sorted()) or without (zlib.compress()); or it is blocked in
 * anything but the GIL. C behind an operator, an iterator or an attribute counts as Python.
 */
#ifndef PROF_STATE_H
#define PROF_STATE_H

#include <stddef.h>
#include <stdint.h>

/* flag, word in JSON and on the command line, words for a person */
#define STATE_LIST(X)                                                \
	X(STATE_CPU, 0, "cpu", "on CPU")                             \
	X(STATE_BLOCKED, 1, "idle", "blocked")                       \
	X(STATE_GIL, 2, "gil", "holds the GIL")                      \
	X(STATE_GIL_WAIT, 3, "gil-wait", "waiting for the GIL")      \
	X(STATE_GC, 4, "gc", "collecting garbage")                   \
	X(STATE_EXC, 5, "exc", "handling an exception")              \
	X(STATE_NATIVE, 6, "native", "in C code called from Python") \
	X(STATE_CUT, 7, "cut", "stack cut above its last sound frame")

enum state {
#define X(id, bit, word, text) id = 1 << (bit),
	STATE_LIST(X)
#undef X
		STATE_ALL = 0xff,
};

/* The word of one flag ("gil-wait"), or NULL when it is not exactly one. */
const char *state_word(unsigned flag);
/* The flag of a word; 0 when there is none. */
unsigned state_of_word(const char *word);

/*
 * What a blocked thread waits in: 0 unknown or not blocked, else a system call's number
 * plus one, or one of the futexes that the interpreter's structures tell apart.
 */
typedef uint16_t wait_id;
enum {
	WAIT_NONE = 0,
	WAIT_FUTEX_GIL = 0xff00, /* the futex word lies in the GIL structure */
	WAIT_FUTEX_LOCK,         /* a lock or semaphore */
	WAIT_FUTEX_COND,         /* a condition variable */
	WAIT_FUTEX_WORLD,        /* free-threaded: for the end of a stop-the-world */
};

wait_id wait_of_syscall(long nr);
/* "epoll_wait", "futex (GIL)"; "" for WAIT_NONE; "syscall 999" is written into scratch
 * (at least 24 bytes) for a number without a name. */
const char *wait_name(wait_id wait, char *scratch, size_t size);

#endif
