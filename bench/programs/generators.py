"""generators.py: a pipeline of generators, one value at a time through five of them. Their
frames live in their own objects and are linked and unlinked at every value."""
from progress import Progress, ready


def source(n):
    for i in range(n):
        yield i


def keep(values):
    for v in values:
        if v % 3:
            yield v


def square(values):
    for v in values:
        yield v * v


def pairs(values):
    last = 0
    for v in values:
        yield v + last
        last = v


def unit():
    return sum(pairs(square(keep(x for x in source(3000)))))


ready()
Progress().run(unit)
