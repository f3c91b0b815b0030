/*
 * target_state.c - what a thread is doing besides its stack: on a processor, blocked and
 * in which system call, waiting for the GIL.
 *
 * A futex inside a GIL is a wait for the GIL. Others are told apart by the words around
 * the futex (glibc): a semaphore, which CPython's locks are, is { value, waiters, private }
 * with value 0 and at least one waiter; the word of a condition variable is not.
 */
#include "prof/target.h"

#include "base/clock.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A blocked thread whose stack has not changed is asked for again after so long, any other
 * after so long: shorter than the period of any paced rate up to 10 kHz. */
#define ASK_BLOCKED_NS (1 * NS_PER_MS)
#define ASK_NS         (50 * NS_PER_US)
/* Where it runs costs 2 to 9 us to ask, and changes seldom. */
#define PROCESSOR_NS (20 * NS_PER_MS)

static wait_id futex_kind(struct target *t, uint64_t addr, uint64_t op)
{
	uint32_t word[3];

	if (walker_in_gil(t->walker, addr))
		return WAIT_FUTEX_GIL;
	if ((op & (uint64_t)(unsigned)FUTEX_CMD_MASK) == FUTEX_WAIT)
		return WAIT_FUTEX_LOCK; /* pthread_mutex_lock */
	if (addr % 8 || mem_read(t->mem, addr, word, sizeof(word)) != ST_OK)
		return WAIT_FUTEX_COND;
	return word[0] == 0 && word[1] >= 1 && word[1] <= 65536 &&
			       (word[2] == 0 || word[2] == 128)
		       ? WAIT_FUTEX_LOCK
		       : WAIT_FUTEX_COND;
}

wait_id target_wait(struct target *t, struct lane *l, const struct task_state *now)
{
	if (now->syscall != SYS_futex)
		return wait_of_syscall(now->syscall);
	if (l->futex != now->arg[0] || !l->futex_kind) {
		l->futex = now->arg[0];
		l->futex_kind = futex_kind(t, now->arg[0], now->arg[1]);
	}
	return l->futex_kind;
}

/* The thread as seen from here: its id in the target's namespace may mean nothing. */
static pid_t tid_here(struct target *t, const struct walk_thread *w)
{
	pid_t tid = w->tid;

	if (!tid)
		return task_only(t->pid);
	return t->other_namespace ? task_find_inner(t->pid, tid) : tid;
}

static bool open_task(struct target *t, struct lane *l)
{
	pid_t tid;

	if (l->misses > 3)
		return false;
	tid = tid_here(t, l->walk);
	if (tid && task_open(&l->task, t->pid, tid) == ST_OK)
		return true;
	/* A forked child up to 3.11 still has its parent's ids in its thread state. */
	tid = task_only(t->pid);
	if (tid && task_open(&l->task, t->pid, tid) == ST_OK)
		return true;
	l->task.syscall_fd = -1;
	l->misses++;
	return false;
}

void lane_update_state(struct target *t, struct lane *l, const struct tick *k)
{
	const struct walk_thread *w = l->walk;
	uint16_t state = l->state & (STATE_CPU | STATE_BLOCKED);
	struct task_state now;

	bool blocked = (state & STATE_BLOCKED) && !(w->flags & WALK_CHANGED) &&
		       l->wait != WAIT_FUTEX_WORLD;

	if (!l->state_ns ||
		k->now_ns - l->state_ns >= (blocked ? ASK_BLOCKED_NS : ASK_NS)) {
		state = 0;
		l->wait = WAIT_NONE;
		l->state_ns = k->now_ns;
		if ((l->task.syscall_fd >= 0 || open_task(t, l)) &&
			task_now(&l->task, &now) == ST_OK) {
			state = now.running ? STATE_CPU : STATE_BLOCKED;
			l->wait = now.running ? WAIT_NONE : target_wait(t, l, &now);
		}
	}
	/* Who waits for a lock while the world is stopped has the same mark, and is told so too. */
	if (l->wait == WAIT_FUTEX_LOCK && (w->flags & WALK_SUSPENDED))
		l->wait = WAIT_FUTEX_WORLD;
	/* The kernel was asked a moment before or after the copy, at which it had the GIL. */
	if ((w->flags & WALK_GIL) && l->wait == WAIT_FUTEX_GIL) {
		l->wait = WAIT_NONE;
		state = STATE_CPU;
	}
	if (w->flags & WALK_GIL)
		state |= STATE_GIL;
	else if (l->wait == WAIT_FUTEX_GIL || (w->flags & WALK_GIL_WANTED))
		state |= STATE_GIL_WAIT;
	if (w->flags & WALK_GC)
		state |= STATE_GC;
	if (w->flags & WALK_EXC)
		state |= STATE_EXC;
	/* Only C waits for anything but the GIL; who waits for that may stand at a call that
	 * has ended. */
	if (state & STATE_BLOCKED ? l->wait != WAIT_FUTEX_GIL
				  : (w->flags & WALK_IN_C) && !(state & STATE_GIL_WAIT))
		state |= STATE_NATIVE;
	l->state = state | (l->state & STATE_CUT); /* the stack's, which may be parked */
}

/* Who has the GIL, or is on a processor; NULL: nobody. */
static const struct lane *running_lane(struct target *t)
{
	const struct lane *found = NULL;
	struct walk_thread **w;
	size_t n, i;

	w = walker_threads(t->walker, &n);
	for (i = 0; i < n; i++) {
		const struct lane *l = w[i]->user;

		if (!l || l->task.syscall_fd < 0 || !(l->state & STATE_CPU))
			continue;
		if (w[i]->flags & WALK_GIL)
			return l;
		found = l;
	}
	return found;
}

int target_processor(struct target *t, int64_t now_ns)
{
	const struct lane *l;

	if (now_ns - t->processor_ns < PROCESSOR_NS)
		return t->processor;
	t->processor_ns = now_ns;
	t->processor = -1;
	l = running_lane(t);
	if (!l)
		return -1;
	if (t->stat_tid != l->task.tid) {
		if (t->stat_tid)
			close(t->stat_fd);
		t->stat_tid = l->task.tid;
		t->stat_fd = -1;
	}
	t->processor = task_processor(t->pid, t->stat_tid, &t->stat_fd);
	return t->processor;
}
