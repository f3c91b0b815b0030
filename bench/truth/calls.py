"""Functions called through C: by objects, by partials, by sorted(); with recursions of a few
levels between them, a call every 50 nanoseconds."""
import functools

from truth import start


class Call(object):
    def __init__(self, function):
        self.function = function

    def __call__(self, *args):
        return self.function(*args)


class Key(object):
    def __init__(self, value):
        self.value = value

    def __lt__(self, other):
        return less(self.value, other.value)


def less(a, b):
    return a < b


def down(n):
    if n:
        return down(n - 1)
    return work()


def work():
    total = 0
    for i in range(30):
        total += i
    return total


def part(n):
    if n:
        return again(n - 1)
    return work()


again = functools.partial(part)


def one(n):
    down(3)
    return sorted([Key(3), Key(1), Key(2)])


def two(n):
    return again(6)


def main():
    once = Call(one)
    thrice = Call(Call(Call(two)))
    while True:
        once(1)
        thrice(2)
        down(6)


ONE = ";one(;__init__|;__lt__(;less)?|(;down){1,4}|(;down){4};work)?"
TWO = ";two((;part){1,7}|(;part){7};work)?"
start(main, root="main",
      possible="main(;__init__|(;down){1,7}|(;down){7};work|;__call__|;__call__%s"
               "|(;__call__){2,3}|(;__call__){3}%s)?" % (ONE, TWO))
