"""everything.py [PYTHON...]: every kind of thread and of child at once, each a little: what
a sampler that runs for days must bear. Threads sleep, poll, wait for locks, conditions and
pipes, contend, collect, handle exceptions, hash without the GIL, call back from C, recurse,
never show a stack twice, run code that is dropped at once, come and go. Children fork, exec
(also another PYTHON), are spawned, gone at once, killed, stopped for a while."""
import asyncio
import ctypes
import gc
import hashlib
import multiprocessing
import os
import random
import select
import signal
import sys
import threading
import time
import warnings

from progress import Progress, ready

REST = 0.05
lock, condition = threading.Lock(), threading.Condition()
pipe = os.pipe()
chance = random.Random(1).random
CHILD = ("import time\nend = time.time() + %s\n"
         "def work():\n"
         "    sum(range(3000))\n"
         "while time.time() < end:\n"
         "    work()\n"
         "    time.sleep(0.01)\n")


def spin():
    until = time.time() + 0.005
    while time.time() < until:
        pass


def poll():
    select.epoll().poll(0.2)


def hold():
    with lock:
        time.sleep(REST)


def notify():
    os.write(pipe[1], b"x")
    with condition:
        condition.notify_all()


def wait():
    with condition:
        condition.wait()


def read():
    os.read(pipe[0], 1)


def handle():
    try:
        raise KeyError(1)
    except KeyError:
        spin()


def hashing(data=b"x" * 4000000):
    hashlib.sha256(data).digest()


COMPARE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int),
                           ctypes.POINTER(ctypes.c_int))
LIBC = ctypes.CDLL(None)


def call_back():
    numbers = (ctypes.c_int * 500)(*[int(1000 * chance()) for _ in range(500)])
    LIBC.qsort(numbers, 500, 4, COMPARE(lambda a, b: a[0] - b[0]))


def recurse(n=200):
    return n and recurse(n - 1)


def dice(n=24):
    if n:
        (left if chance() < 0.5 else right)(n - 1)
    else:
        sum(range(200))


def left(n):
    dice(n)


def right(n):
    dice(n)


def drop(count=[0]):
    count[0] += 1
    space = {}
    exec(compile("def made_%d():\n    return sum(range(2000))\n" % count[0],
                 "<made %d>" % (count[0] % 1000), "exec"), space)
    space["made_%d" % count[0]]()


def generate():
    return sum(x + y for x in (i * i for i in range(50)) for y in (j for j in range(50)))


def short_threads():
    threads = [threading.Thread(target=recurse, args=(5,)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def asynchronous():
    async def step(n):
        await asyncio.sleep(0.01)
        return n

    async def steps():
        await asyncio.gather(*(step(n) for n in range(10)))
    asyncio.run(steps())


def forever(function, rest):
    while True:
        function()
        time.sleep(rest)


def child_forks():
    child = os.fork()
    if not child:
        exec(CHILD % 3)
        os._exit(0)
    return child


def child_is_gone_at_once():
    child = os.fork()
    if not child:
        os._exit(0)
    return child


def child_execs():
    python = (sys.argv[1:] or [sys.executable])[int(chance() * len(sys.argv[1:]))]
    child = os.fork()
    if not child:
        time.sleep(0.5)
        os.execv(python, [python, "-c", CHILD % 3])
    return child


def child_is_spawned():
    return os.posix_spawn(sys.executable, [sys.executable, "-c", CHILD % 2], os.environ)


def child_of_multiprocessing():
    multiprocessing.get_context("fork").Process(target=forever, args=(spin, REST),
                                                daemon=True).start()


def child_is_killed():
    child = os.fork()
    if not child:
        forever(spin, REST)
    time.sleep(0.7)
    os.kill(child, signal.SIGKILL)
    return child


def child_is_stopped():
    child = os.fork()
    if not child:
        exec(CHILD % 2)
        os._exit(0)
    os.kill(child, signal.SIGSTOP)
    time.sleep(0.5)
    os.kill(child, signal.SIGCONT)
    return child


CHILDREN = (child_forks, child_is_gone_at_once, child_execs, child_is_spawned,
            child_of_multiprocessing, child_is_killed, child_is_stopped)


def family(count=[0], living=set()):
    """A child a second; those that have ended are buried, those of multiprocessing ended."""
    living.add(CHILDREN[count[0] % len(CHILDREN)]())
    count[0] += 1
    time.sleep(1)
    # Each by who began it: multiprocessing would go on ending a pid that was buried behind its back.
    living.discard(None)
    living -= {child for child in living if os.waitpid(child, os.WNOHANG)[0]}
    old = multiprocessing.active_children()
    for process in old[:-1]:
        process.terminate()


for work, rest in ((spin, REST), (spin, REST), (poll, 0), (hold, REST), (hold, REST), (wait, 0),
                   (notify, REST), (read, 0), (handle, REST), (gc.collect, REST * 4),
                   (hashing, REST), (call_back, REST), (recurse, REST), (dice, REST / 10),
                   (drop, REST / 10), (generate, REST), (short_threads, REST),
                   (asynchronous, REST)):
    threading.Thread(target=forever, args=(work, rest), daemon=True).start()
warnings.simplefilter("ignore")         # of fork beside threads
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
ready()
Progress().run(family)
