"""Winds 200 frames deep and unwinds, all the time."""
import sys

from truth import clock, start

DEEP = 200


def down(n):
    if n:
        down(n - 1)


def main():
    while True:
        down(DEEP - 1)


def took(n):
    """Seconds that n frames take to wind and unwind, the shortest of many: no interrupt is in it."""
    best = 1.0
    for _ in range(500):
        began = clock()
        down(n - 1)
        best = min(best, clock() - began)
    return best


def shares():
    """Of the time, what goes to stacks of 0, 1, 2... frames: what one frame more takes. Where it needs another piece
    of the stack that is mapped first, and unmapped after, when the stack is as deep as before it."""
    times = [0.0]
    for n in range(1, DEEP + 1):
        times.append(max(times[-1], took(n)))
    return [(after - before) / times[-1] for before, after in zip(times, times[1:])]


start(main, root="main", possible="main(;down){0,200}", depths=shares() if "--truth" in sys.argv else None)
