/*
 * why.h - why a process can not be looked into, and what cures it.
 *
 * The kernel answers EPERM for a dozen reasons. why_look() gathers what can be known from
 * outside, why_judge() decides from those facts alone: it names a cause only when the
 * facts show it, and says "not clear" with what was ruled out otherwise.
 *
 * Kernel: kernel/ptrace.c __ptrace_may_access(), security/yama/yama_lsm.c,
 * security/commoncap.c cap_ptrace_access_check(); man 2 ptrace "Ptrace access mode checking".
 */
#ifndef PROC_WHY_H
#define PROC_WHY_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* id, short words for a table */
#define WHY_LIST(X)                                      \
	X(WHY_OK, "")                                    \
	X(WHY_GONE, "no such process")                   \
	X(WHY_HIDDEN, "hidden by /proc")                 \
	X(WHY_NAMESPACE, "pid of another namespace")     \
	X(WHY_THREAD, "a thread, not a process")         \
	X(WHY_KERNEL, "kernel thread")                   \
	X(WHY_ZOMBIE, "zombie")                          \
	X(WHY_32BIT, "32-bit")                           \
	X(WHY_OTHER_USER, "other user")                  \
	X(WHY_NOT_DUMPABLE, "not dumpable")              \
	X(WHY_CAPABILITIES, "has capabilities you lack") \
	X(WHY_ROOT_WITHOUT_CAP, "no CAP_SYS_PTRACE")     \
	X(WHY_USER_NAMESPACE, "other user namespace")    \
	X(WHY_YAMA, "ptrace_scope")                      \
	X(WHY_SECCOMP, "seccomp filter")                 \
	X(WHY_LSM, "security module")                    \
	X(WHY_UNCLEAR, "refused")

enum why_cause {
#define X(id, words) id,
	WHY_LIST(X)
#undef X
		WHY_COUNT
};

/* "other user" */
const char *why_words(enum why_cause cause);

enum why_answer {
	WHY_ANSWER_OK,
	WHY_ANSWER_REFUSED,
	WHY_ANSWER_NO_CALL,
	WHY_ANSWER_GONE
};

struct why_facts {
	pid_t pid;
	enum why_answer answer; /* of process_vm_readv on the target */
	bool self_refused;      /* the same call on ourselves fails too */
	/* the target, from /proc/PID/status and stat */
	bool listed; /* /proc/PID is there */
	bool exists; /* kill(pid, 0) knows it */
	pid_t tgid;  /* differs from pid when that is a thread */
	bool kernel_thread;
	char state;    /* 'R', 'S', 'T', 't', 'Z'...; 0 not known */
	bool is_32bit; /* by its ELF header; false when that cannot be read */
	uid_t uid, euid, suid;
	uid_t proc_owner; /* of /proc/PID: root when the process is not dumpable */
	uint64_t cap_permitted;
	pid_t tracer;
	char tracer_name[32];
	char user[64];  /* the name of uid, or its number */
	char lsm[128];  /* /proc/PID/attr/current, "" or "unconfined" when none */
	pid_t known_as; /* when not listed: a process that has this pid in its namespace */
	/* ourselves */
	uid_t my_uid;
	uint64_t my_cap_effective, my_cap_permitted, my_cap_bounding;
	int my_seccomp;     /* 0, 1 strict, 2 filter */
	int yama;           /* ptrace_scope, -1: no Yama */
	bool other_user_ns; /* known to be in another user namespace */
	bool in_pid_ns;     /* we are inside a PID namespace of our own */
};

void why_look(struct why_facts *f, pid_t pid);
/* WHY_OK when nothing speaks against it; else fills in *err: message and cure. */
enum why_cause why_judge(const struct why_facts *f, struct err *err);

/* Both at once: may we read the memory of pid? */
enum why_cause why_not(pid_t pid, struct err *err);
/* Improves an error that an attempt on pid ended with: ERR_PERM, ERR_GONE and ERR_FAILED
 * get their cause and cure when there is one; others are left as they are. */
void why_explain(pid_t pid, struct err *err);
/* "gdb (pid 77) is attached to it" or, where it is stopped, who stopped it; "" when
 * neither. For a line beside a stack that does not move. */
const char *why_held(pid_t pid, char *text, size_t size);

#endif
