"""native_threads.py THREADS: a busy Python thread beside THREADS threads that Python knows
nothing of (a maths library's pool), all asleep. A profiler that stops every thread of the
process for a sample pays for each of them."""
import ctypes
import sys

from progress import Progress, ready

libc = ctypes.CDLL(None)
pause = ctypes.cast(libc.pause, ctypes.c_void_p)
for _ in range(int(sys.argv[1])):
    handle = ctypes.c_ulong()
    if libc.pthread_create(ctypes.byref(handle), None, pause, None):
        sys.exit("pthread_create failed")


def leaf():
    total = 0
    for i in range(5000):
        total += i
    return total


ready()
Progress().run(leaf)
