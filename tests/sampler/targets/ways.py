# ways.py - every way to call, in turn: by_WAY() calls held() by it, which does all the work.
import contextlib
import functools
import sys


def held():
    total = 0
    for i in range(3000):
        total += i
    return total


class Built(object):
    def __init__(self):
        held()


class Derived(Built):
    def __init__(self):
        super(Derived, self).__init__()


class New(object):
    def __new__(cls):
        held()
        return object.__new__(cls)


class Meta(type):
    def __call__(cls):
        return held()


Made = Meta("Made", (object,), {})


class Data(object):
    def __get__(self, instance, owner):
        return held()


class Thing(object):
    data = Data()

    def method(self):
        return held()

    @classmethod
    def of_class(cls):
        return held()

    @staticmethod
    def of_none():
        return held()

    @property
    def value(self):
        return held()

    def __getattr__(self, name):
        return held()

    def __getitem__(self, key):
        return held()

    def __setitem__(self, key, value):
        held()

    def __contains__(self, key):
        return bool(held())

    def __call__(self):
        return held()

    def __add__(self, other):
        return held()

    def __eq__(self, other):
        return bool(held())

    def __hash__(self):
        return held()

    def __lt__(self, other):
        return bool(held())

    def __len__(self):
        return held()

    def __bool__(self):
        return bool(held())

    __nonzero__ = __bool__

    def __repr__(self):
        return str(held())

    def __enter__(self):
        held()

    def __exit__(self, *_):
        held()

    def __iter__(self):
        return self

    def __next__(self):
        return held()

    next = __next__


class Got(object):
    def __getattribute__(self, name):
        return held()


class Ended(object):
    def __del__(self):
        held()


def wraps(function):
    @functools.wraps(function)
    def wrapped(*args, **kwargs):
        return function(*args, **kwargs)
    return wrapped


@wraps
def decorated(a, b=2):
    return held()


def keys(a=1, *rest, **more):
    return held()


def cells():
    a = b = c = d = 1

    def inner():
        return held() + a + b + c + d
    return inner()


def each(n):
    for _ in range(n):
        held()
        yield 1


def through(n):
    for x in each(n):
        yield x


@contextlib.contextmanager
def managed():
    held()
    yield
    held()


def raises():
    held()
    raise KeyError(1)


def one(_):
    return held()


def two(a, b):
    return held()


twice = functools.partial(two, 1)
thing, other, got, built = Thing(), Thing(), Got(), [Thing() for _ in range(4)]


def by_function():
    held()


def by_class():
    Built()


def by_super():
    Derived()


def by_new():
    New()


def by_metaclass():
    Made()


def by_method():
    thing.method()


def by_classmethod():
    Thing.of_class()


def by_staticmethod():
    Thing.of_none()


def by_property():
    thing.value


def by_descriptor():
    thing.data


def by_getattr():
    thing.missing


def by_getattribute():
    got.anything


def by_getitem():
    thing[1]


def by_setitem():
    thing[1] = 2


def by_contains():
    1 in thing


def by_call():
    thing()


def by_add():
    thing + other


def by_eq():
    thing == other


def by_hash():
    hash(thing)


def by_sort():
    sorted(built)


def by_key():
    sorted([3, 1, 2], key=one)


def by_len():
    len(thing)


def by_bool():
    not thing


def by_repr():
    repr(thing)


def by_with():
    with thing:
        pass


def by_contextmanager():
    with managed():
        pass


def by_next():
    next(thing)


def by_for():
    for _ in thing:
        break


def by_del():
    Ended()


def by_decorator():
    decorated(1, b=3)


def by_keywords():
    keys(1, 2, 3, x=4)


def by_star():
    keys(*[1, 2], **{"x": 3})


def by_closure():
    cells()


def by_lambda():
    (lambda: held())()


def by_generator():
    for _ in each(3):
        pass


def by_generators():
    for _ in through(3):
        pass


def by_expression():
    sum(held() for _ in range(3))


def by_comprehension():
    [held() for _ in range(3)]


def by_map():
    list(map(one, (1, 2, 3)))


def by_partial():
    twice(2)


def by_exec():
    exec(compiled)


def by_exception():
    try:
        raises()
    except KeyError:
        pass


compiled = compile("held()", "<exec>", "exec")
ways = [function for name, function in sorted(globals().items()) if name.startswith("by_")]
sys.stdout.write("ready %s\n" % " ".join(way.__name__ for way in ways))
sys.stdout.flush()
while True:
    for way in ways:
        for _ in range(3):
            way()
