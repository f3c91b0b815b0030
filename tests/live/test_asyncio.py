"""asyncio's tasks as the target itself knows them: names, coroutines with their lines, who waits for whom."""
import json
import os
import sys

import pytest

sys.path[:0] = [os.path.join(os.path.dirname(__file__), "../pythons"), os.path.dirname(__file__)]
import discover  # noqa: E402
from freezer import TARGETS, Frozen  # noqa: E402

PYTHONS = [p for p in discover.one_per_version(("", "d", "t")) if p.version >= (3, 7)]
every_python = pytest.mark.parametrize("python", PYTHONS, ids=[p.name for p in PYTHONS])


def compare_task(python, stop, truth, got, names):
    where = "%s: %s" % (stop.label[:20], names[got["addr"]])
    assert got["status"] == "ok", where
    if python.version >= (3, 8):
        assert got["name"] == names[got["addr"]], where
    assert got["current"] == truth["current"], where
    frames = [[f["func"], f["file"], f["line"]] for f in got["frames"]]
    expected = truth["frames"]
    if expected and expected[-1] is None:
        # the target cannot look inside of these; we can
        expected = expected[:-1]
        assert len(frames) > len(expected), where
        frames = frames[:len(expected)]
    assert frames == expected, where
    if python.version >= (3, 8) and truth["by"] is not None:
        assert sorted(got["awaited_by"]) == truth["by"], where


@every_python
def test_tasks_are_what_the_target_says_itself(python):
    n = 0
    with Frozen(python.argv + [os.path.join(TARGETS, "tasks.py")]) as frozen:
        for stop in frozen:
            what, tasks = json.loads(stop.label)
            names = {t["id"]: name for name, t in tasks.items()}
            answer = frozen.ask("tasks")
            assert answer["status"] == "ok", what
            # tasks that have ended may be listed still
            got = {t["addr"]: t for t in answer["tasks"] if t["addr"] in names or t["state"] == 0}
            assert set(got) == set(names), (what, [t["name"] for a, t in got.items() if a not in names],
                                            [name for a, name in names.items() if a not in got])
            for name, truth in tasks.items():
                compare_task(python, stop, truth, got[truth["id"]], names)
                n += 1
    assert n > 200


@every_python
def test_a_step_belongs_to_its_task_and_to_who_awaits_it(python):
    n = 0
    with Frozen(python.argv + [os.path.join(TARGETS, "steps.py")]) as frozen:
        for stop in frozen:
            marks = frozen.ask("steps")[str(stop.me)]
            assert marks[::-1] == json.loads(stop.label), (stop.label, marks)
            n += len(marks)
    assert n == 12
