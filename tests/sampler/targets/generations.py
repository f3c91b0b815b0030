# generations.py - functions made by exec, each called for a while and dropped, so that the
# next code object lies where the last one lay. Says "ready", waits for a line, and then says
# when each was called and when it returned, on one line. 2.7 to the newest.
import gc
import sys
import time

clock = getattr(time, "perf_counter", time.time)
COUNT, LONG = int(sys.argv[1]), float(sys.argv[2])
SOURCE = """
def made_%03d(end, clock):
    n = 0
    while clock() < end:
        for i in range(200):
            n += i
    return n
"""


def generation(n):
    space = {}
    exec(SOURCE % n, space)
    function = space.pop("made_%03d" % n)
    place = id(function.__code__)
    began = time.time()
    function(clock() + LONG, clock)
    return place, began, time.time()


sys.stdout.write("ready\n")
sys.stdout.flush()
sys.stdin.readline()
calls = []
for n in range(COUNT):
    calls.append(generation(n))
    gc.collect()
sys.stdout.write(" ".join("%d %.6f %.6f" % call for call in calls) + "\n")
sys.stdout.flush()
sys.stdin.readline()
