"""Three threads on one timetable of 23 ms: each is at work alone for its part of it, 10, 20
and 30 %, and all sleep for the rest. On the wall clock a thread is in work() for that
share of its samples."""
import threading
import time

from truth import clock, start

PERIOD_S = 0.023
PLAN = (("first", 0.0, 0.10), ("second", 0.2, 0.20), ("third", 0.5, 0.30))


def work(until):
    while clock() < until:
        pass


def rest(until):
    time.sleep(max(0, until - clock()))


def run(epoch, begin, share):
    at = epoch + begin * PERIOD_S
    while True:
        rest(at)
        work(at + share * PERIOD_S)
        at += PERIOD_S


def first(epoch):
    run(epoch, *PLAN[0][1:])


def second(epoch):
    run(epoch, *PLAN[1][1:])


def third(epoch):
    run(epoch, *PLAN[2][1:])


def main():
    epoch = clock() + 0.1
    for body in (first, second, third):
        thread = threading.Thread(target=body, args=(epoch,))
        thread.daemon = True
        thread.start()
    while True:
        time.sleep(3600)


start(main, root="run", possible="run(;(work|rest))?",
      threads=dict((name, share) for name, _, share in PLAN))
