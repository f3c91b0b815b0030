/* shot.c - see shot.h */
#include "native/shot.h"

#include "base/alloc.h"

#include <elf.h>
#include <errno.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

void shot_init(struct shot *s)
{
	*s = (struct shot){ .stack = xmalloc(SHOT_STACK) };
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

enum status shot_take(struct shot *s, struct mem *mem, pid_t tid, uint64_t stack_end)
{
	struct user_regs_struct regs;
	struct iovec io = { &regs, sizeof(regs) };
	uint64_t end;

	s->stack_len = 0;
	if (ptrace(PTRACE_GETREGSET, tid, (void *)NT_PRSTATUS, &io) < 0)
		return errno == ESRCH ? ST_GONE : ST_PERM;
	if (io.iov_len != sizeof(regs))
		return ST_UNSUPPORTED; /* a 32-bit program */
	number_registers(s, &regs);
	s->stack_addr = s->regs[SHOT_SP] & ~(uint64_t)7;
	end = s->stack_addr + SHOT_STACK;
	if (stack_end > s->stack_addr && stack_end < end)
		end = stack_end;
	s->stack_len = (size_t)(end - s->stack_addr) & ~(size_t)7;
	/* Without a known end, halve until it fits: stacks end on a page. */
	while (s->stack_len >= 4096 &&
		mem_read(mem, s->stack_addr, s->stack, s->stack_len) != ST_OK)
		s->stack_len /= 2;
	return s->stack_len >= 4096 || stack_end ? ST_OK : ST_FAULT;
}

bool shot_word(const struct shot *s, uint64_t addr, uint64_t *word)
{
	if (addr < s->stack_addr || addr - s->stack_addr + 8 > s->stack_len)
		return false;
	memcpy(word, s->stack + (addr - s->stack_addr), 8);
	return true;
}
