# -*- coding: utf-8 -*-
"""values - objects whose repr() is what we must show; the label is [[id, repr]...]. 2.7 on."""
import collections
import json
import sys

from freeze import done, here

NEW = sys.version_info >= (3,)
DELETED = {1: 2, 3: 4, 5: 6}
del DELETED[3]
SET = set(range(20))
for i in range(1, 20):
    SET.discard(i)


class Text(str):
    pass


class Number(int):
    pass


class Items(list):
    pass


values = [None, True, False, 0, 1, -1, 255, -255, 2 ** 30, 2 ** 30 - 1, -2 ** 30, 2 ** 31, 2 ** 32 - 1, 2 ** 60, 2 ** 62,
          2 ** 63 - 1, 2 ** 63, 2 ** 64, -2 ** 63, -2 ** 64, 10 ** 50, -10 ** 200, 123456789123456789,
          0.0, -0.0, 1.5, 3.1415, 1e100, 1e-7, 1e16, 123456.789, float("inf"), float("nan"), 0.1 + 0.2,
          1 + 2j, -1.5j, complex(0, -0.0),
          "", "a", "it's", 'say "x"', "both ' and \"", "tab\tnl\n cr\r bs\\ \x00\x1b\x7f", "x" * 100,
          b"", b"bytes \x00\xff'", bytearray(b"array\x80"),
          (), (1,), (1, 2), [], [1], [[1, [2, [3]]]], {}, {"a": 1}, {1: "b", None: (2,)}, DELETED,
          set(), set([1]), SET, frozenset(), frozenset([2]), {"nested": {"list": [1, {"x": ()}]}},
          list(range(30)), Ellipsis, NotImplemented, ValueError("bad", 1), KeyError("k")]
if NEW:
    values += ["\xe9", "\u0416", "\U0001f40d", "a\U0001f40d\xe9", "\ud800x", "\udcff", int, str, dict]
else:
    values += [u"", u"uni", long(5)]  # noqa: F821
cycle = [1]
cycle.append(cycle)
self_dict = {}
self_dict["me"] = self_dict


def expected(v):
    if v is cycle:
        return "[1, [...]]"
    if v is self_dict:
        return "{'me': {...}}"
    if isinstance(v, BaseException):
        return type(v).__name__ + repr(v.args) if len(v.args) > 1 else "%s(%r,)" % (type(v).__name__, v.args[0])
    return repr(v).rstrip("L") if not NEW else repr(v)


class Slots(object):
    __slots__ = ("a", "b")

    def __init__(self):
        self.a, self.b = 1, [2]


class Derived(Slots):
    __slots__ = ("c",)


class Attributes(object):
    def __init__(self, n):
        for i in range(n):
            setattr(self, "x%d" % i, i)


Point = collections.namedtuple("Point", "x y")
derived = Derived()
derived.c = 3
many, few = Attributes(35), Attributes(2)
few.__dict__["more"] = 1
special = [[derived, "Derived at 0x%x c=3, a=1, b=[2]>"], [few, "Attributes at 0x%x x0=0, x1=1, more=1>"],
           [many, "Attributes at 0x%x " + ", ".join("x%d=%d" % (i, i) for i in range(35)) + ">"]]
table = [[id(v), expected(v)] for v in values + [cycle, self_dict] if expected(v) is not None]
table += [[id(v), "<__main__." + text % id(v)] for v, text in special if sys.version_info >= (3, 6)]
subclasses = [Text("t"), Number(7), Items([1]), Point(1, 2), collections.OrderedDict([("a", 1)])]
for v, text in zip(subclasses, ["Text('t')", "Number(7)", "Items([1])", "Point((1, 2))"]):
    table.append([id(v), "__main__." + text])
here(json.dumps([[i, t.encode("utf-8", "backslashreplace").decode() if NEW else t] for i, t in table]))
done()
