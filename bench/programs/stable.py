"""stable.py THREADS DEPTH: every thread exactly DEPTH frames deep, in a leaf that computes
for milliseconds: the stack hardly ever changes. What is measured on it is the price of
reading a stack, not of reading a moving one."""
import sys
import threading

from progress import Progress, ready

threads, depth = int(sys.argv[1]), int(sys.argv[2])
sys.setrecursionlimit(depth + 1000)
threading.stack_size(max(depth * 4096, 1 << 18) // 4096 * 4096)
progress = Progress()


def leaf():
    total = 0
    for i in range(200000):
        total += i
    return total


def deeper(n, body):
    if n <= 1:
        body()
    else:
        deeper(n - 1, body)


def main_body():
    ready()
    progress.run(leaf)


def other_body():
    while True:
        leaf()


for _ in range(threads - 1):
    thread = threading.Thread(target=deeper, args=(depth - 5, other_body))
    thread.daemon = True
    thread.start()
if depth > 400 and sys.version_info < (3, 11):    # these recurse on the C stack
    thread = threading.Thread(target=deeper, args=(depth - 6, main_body))
    thread.daemon = True
    thread.start()
    threading.Event().wait()
deeper(depth - 4, main_body)
