"""waiting.py THREADS DEPTH: one busy thread, and THREADS - 1 that wait for a lock, exactly
DEPTH frames deep, and never run: a server with a large pool."""
import sys
import threading

from progress import Progress, ready

threads, depth = int(sys.argv[1]), int(sys.argv[2])
threading.stack_size(1 << 18)
sys.setrecursionlimit(depth + 1000)
progress = Progress()
gate = threading.Lock()
gate.acquire()
arrived = threading.Semaphore(0)


def deeper(n, body):
    if n <= 1:
        body()
    else:
        deeper(n - 1, body)


def wait():
    arrived.release()
    gate.acquire()


def leaf():
    total = 0
    for i in range(5000):
        total += i
    return total


def main_body():
    ready()
    progress.run(leaf)


for _ in range(threads - 1):
    thread = threading.Thread(target=deeper, args=(depth - 4, wait))
    thread.daemon = True
    thread.start()
for _ in range(threads - 1):
    arrived.acquire()
deeper(depth - 4, main_body)
