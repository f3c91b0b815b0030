"""phase.py HZ: a period equal to the sampler's, kept by the clock: its first half in
early(), the second in late(). A sampler with a fixed grid sees one of them only."""
import sys

from truth import clock, start


def early(until):
    while clock() < until:
        pass


def late(until):
    while clock() < until:
        pass


def main():
    half_s = 0.5 / float(sys.argv[1])
    at = clock()
    while True:
        at += half_s
        early(at)
        at += half_s
        late(at)


start(main, root="main", possible="main(;(early|late))?",
      self={"early": 0.5, "late": 0.5})
