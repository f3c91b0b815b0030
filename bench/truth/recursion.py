"""Winds 200 frames deep and unwinds, all the time."""
from truth import start


def down(n):
    if n:
        down(n - 1)


def main():
    while True:
        down(199)


start(main, root="main", possible="main(;down){0,200}")
