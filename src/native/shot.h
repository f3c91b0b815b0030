/*
 * shot.h - one thread's registers and the top of its native stack, taken in one short
 * stop. Unwinding happens later, from the copy, while the target runs on.
 */
#ifndef NATIVE_SHOT_H
#define NATIVE_SHOT_H

#include "base/status.h"
#include "proc/mem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* DWARF's numbering of the registers that unwinding needs (System V ABI, figure 3.36 for
 * x86-64; AADWARF64 for aarch64): the general ones, the stack pointer, the instruction
 * pointer last. */
#if defined(__x86_64__)
enum { SHOT_REGS = 17, SHOT_SP = 7, SHOT_PC = 16 };
#elif defined(__aarch64__)
enum { SHOT_REGS = 33, SHOT_SP = 31, SHOT_PC = 32 };
#else
#error "the register numbers of this machine are not known"
#endif

/* Stack copied per shot: a deep recursion of an old interpreter, some 500 bytes a frame. */
enum { SHOT_STACK = 512 * 1024 };

struct shot {
	uint64_t regs[SHOT_REGS];
	uint64_t stack_addr; /* where the copy comes from: the stack pointer */
	size_t stack_len;
	uint8_t *stack; /* SHOT_STACK bytes, allocated once */
	struct mem *mem;
};

/* Borrows mem. */
void shot_init(struct shot *s, struct mem *mem);
void shot_release(struct shot *s);
/* Copies registers and stack of a thread that the caller has stopped by ptrace. */
enum status shot_take(struct shot *s, pid_t tid);
/* The 8 bytes at addr as they were in the copy; false when they are not in it. */
bool shot_word(const struct shot *s, uint64_t addr, uint64_t *word);

#endif
