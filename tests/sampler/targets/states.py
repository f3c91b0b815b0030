# states.py - a thread for each thing that a thread can be doing; 2.7 to the newest.
# Says "ready" when every thread has begun. With "gil" only two spinning threads.
import ctypes
import gc
import os
import select
import sys
import threading
import time
import zlib

lock, condition = threading.Lock(), threading.Condition()
pipe = os.pipe()
begun = []
blob = os.urandom(1 << 20) * 16
tuples = []


def sleep():
    while True:
        time.sleep(1000)


def poll():
    select.epoll().poll(1000)


def acquire():
    lock.acquire()


def wait():
    with condition:
        condition.wait()


def read():
    os.read(pipe[0], 1)


def spin():
    while True:
        pass


def sort():
    while True:
        sorted(tuples)
        time.sleep(0.001)   # else 2.7 never hands the GIL to a thread that waits for it


def collect():
    while True:
        gc.collect()


def handle():
    try:
        raise KeyError(1)
    except KeyError:
        handling()


def handling():
    end = time.time() + 1000
    while time.time() < end:
        time.sleep(0)


def compress():
    while True:
        zlib.compress(blob, 9)


def start(function, name):
    def run():
        begun.append(name)
        function()
    thread = threading.Thread(target=run, name=name)
    thread.daemon = True
    thread.start()
    while name not in begun:
        time.sleep(0.001)


lock.acquire()
which = sys.argv[1]
keep = []
if which == "blocked":
    for f in (sleep, poll, acquire, wait, read):
        start(f, f.__name__)
elif which == "gil":
    start(spin, "spin-1")
    start(spin, "spin-2")
elif which == "collect":
    start(collect, "collect")
    gc.collect()
    keep += [[] for _ in range(300000)]
elif which == "world":
    keep += [[] for _ in range(300000)]
    start(sleep, "sleep")
    start(spin, "spin")
    start(collect, "collect")
elif which == "attached":
    start(sleep, "sleep")
    start(spin, "spin-1")
    start(spin, "spin-2")
elif which == "handle":
    start(handle, "handle")
elif which == "compress":
    start(compress, "compress")
elif which == "sort":
    tuples += [(i * 7919 % 100003, i) for i in range(300000)]
    start(sort, "sort")
elif which == "spin":
    start(spin, "spin")
sys.stdout.write("ready\n")
sys.stdout.flush()
sys.stdin.read()
