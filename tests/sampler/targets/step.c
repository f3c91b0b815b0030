/* step.c - LD_PRELOAD: the wall clock, shifted by as many seconds as the file STEP says, which may change. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

static volatile int64_t *shift;

__attribute__((constructor)) static void map_shift(void)
{
	int fd = open(getenv("STEP"), O_RDONLY | O_CLOEXEC);
	void *p = mmap(NULL, sizeof(*shift), PROT_READ, MAP_SHARED, fd, 0);

	if (p == MAP_FAILED)
		abort();
	shift = p;
}

int clock_gettime(clockid_t id, struct timespec *ts)
{
	static int (*real)(clockid_t, struct timespec *);
	int ret;

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
	ret = real(id, ts);
	if (ret == 0 && shift && id == CLOCK_REALTIME)
		ts->tv_sec += *shift;
	return ret;
}
