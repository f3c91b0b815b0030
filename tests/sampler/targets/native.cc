// native.cc - what native.py calls through ctypes: a call back, one on another stack, a
// function with a C++ name, threads that never run Python.
#include <pthread.h>
#include <time.h>
#include <ucontext.h>

// As old C libraries know them too, beside which other suites' interpreters run.
__asm__(".symver pthread_create, pthread_create@GLIBC_2.2.5");
__asm__(".symver pthread_setname_np, pthread_setname_np@GLIBC_2.12");

typedef void function();

namespace mill
{
class Wheel
{
	volatile unsigned long turns = 0;

      public:
	__attribute__((noinline)) void turn(double seconds);
};

static double now()
{
	timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void Wheel::turn(double seconds)
{
	for (double end = now() + seconds; now() < end;)
		turns++;
}
} // namespace mill

static ucontext_t here, there;
static function *guest;

static void visit()
{
	guest();
}

static void *grind(void *)
{
	mill::Wheel wheel;

	for (;;)
		wheel.turn(1);
	return nullptr;
}

extern "C" {

void native_wheel(double seconds)
{
	mill::Wheel().turn(seconds);
}

// volatile: the call is not the function's last act, or its frame would not be there
void native_calls(function *f)
{
	volatile int calls = 0;

	f();
	calls = calls + 1;
}

void native_elsewhere(function *f)
{
	static char stack[1 << 20];

	guest = f;
	getcontext(&there);
	there.uc_stack.ss_sp = stack;
	there.uc_stack.ss_size = sizeof(stack);
	there.uc_link = &here;
	makecontext(&there, visit, 0);
	swapcontext(&here, &there);
}

int native_thread()
{
	pthread_t thread;

	if (pthread_create(&thread, nullptr, grind, nullptr) != 0)
		return -1;
	return pthread_setname_np(thread, "miller");
}
}
