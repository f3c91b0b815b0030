"""pool.py THREADS: a pool whose threads take tasks from one queue and meet at one lock, so
that they hand the lock and the GIL to each other all the time."""
import sys
import threading

from progress import Progress, ready

try:
    from queue import Queue
except ImportError:
    from Queue import Queue

tasks, results = Queue(64), Queue(64)
lock = threading.Lock()
totals = {}


def task(n):
    total = 0
    for i in range(300):
        total += i * n
    with lock:
        totals[n % 16] = totals.get(n % 16, 0) + total
    return total


def worker():
    while True:
        results.put(task(tasks.get()))


for _ in range(int(sys.argv[1])):
    thread = threading.Thread(target=worker)
    thread.daemon = True
    thread.start()


def unit():
    for n in range(32):
        tasks.put(n)
    for n in range(32):
        results.get()


ready()
Progress().run(unit)
