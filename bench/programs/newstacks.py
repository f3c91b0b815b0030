"""newstacks.py: a walk through a tree of calls by dice, 24 deep and two ways at each step:
hardly any sample shows a stack that was seen before. For caches and memory that must stay
bounded."""
import random

from progress import Progress, ready

chance = random.Random(1).random


def left(n):
    return step(n - 1)


def right(n):
    return step(n - 1)


def step(n):
    if n == 0:
        return sum(range(200))
    if chance() < 0.5:
        return left(n)
    return right(n)


def unit():
    for _ in range(20):
        step(24)


ready()
Progress().run(unit)
