/*
 * err.h - an error a person can act on: a code, what failed and why, and the cure.
 *
 * Functions that can fail take `struct err *err` last and return 0 or -1 (or NULL). On
 * success *err is untouched. Only cli and http show an error; everything below fills it
 * in and returns. The hot path (memory reads to stack walk) uses `enum status` instead.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

enum err_code {
	ERR_NONE = 0,
	ERR_FAILED,     /* anything without a code of its own */
	ERR_USAGE,      /* wrong words on the command line: exit status 2 */
	ERR_GONE,       /* the process has ended */
	ERR_PERM,       /* the kernel refused; hint names the cure */
	ERR_NOT_PYTHON, /* no interpreter in the process */
	ERR_VERSION,    /* an interpreter whose layout is not known */
	ERR_NOT_READY,  /* starting up or shutting down: worth another try */
	ERR_CORRUPT,    /* data that breaks its own rules */
	ERR_NO_SPACE,   /* ENOSPC, EDQUOT, EFBIG */
	ERR_BUSY,       /* somebody else owns it */
	ERR_NOT_FOUND,
	ERR_LIMIT, /* a bound of ours was reached: size, time, cost */
	ERR_CANCELLED,
};

/* Fixed size, so that failing never allocates. Texts are cut, never overrun. */
struct err {
	enum err_code code;
	char msg[768];  /* "cannot read /proc/12/maps: Permission denied" */
	char hint[512]; /* "run as root or: sudo setcap ..."; may be empty */
};

#define ERR_INIT          \
	{                 \
		.code = 0 \
	}

/* Sets code and message (printf style); clears the hint. Returns -1. */
int err_set(struct err *err, enum err_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Like err_set, with ": " and the text of errnum appended, and a code chosen from it
 * (ESRCH: GONE, EPERM/EACCES: PERM, ENOSPC...: NO_SPACE, ENOENT: NOT_FOUND). Returns -1. */
int err_sys(struct err *err, int errnum, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Puts "text: " before the message that is already there. Returns -1. */
int err_wrap(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Sets the hint: the command or setting that cures it. Returns -1. */
int err_hint(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Prints "pystrobe: message" and, if there is one, the hint on a line of its own. */
void err_print(const struct err *err, FILE *out);

/* Our own mistake: prints file, line and text, and aborts. */
#define BUG(...) bug_at(__FILE__, __LINE__, __VA_ARGS__)
void bug_at(const char *file, int line, const char *fmt, ...)
	__attribute__((noreturn, cold, format(printf, 3, 4)));

#endif
