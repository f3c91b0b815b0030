/* bench_run.c - one measurement of a command or a process; see bench.h */
#include "cli/bench.h"

#include "base/clock.h"
#include "base/file.h"
#include "cli/launch.h"
#include "cli/session.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { COUNTER_TAIL = 4096 };

void bench_pin(struct bench_plan *p)
{
	size_t last = 0, i;

	p->pinned = p->command && !sched_getaffinity(0, sizeof(p->theirs), &p->theirs) &&
		    CPU_COUNT(&p->theirs) > 1;
	if (!p->pinned)
		return;
	for (i = 0; i < CPU_SETSIZE; i++) {
		if (CPU_ISSET(i, &p->theirs))
			last = i;
	}
	CPU_CLR(last, &p->theirs);
}

static double cpu_s(int who)
{
	struct rusage u;

	getrusage(who, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

/* The end of the file is enough: a log may be long. */
static int counter(double *value, const char *path, struct err *err)
{
	char tail[COUNTER_TAIL];
	ssize_t n = -1;
	off_t size;
	int fd, ret = -1;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
	if (size >= 0)
		n = pread(fd, tail, sizeof(tail),
			size > COUNTER_TAIL ? size - COUNTER_TAIL : 0);
	if (n < 0) {
		err_sys(err, errno, "cannot read the progress in %s", path);
		goto out;
	}
	/* a binary counter stands at the front of its file, however long that is */
	if (n >= (ssize_t)sizeof(uint64_t) && size > COUNTER_TAIL) {
		char head[sizeof(uint64_t)];

		if (pread(fd, head, sizeof(head), 0) == sizeof(head) &&
			memchr(head, 0, sizeof(head)))
			memcpy(tail, head, sizeof(head));
	}
	if (!bench_counter(value, tail, (size_t)n)) {
		err_set(err, ERR_FAILED, "there is no number in %s", path);
		goto out;
	}
	ret = 0;
out:
	if (fd >= 0)
		close(fd);
	return ret;
}

static int open_session(
	struct session *s, const struct bench_plan *p, double rate_hz, struct err *err)
{
	struct sample_options sample = *p->sample;
	struct session_options o = { .sample = &sample, .subprocesses = p->subprocesses };

	sample.rate = rate_hz;
	return session_open(s, p->store_dir, &o, err);
}

static int wait_for(struct launch *l, char **argv, struct err *err)
{
	struct pollfd p = { .fd = -1, .events = POLLIN };

	p.fd = (int)syscall(SYS_pidfd_open, l->pid, 0);
	if (p.fd < 0)
		return err_sys(err, errno, "cannot watch process %d", (int)l->pid);
	while (poll(&p, 1, -1) < 0 && errno == EINTR)
		;
	close(p.fd);
	launch_poll(l);
	if (launch_exit_status(l))
		return err_set(err, ERR_FAILED,
			"%s ended with status %d: only runs that succeed are compared",
			argv[0], launch_exit_status(l));
	return 0;
}

/* From its start to its end, the attaching of the sampler included. */
static int run_command(struct bench_run *r, const struct bench_plan *p, struct session *s,
	struct err *err)
{
	struct launch l = LAUNCH_INIT;
	double cpu = cpu_s(RUSAGE_CHILDREN);
	int64_t start_ns;
	int ret = -1;

	if (launch_prepare(&l, p->command, err) < 0)
		goto out;
	if (p->pinned)
		sched_setaffinity(l.pid, sizeof(p->theirs), &p->theirs);
	start_ns = clock_mono_ns();
	if (launch_go(&l, p->command, err) < 0)
		goto out;
	if (s)
		sampler_expect(s->sampler, l.pid, 10 * NS_PER_SEC);
	if (wait_for(&l, p->command, err) < 0)
		goto out;
	r->wall_s = (double)(clock_mono_ns() - start_ns) / 1e9;
	r->seconds_per_unit = r->wall_s;
	r->cpu_s = cpu_s(RUSAGE_CHILDREN) - cpu;
	ret = 0;
out:
	launch_release(&l);
	return ret;
}

static int watch_process(struct bench_run *r, const struct bench_plan *p,
	struct session *s, struct err *err)
{
	struct timespec pause = clock_timespec((int64_t)(p->seconds * 1e9));
	pid_t pid = p->pid;
	struct pids one = { .v = &pid, .n = 1 };
	double before, after;
	int64_t start_ns;

	if (s && pids_attach(&one, s->sampler, err) < 0)
		return -1;
	if (counter(&before, p->progress, err) < 0)
		return -1;
	start_ns = clock_mono_ns();
	while (nanosleep(&pause, &pause) < 0 && errno == EINTR)
		;
	r->wall_s = (double)(clock_mono_ns() - start_ns) / 1e9;
	if (counter(&after, p->progress, err) < 0)
		return -1;
	if (after <= before)
		return err_set(err, ERR_FAILED,
			"the counter in %s did not grow in %.1f s", p->progress,
			r->wall_s);
	r->seconds_per_unit = r->wall_s / (after - before);
	return 0;
}

int bench_measure(
	struct bench_run *r, const struct bench_plan *p, double rate_hz, struct err *err)
{
	struct session s = { 0 };
	bool sampled = rate_hz >= 0;
	struct err ignored = ERR_INIT;
	double cpu;
	int ret;

	memset(r, 0, sizeof(*r));
	ret = sampled ? open_session(&s, p, rate_hz, err) : 0;
	cpu = cpu_s(RUSAGE_SELF);
	if (ret == 0)
		ret = p->command ? run_command(r, p, sampled ? &s : NULL, err)
				 : watch_process(r, p, sampled ? &s : NULL, err);
	r->own_cpu_s = cpu_s(RUSAGE_SELF) - cpu;
	if (sampled) {
		if (ret == 0)
			sampler_stats(s.sampler, &r->stats);
		if (session_close(&s, ret == 0 ? err : &ignored) < 0)
			ret = -1;
		file_remove_tree(p->store_dir, &ignored);
	}
	return ret;
}
