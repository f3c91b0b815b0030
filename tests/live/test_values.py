"""Texts of objects are what repr() says in the target, for built-in types; others show their class and attributes."""
import json
import os
import sys

import pytest

sys.path[:0] = [os.path.join(os.path.dirname(__file__), "../pythons"), os.path.dirname(__file__)]
import discover  # noqa: E402
from freezer import TARGETS, Frozen  # noqa: E402

PYTHONS = discover.one_per_version(("", "t", "d"))


@pytest.mark.parametrize("python", PYTHONS, ids=[p.name for p in PYTHONS])
def test_values_are_shown_as_repr_shows_them(python):
    wrong = []
    with Frozen(python.argv + [os.path.join(TARGETS, "values.py")]) as frozen:
        for stop in frozen:
            for addr, text in json.loads(stop.label):
                got = frozen.ask("repr %x" % addr)
                if got != text:
                    wrong.append((got, text))
    assert not wrong
