/*
 * timer HZ SECONDS - an empty loop that wakes up HZ times a second and does nothing.
 *
 * What a paced sampler costs at the least: its timer. The harness runs this in the same
 * minute and on the same core as the profilers and divides their CPU time by this one's.
 * Absolute deadlines; one that is past by a period is counted as missed and skipped.
 * Prints one line of JSON. CPU time is that of the loop, in seconds.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>

#define NS_PER_S 1000000000ull

static uint64_t now_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

static void sleep_until(uint64_t deadline_ns)
{
	struct timespec ts = {
		.tv_sec = (time_t)(deadline_ns / NS_PER_S),
		.tv_nsec = (long)(deadline_ns % NS_PER_S),
	};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == EINTR)
		;
}

int main(int argc, char **argv)
{
	double hz = argc == 3 ? atof(argv[1]) : 0;
	double seconds = argc == 3 ? atof(argv[2]) : 0;
	uint64_t period_ns, start_ns, end_ns, deadline_ns, cpu_ns;
	uint64_t ticks = 0, missed = 0;

	if (hz <= 0 || hz > 1e6 || seconds <= 0 || seconds > 3600) {
		fprintf(stderr, "usage: timer HZ SECONDS\n");
		return 2;
	}
	prctl(PR_SET_TIMERSLACK, 1ul, 0ul, 0ul, 0ul);
	period_ns = (uint64_t)((double)NS_PER_S / hz);
	cpu_ns = now_ns(CLOCK_PROCESS_CPUTIME_ID);
	start_ns = now_ns(CLOCK_MONOTONIC);
	end_ns = start_ns + (uint64_t)(seconds * (double)NS_PER_S);
	for (deadline_ns = start_ns + period_ns; deadline_ns < end_ns;
		deadline_ns += period_ns) {
		if (now_ns(CLOCK_MONOTONIC) > deadline_ns + period_ns) {
			missed++;
			continue;
		}
		sleep_until(deadline_ns);
		ticks++;
	}
	cpu_ns = now_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu_ns;
	printf("{\"hz\": %g, \"ticks\": %" PRIu64 ", \"missed\": %" PRIu64
	       ", \"cpu_s\": %.6f, \"wall_s\": %.6f}\n",
		hz, ticks, missed, (double)cpu_ns / 1e9,
		(double)(now_ns(CLOCK_MONOTONIC) - start_ns) / 1e9);
	return 0;
}
