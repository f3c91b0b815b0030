"""A recursion 100 deep that calls a small function at each level."""
from truth import start


def helper(n):
    return n * 2


def walk(n):
    total = helper(n)
    if n:
        total += walk(n - 1)
    return total + helper(n)


def main():
    while True:
        walk(99)


start(main, root="main", possible="main(;walk){0,100}(;helper)?")
