# greenlets.py - twenty greenlets that a hub switches to in turn: each has a stack of its own,
# whose root is its task, without a link to the hub's.
import sys

from greenlet import getcurrent, greenlet

main = getcurrent()


def work(depth):
    if depth:
        return work(depth - 1)
    return sum(range(300))


def task(_):
    while True:
        work(3)
        main.switch()


def hub():
    while True:
        for g in tasks:
            g.switch(None)


tasks = [greenlet(task) for _ in range(20)]
sys.stdout.write("ready\n")
sys.stdout.flush()
hub()
