"""Four functions that take turns by the clock: 50, 30, 15 and 5 % of the time."""
from truth import clock, start

ROUND_S = 0.0053           # no multiple of any usual sampling period


def half(until):
    while clock() < until:
        pass


def third(until):
    while clock() < until:
        pass


def seventh(until):
    while clock() < until:
        pass


def rest(until):
    while clock() < until:
        pass


PLAN = ((half, 0.50), (third, 0.30), (seventh, 0.15), (rest, 0.05))


def main():
    at = clock()
    while True:
        for work, share in PLAN:
            at += share * ROUND_S
            work(at)


start(main, root="main", possible="main(;(half|third|seventh|rest))?",
      self=dict((work.__name__, share) for work, share in PLAN))
