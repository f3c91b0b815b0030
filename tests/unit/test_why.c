/* test_why.c - from facts to a cause: each refusal has its own, none is guessed */
#include "test.h"

#include "base/alloc.h"
#include "proc/find.h"
#include "proc/why.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PTRACE_CAP (1ull << 19)

/* A process of the same plain user, which the kernel refuses. */
static struct why_facts plain(void)
{
	return (struct why_facts){
		.pid = 42,
		.answer = WHY_ANSWER_REFUSED,
		.listed = true,
		.exists = true,
		.tgid = 42,
		.state = 'S',
		.uid = 1000,
		.euid = 1000,
		.suid = 1000,
		.proc_owner = 1000,
		.my_uid = 1000,
		.yama = -1,
		.user = "ann",
		.my_cap_bounding = PTRACE_CAP,
	};
}

TEST(each_refusal_has_its_own_cause_and_cure)
{
	struct why_facts f;
	struct err err = ERR_INIT;

	f = plain();
	f.answer = WHY_ANSWER_OK;
	CHECK_INT(why_judge(&f, &err), WHY_OK);
	f = plain();
	f.uid = 0;
	CHECK_INT(why_judge(&f, &err), WHY_OTHER_USER);
	CHECK(strstr(err.msg, "another user (ann)") && strstr(err.hint, "sudo"));
	f = plain();
	f.proc_owner = 0;
	CHECK_INT(why_judge(&f, &err), WHY_NOT_DUMPABLE);
	f = plain();
	f.yama = 1;
	CHECK_INT(why_judge(&f, &err), WHY_YAMA);
	CHECK(strstr(err.hint, "kernel.yama.ptrace_scope=0"));
	f.yama = 2;
	CHECK_INT(why_judge(&f, &err), WHY_YAMA);
	CHECK(strstr(err.msg, "scope is 2"));
	f.yama = 3;
	f.my_cap_effective = PTRACE_CAP;
	f.my_uid = 0;
	CHECK_INT(why_judge(&f, &err), WHY_YAMA);
	CHECK(strstr(err.msg, "nobody"));
	f = plain();
	f.my_uid = 0;
	f.my_cap_bounding = 0;
	CHECK_INT(why_judge(&f, &err), WHY_ROOT_WITHOUT_CAP);
	CHECK(strstr(err.hint, "--cap-add SYS_PTRACE"));
	f = plain();
	f.self_refused = true;
	CHECK_INT(why_judge(&f, &err), WHY_SECCOMP);
	f = plain();
	f.cap_permitted = 1;
	CHECK_INT(why_judge(&f, &err), WHY_CAPABILITIES);
	f = plain();
	f.my_uid = 0;
	f.my_cap_effective = PTRACE_CAP;
	f.other_user_ns = true;
	CHECK_INT(why_judge(&f, &err), WHY_USER_NAMESPACE);
	f = plain();
	snprintf(f.lsm, sizeof(f.lsm), "docker-default (enforce)");
	CHECK_INT(why_judge(&f, &err), WHY_LSM);
	f = plain();
	CHECK_INT(why_judge(&f, &err), WHY_UNCLEAR);
	CHECK_INT(err.code, ERR_PERM);
}

TEST(what_can_not_be_a_target_is_told_apart)
{
	struct why_facts f;
	struct err err = ERR_INIT;

	f = plain();
	f.listed = f.exists = false;
	CHECK_INT(why_judge(&f, &err), WHY_GONE);
	f.in_pid_ns = true;
	CHECK_INT(why_judge(&f, &err), WHY_GONE);
	CHECK(strstr(err.hint, "--pid=host"));
	f.known_as = 777;
	CHECK_INT(why_judge(&f, &err), WHY_NAMESPACE);
	CHECK(strstr(err.hint, "777"));
	f = plain();
	f.listed = false;
	CHECK_INT(why_judge(&f, &err), WHY_HIDDEN);
	f = plain();
	f.tgid = 41;
	CHECK_INT(why_judge(&f, &err), WHY_THREAD);
	f = plain();
	f.state = 'Z';
	CHECK_INT(why_judge(&f, &err), WHY_ZOMBIE);
	CHECK_INT(err.code, ERR_GONE);
	f = plain();
	f.kernel_thread = true;
	CHECK_INT(why_judge(&f, &err), WHY_KERNEL);
	f = plain();
	f.is_32bit = true;
	CHECK_INT(why_judge(&f, &err), WHY_32BIT);
}

TEST(facts_of_real_processes_are_read)
{
	struct err err = ERR_INIT;
	struct why_facts f;
	int to_child[2];
	pid_t child;

	CHECK_INT(pipe(to_child), 0);
	child = fork();
	if (!child) {
		char c;

		close(to_child[1]);
		_exit(read(to_child[0], &c, 1) == 0 ? 0 : 1);
	}
	close(to_child[0]);
	why_look(&f, child);
	CHECK(f.listed && f.exists && !f.kernel_thread && !f.is_32bit);
	CHECK_INT(f.tgid, child);
	CHECK_INT(f.uid, getuid());
	CHECK_INT(f.answer, WHY_ANSWER_OK);
	CHECK_INT(why_not(child, &err), WHY_OK);
	close(to_child[1]);
	/* it ends now and is a zombie until it is waited for */
	{
		siginfo_t info;

		CHECK_INT(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
	}
	CHECK_INT(why_not(child, &err), WHY_ZOMBIE);
	CHECK_INT(waitpid(child, NULL, 0), child);
	CHECK(why_not(child, &err) != WHY_OK);
	CHECK_INT(err.code, ERR_GONE);
	CHECK_INT(why_not(2147483647, &err), WHY_GONE);
}

TEST(container_ids_are_found_in_cgroup_paths)
{
	static const struct {
		const char *cgroup, *id;
	} tc[] = {
		{ "0::/system.slice/"
		  "docker-8c1b9d0f6a2e4c5d8c1b9d0f6a2e4c5d8c1b9d0f6a2e4c5d8c1b9d0f"
		  "6a2e4c5d.scope\n",
			"8c1b9d0f6a2e" },
		{ "12:pids:/docker/"
		  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
		  "\n",
			"0123456789ab" },
		{ "0::/kubepods/besteffort/pod1b2c/"
		  "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210\n",
			"fedcba987654" },
		{ "0::/lxc.payload.web1/init.scope\n", "web1" },
		{ "0::/user.slice/user-1000.slice/session-3.scope\n", "" },
		{ "", "" },
	};
	char id[16];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(tc); i++) {
		find_container(tc[i].cgroup, id, sizeof(id));
		CHECK_STR(id, tc[i].id);
	}
}
