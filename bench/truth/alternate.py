"""Two functions in turn, each with a leaf of about a microsecond."""
from truth import start


def leaf_a(n):
    for i in range(n):
        pass


def leaf_b(n):
    for i in range(n):
        pass


def hot_a():
    leaf_a(40)


def hot_b():
    leaf_b(40)


def main():
    while True:
        hot_a()
        hot_b()


start(main, root="main", possible="main(;hot_a(;leaf_a)?|;hot_b(;leaf_b)?)?",
      equal=[["hot_a", "hot_b"], ["leaf_a", "leaf_b"]])
