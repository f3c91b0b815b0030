"""Threads and interpreters of every kind: those that C made, daemons, without a frame, after fork, 100 000 frames deep."""
import json
import os
import subprocess
import sys

import pytest

sys.path[:0] = [os.path.join(os.path.dirname(__file__), "../pythons"), os.path.dirname(__file__)]
import discover  # noqa: E402
from freezer import TARGETS, Frozen  # noqa: E402
from test_frames import compare  # noqa: E402

PYTHONS = discover.one_per_version(("", "t"))
every_python = pytest.mark.parametrize("python", PYTHONS, ids=[p.name for p in PYTHONS])
# the module came with 3.8, a GIL for each with 3.12
WITH_INTERPRETERS = [(p, gil) for p in PYTHONS for gil, since in (("subinterpreters", (3, 8)), ("isolated", (3, 12)))
                     if p.version >= since]
WALK_FRAMES = 2048  # WALK_MAX_FRAMES of python/walk.h


def stops_of(python, case, before=()):
    with Frozen(list(before) + python.argv + [os.path.join(TARGETS, "threads.py"), case]) as frozen:
        for stop in frozen:
            frozen.look_at([str(stop.pid)])
            yield frozen, stop, json.loads(stop.label)
            assert frozen.peek.poll() is None


def check(frozen, stop):
    """Both ways of reading agree with the target; returns what the walker saw."""
    cold = frozen.ask("cold")
    compare(stop, frozen.freeze_line, cold, "cold walk")
    compare(stop, frozen.freeze_line, frozen.ask("stacks"), "plain reads")
    return cold


@every_python
def test_a_recursion_of_100000_frames_is_shown_at_both_ends_with_the_number_left_out(python):
    n = 0
    for frozen, stop, _ in stops_of(python, "deep"):
        cold = check(frozen, stop)
        (truth,) = [stack for ident, stack in stop.threads if ident == stop.me]
        (seen,) = [t for t in cold if t["ident"] == stop.me]
        assert len(truth) >= 99996
        assert seen["skipped"] == len(truth) + 1 - WALK_FRAMES and len(seen["frames"]) == WALK_FRAMES
        n += 1
    assert n == 1


@every_python
def test_a_daemon_thread_is_known_as_one(python):
    for frozen, stop, label in stops_of(python, "daemon"):
        assert len(check(frozen, stop)) == 2
        daemons = {t["ident"]: t["daemon"] for t in frozen.ask("names")["threads"]}
        assert daemons == {stop.me: False, label["ident"]: True}


@every_python
def test_after_a_fork_the_child_has_the_thread_that_forked_and_no_other(python):
    n = 0
    for frozen, stop, _ in stops_of(python, "forked"):
        assert stop.pid != frozen.target.pid
        cold = check(frozen, stop)
        alive = [t for t in cold if os.path.exists("/proc/%d/task/%d" % (stop.pid, t["tid"]))]
        assert [(t["ident"], t["tid"]) for t in alive] == [(stop.me, stop.pid)]
        assert alive == cold or python.version < (3,), "2.7 keeps the states of the threads that are gone"
        n += 1
    assert n == 1


@every_python
def test_a_thread_that_c_made_shows_what_python_it_runs(python):
    n = 0
    for frozen, stop, _ in stops_of(python, "native"):
        cold = check(frozen, stop)
        assert len(cold) == 2
        (seen,) = [t for t in cold if t["ident"] == stop.me]
        assert [f["func"].split(".")[-1] for f in seen["frames"]] == ["here", "called"]
        n += 1
    assert n == 1


@every_python
def test_a_thread_state_without_a_frame_harms_nothing(python):
    for frozen, stop, _ in stops_of(python, "empty"):
        cold = check(frozen, stop)
        assert sorted(len(t["frames"]) > 0 for t in cold) == [False, True]


@pytest.mark.parametrize("python,gil", WITH_INTERPRETERS, ids=str)
def test_a_sub_interpreter_is_walked_with_its_own_frames(python, gil):
    n = 0
    for frozen, stop, _ in stops_of(python, gil):
        for question in ("cold", "stacks"):
            threads = frozen.ask(question)
            # the thread has a state in both interpreters
            mine = [t for t in threads if [f["func"] for f in t["frames"][:2]] == ["here", "inside"]]
            assert len(mine) == 1 and len(threads) >= 2, (question, threads)
            compare(stop, frozen.freeze_line, mine, question)
        n += 1
    assert n == 2


@pytest.mark.parametrize("python", [p for p in PYTHONS if p.version >= (3, 13)], ids=repr)
def test_code_that_the_jit_has_compiled_shows_its_frames_and_lines(python):
    said = subprocess.run(["env", "PYTHON_JIT=1"] + python.argv + ["-c", "import sys; sys.exit(not sys._jit.is_enabled())"],
                          stderr=subprocess.DEVNULL, check=False)
    if said.returncode:
        pytest.skip("this build has no JIT: 3.14 and later of Debian have one")
    n = 0
    for frozen, stop, _ in stops_of(python, "hot", ["env", "PYTHON_JIT=1"]):
        check(frozen, stop)
        n += 1
    assert n == 2
