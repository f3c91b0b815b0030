"""Texts of objects are what repr() says in the target, for built-in types; others show their class and attributes."""
import json
import os
import subprocess
import sys

import pytest

sys.path[:0] = [os.path.join(os.path.dirname(__file__), "../pythons"), os.path.dirname(__file__)]
import discover  # noqa: E402
from freezer import BUILD, TARGETS, Frozen  # noqa: E402

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


def python_with_numpy():
    """An interpreter of a virtual environment in build/, where pip has put numpy; None: it could not."""
    folder = os.path.join(BUILD, "numpy")
    python = os.path.join(folder, "bin/python")
    if not os.path.exists(os.path.join(folder, "done")):
        for command in ([sys.executable, "-m", "venv", folder],
                        [python, "-m", "pip", "-q", "install", "--only-binary", ":all:", "numpy"]):
            if subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=600, check=False).returncode:
                return None
        open(os.path.join(folder, "done"), "w").close()
    return python


def test_numpy_scalars_are_shown_with_their_type_and_value():
    python = python_with_numpy()
    if not python:
        pytest.skip("pip could not install numpy into %s: no package index, or no wheel for this Python" % BUILD)
    with Frozen([python, os.path.join(TARGETS, "numpy_values.py")]) as frozen:
        for stop in frozen:
            rows = json.loads(stop.label)
            assert [frozen.ask("repr %x" % addr) for addr, _ in rows] == [text for _, text in rows]
    assert len(rows) == 18
