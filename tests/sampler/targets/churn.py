# churn.py WHAT [main] - what a sampler's caches must bear. In a thread, or in the main one. 2.7 to the newest.
# Says "ready"; answers every line with its count. WHAT is one of
#   stacks    a program that hardly shows a stack twice
#   code      one that makes code and drops it
#   threads   threads that come and go
#   deep      one that winds 200 levels and unwinds them, over the end of a chunk of its stack (3.11+)
#   mutual    two functions that call each other
#   tree      one that calls itself twice
#   pipeline  generators within each other
import random
import sys
import threading
import time

count = [0]
chance = random.Random(1).random


def left(n):
    return n and (left if chance() < 0.5 else right)(n - 1)


def right(n):
    return n and (left if chance() < 0.5 else right)(n - 1)


def stacks():
    """2 to the 40th paths, each stood in for a moment."""
    while True:
        left(40)
        count[0] += 1


SOURCE = """
def made_%d(n):
    a = [n,
         n + 1]
    for i in a:
        n += i
    return n
"""


def code():
    while True:
        for i in range(50):     # some live at once, then all of them die
            space = {}
            count[0] += 1
            exec(compile(SOURCE % count[0], "<made %d>" % count[0], "exec"), space)
            made = space["made_%d" % count[0]]
            for n in range(20):
                made(n)


def short():
    for _ in range(100):
        pass


def threads():
    while True:
        several = [threading.Thread(target=short) for _ in range(20)]
        for thread in several:
            thread.start()
        for thread in several:
            thread.join()
        count[0] += 20


def down(n):
    if n:
        down(n - 1)


def deep():
    while True:
        down(199)
        count[0] += 1


def even(n):
    if n:
        odd(n - 1)


def odd(n):
    if n:
        even(n - 1)


def mutual():
    while True:
        even(60)
        count[0] += 1


def branch(n):
    if n > 1:
        branch(n - 1)
        branch(n - 2)


def tree():
    while True:
        branch(20)
        count[0] += 1


def inner():
    for i in range(200):
        yield i


def middle():
    for i in inner():
        yield i


def outer():
    for i in middle():
        yield i


def pipeline():
    while True:
        for _ in outer():
            pass
        count[0] += 1


does = {"stacks": stacks, "code": code, "threads": threads, "deep": deep, "mutual": mutual, "tree": tree,
        "pipeline": pipeline}[sys.argv[1]]


def answer():
    while sys.stdin.readline():
        sys.stdout.write("%d\n" % count[0])
        sys.stdout.flush()


in_main = sys.argv[2:] == ["main"]
thread = threading.Thread(target=answer if in_main else does, name="churn")
thread.daemon = True
thread.start()
sys.stdout.write("ready\n")
sys.stdout.flush()
if in_main:
    does()
answer()
