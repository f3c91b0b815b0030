/* sampler.c - the sampling thread: sleeps, ticks, commits; see sampler.h */
#include "prof/sampler_impl.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

#define SHORT_SLEEP_NS (20 * NS_PER_MS) /* slept without looking for commands */
#define SECOND_NS      NS_PER_SEC
#define TROUBLE_NS     (500 * NS_PER_MS) /* no interpreter for so long: look again */
#define PROGRAM_NS     (100 * NS_PER_MS) /* an exec is noticed within */
#define LATE_NS        (NS_PER_MS / 5)   /* one that stops too late stands for so long */
#define JUDGE_FIRST_NS (100 * NS_PER_MS) /* after so long it is known what a tick costs */

/* ---- targets of the sampling thread ------------------------------------------------- */

static void let_go(struct sampler *s, size_t i, enum event_kind kind, const char *text)
{
	struct target *t = s->targets[i];
	size_t k;

	if (t->announced) {
		target_event(t, &s->tick, kind, text);
		target_flush(t, s->sink);
	}
	for (k = 0; k < STATUS_COUNT; k++)
		s->gone_totals.lost[k] += t->totals.lost[k];
	s->gone_totals.samples += t->totals.samples;
	s->gone_totals.cut += t->totals.cut;
	s->gone_totals.repaired += t->totals.repaired;
	s->gone_totals.doubted += t->totals.doubted;
	s->gone_totals.unmerged += t->totals.unmerged;
	s->gone_totals.stops += t->totals.stops;
	s->gone_totals.stopped_ns += t->totals.stopped_ns;
	if (t->totals.stopped_ns_max > s->gone_totals.stopped_ns_max)
		s->gone_totals.stopped_ns_max = t->totals.stopped_ns_max;
	s->gone_totals.reads += t->totals.reads;
	s->gone_totals.read_ns += t->totals.read_ns;
	registry_drop(s, t->pid);
	if (!stop_end(&t->unstopped)) {
		GROW(s->late, s->cap_late, s->n_late + 1);
		s->late[s->n_late++] = t->unstopped;
	}
	target_free(t);
	memmove(&s->targets[i], &s->targets[i + 1],
		(s->n_targets - i - 1) * sizeof(*s->targets));
	s->n_targets--;
}

static void take_commands(struct sampler *s)
{
	size_t i;

	atomic_store(&s->pending, false);
	pthread_mutex_lock(&s->lock);
	for (i = 0; i < s->n_incoming; i++) {
		GROW(s->targets, s->cap_targets, s->n_targets + 1);
		s->targets[s->n_targets++] = s->incoming[i];
	}
	s->n_incoming = 0;
	s->options.rate_hz = s->wanted_rate;
	pthread_mutex_unlock(&s->lock);
	for (i = s->n_targets; i-- > 0;) {
		if (registry_is_unwanted(s, s->targets[i]->pid))
			let_go(s, i, EVENT_DETACH, "let go");
	}
}

/* What has become another program, or has left its pid to another process. */
static void look_for_exec(struct sampler *s)
{
	size_t k;

	s->program_ns = s->tick.now_ns;
	for (k = s->n_targets; k-- > 0;) {
		pid_t pid = s->targets[k]->pid;
		enum program now = target_program(s->targets[k]);

		if (now == PROGRAM_OTHER) {
			scout_expect(s, pid, 10 * NS_PER_SEC);
			let_go(s, k, EVENT_EXEC, "another program");
		} else if (now == PROGRAM_ENDED) {
			let_go(s, k, EVENT_EXIT, "ended");
		}
	}
}

static void tick_all(struct sampler *s)
{
	size_t n = s->n_targets, k;

	/* A different one begins at each tick: the last of a hundred is read later. */
	for (k = 0; k < n; k++) {
		struct target *t = s->targets[(s->first + k) % n];
		enum status st;

		if (sched_wants_to_go(&s->sched, n))
			sched_go(&s->sched, target_processor(t, s->tick.now_ns));
		st = target_tick(t, &s->tick);

		t->ended = st == ST_GONE;
		t->lost = st == ST_PERM ||
			  (st != ST_OK && st != ST_GONE &&
				  s->tick.now_ns - t->trouble_ns > TROUBLE_NS);
	}
	s->first = n ? (s->first + 1) % n : 0;
	s->beside += s->sched.processor >= 0;
	for (k = n; k-- > 0;) {
		struct target *t = s->targets[k];
		pid_t pid = t->pid;

		if (t->ended) {
			let_go(s, k, EVENT_EXIT, "ended");
		} else if (t->lost) {
			bool exec = target_program(t) == PROGRAM_OTHER;

			scout_expect(s, pid, 10 * NS_PER_SEC);
			let_go(s, k, exec ? EVENT_EXEC : EVENT_DETACH,
				exec ? "another program" : status_text(t->trouble));
		}
	}
}

/* ---- once a second ------------------------------------------------------------------ */

static void publish(struct sampler *s)
{
	struct sampler_stats st = { 0 };
	size_t k;
	int i;

	st.samples = s->gone_totals.samples;
	st.cut = s->gone_totals.cut;
	st.repaired = s->gone_totals.repaired;
	st.doubted = s->gone_totals.doubted;
	st.unmerged = s->gone_totals.unmerged;
	st.stops = s->gone_totals.stops;
	st.stopped_ns = s->gone_totals.stopped_ns;
	st.stopped_ns_max = s->gone_totals.stopped_ns_max;
	st.reads = s->gone_totals.reads;
	st.read_ns = s->gone_totals.read_ns;
	for (i = 0; i < STATUS_COUNT; i++)
		st.lost[i] = s->gone_totals.lost[i];
	for (k = 0; k < s->n_targets; k++) {
		const struct target_totals *t = &s->targets[k]->totals;

		st.samples += t->samples;
		st.cut += t->cut;
		st.repaired += t->repaired;
		st.doubted += t->doubted;
		st.unmerged += t->unmerged;
		st.stops += t->stops;
		st.stopped_ns += t->stopped_ns;
		if (t->stopped_ns_max > st.stopped_ns_max)
			st.stopped_ns_max = t->stopped_ns_max;
		st.reads += t->reads;
		st.read_ns += t->read_ns;
		for (i = 0; i < STATUS_COUNT; i++)
			st.lost[i] += t->lost[i];
		registry_update(s, s->targets[k]);
	}
	st.ticks = s->ticks;
	st.missed = s->missed;
	st.beside = s->beside;
	st.late_ns_sum = s->late_ns_sum;
	st.late_ns_max = s->late_ns_max;
	st.cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - s->cpu_began_ns;
	st.elapsed_ns = clock_mono_ns() - s->began_ns;
	st.targets = (uint32_t)s->n_targets;
	pthread_mutex_lock(&s->lock);
	st.targets_seen = s->stats.targets_seen;
	st.children_missed = s->stats.children_missed;
	s->stats = st;
	pthread_mutex_unlock(&s->lock);
}

/* How much of the target's processor sampling there may cost. */
static double beside_share(const struct sampler_options *o)
{
	if (o->native || o->blocking == BLOCKING_ALWAYS)
		return 0; /* what is read is stopped */
	return o->blocking == BLOCKING_AUTO ? 0.25 : 0.05;
}

static struct sched_past past(const struct sampler *s, int64_t now_ns)
{
	return (struct sched_past){
		.ns = now_ns,
		.cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID),
		.ticks = s->ticks,
		.missed = s->missed,
		.targets = s->n_targets,
	};
}

/* Is the sampling thread in time, and may it be so at the cost of others? */
static void judge_sched(struct sampler *s, int64_t now_ns)
{
	struct sched_past now = past(s, now_ns);

	sched_judge(&s->sched, &s->judged, &now);
	s->judged = now;
	s->judge_ns = now_ns + SECOND_NS;
}

static void end_second(struct sampler *s)
{
	size_t k;

	for (k = 0; k < s->n_targets; k++)
		target_flush(s->targets[k], s->sink);
	s->tick.symbols = s->sink->ops->commit(s->sink);
	s->tick.wall_ns = clock_wall_ns() - clock_mono_ns();
	publish(s);
}

/* ---- the loop ----------------------------------------------------------------------- */

static void sleep_until(struct sampler *s, int64_t deadline)
{
	struct timespec ts;
	int64_t left = deadline - clock_mono_ns();

	/* Long sleeps wake up for commands; short ones are exact. */
	while (left > SHORT_SLEEP_NS && !atomic_load(&s->pending)) {
		struct pollfd p = { .fd = s->wake_fd, .events = POLLIN };
		uint64_t count;

		ts = clock_timespec(left - SHORT_SLEEP_NS / 2);
		if (ppoll(&p, 1, &ts, NULL) == 1 &&
			read(s->wake_fd, &count, sizeof(count)) < 0)
			break;
		left = deadline - clock_mono_ns();
	}
	if (atomic_load(&s->pending))
		return;
	ts = clock_timespec(deadline);
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == EINTR)
		;
}

/* Metrics, names: one piece of work of one target, when there is time before the next
 * deadline, or when there never is. */
static void odd_jobs(struct sampler *s)
{
	size_t k;

	for (k = 0; k < s->n_targets; k++) {
		struct target *t = s->targets[(s->odd + k) % s->n_targets];
		bool measured = target_metrics(t, &s->tick);
		bool named = target_names(t, &s->tick);

		if (measured || named) {
			s->odd = (s->odd + k + 1) % s->n_targets;
			if (s->pace.interval_ns &&
				clock_mono_ns() >
					s->pace.line_ns - s->pace.interval_ns / 2)
				return;
		}
	}
	if (s->tick.now_ns - s->program_ns >= PROGRAM_NS)
		look_for_exec(s);
}

/* Threads that did not stop in time may do so at any moment, and are continued then. True: one
 * has yet to. */
static bool continue_late(struct sampler *s)
{
	bool waiting = false;
	size_t k, kept = 0;

	for (k = 0; k < s->n_targets; k++)
		waiting |= !stop_end(&s->targets[k]->unstopped);
	for (k = 0; k < s->n_late; k++) {
		if (!stop_end(&s->late[k]))
			s->late[kept++] = s->late[k];
	}
	s->n_late = kept;
	return waiting || kept;
}

/* Without targets there is nothing to be in time for but threads that stop late. */
static void rest(struct sampler *s)
{
	struct timespec ts = clock_timespec(continue_late(s) ? LATE_NS : 100 * NS_PER_MS);
	struct pollfd p = { .fd = s->wake_fd, .events = POLLIN };
	uint64_t count;

	if (ppoll(&p, 1, &ts, NULL) == 1 && read(s->wake_fd, &count, sizeof(count)) < 0)
		return;
}

static void one_tick(struct sampler *s)
{
	int64_t deadline = pace_next(&s->pace, clock_mono_ns());

	while (continue_late(s) && !atomic_load(&s->pending) &&
		clock_mono_ns() + LATE_NS < deadline)
		nanosleep(&(struct timespec){ .tv_nsec = LATE_NS }, NULL);
	if (s->pace.interval_ns) {
		sleep_until(s, deadline);
		if (atomic_load(&s->pending))
			return;
	}
	s->tick.now_ns = clock_mono_ns();
	s->tick.late_ns = s->pace.interval_ns && s->tick.now_ns > deadline
				  ? s->tick.now_ns - deadline
				  : 0;
	if (s->ticks == 1) { /* in the first everything is met */
		s->judged = past(s, s->tick.now_ns);
		s->judge_ns = s->tick.now_ns + JUDGE_FIRST_NS;
		if (s->pace.interval_ns)
			sched_try_beside(&s->sched);
	}
	s->tick.missed = pace_take(&s->pace, s->tick.now_ns);
	s->ticks++;
	s->missed += s->tick.missed;
	s->late_ns_sum += (uint64_t)s->tick.late_ns;
	if ((uint64_t)s->tick.late_ns > s->late_ns_max)
		s->late_ns_max = (uint64_t)s->tick.late_ns;
	/* A pid can be another's after a long sleep. */
	if (s->pace.interval_ns >= PROGRAM_NS)
		look_for_exec(s);
	tick_all(s);
}

static void *sampling_thread(void *arg)
{
	struct sampler *s = arg;
	double rate = -1;
	int64_t now_ns;

	prctl(PR_SET_NAME, "sampler");
	prctl(PR_SET_TIMERSLACK, 1UL);
	s->began_ns = s->second_ns = clock_mono_ns();
	s->cpu_began_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	s->judge_ns = INT64_MAX;
	sched_begin(&s->sched, beside_share(&s->options));
	s->tick.sink = s->sink;
	s->tick.options = &s->options;
	s->tick.wall_ns = clock_wall_ns() - clock_mono_ns();
	s->tick.symbols = s->sink->ops->symbols(s->sink);
	while (!atomic_load(&s->stopping)) {
		if (atomic_load(&s->pending))
			take_commands(s);
		if (rate != s->options.rate_hz) {
			rate = s->options.rate_hz;
			sched_calm(&s->sched); /* it may be far more expensive */
			pace_start(&s->pace, rate, !s->options.no_jitter,
				(uint64_t)s->began_ns, clock_mono_ns());
		}
		if (s->n_targets) {
			one_tick(s);
			odd_jobs(s);
		} else {
			rest(s);
			s->tick.now_ns = clock_mono_ns();
			s->pace.line_ns = s->tick.now_ns;
		}
		now_ns = clock_mono_ns();
		if (now_ns >= s->judge_ns)
			judge_sched(s, now_ns);
		if (now_ns - s->second_ns >= SECOND_NS) {
			s->second_ns = now_ns;
			end_second(s);
		}
	}
	take_commands(s);
	while (s->n_targets)
		let_go(s, s->n_targets - 1, EVENT_DETACH, "the recording ended");
	end_second(s);
	return NULL;
}

int sampler_start(struct sampler *s, struct err *err)
{
	int e;

	if (s->running)
		BUG("started twice");
	e = pthread_create(&s->thread, NULL, sampling_thread, s);
	if (e)
		return err_sys(err, e, "cannot start the sampling thread");
	s->running = true;
	return scout_start(s, err);
}

void sampler_stop(struct sampler *s)
{
	if (!s->running)
		return;
	scout_stop(s);
	atomic_store(&s->stopping, true);
	sampler_wake(s);
	pthread_join(s->thread, NULL);
	s->running = false;
}
