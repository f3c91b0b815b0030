/* shot.c - see shot.h */
#include "native/shot.h"

#include "base/alloc.h"

#include <elf.h>
#include <errno.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

void shot_init(struct shot *s, struct mem *mem)
{
	*s = (struct shot){ .stack = xmalloc(SHOT_STACK), .mem = mem };
}

void shot_release(struct shot *s)
{
	free(s->stack);
	*s = (struct shot){ 0 };
}

#if defined(__x86_64__)
static void number_registers(struct shot *s, const struct user_regs_struct *r)
{
	const uint64_t regs[SHOT_REGS] = { r->rax, r->rdx, r->rcx, r->rbx, r->rsi, r->rdi,
		r->rbp, r->rsp, r->r8, r->r9, r->r10, r->r11, r->r12, r->r13, r->r14,
		r->r15, r->rip };

	memcpy(s->regs, regs, sizeof(regs));
}
#else
static void number_registers(struct shot *s, const struct user_regs_struct *r)
{
	memcpy(s->regs, r->regs, 31 * sizeof(uint64_t));
	s->regs[SHOT_SP] = r->sp;
	s->regs[SHOT_PC] = r->pc;
}
#endif

/*
 * The end of the stack is not known. One call asks for the rest of the page, then for
 * stretches that double; those before the first that runs over the end have come.
 */
static size_t copy_stack(struct shot *s)
{
	struct mem_segment seg[16];
	size_t len = 4096 - (size_t)(s->stack_addr & 4095), at = 0, n = 0, done = 0, i;

	while (at + len <= SHOT_STACK && n < 16) {
		seg[n++] = (struct mem_segment){ s->stack_addr + at, s->stack + at, len };
		at += len;
		len = at < 4096 ? 4096 : at & ~(size_t)4095;
	}
	mem_readv(s->mem, seg, n, &done);
	for (i = 0, at = 0; i < done && i < n; i++)
		at += seg[i].len;
	return at;
}

enum status shot_take(struct shot *s, pid_t tid)
{
	struct user_regs_struct regs;
	struct iovec io = { &regs, sizeof(regs) };

	s->stack_len = 0;
	if (ptrace(PTRACE_GETREGSET, tid, (void *)NT_PRSTATUS, &io) < 0)
		return errno == ESRCH ? ST_GONE : ST_PERM;
	if (io.iov_len != sizeof(regs))
		return ST_UNSUPPORTED; /* a 32-bit program */
	number_registers(s, &regs);
	s->stack_addr = s->regs[SHOT_SP] & ~(uint64_t)7;
	s->stack_len = copy_stack(s);
	return s->stack_len ? ST_OK : ST_FAULT;
}

bool shot_word(const struct shot *s, uint64_t addr, uint64_t *word)
{
	if (addr < s->stack_addr || addr - s->stack_addr + 8 > s->stack_len)
		return false;
	memcpy(word, s->stack + (addr - s->stack_addr), 8);
	return true;
}
