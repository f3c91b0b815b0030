"""Frozen at hundreds of places, every frame must be what the target itself says: function, file, line.

The target (targets/constructs.py) says through a pipe what sys._current_frames() has, and waits; peek walks its memory
meanwhile. `python` is every interpreter that is found.
"""
import json
import os
import sys
import time

import pytest

sys.path[:0] = [os.path.join(os.path.dirname(__file__), "../pythons"), os.path.dirname(__file__)]
import discover  # noqa: E402
from freezer import Frozen  # noqa: E402

TARGETS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "targets")
PYTHONS = discover.pythons()
LEAF_FRAMES = 1536  # WALK_LEAF_FRAMES of python/walk.h
every_python = pytest.mark.parametrize("python", PYTHONS, ids=[p.name for p in PYTHONS])

ONE_EACH = discover.one_per_version(("", "t"))
one_of_each_version = pytest.mark.parametrize("python", ONE_EACH, ids=[p.name for p in ONE_EACH])


def kept(line, place):
    """What of a place fits into a frame: columns up to 4095, 255 lines, and not a range without anything in it."""
    if place is None or not line:
        return None
    end_line, column, end_column = place
    fits = max(column, end_column) <= 4095 and 0 <= end_line - line <= 255
    return place if fits and (line, column) < (end_line, end_column) else None


def compare(stop, freeze_line, threads, who):
    """One stop: what the target said against what `who` saw. -> frames compared"""
    seen = {t["ident"]: t for t in threads}
    for ident, truth in stop.threads:
        where = "%s at %r, thread %#x" % (who, stop.label, ident)
        assert seen[ident].get("status", "ok") == "ok", (where, seen[ident])
        got = [(f["func"], f["file"], f["line"]) for f in seen[ident]["frames"]]
        places = [kept(f["line"], (f["end_line"], f["col"], f["end_col"]) if f["end_col"] > 0 else None) for f in seen[ident]["frames"]]
        true_places = [kept(line, place) for (_, _, line), place in zip(truth, stop.columns[ident])]
        if ident == stop.me:
            assert got and got[0][0] == "here" and got[0][2] == freeze_line, (where, got[:3])
            got, places = got[1:], places[1:]
        if seen[ident].get("skipped"):  # frames in the middle of a deep stack are left out
            root = len(got) - LEAF_FRAMES + 1
            truth, true_places = (t[:LEAF_FRAMES - 1] + t[len(t) - root:] for t in (truth, true_places))
        wrong = [(depth, *pair) for depth, pair in enumerate(zip(got, truth)) if pair[0] != pair[1]]
        assert not wrong, "%s: depth, ours, the target's: %s" % (where, wrong[:3])
        wrong = [(depth, truth[depth], *pair) for depth, pair in enumerate(zip(places, true_places)) if pair[0] != pair[1]]
        assert not wrong, "%s: depth, frame, our columns, the target's: %s" % (where, wrong[:3])
        assert len(got) == len(truth), (where, got[len(truth):][:3], truth[len(got):][:3])
    return sum(len(truth) for _, truth in stop.threads)


def addresses(threads, stop):
    """Of the threads that stand still."""
    still = [ident for ident, _ in stop.threads]
    return {t["ident"]: [f["addr"] for f in t["frames"]] for t in threads if t["ident"] in still}


def compare_warm(frozen, stop, cold):
    """A kept walker sees the same frames at once; of a code object whose address was used again it may show the
    dead one's name for 10 ms (STALE_NS of walk_emit.c), not longer."""
    warm = frozen.ask("warm")
    assert addresses(warm, stop) == addresses(cold, stop), stop.label
    try:
        compare(stop, frozen.freeze_line, warm, "warm walk")
    except AssertionError:
        end = time.monotonic() + 0.011
        while time.monotonic() < end:
            pass
        compare(stop, frozen.freeze_line, frozen.ask("warm"), "warm walk, later")


def check_all(frozen):
    """Compares at every stop, with the walker and with plain reads. -> (stops, frames compared)"""
    n_frames = 0
    for stop in frozen:
        cold = frozen.ask("cold")
        compare_warm(frozen, stop, cold)
        compare(stop, frozen.freeze_line, cold, "cold walk")
        n_frames += compare(stop, frozen.freeze_line, frozen.ask("stacks"), "plain reads")
    return frozen.n_stops, n_frames


@every_python
def test_every_frame_is_what_the_target_says_itself(python, record_property):
    with Frozen(python.argv + [os.path.join(TARGETS, "constructs.py")]) as frozen:
        stops, frames = check_all(frozen)
    record_property("stops", stops)
    record_property("frames", frames)
    print("%s: %d stops, %d frames" % (python.name, stops, frames))
    assert stops > 300


RUNS = {
    "-c": lambda d: (["-c", "from freeze import *\nhere()\nhere(\n'1')\ndone()\n"], None),
    "stdin": lambda d: ([], "from freeze import *\ndef f():\n    here()\nf()\ndone()\n"),
    "-m": lambda d: (["-m", "constructs_small"], None),
    "zip": lambda d: ([zipped(d, "__main__.py", "import lib\nlib.f()\n", "lib.py",
                              "from freeze import *\ndef f():\n    here()\n    done()\n")], None),
    "file name with newline": lambda d: ([written(d, "a;b\nc d.py", "from freeze import *\nhere()\ndone()\n")], None),
}


def written(folder, name, content):
    path = os.path.join(str(folder), name)
    with open(path, "w") as f:
        f.write(content)
    return path


def zipped(folder, *files):
    import zipfile
    path = os.path.join(str(folder), "app.zip")
    with zipfile.ZipFile(path, "w") as z:
        for name, content in zip(files[::2], files[1::2]):
            z.writestr(name, content)
    return path


@one_of_each_version
@pytest.mark.parametrize("how", sorted(RUNS))
def test_frames_of_programs_started_in_unusual_ways(python, how, tmp_path):
    args, stdin = RUNS[how](tmp_path)
    with Frozen(python.argv + args, stdin=stdin) as frozen:
        stops, _ = check_all(frozen)
    assert stops >= 1


@one_of_each_version
def test_thread_names_follow_threading(python):
    script = os.path.join(TARGETS, "names.py")
    with Frozen(python.argv + [script]) as frozen:
        for stop in frozen:
            answer = frozen.ask("names")
            assert answer["status"] == "ok"
            assert {t["ident"]: t["name"] for t in answer["threads"]} == {
                int(k): v for k, v in json.loads(stop.label).items()}
