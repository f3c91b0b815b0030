/* test_sampler.c - deadlines, the kernel's files, and the verdict on edges */
#include "test.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "proc/procstat.h"
#include "proc/task.h"
#include "prof/edges.h"
#include "prof/pace.h"
#include "prof/sched.h"

#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

TEST(a_thread_says_on_which_processor_it_runs_whatever_its_name)
{
	char was[16];
	cpu_set_t home, only;
	int fd = -1, cpu;

	CHECK_INT(sched_getaffinity(0, sizeof(home), &home), 0);
	prctl(PR_GET_NAME, was);
	prctl(PR_SET_NAME, ") R 1 (2) x");
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET((size_t)cpu, &home))
			continue;
		CPU_ZERO(&only);
		CPU_SET((size_t)cpu, &only);
		CHECK_INT(sched_setaffinity(0, sizeof(only), &only), 0);
		CHECK_INT(task_processor(getpid(), gettid(), &fd), cpu);
	}
	close(fd);
	fd = -1;
	CHECK_INT(task_processor(getpid(), 1 << 30, &fd), -1);
	sched_setaffinity(0, sizeof(home), &home);
	prctl(PR_SET_NAME, was);
}

/* A second with so many parts in a hundred of a core, for so many targets. */
static void judge_second(struct sched *s, int percent, size_t targets)
{
	const struct sched_past before = { 0 };
	const struct sched_past now = {
		.ns = NS_PER_SEC,
		.cpu_ns = percent * NS_PER_SEC / 100,
		.ticks = 100,
		.targets = targets,
	};

	sched_judge(s, &before, &now);
}

TEST(a_thread_is_beside_its_target_while_that_costs_little)
{
	struct sched s;
	int i, k;

	if (getpriority(PRIO_PROCESS, 0) > 0)
		return;
	sched_begin(&s, 0.03);
	judge_second(&s, 7, 1);
	CHECK(!s.beside);
	judge_second(&s, 5, 1); /* it is cheaper there */
	CHECK(s.beside);
	judge_second(&s, 2, 1);
	CHECK(s.beside);
	for (i = 0; i < 3; i++) { /* each time later: 0, 1, 3 seconds */
		judge_second(&s, 4, 1);
		CHECK(!s.beside);
		for (k = 0; k < (1 << i) - 1; k++) {
			judge_second(&s, 1, 1);
			CHECK(!s.beside);
		}
		judge_second(&s, 1, 1);
		CHECK(s.beside);
	}
	judge_second(&s, 1, 0); /* nobody is left */
	CHECK(!s.beside);
	sched_begin(&s, 0.03);
	sched_try_beside(&s);
	CHECK(s.beside);
	sched_calm(&s);
	CHECK(!s.beside);
	sched_begin(&s, 0);
	judge_second(&s, 0, 1);
	CHECK(!s.beside);
}

TEST(deadlines_stay_on_the_grid_whatever_the_lateness)
{
	struct pace p;
	int i;

	pace_start(&p, 100, false, 1, 0);
	for (i = 0; i < 1000; i++) {
		int64_t deadline = pace_next(&p, 0);

		CHECK_INT(deadline, 5 * NS_PER_MS + i * 10 * NS_PER_MS);
		CHECK_INT(pace_take(&p, deadline + 3 * NS_PER_MS), 0);
	}
}

TEST(jitter_moves_a_deadline_by_a_quarter_of_the_interval_at_most)
{
	struct pace p;
	int64_t least = INT64_MAX, most = INT64_MIN;
	int i;

	pace_start(&p, 1000, true, 42, 0);
	for (i = 0; i < 10000; i++) {
		int64_t line = p.line_ns, off = pace_next(&p, 0) - line;

		least = off < least ? off : least;
		most = off > most ? off : most;
		pace_take(&p, line);
	}
	CHECK(least >= -NS_PER_MS / 4 && least < -NS_PER_MS / 5);
	CHECK(most <= NS_PER_MS / 4 && most > NS_PER_MS / 5);
}

TEST(a_program_in_step_is_met_at_every_moment_of_its_period)
{
	struct pace p;
	int met[4] = { 0 }, i;

	pace_start(&p, 1000, true, 7, 0);
	for (i = 0; i < 20000; i++) {
		met[pace_next(&p, 0) % NS_PER_MS * 4 / NS_PER_MS]++;
		pace_take(&p, p.line_ns);
	}
	for (i = 0; i < 4; i++)
		CHECK(met[i] > 4500 && met[i] < 5500);
	CHECK(p.line_ns > 20000 * NS_PER_MS && p.line_ns < 20002 * NS_PER_MS);
}

TEST(missed_ticks_are_counted_and_never_caught_up)
{
	struct pace p;

	pace_start(&p, 100, false, 1, 0);
	/* woken 57 ms late: the lines at 15, 25, 35, 45 and 55 ms have passed too */
	CHECK_INT(pace_take(&p, 5 * NS_PER_MS + 57 * NS_PER_MS), 5);
	CHECK_INT(pace_next(&p, 0), 65 * NS_PER_MS);
}

TEST(a_thread_s_system_call_is_parsed)
{
	struct task_state now;

	CHECK(task_parse("running\n", &now));
	CHECK(now.running);
	CHECK(task_parse(
		"202 0x7f3c2a0b4c50 0x189 0x0 0x0 0x0 0xffffffff 0x7f 0x7e\n", &now));
	CHECK(!now.running);
	CHECK_INT(now.syscall, SYS_futex);
	CHECK_INT(now.arg[0], 0x7f3c2a0b4c50);
	CHECK_INT(now.arg[1], 0x189);
	CHECK(task_parse("-1 0x7ffd5c0d1e60 0x7f3c29e8e117\n", &now));
	CHECK_INT(now.syscall, -1);
	CHECK(!task_parse("", &now));
}

TEST(a_process_s_name_may_hold_anything)
{
	static const char text[] =
		"4242 (a) S 1 (b)) R 17 4242 1 0 -1 4194304 9 0 0 0 150 50 0 0 20 0 7 0 "
		"98765 1048576 256 18446744073709551615 1 1 140722222222222 0\n";
	struct procstat_now now;

	CHECK_INT(procstat_parse(text, &now), ST_OK);
	CHECK_INT(now.state, 'R');
	CHECK_INT(now.ppid, 17);
	CHECK_INT(now.n_threads, 7);
	CHECK_INT(now.start_ticks, 98765);
	CHECK_INT(now.program, 140722222222222);
	CHECK_INT(procstat_parse("17 (x) Z 1", &now), ST_BAD);
	CHECK_INT(procstat_parse("garbage", &now), ST_BAD);
}

/* A stack of code numbers; each caller stands at its one call. */
static struct walk_thread stack_of(struct raw_frame *f, const uint32_t *code, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		f[i] = (struct raw_frame){ .code = code[i],
			.instr = 0x1000 + code[i] * 16,
			.addr = 0x2000 + i * 64 };
	return (struct walk_thread){ .frames = f, .n_frames = n, .flags = WALK_CHANGED };
}

TEST(a_call_that_the_site_never_makes_is_cut)
{
	static const uint32_t real[] = { 1, 2, 3 }, mixed[] = { 1, 2, 9 };
	struct edges *e = edges_new();
	struct raw_frame f[3];
	struct walk_thread t;
	int i;

	for (i = 0; i < 100; i++) {
		t = stack_of(f, real, 3);
		CHECK_INT(edges_judge(e, &t, 0), 3);
	}
	t = stack_of(f, mixed, 3);
	CHECK_INT(edges_judge(e, &t, 0), 2);
	edges_free(e);
}

TEST(a_guess_does_not_make_itself_known)
{
	static const uint32_t real[] = { 1, 2, 3 }, mixed[] = { 1, 2, 9 };
	struct edges *e = edges_new();
	struct raw_frame f[3];
	struct walk_thread t;
	int i;

	for (i = 0; i < 100; i++) {
		t = stack_of(f, mixed, 3);
		f[2].flags = i % 2 ? RAW_GUESSED : RAW_GUESSED | RAW_ENTRY;
		CHECK_INT(edges_judge(e, &t, 0), 2);
	}
	t = stack_of(f, real, 3);
	CHECK_INT(edges_judge(e, &t, 0), 3);
	f[2].flags = RAW_GUESSED; /* of a call that was seen */
	CHECK_INT(edges_judge(e, &t, 0), 3);
	edges_free(e);
}

TEST(a_rare_call_that_was_seen_to_last_is_believed)
{
	static const uint32_t often[] = { 1, 2, 3 }, rare[] = { 1, 2, 4 };
	struct edges *e = edges_new();
	struct raw_frame f[3];
	struct walk_thread t;
	int i;

	for (i = 0; i < 100; i++) {
		t = stack_of(f, often, 3);
		edges_judge(e, &t, 0);
	}
	t = stack_of(f, rare, 3);
	CHECK_INT(edges_judge(e, &t, 0), 2);
	edges_trust_one(e, &t.frames[1], 4);
	CHECK_INT(edges_judge(e, &t, 0), 3);
	/* other numbers of code objects: everything is learnt anew */
	t = stack_of(f, rare, 3);
	CHECK_INT(edges_judge(e, &t, 1), 3);
	edges_free(e);
}
