/* why.c - the verdict on the facts; see why.h */
#include "proc/why.h"

#include "base/alloc.h"

#include <linux/capability.h>
#include <string.h>

static const char *const words[] = {
#define X(id, text) [id] = text,
	WHY_LIST(X)
#undef X
};

const char *why_words(enum why_cause cause)
{
	return cause < WHY_COUNT ? words[cause] : "";
}

static bool has_cap(uint64_t set, int cap)
{
	return set >> cap & 1;
}

/* The cure for almost everything: be privileged. */
static void cure_privilege(struct err *err, const struct why_facts *f)
{
	if (f->my_uid != 0)
		err_hint(err, "run it with sudo, or give the binary the right once: sudo "
			      "setcap "
			      "cap_sys_ptrace=ep \"$(command -v pystrobe)\"");
	else
		err_hint(err, "this is root without CAP_SYS_PTRACE, as in a container: "
			      "docker run "
			      "--cap-add SYS_PTRACE, or Kubernetes: securityContext: "
			      "capabilities: add: [SYS_PTRACE], or kubectl debug "
			      "--profile=general --target=CONTAINER");
}

/* There is nothing to attach to. */
static enum why_cause absent(const struct why_facts *f, struct err *err)
{
	if (!f->listed && f->exists) {
		err_set(err, ERR_PERM,
			"process %d exists but /proc does not show it (mounted with "
			"hidepid?)",
			(int)f->pid);
		err_hint(err, "run as root, or join the group of /proc's gid= option");
		return WHY_HIDDEN;
	}
	if (f->known_as) {
		err_set(err, ERR_GONE,
			"there is no process %d here; it is the pid inside a container "
			"of "
			"process %d",
			(int)f->pid, (int)f->known_as);
		err_hint(err, "use the pid as this side sees it: %d", (int)f->known_as);
		return WHY_NAMESPACE;
	}
	err_set(err, ERR_GONE, "there is no process %d", (int)f->pid);
	if (f->in_pid_ns)
		err_hint(err,
			"pystrobe runs inside a container and sees only its processes: "
			"start it on the host, with docker run --pid=host, or with "
			"--pid=container:NAME; pystrobe ps lists what is visible");
	else
		err_hint(err, "pystrobe ps lists the Python processes");
	return WHY_GONE;
}

/* It is there, but no interpreter could be in it. Refusals are judged elsewhere. */
static enum why_cause unsuitable(const struct why_facts *f, struct err *err)
{
	if (f->tgid && f->tgid != f->pid) {
		err_set(err, ERR_NOT_PYTHON, "%d is a thread of process %d", (int)f->pid,
			(int)f->tgid);
		err_hint(err, "use the process: %d", (int)f->tgid);
		return WHY_THREAD;
	}
	if (f->state == 'Z' || f->state == 'X') {
		err_set(err, ERR_GONE,
			"process %d has ended and waits for its parent to notice "
			"(zombie)",
			(int)f->pid);
		return WHY_ZOMBIE;
	}
	if (f->kernel_thread) {
		err_set(err, ERR_NOT_PYTHON, "%d is a thread of the kernel", (int)f->pid);
		return WHY_KERNEL;
	}
	if (f->is_32bit) {
		err_set(err, ERR_VERSION,
			"process %d is a 32-bit program; pystrobe reads 64-bit ones",
			(int)f->pid);
		return WHY_32BIT;
	}
	return WHY_OK;
}

static enum why_cause yama(const struct why_facts *f, struct err *err)
{
	if (f->yama == 3) {
		err_set(err, ERR_PERM,
			"process %d: kernel.yama.ptrace_scope is 3: nobody may look into "
			"any process until the next boot",
			(int)f->pid);
		err_hint(err, "change it where it is set (/etc/sysctl.d) and reboot");
		return WHY_YAMA;
	}
	err_set(err, ERR_PERM,
		f->yama == 2 ? "process %d: kernel.yama.ptrace_scope is 2: only "
			       "CAP_SYS_PTRACE may look into a process"
			     : "process %d: kernel.yama.ptrace_scope is 1: only its "
			       "ancestors may look into a process of yours",
		(int)f->pid);
	if (f->yama == 1)
		err_hint(err,
			"run it with sudo; or start the program under pystrobe: pystrobe "
			"record -- COMMAND; or until the next boot: sudo sysctl "
			"kernel.yama.ptrace_scope=0");
	else
		cure_privilege(err, f);
	return WHY_YAMA;
}

/* The kernel said no. From here on each cause is one that the facts show. */
static enum why_cause refusal(const struct why_facts *f, struct err *err)
{
	bool cap = has_cap(f->my_cap_effective, CAP_SYS_PTRACE);

	if (f->self_refused) {
		err_set(err, ERR_PERM,
			"a seccomp filter forbids pystrobe to read memory "
			"(process_vm_readv fails even on pystrobe itself)");
		err_hint(err, "in a container: docker run --cap-add SYS_PTRACE, or "
			      "--security-opt seccomp=unconfined");
		return WHY_SECCOMP;
	}
	if (f->yama == 3)
		return yama(f, err);
	if (cap && f->other_user_ns) {
		err_set(err, ERR_PERM,
			"process %d is in a user namespace in which pystrobe has no "
			"CAP_SYS_PTRACE",
			(int)f->pid);
		err_hint(err, "run pystrobe outside the container, as root of the host");
		return WHY_USER_NAMESPACE;
	}
	if (!cap && f->my_uid == 0) {
		err_set(err, ERR_PERM,
			"process %d: pystrobe runs as root but without CAP_SYS_PTRACE%s",
			(int)f->pid,
			has_cap(f->my_cap_bounding, CAP_SYS_PTRACE)
				? ""
				: " (the container took it away)");
		cure_privilege(err, f);
		return WHY_ROOT_WITHOUT_CAP;
	}
	if (!cap &&
		(f->uid != f->my_uid || f->euid != f->my_uid || f->suid != f->my_uid)) {
		err_set(err, ERR_PERM, "process %d belongs to another user (%s)",
			(int)f->pid, f->user);
		cure_privilege(err, f);
		return WHY_OTHER_USER;
	}
	if (!cap && f->proc_owner != f->my_uid) {
		err_set(err, ERR_PERM,
			"process %d is yours but has been made private (a setuid "
			"program, "
			"or prctl PR_SET_DUMPABLE)",
			(int)f->pid);
		cure_privilege(err, f);
		return WHY_NOT_DUMPABLE;
	}
	if (!cap && f->cap_permitted & ~f->my_cap_permitted) {
		err_set(err, ERR_PERM,
			"process %d holds capabilities that you do not have",
			(int)f->pid);
		cure_privilege(err, f);
		return WHY_CAPABILITIES;
	}
	if (!cap && f->yama > 0)
		return yama(f, err);
	if (f->lsm[0] && strncmp(f->lsm, "unconfined", 10)) {
		err_set(err, ERR_PERM,
			"the kernel refuses process %d; it runs under the security "
			"profile \"%s\", which is the likely reason",
			(int)f->pid, f->lsm);
		err_hint(err, "see the audit log: dmesg | grep -i denied");
		return WHY_LSM;
	}
	err_set(err, ERR_PERM,
		"the kernel refuses process %d, and the usual reasons do not apply "
		"(owner, Yama, capabilities, seccomp)",
		(int)f->pid);
	if (cap)
		err_hint(err,
			"a security module or a sandbox may protect it: see the audit "
			"log, dmesg | grep -i denied");
	else
		cure_privilege(err, f);
	return WHY_UNCLEAR;
}

enum why_cause why_judge(const struct why_facts *f, struct err *err)
{
	enum why_cause cause;

	if (!f->listed)
		return absent(f, err);
	cause = unsuitable(f, err);
	if (cause != WHY_OK)
		return cause;
	switch (f->answer) {
	case WHY_ANSWER_OK:
		return WHY_OK;
	case WHY_ANSWER_GONE:
		err_set(err, ERR_GONE, "process %d has ended", (int)f->pid);
		return WHY_GONE;
	default:
		return refusal(f, err);
	}
}

enum why_cause why_not(pid_t pid, struct err *err)
{
	struct why_facts f;

	why_look(&f, pid);
	return why_judge(&f, err);
}

void why_explain(pid_t pid, struct err *err)
{
	struct err better = ERR_INIT;

	if (err->code != ERR_PERM && err->code != ERR_GONE && err->code != ERR_FAILED &&
		err->code != ERR_NOT_PYTHON)
		return;
	if (why_not(pid, &better) != WHY_OK)
		*err = better;
}

const char *why_held(pid_t pid, char *text, size_t size)
{
	struct why_facts f;

	why_look(&f, pid);
	text[0] = '\0';
	if (f.tracer)
		snprintf(text, size, "%s (pid %d) is attached to it%s", f.tracer_name,
			(int)f.tracer, f.state == 't' ? " and has stopped it" : "");
	else if (f.state == 'T')
		snprintf(text, size, "it is stopped (SIGSTOP); kill -CONT %d goes on",
			(int)pid);
	return text;
}
